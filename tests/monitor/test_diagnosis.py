"""Each rule of the diagnosis finds what was planted, says its figures, and keeps quiet when all is well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from mktui.core.pool.breaker import BreakerState, Transition
from mktui.core.pool.statistics import BreakerStatistics, LatencyStatistics, QueueStatistics, SlowCommand
from mktui.monitor.diagnosis import RULES, diagnose
from mktui.monitor.records import Severity
from mktui.monitor.snapshot import Break, Forecast, Remark
from mktui.tui.actions import ACTIONS, Danger, Place
from tests.terminal.recorded import NOW, before, counted, edge_1, events, fleet

if TYPE_CHECKING:
    from mktui.monitor.snapshot import RouterSnapshot

ADD: Final = "/ppp/secret/add"


def well() -> RouterSnapshot:
    """A router that nothing is wrong with."""
    router = edge_1()
    breaker = replace(router.pool.circuit_breaker, opens=0, failures=0, history=())
    return replace(router, events=(), pool=replace(router.pool, circuit_breaker=breaker))


def pool(**changes: Any) -> RouterSnapshot:  # Any: fields of a pool
    """The same with other figures of its pool."""
    router = well()
    return replace(router, pool=replace(router.pool, **changes))


def performance(**changes: Any) -> RouterSnapshot:  # Any: fields of its performance
    """The same with other counts."""
    return pool(performance=replace(well().pool.performance, **changes))


def breaker(state: BreakerState, *, opens: int = 1, reason: str = "", **changes: Any) -> RouterSnapshot:
    """The same with another circuit."""
    history = (Transition(1.0, BreakerState.OPEN, reason, 60.0),)
    return pool(circuit_breaker=BreakerStatistics(state, 5, 5, opens, 40.0, reason, history), **changes)


def told(*found: tuple[float, str, str] | tuple[float, str, str, int]) -> RouterSnapshot:
    """The same after events."""
    return counted(replace(well(), events=events("edge-1", *found)))


def broken(*ago: float, by_hand: bool = False) -> RouterSnapshot:
    """The same whose circuit opened so many seconds ago, each time for a minute."""
    breaks = [Break(before(each), "5 failures", before(each - 60), by_hand=by_hand) for each in ago]
    return replace(well(), breaks=tuple(breaks))


def facts(**changes: Any) -> RouterSnapshot:  # Any: fields of its facts
    """The same that says other things of itself."""
    router = well()
    return replace(router, facts=replace(router.facts, read_at=before(4), **changes))


def remarks(*found: Remark) -> RouterSnapshot:
    """The same after a plan that found something."""
    router = well()
    return replace(router, sync=replace(router.sync, remarks=found))


def slow(p95: float) -> LatencyStatistics:
    """A minute's answers."""
    return LatencyStatistics(360, p95 / 2, p95 / 2, p95, p95)


RUNNING: Final = SlowCommand(1.0, "/log/print", "screen", 2, 21.0, is_running=True)
HELD: Final = Remark("held", "disable held back: 120 rows of 500 that are ours would be disabled", 120)
CLOCK: Final = Remark("held", "disable held back: nobody is cut off: our clock is 3 days ahead of the router's", 4)
WAITING: Final = QueueStatistics(0, 1, 6, 2, 7.1)
DOWN: Final[dict[str, Any]] = {"ready": 0, "suspect": 0, "connections": ()}

PLANTED: Final[dict[str, tuple[RouterSnapshot, str, RouterSnapshot]]] = {
    "login refused": (pool(auth_failed="invalid user name or password (6)"), "invalid user name", pool(ready=1)),
    "unreachable": (
        breaker(BreakerState.OPEN, reason="connection refused", **DOWN), "connection refused",
        breaker(BreakerState.OPEN, reason="connection refused"),
    ),
    "circuit opens often": (
        broken(3000, 1800, 900), "opened 3× within", broken(4000, 1800, 900),
    ),
    "commands fail": (
        performance(failing=40, errors={"CommandTimeout": 31}), "40 of 400 commands", performance(failing=18)
    ),
    "pool exhausted": (
        pool(queue=WAITING), "the oldest waits since 7.1 s", pool(queue=QueueStatistics(0, 0, 9, 0, 0.9))
    ),
    "connection errors": (
        told((700, "connection lost", "reset by peer", 2), (80, "connect failed", "refused")), "2 lost, 1 not opened",
        told((700, "connection lost", "reset by peer", 2)),
    ),
    "link": (pool(suspect=1), "1 of 3 connections suspect", told((80, "connection suspect", "no answer", 2))),
    "long-running command": (
        pool(slow=(RUNNING,)), "/log/print since 21 s on connection 2", pool(slow=(replace(RUNNING, is_running=False),))
    ),
    "slow": (performance(response=slow(2.95)), "p95 2950 ms", performance(response=slow(0.49))),
    "router cpu": (facts(cpu_percent=98), "cpu 98 %, 4.0 s ago", facts(cpu_percent=84)),
    "early warning": (
        replace(well(), forecasts=(Forecast("memory_percent", 71.0, 90.0, 2400.0, "likely"),)),
        "router memory reaches 90 % in about 40 min (likely); now 71 %", facts(memory_percent=97.0),
    ),
    "session limit": (pool(ceiling=3), "it allows 3, max_size is 5", pool(ceiling=5)),
    "rights": (
        told((9, "command failed", f"{ADD}: not enough permissions (9)")), "not enough permissions",
        told((9, "command failed", f"{ADD}: no such item")),
    ),
    "clock": (remarks(CLOCK), "3 days ahead", remarks(HELD)),
    "guard": (remarks(HELD), "120× disable held back", remarks(CLOCK)),
    "radius": (remarks(Remark("shadow", "the router asks RADIUS too")), "RADIUS too", remarks(HELD)),
    "encoding": (remarks(Remark("encoding", "jos\udce9")), r"jos\udce9", remarks(Remark("encoding", "josé"))),
    "isolated": (breaker(BreakerState.ISOLATED, opens=0, **DOWN), "nothing is asked", breaker(BreakerState.HALF_OPEN)),
    "rebooted": (facts(uptime=240.0), "up since 4 min", facts(uptime=86_400.0)),
}  # fmt: skip
"""For each rule: a router that has it, a part of its evidence, and one that nearly has it."""


def test_every_rule_has_something_planted() -> None:
    assert list(PLANTED) == list(RULES)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert diagnose(well(), NOW) == ()


@pytest.mark.parametrize("rule", RULES)
def test_what_was_planted_is_found_with_its_figures(rule: str) -> None:
    planted, evidence, nearly = PLANTED[rule]
    found = {each.rule: each for each in diagnose(planted, NOW)}
    assert rule in found
    assert evidence in " | ".join(found[rule].evidence)
    assert found[rule].cause
    assert found[rule].remedy
    assert rule not in {each.rule for each in diagnose(nearly, NOW)}


@pytest.mark.parametrize("rule", RULES)
def test_a_planted_trouble_is_found_alone(rule: str) -> None:
    assert [each.rule for each in diagnose(PLANTED[rule][0], NOW)] == [rule]


@pytest.mark.parametrize("rule", RULES)
def test_what_is_to_be_pressed_is_a_key_that_does_no_harm_unasked(rule: str) -> None:
    (found,) = diagnose(PLANTED[rule][0], NOW)
    if found.action:
        (action,) = (each for each in ACTIONS if each.id == found.action)
        assert Place.FLEET in action.where
        assert action.danger in {Danger.NONE, Danger.CONFIRMED}


@pytest.mark.parametrize("rule", ["circuit opens often", "commands fail", "connection errors"])
def test_where_the_errors_name_the_cause_the_key_leads_to_them(rule: str) -> None:
    (found,) = diagnose(PLANTED[rule][0], NOW)
    assert found.action == "errors"


SOUND: Final[dict[str, RouterSnapshot]] = {
    "its pool is full for a moment": pool(slots_used=24, slots_total=24, queue=QueueStatistics(0, 0, 1, 0, 0.001)),
    "one command was turned away weeks ago": performance(errors={"Overloaded": 1}),
    "it was isolated by hand three times and works again": broken(3000, 1800, 900, by_hand=True),
    "its cpu was full ten hours ago": replace(facts(cpu_percent=99), facts=replace(
        well().facts, cpu_percent=99, read_at=before(36_000))),
    "it had booted ten hours ago when it was last asked": replace(facts(uptime=300.0), facts=replace(
        well().facts, uptime=300.0, read_at=before(36_000))),
    "a right was missing a week ago": told((604_800, "command failed", f"{ADD}: not enough permissions (9)")),
}  # fmt: skip


@pytest.mark.parametrize("router", SOUND.values(), ids=list(SOUND))
def test_nothing_is_found_on_a_router_that_is_sound_though(router: RouterSnapshot) -> None:
    assert diagnose(router, NOW) == ()


def test_a_router_that_is_simply_away_is_not_said_to_come_and_go() -> None:
    away = breaker(BreakerState.OPEN, opens=40, reason="no answer within 8 s", **DOWN)
    away = replace(away, breaks=(Break(before(3000), "no answer within 8 s", tries=40),))
    assert [each.rule for each in diagnose(away, NOW)] == ["unreachable"]


def test_a_router_that_has_just_booted_is_not_said_to_be_up_since_long_before() -> None:
    asked_before = told((2, "router changed", "booted"))
    asked_before = replace(asked_before, facts=replace(asked_before.facts, uptime=3_542_400.0, read_at=before(8)))
    (found,) = diagnose(asked_before, NOW)
    assert found.evidence == ("1× seen as booted or another box within the hour",)


def test_the_age_of_a_fact_is_said_with_it() -> None:
    (found,) = diagnose(told((10_000, "command failed", f"{ADD}: not enough permissions (9)")), NOW)
    assert found.evidence == (f"{ADD}: not enough permissions (9), 3 h ago",)


def test_the_worst_is_told_first() -> None:
    found = diagnose(fleet().routers[2], NOW)
    assert [each.rule for each in found] == ["pool exhausted", "connection errors", "link", "slow", "router cpu"]
    order = list(Severity)
    assert [order.index(each.severity) for each in found] == sorted(order.index(each.severity) for each in found)


@pytest.mark.parametrize(
    ("words", "because"),
    [
        ("connection refused", "API service"),
        ("no answer within 15 s", "firewall"),
        ("this is no RouterOS API port (http)", "Another service"),
        ("the certificate is not the pinned one", "certificate"),
        ("something new", "Router or link are down"),
    ],
)
def test_what_a_connect_came_to_names_its_usual_cause(words: str, because: str) -> None:
    found = diagnose(breaker(BreakerState.OPEN, reason=words, **DOWN), NOW)
    assert because in found[0].cause


def test_a_slow_router_with_a_busy_processor_is_not_told_to_take_more_connections() -> None:
    router = replace(facts(cpu_percent=97), pool=performance(response=slow(3.0)).pool)
    router = replace(router, pool=replace(router.pool, queue=WAITING))
    advice = {each.rule: each.remedy for each in diagnose(router, NOW)}
    assert "more connections make it slower" in advice["pool exhausted"]
    assert "max_commands_per_second" in advice["slow"]
