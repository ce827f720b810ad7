"""Pairs stay pairs through failing receivers, kills and restarts; and nothing is held up by any of it."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Final

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mktui import clock
from mktui.monitor.silences import Silence
from mktui.services.alerts import memory, sending, watching
from mktui.services.alerts.keeping import AlertFile, Kept
from mktui.services.alerts.sending import LONGEST_WAIT, wait_after
from mktui.services.alerts.watching import Alerting
from tests.services.alerts.lives import (
    BEGIN,
    SECOND,
    Calendar,
    Drawer,
    Life,
    Routers,
    Somebody,
    assert_pairs,
    plan,
    settled,
)
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.monitor.snapshot import ReceiverState

pytestmark = pytest.mark.anyio
STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]), st.booleans(), st.sampled_from([5, 5, 5, 70, 4000, -200]),
        st.sampled_from(["wait", "wait", "wait", "kill", "take out"]), st.integers(0, 12),
    ),
    max_size=14,
)  # fmt: skip


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    """Time stands still until it is told otherwise, and what failed is tried again at once."""
    found = Calendar()
    monkeypatch.setattr(clock, "utc_now", found)
    monkeypatch.setattr(sending, "wait_after", lambda _failures: 0)
    monkeypatch.setattr(watching, "LOOK", 0.01)
    return found


@given(STEPS, st.lists(st.booleans(), max_size=25), st.lists(st.booleans(), max_size=25), st.integers(1, 6))
@settings(max_examples=150)
def test_pairs_stay_pairs_for_each_receiver_whatever_fails_and_however_often_it_is_killed(
    steps: list[tuple[str, bool, int, str, int]], noc: list[bool], sms: list[bool], limit: int
) -> None:
    receivers = (Somebody("noc", noc), Somebody("sms", sms))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "wait_after", lambda _failures: 0)
        anyio.run(_live, steps, receivers, limit, patch)
    for receiver in receivers:
        for router in ("a", "b"):
            heard = receiver.of(router)
            assert_pairs(heard)
            assert not heard or heard[-1][0] == "resolved"


async def _live(
    steps: list[tuple[str, bool, int, str, int]], receivers: tuple[Somebody, ...], limit: int, patch: pytest.MonkeyPatch
) -> None:
    calendar, routers, drawer, rest = Calendar(), Routers(), Drawer(), list(steps)
    patch.setattr(clock, "utc_now", calendar)

    async def live(alerting: Alerting) -> None:
        while rest:
            router, is_down, seconds, how, ticks = rest.pop(0)
            (routers.down.add if is_down else routers.down.discard)(router)
            routers.names = ("a", "b") if how != "take out" else ("a",)
            calendar.now += seconds * SECOND
            await alerting.look()
            for _ in range(ticks):
                await anyio.lowlevel.checkpoint()
            if how == "kill":
                return

    async def end(alerting: Alerting) -> None:
        routers.down, routers.names = set(), ("a", "b")
        for _ in range(700):  # the most unsteady has to be away for half an hour
            calendar.now += 5 * SECOND
            await alerting.look()
            if not any(each.told_at for each in alerting.state.alerts):
                break
        await settled(alerting)

    while rest:
        await Life(routers, plan(receivers, drawer, max_waiting=limit)).run(live)
    await Life(routers, plan(receivers, drawer, max_waiting=limit)).run(end)


async def test_what_was_told_before_a_kill_is_not_told_again_and_its_end_is_told_after_it(calendar: Calendar) -> None:
    routers, drawer, somebody = Routers({"a"}), Drawer(), Somebody()

    async def fires(alerting: Alerting) -> None:
        await alerting.look()
        await settled(alerting)

    await Life(routers, plan([somebody], drawer)).run(fires)
    calendar.now += 600 * SECOND
    await Life(routers, plan([somebody], drawer)).run(fires)
    routers.down.clear()
    await Life(routers, plan([somebody], drawer)).run(fires)
    calendar.now += 5 * SECOND

    async def ends(alerting: Alerting) -> None:
        await alerting.look()
        calendar.now += 5 * SECOND
        await alerting.look()
        await settled(alerting)

    await Life(routers, plan([somebody], drawer)).run(ends)
    assert [each[0] for each in somebody.heard] == ["firing", "resolved"]
    assert somebody.heard[1][2] == BEGIN, "it is known by when it began"


async def test_what_nobody_took_before_a_kill_is_told_after_it(calendar: Calendar) -> None:
    routers, drawer, somebody = Routers({"a"}), Drawer(), Somebody(orders=[False] * 100_000)

    async def in_vain(alerting: Alerting) -> None:
        await alerting.look()
        await until(lambda: somebody.tries >= 3)

    await Life(routers, plan([somebody], drawer)).run(in_vain)
    assert somebody.heard == []
    somebody.orders.clear()
    calendar.now += 5 * SECOND
    await Life(routers, plan([somebody], drawer)).run(settled)
    assert [each[:2] for each in somebody.heard] == [("firing", "a")]


async def test_a_new_receiver_hears_what_the_others_know_and_one_that_left_is_forgotten(calendar: Calendar) -> None:
    routers, drawer, old, new = Routers({"a"}), Drawer(), Somebody("old"), Somebody("new")

    async def look(alerting: Alerting) -> None:
        await alerting.look()
        await settled(alerting)

    await Life(routers, plan([old], drawer)).run(look)
    calendar.now += 5 * SECOND
    await Life(routers, plan([new], drawer)).run(look)
    await Life(routers, plan([new], drawer)).run(look)
    assert [each[0] for each in new.heard] == ["firing"]
    assert set(drawer.read()[0].boxes) == {"new"}


async def test_one_that_fails_holds_up_neither_the_other_nor_the_looks(calendar: Calendar) -> None:
    routers, bad, good = Routers({"a"}), Somebody("bad", [False] * 100_000), Somebody("good")
    said: list[str] = []

    async def live(alerting: Alerting) -> None:
        for number in range(30):
            (routers.down.discard if number % 2 else routers.down.add)("a")
            calendar.now += 4000 * SECOND
            await alerting.look()
        await until(lambda: len(good.heard) == 30)
        assert bad.heard == []
        assert bad.tries < 10_000

        def state(name: str) -> ReceiverState:
            return next(each for each in alerting.state.receivers if each.name == name)

        # a try may be under way at any moment, and what is over is left out by its receiver's own task
        await until(lambda: state("bad").failures == bad.tries)
        await until(lambda: (state("bad").waiting, state("bad").left_out) == (4, 26))
        assert state("bad").problem == "by order", "pairs that are over were left out, and counted"
        assert (state("good").waiting, state("good").told) == (0, 30)
        bad.orders.clear()
        await settled(alerting)

    await Life(routers, plan([bad, good], Drawer(), max_waiting=4), said.append).run(live)
    assert [each[0] for each in bad.heard] == ["firing", "resolved"] * 2
    assert said[0] == "bad was not told: by order; it is tried again and again"
    assert len(said) == 2
    assert said[1].startswith("bad is told again, after ")


async def test_a_full_disk_is_said_once_and_alerts_are_told_all_the_same(calendar: Calendar) -> None:
    routers, drawer, somebody, said = Routers({"a"}), Drawer(), Somebody(), list[str]()
    drawer.shelf.is_full = True

    async def live(alerting: Alerting) -> None:
        await alerting.look()
        await settled(alerting)
        assert "no space left" in alerting.state.problem
        drawer.shelf.is_full = False
        routers.down.clear()
        for _ in range(2):
            calendar.now += 5 * SECOND
            await alerting.look()
        await settled(alerting)
        await until(lambda: not alerting.state.problem)

    await Life(routers, plan([somebody], drawer), said.append).run(live)
    assert [each[0] for each in somebody.heard] == ["firing", "resolved"]
    assert said == ["alerts cannot be kept: /nowhere/alerts.json: no space left on device; they are told all the same"]


async def test_a_disk_that_does_not_answer_holds_up_nobody(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "DISK", 0.05)
    routers, drawer, somebody, release = Routers({"a"}), Drawer(), Somebody(), threading.Event()
    drawer.shelf.release = release

    async def live(alerting: Alerting) -> None:
        await alerting.look()
        await until(lambda: bool(somebody.heard))
        assert alerting.state.problem == "the disk does not answer"
        routers.down.clear()
        calendar.now += 5 * SECOND
        await alerting.look()
        release.set()
        await until(lambda: len(somebody.heard) == 2)
        while alerting.state.problem:  # the next looks try again
            calendar.now += 5 * SECOND
            await alerting.look()
        assert drawer.read()[0].boxes["noc"].told == 2, "what was given up did not come in the place of what is newer"

    try:
        with anyio.fail_after(10):
            await Life(routers, plan([somebody], drawer)).run(live)
    finally:
        release.set()


async def test_the_disk_is_written_when_something_has_changed_and_not_at_each_look(calendar: Calendar) -> None:
    routers, drawer, somebody = Routers({"a"}), Drawer(), Somebody()

    async def live(alerting: Alerting) -> None:
        await alerting.look()
        await settled(alerting)
        await until(lambda: drawer.writes == 2)  # that it is owed, and that it was told
        for _ in range(50):
            calendar.now += 5 * SECOND
            await alerting.look()

    await Life(routers, plan([somebody], drawer)).run(live)
    assert drawer.writes == 2
    assert routers.noted == ["a alert firing: a is down"]


async def test_what_is_silenced_is_seen_with_its_end_and_not_told(calendar: Calendar) -> None:
    routers, drawer, somebody = Routers({"a", "b"}), Drawer(), Somebody()
    drawer.shelf.silences = (Silence(BEGIN + 60 * SECOND, router="a"), Silence(BEGIN - SECOND, router="b"))

    async def live(alerting: Alerting) -> None:
        await alerting.look()
        await settled(alerting)
        state = alerting.state
        assert {each.router: each.silenced_until for each in state.alerts} == {"a": BEGIN + 60 * SECOND, "b": None}
        assert [each.router for each in state.firing] == ["b"]
        assert state.silences == drawer.shelf.silences[:1]
        calendar.now += 61 * SECOND
        await alerting.look()
        await settled(alerting)

    await Life(routers, plan([somebody], drawer)).run(live)
    assert [each[:2] for each in somebody.heard] == [("firing", "b"), ("firing", "a")]


async def test_a_bug_in_a_rule_or_in_a_receiver_ends_nothing(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "AFTER_A_BUG", 0.01)
    routers, somebody, said = Routers({"a"}), Somebody(), list[str]()
    real, broken = routers.snapshot, [ZeroDivisionError("hush")]

    def snapshot() -> object:
        if broken:
            raise broken.pop()
        return real()

    async def odd(*_: object) -> None:
        somebody.tell = well  # type: ignore[method-assign]  # the next one is right
        raise KeyError("hush")

    well, somebody.tell = somebody.tell, odd  # type: ignore[method-assign,assignment]  # a receiver with a bug
    monkeypatch.setattr(routers, "snapshot", snapshot)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Alerting(routers, plan([somebody], Drawer()), said.append).run)
        await until(lambda: len(somebody.heard) == 1)
        tasks.cancel_scope.cancel()
    del calendar
    assert said[0].startswith("a bug in mktui: ZeroDivisionError; please report ")
    assert said[1].startswith("noc was not told: a bug in mktui: KeyError; please report ")
    assert "hush" not in " ".join(said)


async def test_at_the_end_who_has_not_failed_is_told_what_waits_and_the_rest_is_kept(calendar: Calendar) -> None:
    routers, drawer = Routers(), Drawer()
    slow, bad, hangs = Somebody("slow"), Somebody("bad", [False] * 1000), Somebody("hangs")
    begun = anyio.Event()

    async def slowly(body: dict[str, object], notices: object) -> None:
        begun.set()
        await anyio.sleep(0.1)
        await Somebody.tell(slow, body, notices)  # type: ignore[arg-type]  # as it came

    async def never(*_: object) -> None:
        await anyio.sleep_forever()

    slow.tell, hangs.tell = slowly, never  # type: ignore[method-assign,assignment]  # receivers of their own kinds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "LAST_TRY", 0.5)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(Alerting(routers, plan([slow, bad, hangs], drawer), lambda _text: None).run)
                await anyio.sleep(0.05)
                routers.down.add("a")
                await begun.wait()
                tasks.cancel_scope.cancel()
    del calendar
    assert [each[:2] for each in slow.heard] == [("firing", "a")]
    boxes = drawer.read()[0].boxes
    assert {name: len(box.waiting) for name, box in boxes.items()} == {"slow": 0, "bad": 1, "hangs": 1}


@pytest.mark.realtime
async def test_of_two_one_tells_and_the_other_shows_it_and_takes_over(calendar: Calendar, tmp_path: Path) -> None:
    routers, file, other_file = Routers({"a"}), AlertFile(tmp_path / "alerts.json"), AlertFile(tmp_path / "alerts.json")
    somebody, said = Somebody(), list[str]()
    first = Alerting(routers, plan([somebody], file), lambda _text: None)
    second = Alerting(routers, plan([somebody], other_file), said.append)
    async with anyio.create_task_group() as tasks:
        scope = await tasks.start(_running, first)
        await until(lambda: len(somebody.heard) == 1)
        tasks.start_soon(second.run)
        await until(lambda: len(second.state.firing) == 1)
        assert "tells of alerts; this one takes over when it ends" in second.state.problem
        assert [(each.name, each.told) for each in second.state.receivers] == [("noc", 1)]
        scope.cancel()
        await until(lambda: not second.state.problem)
        routers.down.clear()
        calendar.now += 5 * SECOND
        await until(lambda: len(somebody.heard) == 2)
        tasks.cancel_scope.cancel()
    assert [each[0] for each in somebody.heard] == ["firing", "resolved"]
    assert len(said) == 1


async def _running(alerting: Alerting, *, task_status: anyio.abc.TaskStatus[anyio.CancelScope]) -> None:
    with anyio.CancelScope() as scope:
        task_status.started(scope)
        await alerting.run()


async def test_billing_is_asked_once_a_minute_when_there_is_one(calendar: Calendar, tmp_path: Path) -> None:
    del calendar
    routers, waits = Routers(), {"sync_pending": dt.timedelta(0)}
    made = plan([], Drawer(), billing_file=tmp_path / "billing.db")
    made = plan([], Drawer(), billing_file=tmp_path / "billing.db", settings=type(made.settings)(waits))

    async def live(alerting: Alerting) -> None:
        await alerting.look()
        assert routers.billing_asked == 0, "there is no billing, and none is made"
        (tmp_path / "billing.db").touch()
        for _ in range(5):
            await alerting.look()
        assert routers.billing_asked == 1

    await Life(routers, made).run(live)


def test_waits_grow_to_a_bound_and_are_never_the_same_for_all() -> None:
    waits = [wait_after(failures) for failures in range(1, 40)]
    assert 1.5 <= waits[0] <= 2.5
    assert all(0 < wait <= LONGEST_WAIT * 1.25 for wait in waits)
    assert min(waits[-20:]) >= LONGEST_WAIT * 0.75
    assert len(set(waits)) == len(waits)


def test_nothing_was_kept_before_anything_was() -> None:
    assert Kept() == Kept(alerts=(), past=(), boxes={})
