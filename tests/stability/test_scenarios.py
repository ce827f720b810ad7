"""Each scenario is green where all is well; each of its claims is red where the router, or the pool, is not so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.core.client.client import Client
from mktui.core.pool import health, retry
from mktui.core.pool.breaker import Breaker
from mktui.core.pool.health import Health, HealthStatus
from mktui.core.pool.roster import Roster
from mktui.core.protocol.session import Session
from mktui.errors import CircuitOpen, CommandTimeout, MktuiError, OutcomeUnknown
from mktui.simulator.cost import CostModel
from mktui.simulator.faults import FaultRule, Faults, Mishap, ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.session import ApiSession
from mktui.simulator.tables import TableRow
from mktui.stability import own_rows
from mktui.stability.report import Verdict
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.words import NAME
from tests.stability.grounds import SpoiltGround, broken, played, told
from tests.virtual_time import backend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.core.pool.breaker import BreakerEvent
    from mktui.core.pool.job import Outcome
    from mktui.core.protocol.sentences import Command, Row
    from mktui.simulator.faults import What

pytestmark = pytest.mark.anyio
IN_REAL_TIME = {"sync"}
"""Its database is in worker threads."""
VIRTUAL = [each.name for each in SCENARIOS if each.name not in IN_REAL_TIME]


@pytest.fixture
def anyio_backend() -> object:
    """Virtual time on asyncio: librouteros, which is measured beside the pool, knows nothing else."""
    return backend("asyncio")


@dataclass(frozen=True)
class Planted:
    """Something wrong, and the claims that must not hold any more."""

    breaks: set[str]
    spoil: Callable[[SimulatedRouter], None] = lambda _box: None
    plant: Callable[[pytest.MonkeyPatch], None] = lambda _patch: None
    profile: RouterProfile | None = None
    pool: PoolOptions = field(default_factory=PoolOptions)


def rule(what: Mishap, rate: float) -> Callable[[SimulatedRouter], None]:
    return lambda box: box.faults.rules.append(FaultRule(what, rate=rate))


def switched(name: str) -> Callable[[SimulatedRouter], None]:
    return lambda box: setattr(box.faults, name, True)


def spoilt(path: str, fault: ReplyFault) -> Callable[[SimulatedRouter], None]:
    return lambda box: box.faults.replies.update({path: fault})


def planted(owner: object, name: str, instead: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(owner, name, instead)


def _to_the_last(session: Session, _tag: str, row: Row) -> None:
    """Rows reach whoever has asked last."""
    call = next(reversed(session._calls.values()), None)
    if call is not None:
        call.rows.append(row)


def said_to_be(**statuses: HealthStatus) -> Callable[[pytest.MonkeyPatch], None]:
    """A client that calls one status another, and gives no reasons."""
    judge = Client.health

    def health(client: Client) -> Health:
        true = judge(client)
        return Health(statuses.get(true.status.value, true.status), true.response_time, ())

    return planted(Client, "health", health)


async def _one_by_one(client: Client, commands: Sequence[Command]) -> list[Outcome]:
    return [await client._executor.execute(command) for command in commands]


async def _removes_nothing(_client: Client, _ids: object) -> int:
    return 0


def _opens_at_the_first(patch: pytest.MonkeyPatch) -> None:
    """A circuit that opens at once, and says what it was set to."""
    failed = Breaker.failed

    def at_once(breaker: Breaker, now: float, reason: str, **how: bool) -> bool:
        set_to, breaker.threshold = breaker.threshold, 1
        try:
            return failed(breaker, now, reason, **how)
        finally:
            breaker.threshold = set_to

    patch.setattr(Breaker, "failed", at_once)


def _knocks_all_the_time(patch: pytest.MonkeyPatch) -> None:
    """A circuit whose break is next to nothing, and that says it has opened once."""
    begin = Breaker._open

    def opened(breaker: Breaker, event: BreakerEvent, now: float, reason: str) -> None:
        begin(breaker, event, now, reason)
        breaker.opens, breaker.retry_at = 1, now + 0.01

    patch.setattr(Breaker, "_open", opened)


def slow_no(patch: pytest.MonkeyPatch) -> None:
    """A refusal that lets its caller wait."""
    ask = Client.get

    async def get(client: Client, *asked: Any, **how: Any) -> list[Row]:  # Any: what a client takes
        try:
            return await ask(client, *asked, **how)
        except CircuitOpen:
            await anyio.sleep(0.2)
            raise

    patch.setattr(Client, "get", get)


def never_forgives(failures: int) -> Callable[[pytest.MonkeyPatch], None]:
    """A client that answers nothing more after so many failures."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        ask, failed = Client.get, 0

        async def get(client: Client, *asked: Any, **how: Any) -> list[Row]:  # Any: what a client takes
            nonlocal failed
            if failed >= failures:
                raise CommandTimeout("edge-1", path="", after=0, phase="its sulk", maybe_executed=False)
            try:
                return await ask(client, *asked, **how)
            except MktuiError:
                failed += 1
                raise

        patch.setattr(Client, "get", get)

    return plant


def _is_always_sure(patch: pytest.MonkeyPatch) -> None:
    """A client that keeps to itself that it does not know how a command ended."""
    run = Client.run

    async def sure(client: Client, *asked: Any, **how: Any) -> object:  # Any: what a client takes
        try:
            return await run(client, *asked, **how)
        except OutcomeUnknown:
            return []

    patch.setattr(Client, "run", sure)


def _opens_more_and_more(roster: Roster, _options: PoolOptions, _room: int, *_facts: object) -> bool:
    return len(roster) < 20


def _sessions_linger(patch: pytest.MonkeyPatch) -> None:
    """A router that keeps a session when its client has left."""
    serve = ApiSession.serve

    async def served(session: ApiSession) -> None:
        await serve(session)
        await anyio.sleep(LONG)

    patch.setattr(ApiSession, "serve", served)


class FallsOver(Faults):
    """What may go wrong at a router that is away for long after one kind of it."""

    def __init__(self, box: SimulatedRouter, at: What) -> None:
        super().__init__()
        self._box, self._at = box, at

    def note(self, what: What, path: str, now: float) -> None:
        super().note(what, path, now)
        if what is self._at:
            self._box._restart(LONG)


def falls_over(at: What) -> Callable[[SimulatedRouter], None]:
    return lambda box: setattr(box, "faults", FallsOver(box, at))


def takes_no_row(box: SimulatedRouter) -> None:
    """A router that says yes to a new row, and has none."""
    table = box.tables[own_rows.MENU]
    table.add = lambda values: TableRow(dict(values) | {".id": "*1"})  # type: ignore[method-assign]  # that is the fault


LONG = 12.0
"""Seconds, more than any limit."""
BROKEN_SESSION = planted(Session, "_row", _to_the_last)
CROWD = planted(Roster, "wants_another", _opens_more_and_more)
NO_RETRY = planted(retry, "may_retry", lambda *_: False)
ALWAYS_RETRY = planted(retry, "may_retry", lambda *_: True)
SPOILT: dict[str, What] = {
    "every connection cut": Mishap.DROPPED,
    "an answer for nobody": ReplyFault.UNKNOWN_TAG,
    "an answer without its tag": ReplyFault.DONE_UNTAGGED,
    "a !fatal": ReplyFault.FATAL,
    "bytes that are no reply": ReplyFault.CONTROL_BYTE,
    "an answer that never ends": ReplyFault.DONE_MISSING,
}
RED = {
    "pool-initialisation": [
        Planted({"first connection after", "connections", "answered at once"}, switched("ignore_logins")),
        Planted({"first connection after"}, profile=RouterProfile(secrets=5, latency=2.5)),
        Planted({"connections", "all 3 after"}, profile=RouterProfile(secrets=5, max_sessions=2)),
        Planted({"sessions at the router"}, plant=CROWD),
        Planted({"sessions left behind"}, plant=_sessions_linger),
    ],
    "concurrent-connections": [
        Planted({"answered"}, rule(Mishap.SILENT, 0.05)),
        Planted({"wrong answers"}, plant=BROKEN_SESSION),
        Planted({"p95"}, profile=RouterProfile(secrets=300, latency=6)),
        Planted({"times as fast as one by one"}, pool=PoolOptions(min_size=1, max_size=1, max_in_flight=1)),
        Planted({"connections used", "sessions at the router"}, plant=CROWD),
    ],
    "circuit-breaker": [
        Planted(
            {"opened after", "refused at once", "asked all the same"},
            plant=planted(Breaker, "failed", lambda *_, **__: False),
        ),
        Planted({"failures before it opened"}, plant=_opens_at_the_first),
        Planted({"left alone for", "connections tried while open"}, plant=_knocks_all_the_time),
        Planted({"slowest refusal"}, plant=slow_no),
        Planted({"closed again after"}, plant=planted(Breaker, "begin_probe", lambda *_, **__: None)),
        Planted({"answered afterwards"}, plant=never_forgives(20)),
    ],
    "retry-and-backoff": [
        Planted({"times a lost write was done"}, plant=ALWAYS_RETRY),
        Planted({"and its caller was told so"}, plant=_is_always_sure),
        Planted({"cut reads that were answered"}, plant=NO_RETRY),
        Planted({"spread of the pauses"}, plant=planted(retry, "pause", lambda *_: 0.3)),
        Planted({"longest pause with its answer"}, plant=planted(retry, "pause", lambda *_: 2.0)),
        Planted({"attempts when all are cut"}, plant=planted(retry.RetryBudget, "spend", lambda _: True)),
        Planted({"answered afterwards"}, plant=never_forgives(10)),
    ],
    "health-monitoring": [
        Planted({"healthy after", "answered"}, switched("ignore_logins")),
        Planted(
            {"silence noticed after"}, plant=said_to_be(warning=HealthStatus.HEALTHY, offline=HealthStatus.HEALTHY)
        ),
        Planted({"offline said after", "reasons given"}, plant=said_to_be(offline=HealthStatus.CRITICAL)),
        Planted(
            {"healthy after the silence", "healthy again after"}, plant=planted(health, "BETTER_AFTER", 1000)
        ),
    ],
    "batch-efficiency": [
        Planted({"a batch is faster by"}, plant=planted(Client, "execute_batch", _one_by_one)),
        Planted({"rows left behind"}, plant=planted(own_rows, "remove", _removes_nothing)),
        Planted({"not applied"}, spoilt(f"{own_rows.MENU}/add", ReplyFault.TRAPS)),
        Planted({"rows on the router"}, takes_no_row),
    ],
    "load": [
        Planted({"success"}, rule(Mishap.SILENT, 0.05)),
        Planted({"p95"}, profile=RouterProfile(secrets=5, latency=1.5)),
        Planted({"rate that was answered"}, profile=RouterProfile(secrets=5, cost=CostModel(requests_per_second=10))),
    ],
    "error-recovery": [
        Planted({"wrong answers"}, plant=BROKEN_SESSION),
        Planted({"after a reboot"}, plant=planted(SimulatedRouter, "reboot", lambda box, _: box._restart(LONG))),
        *(
            Planted({f"after {trouble}"}, falls_over(what))
            for trouble, what in SPOILT.items()
        ),
    ],
    "before-and-after": [
        Planted(
            {"wait for a turn, p95", "answer, p95", "answered", "failed or unknown", "shown as offline, in an hour"},
            pool=PoolOptions(min_size=1, max_size=1, max_in_flight=1),
        ),
        Planted({"writes done twice"}, plant=ALWAYS_RETRY),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", VIRTUAL)
async def test_where_all_is_well_each_scenario_passes(name: str) -> None:
    report = await played(name)
    assert report.verdict is Verdict.PASSED, told(report)
    claims = {figure.name for figure in report.figures if figure.is_claim}
    assert claims
    assert claims == set().union(*(each.breaks for each in RED[name])), "each claim is seen red"
    assert max(len(figure.name) for figure in report.figures) <= NAME
    assert report.series


def test_each_scenario_is_seen_red() -> None:
    assert {*RED, *IN_REAL_TIME} == {each.name for each in SCENARIOS}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [pytest.param(name, each, id=f"{name}: {min(each.breaks)}") for name, many in RED.items() for each in many],
)
async def test_where_something_is_wrong_it_fails_and_says_which_claim(
    name: str, wrong: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong.plant(monkeypatch)
    report = await played(name, SpoiltGround(wrong.spoil, wrong.profile, wrong.pool))
    assert report.verdict is Verdict.FAILED, told(report)
    assert wrong.breaks <= broken(report), told(report)
    assert all(claim in report.why for claim in wrong.breaks)
