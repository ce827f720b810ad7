"""What befalls a router is told as what it is: real faults, through a real pool and a real fleet, in virtual time."""

from __future__ import annotations

import re
from typing import Final

import pytest

from mktui.monitor.diagnosis import RULES
from mktui.simulator.faults import CutMoment, Mishap, ReplyFault
from tests.services.test_findings_told import OF_A_PLAN
from tests.services.troubles import (
    NARROW,
    SECRETS,
    Fault,
    allows_many,
    allows_one,
    changes_password,
    comes_and_goes,
    is_asked_too_much,
    is_away_while_commands_wait,
    is_busy,
    is_called,
    is_isolated,
    is_silent_and_idle,
    is_simply_used,
    is_slow_and_narrow,
    knows_password,
    leaks,
    loses_an_answer,
    loses_sessions,
    may_not_write,
    often,
    reboots,
    runs_long,
    scene,
    switched,
)
from tests.virtual_time import backend

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    """One loop, in virtual time: what the pool does on the other is its own tests' claim."""
    return backend("asyncio")


FAULTS: Final[dict[str, Fault]] = {
    "nothing": Fault(is_simply_used, {}),
    "it is switched off": Fault(
        switched("is_down", drop=True),
        {"unreachable": r"no connection to 127.0.0.1:8728: connection refused \| it is asked again in"},
        frozenset({Mishap.DOWN, Mishap.DROPPED}), because={"unreachable": "its API service is off"}, heals=400,
    ),
    "it closes every connection": Fault(
        switched("accept_and_close", drop=True), {"unreachable": "closed the connection before the login"},
        frozenset({Mishap.CLOSED}), because={"unreachable": "session limit"}, heals=400,
    ),
    "it answers no login": Fault(
        switched("ignore_logins", drop=True), {"unreachable": "no answer within 15 s"},
        frozenset({Mishap.LOGIN_IGNORED}), because={"unreachable": "a firewall on the way drops us"}, heals=400,
    ),
    "it is a black hole": Fault(
        is_silent_and_idle,
        {"long-running command": "/system/identity/print since", "unreachable": "no answer within 15 s"},
        frozenset({Mishap.SILENT}), because={"unreachable": "a firewall on the way drops us"}, heals=400,
    ),
    "its password was changed": Fault(
        changes_password, {"login refused": r"invalid user name or password \(6\) \| 0 of 2 connections are ready"},
        frozenset({Mishap.LOGIN_REFUSED}), end=knows_password,
    ),
    "it comes and goes": Fault(
        comes_and_goes, {"unreachable": "connection refused", "circuit opens often": "opened 3× within the hour"},
    ),
    "it loses sessions": Fault(
        loses_sessions, {"connection errors": r"within the hour: {cut} lost, {refused} not opened"},
        frozenset({Mishap.DROPPED}),
    ),
    "it reboots": Fault(
        reboots, {"unreachable": "connection refused", "rebooted": r"it is up since \d+ s \| 1× seen as booted"},
        frozenset({Mishap.REBOOTED}), heals=900,
    ),
    "it is slow": Fault(
        switched("extra_latency", 1.0, lasts=90),
        {"slow": r"p50 10\d\d, p95 10\d\d ms, the limit is 500 ms \| slow lately: /ppp/secret/print, 1.0 s"},
        frozenset({Mishap.SLOWED}), because={"slow": "A long way to it"},
    ),
    "its answers overtake each other": Fault(switched("reorder", 0.2), {}, frozenset({Mishap.LATE})),
    "a command runs long": Fault(
        runs_long, {"long-running command": "/log/print since 23 s on connection [12]"},
    ),
    "an answer is lost": Fault(
        loses_an_answer, {"long-running command": "/log/print since 2[89] s on connection [12]"},
        frozenset({ReplyFault.DONE_MISSING}),
    ),
    "too much is asked": Fault(
        is_asked_too_much,
        {"pool exhausted": r"\d wait, 1 of 1 slots are taken .* were turned away", "commands fail": "Overloaded"},
        because={"pool exhausted": "More is asked than is answered", "commands fail": "slot"}, pool=NARROW,
    ),
    "it is slow and the pool is small": Fault(
        is_slow_and_narrow,
        {"slow": "p95 15", "pool exhausted": "1 of 1 slots are taken", "commands fail": "CommandTimeout"},
        because={"pool exhausted": "answers slowly", "commands fail": "slot"}, pool=NARROW,
    ),
    "its processor is busy": Fault(
        is_busy, {"router cpu": r"cpu \d\d %, .* ago \| board RB5009"}, because={"router cpu": "a busy processor"},
    ),
    "its memory leaks": Fault(
        leaks, {"early warning": r"router memory reaches 90 % in about \d+ min \(likely\); now 6\d %"},
        end=lambda at: at.row("/system/resource", free_memory="600000"), heals=3000,
    ),
    "it allows one session": Fault(
        allows_one, {"session limit": "it allows 1, max_size is 5"}, end=allows_many, heals=2500,
    ),
    "we may not write": Fault(
        may_not_write, {"rights": r"/ppp/secret/add: not enough permissions \(9\), 2\d s ago"}, forgotten=86_400,
    ),
    "it is away while commands wait, and no slot is free when it is back": Fault(
        is_away_while_commands_wait, {"unreachable": "connection refused"}, frozenset({Mishap.DOWN, Mishap.DROPPED}),
        pool=NARROW.model_copy(update={"max_waiting": 100, "circuit_breaker_threshold": 50, "max_retry_delay": 1.0}),
    ),
    "its name is no text": Fault(
        is_called("jos\udce9"), {"encoding": r"seen: jos\\udce9"}, end=lambda at: at.row("/system/identity", name="x"),
    ),
    "somebody isolates it": Fault(is_isolated, {"isolated": "nothing is asked of it"}),
    **{f"some answers are wrong: {what.value}": Fault(often(what, pause=10), {}, frozenset({what})) for what in (
        ReplyFault.DONE_TWICE, ReplyFault.UNKNOWN_TAG, ReplyFault.UNKNOWN_WORD, ReplyFault.EARLY,
        ReplyFault.INVALID_UTF8, ReplyFault.TRAPS,
    )},
    **{f"sessions end with an answer: {what.value}": Fault(
        often(what), {"connection errors": "within the hour: {spoilt} lost, 0 not opened"}, frozenset({what})
    ) for what in (
        ReplyFault.DONE_UNTAGGED, ReplyFault.FATAL, ReplyFault.CONTROL_BYTE, ReplyFault.HUGE_LENGTH, *CutMoment,
    )},
    "some commands are never answered": Fault(
        often(ReplyFault.SILENCE, 20, 10),
        {"commands fail": r"\d+ of \d+ commands of the last minute got no answer .* CommandTimeout",
         "long-running command": "/ppp/secret/print since", "link": "gone silent within the hour",
         "connection errors": "last: silent"},
        frozenset({ReplyFault.SILENCE}), because={"commands fail": "does not answer"},
    ),
    "none of some commands is answered": Fault(
        switched("replies", {SECRETS: ReplyFault.SILENCE}, lasts=40),
        {"commands fail": r"\d+ of \d+ commands", "long-running command": "/ppp/secret/print since",
         "connection errors": "last: silent", "pool exhausted": r"\d+ wait, 5 of 5 slots"},
        later=frozenset({"link"}),
        because={"pool exhausted": "does not answer", "commands fail": "does not answer"},
    ),
}  # fmt: skip
"""What each rule says of it. Some rules are about billing, and are told below."""


def test_everything_that_may_go_wrong_at_a_simulated_router_is_in_the_table() -> None:
    assert {what for fault in FAULTS.values() for what in fault.befalls} == {*CutMoment, *ReplyFault, *Mishap}


def test_every_rule_of_the_diagnosis_is_made_to_speak_by_something_real() -> None:
    assert {rule for fault in FAULTS.values() for rule in fault.told} | set(OF_A_PLAN) == set(RULES)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_told_as_what_it_is_with_its_figures_and_no_longer_than_it_lasts(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = FAULTS[name]
    async with scene(monkeypatch, fault) as at:
        await fault.play(at)
        assert set(at.heard) == set(fault.told), at.heard
        seen = {what.what for what in at.router.faults.seen}
        said = {rule: " | ".join(each.evidence) for rule, each in at.heard.items()}
        for rule, template in fault.told.items():
            pattern = template
            spoilt = sum(each.what in fault.befalls for each in at.router.faults.seen)
            for fact, number in {"cut": at.cut, "refused": at.refused, "spoilt": spoilt}.items():
                pattern = pattern.replace(f"{{{fact}}}", str(number))
            assert re.search(pattern, said[rule]), (pattern, said[rule])
        for rule, words in fault.because.items():
            assert any(words in cause for of, cause in at.causes if of == rule), at.causes
        at.router.faults.clear()
        fault.end(at)
        at.asked_at_once = min(at.asked_at_once, 1)
        await at.pass_by(70)
        at.asked_at_once = 0
        await at.pass_by(fault.heals - 70, every=10)
        at.calendar += fault.forgotten
        await at.pass_by(30)
        assert at.look() == set()
        assert set(at.heard) == set(fault.told) | fault.later, "what follows a fault is not told as another"
        assert fault.befalls - {Mishap.DOWN, Mishap.LOGIN_REFUSED} <= seen
