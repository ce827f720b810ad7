"""What is pending after any run: exactly what is not on the router as billing wants it, however the run has ended."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import anyio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mktui import clock
from mktui.billing import ledger, tables
from mktui.billing.model import Kind, SubscriberStatus
from mktui.core.pool.job import Outcome, Status
from mktui.errors import CommandTrapped, ConnectionLost, NotAccepted, OutcomeUnknown
from mktui.simulator.profile import RouterProfile
from mktui.sync.guards import Lifts
from mktui.sync.order import Order
from mktui.sync.plan import Action
from mktui.sync.reached import what_of
from mktui.sync.report import RowStatus
from mktui.sync.run import Sync
from tests.sync.offices import ONE, office
from tests.sync.test_properties import books
from tests.wiring import client_and_router

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.billing.model import Profile, Subscriber
    from mktui.billing.records import Edit
    from mktui.core.client.executor import Executor
    from mktui.core.protocol.sentences import Command
    from mktui.simulator.router import SimulatedRouter
    from mktui.sync.plan import Plan
    from mktui.sync.report import Report
    from mktui.sync.run import Office

Keys = set[tuple[str, str]]
WAITS = {"conflict", "drift", "held", "unknown"}
FATES = ("done", "done", "done", "refused", "lost", "unknown and done", "unknown")


@dataclass
class Fated:
    """Sends a router's commands, as an executor does; what becomes of a write is drawn."""

    sends: Executor
    chance: random.Random
    fates: tuple[str, ...]

    async def execute(self, command: Command, *, epoch: int | None = None, **more: object) -> Outcome:
        del more
        is_write = command.path.rpartition("/")[2] in {"add", "set", "unset", "remove"}
        fate = self.chance.choice(self.fates) if is_write else "done"
        if fate == "refused":
            trap = CommandTrapped("edge-1", path=command.path, texts=["no"], category=4)
            return Outcome(Status.NOT_APPLIED, error=trap)
        if fate == "lost":
            return Outcome(Status.NOT_APPLIED, error=ConnectionLost("edge-1", reason="cut", maybe_executed=False))
        outcome = await self.sends.execute(command, epoch=epoch) if fate != "unknown" else None
        if outcome is None or fate == "unknown and done":
            return Outcome(Status.UNKNOWN, error=OutcomeUnknown("edge-1", path=command.path, reason="cut"))
        return outcome

    def __getattr__(self, name: str) -> object:
        return getattr(self.sends, name)


@dataclass
class Run:
    """One run, drawn: billing as it is then, what is asked for, and what becomes of its writes."""

    books: tuple[list[Profile], list[Subscriber]]
    seed: int
    order: Order
    fates: tuple[str, ...]


orders = st.builds(
    Order, heal=st.booleans(), adopt=st.sampled_from([frozenset(), frozenset({"*"})]),
    names=st.sampled_from([frozenset(), frozenset(), frozenset({"ana", "luis", "north"})]),
    kinds=st.sampled_from([frozenset(), frozenset(), frozenset({Kind.PPP})]),
    only=st.sampled_from([frozenset(), frozenset(), frozenset({Action.ADD, Action.SET})]),
    lifts=st.sampled_from([Lifts(), Lifts(max_delete=99, max_disable=99, max_update=99, rebuild=True)]),
)  # fmt: skip
runs = st.builds(
    Run, books(), st.integers(0, 2**32), orders, st.sampled_from([("done",), FATES, (*FATES[:4], "unknown and done")])
)


def save(held: Office, given_books: tuple[list[Profile], list[Subscriber]]) -> None:
    """Make billing what was drawn; where names are given on, by way of others."""
    try:
        _save(held, *given_books)
    except NotAccepted:
        for suffix in ("-then", ""):
            profiles = [each.model_copy(update={"name": each.name + suffix}) for each in given_books[0]]
            people = [
                each.model_copy(update={"username": each.username + suffix, "profile": each.profile + suffix})
                for each in given_books[1]
            ]
            _save(held, profiles, people, suffix=suffix)


def _save(held: Office, profiles: list[Profile], people: list[Subscriber], *, suffix: str = "") -> None:
    now, wanted = clock.utc_now(), {each.external_id for each in people}
    with held.store.begin() as connection:
        for profile in profiles:
            ledger.save_profile(connection, profile, now=now)
        for each in ledger.read_subscribers(connection):  # whoever was not drawn is deleted, and leaves his name
            if each.external_id not in wanted:
                gone = {"username": f"gone-{each.external_id}{suffix}", "status": SubscriberStatus.DELETED}
                ledger.save_subscriber(connection, each.model_copy(update=gone), now=now)
        for subscriber in people:
            ledger.save_subscriber(connection, subscriber, now=now)


def meddle(router: SimulatedRouter, chance: random.Random) -> None:
    """Let somebody change, remove or add rows on the router."""
    for menu in ("/ppp/secret", "/ip/hotspot/user", "/ppp/profile"):
        table = router.tables[menu]
        for each in list(table):
            drawn = chance.random()
            if drawn < 0.1 and menu != "/ppp/profile":
                table.change(each, {"disabled": "true"})
            elif drawn < 0.2 and menu != "/ppp/profile":
                table.change(each, {"profile": "default"})
            elif drawn < 0.25 and each.values["name"] not in {"default", "default-encryption"}:
                table.change(each, {"name": f"{each.values['name']}x"})


def keys_of(found: Iterable[Edit]) -> Keys:
    return {(edit.what, edit.external_id) for edit in found}


def not_as_wanted(before: Plan, whole: Plan, report: Report) -> Keys:
    """Return the rows that a plan made afterwards would write, or cannot; and those of which nobody knows."""
    found = {(what_of(change.menu), change.external_id) for change in whole.changes}
    found |= {(what_of(each.menu), each.external_id) for each in whole.refused if each.kind in WAITS}
    unknown = [row.change for row in report.rows if row.status is RowStatus.UNKNOWN]
    found |= {(what_of(change.menu), change.external_id) for change in unknown}
    renamed = {change.name for change in unknown if change.action is Action.RENAME}
    return found | {("subscriber", external_id) for _, external_id, name in before.follows if name in renamed}


async def what_is_pending_is_what_is_not_there(held: Office, drawn: list[Run]) -> None:
    with anyio.fail_after(20):
        async with client_and_router(ONE, RouterProfile(version="7.22.3", secrets=2, online=0)) as (client, router):
            for run in drawn:
                chance = random.Random(run.seed)  # noqa: S311 - what goes wrong, not cryptography
                save(held, run.books)
                meddle(router, chance)
                before, late = keys_of(held.store.do(ledger.edits, "edge-1")), chance.choice([*run.books[1], None])
                sync = Sync(held, client, "edge-1")
                planned = (await sync.prepare(run.order)).whole
                fated = Fated(client._executor, chance, run.fates)
                client._executor = cast("Executor", fated)

                def edit(_plan: Plan, late: Subscriber | None = late) -> None:
                    if late is not None:
                        with held.store.begin() as connection:
                            changed = late.model_copy(update={"comment": f"{late.comment}."})
                            ledger.save_subscriber(connection, changed, now=clock.utc_now())

                report = await sync.run(run.order, on_plan=edit)
                client._executor = fated.sends
                after = keys_of(held.store.do(ledger.edits, "edge-1"))
                whole = (await sync.prepare(run.order)).whole
                edited = {("subscriber", late.external_id)} if late is not None else set()
                expected = (before & not_as_wanted(planned, whole, report)) | edited
                assert expected <= after, ("written, it was said", expected - after)
                assert after <= expected, ("still pending", after - expected)


def test_after_any_run_pending_is_exactly_what_is_not_on_the_router_as_billing_wants_it() -> None:
    held = office()

    @settings(max_examples=80, phases=(Phase.explicit, Phase.generate))  # to shrink takes longer than to look
    @given(st.lists(runs, min_size=1, max_size=3))
    def holds(drawn: list[Run]) -> None:
        with held.store.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                if table.name != "meta":
                    connection.execute(table.delete())
        anyio.run(what_is_pending_is_what_is_not_there, held, drawn)

    holds()
    held.store.close()
