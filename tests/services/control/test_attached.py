"""A screen's fleet that is another program's: the same face, several at once, and what a lost connection looks like."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.billing import ledger
from mktui.config.draft import Edit
from mktui.config.edit import edited
from mktui.core.protocol.sentences import Command
from mktui.errors import ConfigError, ControlRefused, MktuiError, NobodyServes
from mktui.monitor.percentiles import Chart
from mktui.monitor.steps import DAY_STEP, HOUR_STEP, Point, Step
from mktui.services.control import attached as attaching
from mktui.services.control.attached import AttachedFleet
from mktui.services.control.dialling import Target, ssh_command, target_of
from mktui.services.planning import PlanStage
from mktui.sync.order import Order
from tests.services.control.houses import house
from tests.sync.offices import customers
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.services.planning import Planning
    from mktui.tui.services import Services

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "EVERY", 0.2)
    monkeypatch.setattr(attaching, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(attaching, "LONGEST_WAIT", 0.1)


def is_ready(planning: Planning | None) -> bool:
    return planning is not None and planning.stage is PlanStage.READY


async def test_what_is_seen_is_what_is_seen_there(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        screen: Services = fleet
        here, there = screen.snapshot(), at.fleet.snapshot()
        assert [router.name for router in here.routers] == ["edge-1"]
        assert here.lost_for is None
        assert here.routers[0].pool.max_size == there.routers[0].pool.max_size == 2
        at.router.faults.is_down = True
        await at.fleet.isolate("edge-1")
        await until(lambda: screen.snapshot().routers[0].pool.circuit_breaker.state == "isolated")
        assert screen.snapshot().routers[0].events[-1].kind == "isolated"


async def test_a_screen_that_is_attached_begins_with_the_chart_that_is_known_there_and_asks_once(
    tmp_path: Path,
) -> None:
    asked: list[str] = []
    async with house(tmp_path) as at:
        at.server.on_request = lambda _who, what: asked.append(what)
        there = at.fleet.service("edge-1")
        there.recall([Step(HOUR_STEP, 100.0 + HOUR_STEP * n, (0.01, 0.02, 0.0301234)) for n in range(20)])
        there.recall([Step(DAY_STEP, 1000.0 + DAY_STEP * n, (0.01, 0.02, 0.03)) for n in range(200)])
        async with at.attached() as fleet:
            assert fleet.chart("nobody") == Chart()
            await until(lambda: known(fleet.chart("edge-1")) == known(at.fleet.chart("edge-1")))
            assert known(fleet.chart("edge-1"))[0][:20] == [(0.01, 0.02, 0.030123)] * 20
            for _ in range(5):
                fleet.chart("edge-1")
            await fleet.ask("watch billing")
            assert asked.count("chart edge-1") == 1


async def test_while_the_past_is_still_being_read_there_the_chart_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "_CHARTS_EVERY", 0.05)
    async with house(tmp_path) as at:
        there = at.fleet.service("edge-1")
        there.has_past = False
        async with at.attached() as fleet:
            asked = fleet._charts_due_at
            await until(lambda: fleet.chart("edge-1") is not None and 0 < asked.get("edge-1", 0.0) < math.inf)
            there.recall([Step(HOUR_STEP, 100.0, (0.01, 0.02, 0.03))])
            await until(lambda: known(fleet.chart("edge-1"))[0] == [(0.01, 0.02, 0.03)])


def known(chart: Chart) -> list[list[Point]]:
    """What is known of the hour and of the day, to the microsecond."""
    return [[(round(p50, 6), round(p95, 6), round(p99, 6)) for p50, p95, p99 in filter(None, part)]
            for part in (chart.hour, chart.day)]  # fmt: skip


async def test_each_action_of_a_screen_reaches_the_router_and_no_session_of_its_own_is_opened(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        sessions = at.router.sessions
        await fleet.isolate("edge-1")
        assert at.fleet.snapshot().routers[0].pool.circuit_breaker.state == "isolated"
        await fleet.probe("edge-1")
        await until(lambda: at.fleet.snapshot().routers[0].pool.ready == 1)
        await fleet.reset("edge-1")
        await until(lambda: at.router.sessions <= sessions)
        steps: list[str] = []
        report = await fleet.test("edge-1", on_step=lambda step: steps.append(step.name))
        assert report.ok
        assert steps == [step.name for step in report.steps]
        await fleet.hold("edge-1", "being replaced")
        await until(lambda: fleet.snapshot().routers[0].sync.paused == "being replaced")
        await fleet.let_go("edge-1")
        await until(lambda: fleet.snapshot().routers[0].sync.paused is None)
        with pytest.raises(ConfigError, match="no router is called 'edge-9'"):
            await fleet.reset("edge-9")


async def test_a_command_by_hand_runs_there_and_stands_in_the_changes(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        answer = await fleet.console.run("edge-1", Command("/system/identity/print"))
        assert len(answer.rows) == 1
        await fleet.console.run("edge-1", Command("/system/identity/set", {"name": "gate"}))
        assert (await fleet.console.run("edge-1", Command("/system/identity/print"))).rows[0]["name"] == "gate"

        def is_heard() -> bool:
            fleet.watch_changes()
            return any(each.what == "run /system/identity/set name=gate" for each in fleet.changes())

        await until(is_heard)
        with pytest.raises(MktuiError):
            await fleet.console.run("edge-1", Command("/no/such/print"))


async def test_a_plan_is_looked_at_carried_out_as_it_was_and_reported(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        fleet.start_plan("edge-1")
        begun = fleet.plan_of("edge-1")
        assert begun is not None
        assert begun.stage is PlanStage.READING
        await until(lambda: is_ready(fleet.plan_of("edge-1")))
        planning = fleet.plan_of("edge-1")
        assert planning is not None
        assert planning.plan is not None
        assert len(planning.plan.changes) == 8
        fleet.start_sync("edge-1", replace(planning.order, saved=planning.plan))
        await until(lambda: fleet.last_report("edge-1") is not None)
        report = fleet.last_report("edge-1")
        assert report is not None
        assert report.is_done
        assert len(at.router.tables["/ppp/secret"]) == 5
        await until(lambda: fleet.plan_of("edge-1") is None)


async def test_a_plan_that_another_operator_has_replaced_is_not_carried_out_but_shown_anew(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        ana.start_plan("edge-1")
        await until(lambda: is_ready(ana.plan_of("edge-1")))
        seen = ana.plan_of("edge-1")
        assert seen is not None
        luis.start_plan("edge-1", Order(names=frozenset({"user-0001"})))
        await until(lambda: is_ready(luis.plan_of("edge-1")))
        ana.start_sync("edge-1", replace(seen.order, saved=seen.plan))
        await until(lambda: bool((now := ana.plan_of("edge-1")) and now.because and is_ready(now)))
        assert not at.router.tables["/ppp/secret"]
        assert at.fleet.last_report("edge-1") is None


async def test_a_plan_that_is_older_than_the_one_that_is_looked_at_there_is_not_carried_out(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        ana.start_plan("edge-1")
        await until(lambda: is_ready(ana.plan_of("edge-1")))
        seen = ana.plan_of("edge-1")
        assert seen is not None
        store = (await at.fleet.office.get()).store
        more = customers(6)[-1]
        await store.run(ledger.save_subscriber, more, now=clock.utc_now())
        luis.start_plan("edge-1")
        await until(lambda: bool((now := luis.plan_of("edge-1")) and now.plan and len(now.plan.changes) == 9))
        ana.start_sync("edge-1", replace(seen.order, saved=seen.plan))
        await until(lambda: bool((now := ana.plan_of("edge-1")) and now.because and is_ready(now)))
        assert not at.router.tables["/ppp/secret"]


async def test_each_operator_looks_for_his_own_customer(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        ana.customers.look_for("user-0001")
        luis.customers.look_for("user-0002")
        await until(lambda: bool(ana.customers.search and ana.customers.search.finished_at))
        await until(lambda: bool(luis.customers.search and luis.customers.search.finished_at))
        found, other = ana.customers.search, luis.customers.search
        assert found is not None
        assert other is not None
        assert found.customer is not None
        assert other.customer is not None
        (subscriber,) = found.customer.subscribers
        assert (subscriber.username, other.customer.subscribers[0].username) == ("user-0001", "user-0002")
        assert subscriber.password.get_secret_value() == ""
        suspended = await ana.customers.set_active(subscriber, is_active=False)
        assert suspended.status == "suspended"
        assert await luis.customers.kick("user-0002", "edge-1") == 0
        assert at.fleet.customers.search is None
    what = [(what, outcome) for _, _, what, outcome in at.audit()]
    assert what == [("suspend user-0001", "done"), ("kick user-0002", "done")]


async def test_a_suspended_customer_keeps_his_password(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        fleet.customers.look_for("user-0001")
        await until(lambda: bool(fleet.customers.search and fleet.customers.search.finished_at))
        search = fleet.customers.search
        assert search is not None
        assert search.customer is not None
        await fleet.customers.set_active(search.customer.subscribers[0], is_active=False)
        await fleet.customers.set_active(search.customer.subscribers[0], is_active=True)
        report = await at.fleet.sync("edge-1")
        assert report.is_done
        row = next(row for row in at.router.tables["/ppp/secret"] if row.values["name"] == "user-0001")
        assert row.values["password"] == "pw-1-hush"


async def test_the_configuration_is_saved_there_and_applied_and_never_over_what_another_has_saved(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        first, second = await ana.config_text(), await luis.config_text()
        assert first is not None
        assert second is not None
        saved = await ana.save_config(first, edited(first.text, [Edit(("pool", "max_size"), 3)]))
        assert saved.live == ("pool.max_size",)
        assert saved.config.pool.max_size == 3
        await until(lambda: at.fleet.service("edge-1").client.options.max_size == 3)
        with pytest.raises(ConfigError, match="was changed underneath"):
            await luis.save_config(second, edited(second.text, [Edit(("pool", "max_size"), 9)]))
        again = await ana.save_config(saved.seen, edited(saved.seen.text, [Edit(("pool", "max_size"), 4)]))
        assert again.config.pool.max_size == 4
        with pytest.raises(ConfigError, match="max_size"):
            await ana.save_config(again.seen, again.seen.text.replace("max_size = 4", "max_size = 4000"))
    kept = [(what, outcome.partition(":")[0]) for _, _, what, outcome in at.audit()]
    assert kept == [
        ("save configuration: pool.max_size 2 → 3", "done"), ("save configuration", "failed"),
        ("save configuration: pool.max_size 3 → 4", "done"), ("save configuration", "failed"),
    ]  # fmt: skip


async def test_a_viewers_screen_is_told_so_by_the_other_side_whatever_it_is_itself(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached(may_write=False) as fleet:
        assert not fleet.may_write
        with pytest.raises(ControlRefused, match="reset: refused, this is read-only"):
            await fleet.reset("edge-1")
        fleet.start_sync("edge-1")
        await until(lambda: (now := fleet.plan_of("edge-1")) is not None and now.stage is PlanStage.FAILED)
        planning = fleet.plan_of("edge-1")
        assert planning is not None
        assert planning.problem == "apply: refused, this is read-only"
        assert at.fleet.last_report("edge-1") is None


async def test_a_lost_connection_keeps_the_picture_says_its_age_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with anyio.create_task_group() as tasks:
        fleet = AttachedFleet(Target(tmp_path / "control.sock"), tasks)
        async with house(tmp_path):
            await tasks.start(fleet.run)
            assert fleet.snapshot().lost_for is None
        await until(lambda: fleet.snapshot().lost_for is not None)
        before = fleet.snapshot()
        assert [router.name for router in before.routers] == ["edge-1"]
        later = clock.now() + 90
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda: later)
            aged = fleet.snapshot()
            assert aged.lost_for == pytest.approx(90, abs=30)
            assert (aged.at - before.at).total_seconds() == pytest.approx(90, abs=30)
        with pytest.raises(NobodyServes, match="not connected; it is tried again and again"):
            await fleet.reset("edge-1")
        fleet.start_plan("edge-1")
        await until(lambda: (now := fleet.plan_of("edge-1")) is not None and now.stage is PlanStage.FAILED)
        (tmp_path / "billing.db").unlink()
        async with house(tmp_path):
            await until(lambda: fleet.snapshot().lost_for is None)
            await fleet.reset("edge-1")
        tasks.cancel_scope.cancel()


async def test_a_connection_that_is_only_silent_is_called_old_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "QUIET", 0.3)
    monkeypatch.setattr(attaching, "DEAD", 1.0)
    async with house(tmp_path) as at, at.attached() as fleet:
        begun = at.server.clients
        monkeypatch.setattr(at.server, "news", _never)
        await until(lambda: fleet.snapshot().lost_for is not None)
        assert begun == 1
        monkeypatch.undo()
        await until(lambda: fleet.snapshot().lost_for is None)


async def _never(_feed: object, _number: object) -> None:
    await anyio.sleep_forever()


async def test_the_first_connection_that_cannot_be_made_is_an_error_at_once(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        fleet = AttachedFleet(Target(tmp_path / "none.sock"), tasks)
        with pytest.raises(NobodyServes, match="nobody serves here"):
            await tasks.start(fleet.run)


@pytest.mark.parametrize(
    ("text", "shown", "command"),
    [
        ("ssh://gw", "ssh://gw", "-- gw mktui control-relay"),
        ("ssh://noc@10.0.0.1:2222", "ssh://noc@10.0.0.1:2222", "-p 2222 -- noc@10.0.0.1 mktui control-relay"),
        ("ssh://noc@[2001:db8::1]", "ssh://noc@2001:db8::1", "-- noc@2001:db8::1 mktui control-relay"),
        ("ssh://gw/run/a b.sock", "ssh://gw/run/a b.sock", "-- gw mktui control-relay --socket '/run/a b.sock'"),
    ],
)
async def test_a_place_over_ssh_becomes_a_command_that_asks_nothing_once_it_was_connected(
    text: str, shown: str, command: str, tmp_path: Path
) -> None:
    target = target_of(text, tmp_path)
    assert (str(target), target.is_far) == (shown, True)
    first, again = (" ".join(ssh_command(target, may_ask=may_ask)) for may_ask in (True, False))
    assert first.endswith(command)
    assert again.endswith(command)
    assert ("BatchMode=yes" in first, "BatchMode=yes" in again) == (False, True)


@pytest.mark.parametrize(
    "text", ["ssh://", "ssh://-oProxyCommand=x", "ssh://a@-b", "http://gw", "ssh://gw:x", "ssh://gw:0", "ssh://a b"]
)
async def test_what_is_no_place_is_refused_before_anything_is_run(text: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"no place to attach to \(a socket's path, or ssh://user@host\)"):
        target_of(text, tmp_path)
