"""Alerts are told in pairs: in every history, whatever is silenced, however often a message fails, across restarts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.health import CONNECTING, Health, HealthStatus
from mktui.monitor.alert_rules import RULES, UNKNOWN, Limits, Seen, judged
from mktui.monitor.alerts import Alert, AlertBook, Notice, Settings, State, Status
from mktui.monitor.outbox import Outbox, message
from mktui.monitor.silences import Silence
from mktui.monitor.snapshot import Forecast, Remark
from tests.monitor.test_diagnosis import breaker, pool, well
from tests.terminal.recorded import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.monitor.alert_rules import Judgement, Key
    from mktui.monitor.snapshot import RouterSnapshot

BEGIN: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
SECOND: Final = dt.timedelta(seconds=1)
MINUTE: Final = dt.timedelta(minutes=1)
RULE: Final = "router_down"
SETTINGS: Final = Settings({RULE: 2 * MINUTE}, repeat=60 * MINUTE, steady=MINUTE)
KEY: Final[Key] = (RULE, "edge-1")
DOWN: Final = Seen("edge-1 is down", "no answer")


def told(
    book: AlertBook, judgements: Iterable[Judgement], silences: tuple[Silence, ...] = (), *, begin: dt.datetime = BEGIN
) -> list[tuple[int, str]]:
    """Look every five seconds; return the seconds and statuses of what is told."""
    found = []
    for number, judgement in enumerate(judgements):
        at = begin + 5 * number * SECOND
        found += [(5 * number, each.status.value) for each in book.look({KEY: judgement}, at, silences)]
    return found


def minutes(number: float, judgement: Judgement) -> list[Judgement]:
    """The same judgement for so long."""
    return [judgement] * int(number * 12)


def test_what_is_wrong_for_long_enough_fires_once_and_is_resolved_once() -> None:
    book = AlertBook(SETTINGS)
    assert told(book, [*minutes(5, DOWN), *minutes(5, None)]) == [(120, "firing"), (360, "resolved")]
    assert book.alerts == ()


def test_what_is_over_before_its_time_is_not_told() -> None:
    assert told(AlertBook(SETTINGS), [*minutes(1.9, DOWN), *minutes(5, None)] * 5) == []


def test_what_stays_wrong_is_repeated_and_no_sooner() -> None:
    assert told(AlertBook(SETTINGS), minutes(125, DOWN)) == [(120, "firing"), (3720, "firing"), (7320, "firing")]


def test_a_rule_may_be_repeated_sooner_than_all_others_or_never() -> None:
    sooner = replace(SETTINGS, repeats={RULE: 30 * MINUTE})
    assert told(AlertBook(sooner), minutes(65, DOWN)) == [(120, "firing"), (1920, "firing"), (3720, "firing")]
    never = replace(SETTINGS, repeats={RULE: 10**6 * MINUTE})
    assert told(AlertBook(never), minutes(400, DOWN)) == [(120, "firing")]


def test_what_cannot_be_known_changes_nothing() -> None:
    seen = [*minutes(3, DOWN), *minutes(30, UNKNOWN), *minutes(1, None), *minutes(1, None)]
    assert told(AlertBook(SETTINGS), seen) == [(120, "firing"), (33 * 60 + 60, "resolved")]
    assert told(AlertBook(SETTINGS), [*minutes(1, DOWN), *minutes(30, UNKNOWN)]) == []


def test_a_router_that_leaves_the_configuration_resolves_its_alerts_at_once() -> None:
    book = AlertBook(SETTINGS)
    told(book, minutes(3, DOWN))
    [notice] = book.look({}, BEGIN + 3 * MINUTE)
    assert (notice.status, notice.router, notice.ends_at) == (Status.RESOLVED, "edge-1", BEGIN + 3 * MINUTE)


def test_a_silence_holds_what_fires_until_it_ends_and_never_a_resolved_that_is_owed() -> None:
    quiet = (Silence(BEGIN + 10 * MINUTE, router="edge-*"),)
    assert told(AlertBook(SETTINGS), [*minutes(5, DOWN), *minutes(3, None)], quiet) == []
    assert told(AlertBook(SETTINGS), minutes(12, DOWN), quiet) == [(600, "firing")]
    book = AlertBook(SETTINGS)
    assert told(book, minutes(3, DOWN)) == [(120, "firing")]
    assert told(book, minutes(3, None), quiet, begin=BEGIN + 3 * MINUTE) == [(60, "resolved")]
    assert not Silence(BEGIN + MINUTE, rule="breaker_open").covers(KEY, BEGIN)


def test_a_machine_that_slept_fires_nothing_on_waking() -> None:
    book = AlertBook(SETTINGS)
    told(book, minutes(1, DOWN))
    assert told(book, minutes(1.9, DOWN), begin=BEGIN + 300 * MINUTE) == []
    assert told(book, minutes(1, DOWN), begin=BEGIN + 301.9 * MINUTE) == [(10, "firing")]


def test_an_unsteady_link_is_a_handful_of_pairs_and_not_hundreds() -> None:
    at_once = replace(SETTINGS, waits={RULE: 0 * MINUTE}, repeat=48 * 60 * MINUTE)
    seen = told(AlertBook(at_once), [*minutes(1, DOWN), *minutes(1.5, None)] * 576)
    assert 2 <= len(seen) <= 6, seen


def assert_pairs(statuses: Iterable[tuple[Status, bool]]) -> None:
    """Each resolved follows one fired, and what fires twice says that it is a repetition."""
    is_open = False
    for status, is_repeat in statuses:
        if status is Status.RESOLVED:
            assert is_open
        else:
            assert is_repeat or not is_open
        is_open = status is Status.FIRING


SAID = st.sampled_from([DOWN, None, UNKNOWN])
HISTORIES = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(["a", "b"]), SAID), st.integers(-300, 5000), st.booleans()), max_size=60
)


@given(HISTORIES)
def test_pairs_stay_pairs_in_every_history_with_silences_gaps_and_restarts(
    history: list[tuple[dict[str, Judgement], int, bool]],
) -> None:
    book, now, heard = AlertBook(SETTINGS), BEGIN, defaultdict[str, list[tuple[Status, bool]]](list)
    for said, seconds, is_odd in history:
        now += seconds * SECOND
        for step in range(40):  # long enough for everything to happen
            silences = (Silence(now + MINUTE, router="a"),) if is_odd else ()
            for each in book.look(
                {(RULE, name): what for name, what in said.items()}, now + 5 * step * SECOND, silences
            ):
                heard[each.router].append((each.status, each.is_repeat))
        now += 200 * SECOND
        if is_odd:
            book = AlertBook(SETTINGS, book.alerts, book.past)
    for each in book.look({}, now):
        heard[each.router].append((each.status, each.is_repeat))
    for statuses in heard.values():
        assert_pairs(statuses)
        assert statuses[-1][0] is Status.RESOLVED


def notice(status: Status, router: str, *, is_repeat: bool = False, number: int = 0) -> Notice:
    """One notice of a router."""
    return Notice(status, RULE, router, "critical", BEGIN + number * SECOND, "down", is_repeat=is_repeat)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcdef"), st.booleans()),
        st.tuples(st.sampled_from(["take", "done", "back", "restart"]), st.just(""), st.just(value=False)),
    ),
    max_size=120,
)


class Listener:
    """Somebody who is told what an outbox holds, and for whom it may fail at any step."""

    def __init__(self, limit: int) -> None:
        self.outbox = Outbox(limit)
        self.firing = set[str]()
        self.heard = defaultdict[str, list[tuple[Status, bool]]](list)
        self.taken: tuple[Notice, ...] = ()

    def put(self, router: str, *, is_repeat: bool, number: int) -> None:
        """Something changes, or is told again."""
        again = is_repeat and router in self.firing
        status = Status.RESOLVED if router in self.firing and not again else Status.FIRING
        (self.firing.discard if status is Status.RESOLVED else self.firing.add)(router)
        self.outbox.put(notice(status, router, is_repeat=again, number=number))

    def do(self, step: str) -> None:
        """A message is begun, arrives, or does not."""
        if step == "take":
            self.taken = self.outbox.take()
            return
        if step == "done":
            for each in self.taken:
                self.heard[each.router].append((each.status, each.is_repeat))
            self.outbox.done()
        self.outbox.back()
        self.taken = ()
        if step == "restart":
            self.outbox = Outbox(self.outbox.limit, self.outbox.waiting, self.outbox.open, self.outbox.tried)


@given(STEPS, st.integers(1, 8))
def test_a_receiver_hears_pairs_whatever_fails_and_whatever_is_left_out(
    steps: list[tuple[str, str, bool]], limit: int
) -> None:
    listener = Listener(limit)
    for number, (step, router, is_repeat) in enumerate(steps):
        if step == "put":
            listener.put(router, is_repeat=is_repeat, number=number)
            assert len(listener.outbox.waiting) <= max(limit, 6) + listener.outbox.tried
        else:
            listener.do(step)
    listener.do("back")
    while listener.outbox.waiting:
        listener.do("take")
        listener.do("done")
    for router, statuses in listener.heard.items():
        assert_pairs(statuses)
        assert (statuses[-1][0] is Status.FIRING) is (router in listener.firing), "at last he knows how it is"
    assert listener.firing <= set(listener.heard), "what fires now is never left out"


def test_a_message_that_is_on_its_way_is_not_left_out_however_much_waits() -> None:
    listener = Listener(1)
    listener.put("a", is_repeat=False, number=0)
    listener.do("take")
    listener.put("a", is_repeat=False, number=1)
    for step in ("done", "take", "done"):
        listener.do(step)
    assert listener.heard["a"] == [(Status.FIRING, False), (Status.RESOLVED, False)]


@given(STEPS, st.integers(1, 8))
def test_who_may_have_heard_that_it_fires_hears_that_it_is_over_though_nobody_knows_what_he_heard(
    steps: list[tuple[str, str, bool]], limit: int
) -> None:
    listener, heard = Listener(limit), dict[str, Status]()
    for number, (step, router, is_repeat) in enumerate(steps):
        if step == "put":
            listener.put(router, is_repeat=is_repeat, number=number)
            continue
        listener.do(step)
        heard |= {each.router: each.status for each in listener.taken}  # and every answer may be lost
    listener.do("back")
    while listener.outbox.waiting:
        listener.do("take")
        heard |= {each.router: each.status for each in listener.taken}
        listener.do("done")
    assert {router for router, status in heard.items() if status is Status.FIRING} == listener.firing


def test_who_never_heard_that_it_fires_is_not_told_that_it_is_over() -> None:
    outbox = Outbox(5)
    outbox.put(notice(Status.RESOLVED, "a"))
    assert outbox.take() == ()


def test_the_message_is_what_alertmanager_sends() -> None:
    sent = message([notice(Status.FIRING, "a"), notice(Status.FIRING, "b\udc80")], "noc", "https://noc.example/")
    assert (sent["version"], sent["status"], sent["receiver"]) == ("4", "firing", "noc")
    assert sent["groupKey"] == '{}:{alertname="router_down"}'
    assert sent["commonLabels"] == {"alertname": RULE, "severity": "critical", "service": "mktui"}
    assert [each["labels"]["router"] for each in sent["alerts"]] == ["a", "b\\udc80"]
    assert sent["alerts"][0]["startsAt"] == "2026-11-23T03:00:00Z"
    assert sent["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert len({each["fingerprint"] for each in sent["alerts"]}) == 2


def remarked(kind: str, text: str) -> RouterSnapshot:
    """A router whose last plan has found something."""
    router = well()
    return replace(router, sync=replace(router.sync, finished_at=NOW, remarks=(Remark(kind, text),)))


def offline() -> RouterSnapshot:
    """A router that does not answer."""
    return replace(well(), health=Health(HealthStatus.OFFLINE, None, ("unreachable",)))


FORECAST: Final = Forecast("cpu_percent", 70.0, 85.0, 600.0, "likely")
SICK: Final[dict[str, RouterSnapshot]] = {
    "router_down": offline(),
    "breaker_open": breaker(BreakerState.OPEN, reason="refused"),
    "pool_exhausted": pool(queue=replace(well().pool.queue, normal=9, oldest=5.0)),
    "sync_pending": replace(well(), sync=replace(well().sync, edits=7, paused=None)),
    "failed_rows": replace(well(), sync=replace(well().sync, failed=2, finished_at=NOW)),
    "guard_refusal": remarked("held", "more than 5 % in a day"),
    "clock_skew": remarked("held", "nobody is cut off: our clock is 300 s ahead"),
    "password_unverifiable": remarked("unverifiable", "12 passwords are hidden"),
    "early_warning": replace(well(), forecasts=(FORECAST,)),
}


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_rule_sees_what_was_planted(rule: str) -> None:
    found = judged([SICK[rule]], NOW, Limits(), [rule])
    assert isinstance(found[rule, SICK[rule].name], Seen)
    calm = replace(well(), forecasts=(), sync=replace(
        well().sync, is_running=False, planned=0, applied=0, failed=0, edits=0, waiting=0, remarks=(), finished_at=NOW,
    ))  # fmt: skip
    assert judged([calm], NOW, Limits(), [rule]) == {(rule, calm.name): None}


def test_of_a_sync_that_nobody_knows_of_nothing_is_said() -> None:
    fresh = replace(well(), sync=replace(well().sync, finished_at=None, remarks=(), failed=0))
    of_syncs = ("failed_rows", "guard_refusal", "clock_skew", "password_unverifiable")
    assert set(judged([fresh], NOW, Limits(), of_syncs).values()) == {UNKNOWN}


def test_of_a_router_that_was_only_just_begun_nothing_is_known() -> None:
    young = replace(well(), health=Health(HealthStatus.OFFLINE, None, (CONNECTING,)))
    young = replace(young, sync=replace(young.sync, planned=0, applied=0, owned=None))
    of_pools = ("router_down", "breaker_open", "pool_exhausted", "early_warning", "sync_pending")
    assert set(judged([young], NOW, Limits(), of_pools).values()) == {UNKNOWN}


def test_what_a_router_says_moves_no_terminal_and_ends() -> None:
    odd = breaker(BreakerState.OPEN, reason="\x1b[2J\0 two\nlines\udc80 " + "x" * 9999)
    found = judged([odd], NOW, Limits(), ["breaker_open"])["breaker_open", odd.name]
    assert isinstance(found, Seen)
    assert found.description.startswith("·[2J· two lines\\udc80 xxx")
    assert found.description.isprintable()
    assert len(found.description) == 500


def test_who_was_isolated_by_hand_or_is_held_by_hand_wakes_nobody() -> None:
    out = breaker(BreakerState.ISOLATED, ready=0)
    out = replace(out, health=offline().health)
    held = replace(SICK["sync_pending"], sync=replace(SICK["sync_pending"].sync, paused="a fair"))
    assert set(judged([out], NOW, Limits(), ["router_down", "breaker_open"]).values()) == {None}
    assert set(judged([held], NOW, Limits(), ["sync_pending"]).values()) == {None}


def test_an_alert_of_a_rule_that_is_off_now_is_resolved_after_a_restart() -> None:
    old = Alert("gone_rule", "edge-1", State.FIRING, BEGIN, "x", fired_at=BEGIN, told_at=BEGIN)
    [over] = AlertBook(SETTINGS, [old]).look({}, BEGIN)
    assert over.status is Status.RESOLVED
