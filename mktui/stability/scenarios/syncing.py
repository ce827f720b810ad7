"""Sync: does billing reach the router row by row, through a cut in the middle, and touch nobody else's row?"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.billing.demo import demo_books
from mktui.simulator.faults import CutMoment, FaultRule
from mktui.simulator.profile import RouterProfile
from mktui.stability.stage import Scenario
from mktui.sync.options import SyncOptions
from mktui.sync.order import Order
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mktui.stability.stage import Stage
    from mktui.sync.run import Office

_CUSTOMERS: Final = 60
_FOREIGN: Final = {"name": "somebody-elses", "password": "hush", "comment": "not from billing"}
_SECRETS: Final = "/ppp/secret"
_CUT_EVERY: Final = 0.02
_RUNS: Final = 6


async def _play(stage: Stage) -> None:
    from mktui.sync.run import Sync  # noqa: PLC0415 - loads the database

    notes, box = stage.notes, stage.box
    async with _office() as office, stage.client(
        min_size=2, max_size=3, retry_delay=0.05, max_retry_delay=0.2, circuit_breaker_timeout=0.5,
        circuit_breaker_threshold=20, command_timeout=3,
    ) as client:  # fmt: skip
        await client.add(_SECRETS, _FOREIGN)
        sync = Sync(office, client, stage.router.name)
        rule = FaultRule(CutMoment.AFTER, f"{_SECRETS}/add", rate=_CUT_EVERY, left=2)
        box.faults.rules.append(rule)
        planned = applied = unknown = runs = 0
        seconds = 0.0
        is_in_step = False
        for turn in range(_RUNS):
            with notes.asking():
                report = await sync.run(Order())
                planned = max(planned, report.planned)
                applied += report.count(RowStatus.APPLIED)
                unknown += report.count(RowStatus.UNKNOWN)
                seconds += report.seconds
                is_in_step = not (report.planned or report.refused or report.reason)
            notes.progress((turn + 1) / _RUNS)
            if is_in_step:
                break
            runs += 1
        names = [row.values["name"] for row in box.tables[_SECRETS] if row.values["name"].startswith("demo-")]
        notes.saw("planned", planned, "changes", least=_CUSTOMERS)
        notes.saw("applied", applied, "changes")
        notes.saw("answers that were lost", unknown)
        notes.saw("rows a second", applied / seconds if seconds else None)
        notes.saw("runs until in step", runs if is_in_step else None, most=_RUNS - 1)
        notes.saw("customers on the router", len(set(names)), least=_CUSTOMERS, most=_CUSTOMERS)
        notes.saw("rows twice", len(names) - len(set(names)), most=0)
        notes.saw("foreign rows touched", float(not _is_untouched(stage)), most=0)


def _is_untouched(stage: Stage) -> bool:
    rows = [row.values for row in stage.box.tables[_SECRETS] if row.values["name"] == _FOREIGN["name"]]
    return len(rows) == 1 and rows[0].get("comment") == _FOREIGN["comment"]


@asynccontextmanager
async def _office() -> AsyncIterator[Office]:
    office = await anyio.to_thread.run_sync(_filled)
    try:
        yield office
    finally:
        office.store.close()


def _filled() -> Office:
    """Return billing in memory, with its customers."""
    from mktui.billing import ledger  # noqa: PLC0415 - loads the database
    from mktui.billing.store import Store  # noqa: PLC0415 - with it
    from mktui.sync.digests import Digests  # noqa: PLC0415 - with it
    from mktui.sync.run import Office  # noqa: PLC0415 - with it

    store = Store.open("sqlite://")
    profiles, subscribers = demo_books(_CUSTOMERS, now=clock.utc_now())
    with store.begin() as connection:
        for profile in profiles:
            ledger.save_profile(connection, profile, now=clock.utc_now())
        for subscriber in subscribers:
            ledger.save_subscriber(connection, subscriber, now=clock.utc_now())
    return Office(store, Digests(b"k" * 32), SyncOptions(), store.installation())


SCENARIO: Final = Scenario(
    "sync",
    "Sync",
    f"Brings {_CUSTOMERS} customers from billing to an empty router while answers get lost, until both are in step.",
    _play,
    profile=RouterProfile(secrets=0, online=0, latency=0.005),
)
