"""What is pending is the same wherever it is told, after a run that was cut off, and after one that was killed."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.billing import leases, ledger, registry
from mktui.billing.pending import Pending
from mktui.billing.single_rows import mark, read_all
from mktui.billing.standing import standing
from mktui.cli.sync.status import _record
from mktui.services.books import Books, Step, find_troubles
from mktui.services.fleet import open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.router import SimulatedRouter
from mktui.sync.mapping import MANAGED_MENUS
from mktui.sync.order import Order
from mktui.sync.reached import what_of
from mktui.sync.report import RowStatus
from mktui.sync.run import Sync
from mktui.web.metrics import families
from tests.sync.offices import (
    NEWEST,
    ONE,
    POOL,
    PROFILES,
    Calendar,
    Desk,
    come_back,
    customers,
    desk,
    keep_time,
    office,
    router_options,
    row,
)
from tests.sync.test_killed import COUNT, at_write, ended, shared_desk, started
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.billing.store import Store
    from mktui.services.fleet import Fleet
    from mktui.sync.run import Office

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


def pending(at: Desk) -> int:
    return at.office.store.do(standing, at.name, now=clock.utc_now()).pending


def steps(store: Store, router: str) -> dict[str, Step]:
    """Return the badge of every row on the screen of billing, by external id."""
    now = clock.utc_now()
    found = store.do(read_all, [router])
    troubles = find_troubles(found.profiles, found.subscribers, found.gone, found.rows, now)
    books = Books(now, found.profiles, found.subscribers, (router,), troubles=troubles,
                  synced_at={router: found.rows[router].synced_at})  # fmt: skip
    return {each.external_id: books.badge(each, (), now).step for each in books.by_key.values()}


def written(at: Desk) -> set[str]:
    return {row.external_id for row in at.office.store.do(registry.read, at.name)}


def edited(at: Desk) -> set[str]:
    return {each.external_id for each in at.office.store.do(ledger.edits, at.name)}


def lose_at(at: Desk, number: int) -> None:
    """Lose the router, its open sessions too, at the so manieth row that is written from now."""

    def lost() -> None:
        at.router.faults.is_down = True
        at.router.drop_sessions()

    at_write(at, number, lost)


def test_billing_and_sync_agree_on_what_a_menu_holds() -> None:
    for menu in MANAGED_MENUS:
        assert len(Pending(frozenset({(what_of(menu), "1")}), frozenset({(menu, "1")}))) == 1


async def test_a_router_that_is_lost_in_the_middle_leaves_pending_what_was_not_written() -> None:
    async with desk(400, NEWEST, pool=ONE) as at:
        assert pending(at) == 403
        lose_at(at, 280)
        report = await at.sync()
        applied = report.count(RowStatus.APPLIED)
        assert 0 < applied < 403
        assert report.count(RowStatus.DEFERRED) + report.count(RowStatus.UNKNOWN) == 403 - applied
        assert pending(at) == 403 - applied
        found = steps(at.office.store, at.name)
        assert {each for each, step in found.items() if step is Step.IN_STEP} == written(at)
        assert (await come_back(at)).count(RowStatus.APPLIED) <= 403 - applied
        assert pending(at) == 0
        assert set(steps(at.office.store, at.name).values()) == {Step.IN_STEP}


async def test_whose_time_is_over_is_pending_until_the_router_knows_though_nobody_has_edited_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(monkeypatch)
    async with desk(0, NEWEST, pool=ONE) as at:
        keep_time(at, calendar)
        over = customers(100, valid_until=clock.utc_now() + timedelta(days=3))[:20]
        at.save([*customers(100)[20:], *over], PROFILES)
        assert (await at.sync()).is_done
        calendar.advance(days=4)
        keep_time(at, calendar)
        lose_at(at, 5)
        report = await at.sync()
        done = report.count(RowStatus.APPLIED)
        assert done < report.planned == 20
        assert pending(at) == 20 - done
        assert not at.office.store.do(ledger.edits, at.name)
        found = steps(at.office.store, at.name)
        assert sum(step is not Step.IN_STEP for step in found.values()) == 20 - done
        assert (await come_back(at)).is_done
        assert pending(at) == 0


async def test_an_edit_of_a_row_that_is_refused_drifted_or_held_back_stays_pending_and_one_made_meanwhile_too() -> None:
    async with desk(60, NEWEST) as at:
        assert (await at.sync()).is_done
        row(at, "user-0000").change({"profile": "default"})
        for each in ("c0", "c1", "c2"):
            at.change(each, mac="02:00:00:00:00:01")
        at.change("c3", ppp_service="carrier pigeon")
        for number in range(10, 40):
            at.change(f"c{number}", status="suspended")
        sync = Sync(at.office, at.client, at.name)
        report = await sync.run(Order(), on_plan=lambda _plan: at.change("c2", mac="02:00:00:00:00:02"))
        assert (report.held, report.count(RowStatus.FAILED)) == (30, 1)
        assert {each for each in edited(at) if each not in {f"c{number}" for number in range(10, 40)}} == {
            "c0", "c2", "c3",
        }  # fmt: skip
        assert pending(at) == 33


async def test_what_a_router_has_is_not_pending_there_after_a_run_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = Calendar(monkeypatch)
    async with shared_desk(tmp_path) as (at, words):
        at.save(customers(COUNT), PROFILES)
        child = started(words)
        stop = at_write(at, 180, lambda: os.kill(child.pid, signal.SIGKILL))
        code, _, err = await ended(child)
        stop()
        assert code == -signal.SIGKILL, err
        seen = at.office.store.do(mark, now=clock.utc_now())
        assert written(at)
        everything = {each.external_id for each in customers(COUNT)} | {each.external_id for each in PROFILES}
        assert edited(at) == everything - written(at)
        assert pending(at) == COUNT + 3 - len(written(at))
        found = steps(at.office.store, at.name)
        assert {each for each, step in found.items() if step is Step.IN_STEP} == written(at)
        calendar.advance(seconds=leases.EXPIRY + 1)
        assert at.office.store.do(mark, now=clock.utc_now()) != seen, "a screen reads it again"
        assert (await at.sync()).is_done
        assert (pending(at), edited(at)) == (0, set())


async def test_every_place_tells_the_same_number_after_a_run_that_was_cut_off() -> None:
    held, router = office(), SimulatedRouter(NEWEST)
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(router.serve_tcp, "127.0.0.1", 0)

        async def opened() -> Office:
            return held

        async with open_fleet([RouterSetup(router_options("edge-1", port), POOL)], open_office=opened) as fleet:
            at = Desk(held, fleet.service("edge-1").client, router)
            at.save(customers(400), PROFILES)
            lose_at(at, 280)
            report = await fleet.service("edge-1").syncs.run()
            left = 403 - report.count(RowStatus.APPLIED)
            assert 0 < left < 403
            told = dict.fromkeys(("status", "screen 2", "metrics", "screen 5"), left)
            assert places(fleet, held) == told, "at once, before anybody has asked billing"
            fleet.watch_billing()
            await until(lambda: fleet.service("edge-1").syncs.state.owned is not None)
            assert places(fleet, held) == told
        tasks.cancel_scope.cancel()


def places(fleet: Fleet, held: Office) -> dict[str, int]:
    """Return what is pending on the one router, by where it is told."""
    snapshot = fleet.snapshot()
    (metric,) = [each for each in families(snapshot) if each.name == "mktui_sync_pending_rows"]
    found = steps(held.store, "edge-1")
    return {
        "status": _record(held.store.do(standing, "edge-1", now=clock.utc_now()))["pending"],
        "screen 2": snapshot.routers[0].sync.pending, "metrics": int(metric.samples[0].value),
        "screen 5": sum(step is not Step.IN_STEP for step in found.values()),
    }  # fmt: skip
