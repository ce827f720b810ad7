"""Each scenario is green where all is well, and red where the router, or the pool itself, is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mktui.core import PoolOptions
from mktui.core.client.client import Client
from mktui.core.pool import retry
from mktui.core.pool.breaker import Breaker
from mktui.core.pool.health import Health, HealthStatus
from mktui.core.protocol.session import Session
from mktui.simulator.cost import CostModel
from mktui.simulator.faults import FaultRule, Mishap, ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.stability import own_rows
from mktui.stability.report import Verdict
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.words import NAME
from tests.stability.grounds import SpoiltGround, broken, played, told
from tests.virtual_time import backend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.core.pool.job import Outcome
    from mktui.core.protocol.sentences import Command, Row

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


def _always_well(_client: Client) -> Health:
    return Health(HealthStatus.HEALTHY, 0.001, ())


async def _one_by_one(client: Client, commands: Sequence[Command]) -> list[Outcome]:
    return [await client._executor.execute(command) for command in commands]


async def _removes_nothing(_client: Client, _ids: object) -> int:
    return 0


def _reboots_for_long(box: SimulatedRouter, _down_for: float) -> None:
    box._restart(30)


BROKEN_SESSION = planted(Session, "_row", _to_the_last)
RED = {
    "pool-initialisation": [
        Planted({"first connection after", "connections", "answered at once"}, switched("ignore_logins")),
        Planted({"first connection after"}, profile=RouterProfile(secrets=5, latency=2.5)),
        Planted({"connections"}, profile=RouterProfile(secrets=5, max_sessions=2)),
    ],
    "concurrent-connections": [
        Planted({"answered"}, rule(Mishap.SILENT, 0.05)),
        Planted({"wrong answers"}, plant=BROKEN_SESSION),
        Planted({"times as fast as one by one"}, pool=PoolOptions(min_size=1, max_size=1, max_in_flight=1)),
    ],
    "circuit-breaker": [
        Planted(
            {"opened after", "refused at once", "asked all the same"},
            plant=planted(Breaker, "failed", lambda *_, **__: False),
        ),
        Planted({"closed again after"}, plant=planted(Breaker, "begin_probe", lambda *_, **__: None)),
    ],
    "retry-and-backoff": [
        Planted({"times a lost write was done"}, plant=planted(retry, "may_retry", lambda *_: True)),
        Planted({"cut reads that were answered"}, plant=planted(retry, "may_retry", lambda *_: False)),
        Planted({"spread of the pauses"}, plant=planted(retry, "pause", lambda *_: 0.3)),
        Planted({"longest pause with its answer"}, plant=planted(retry, "pause", lambda *_: 2.0)),
        Planted(
            {"attempts when all are cut"}, plant=planted(retry.RetryBudget, "spend", lambda _: True)
        ),
    ],
    "health-monitoring": [
        Planted({"healthy after", "answered"}, switched("ignore_logins")),
        Planted({"silence noticed after", "offline said after"}, plant=planted(Client, "health", _always_well)),
    ],
    "batch-efficiency": [
        Planted({"a batch is faster by"}, plant=planted(Client, "execute_batch", _one_by_one)),
        Planted({"rows left behind"}, plant=planted(own_rows, "remove", _removes_nothing)),
        Planted({"not applied"}, spoilt(f"{own_rows.MENU}/add", ReplyFault.TRAPS)),
    ],
    "load": [
        Planted({"success"}, rule(Mishap.SILENT, 0.05)),
        Planted({"p95"}, profile=RouterProfile(secrets=5, latency=1.5)),
        Planted({"rate that was answered"}, profile=RouterProfile(secrets=5, cost=CostModel(requests_per_second=10))),
    ],
    "error-recovery": [
        Planted({"after a reboot"}, plant=planted(SimulatedRouter, "reboot", _reboots_for_long)),
        Planted({"wrong answers"}, plant=BROKEN_SESSION),
    ],
    "before-and-after": [
        Planted(
            {"wait for a turn, p95", "answer, p95", "answered", "failed or unknown"},
            pool=PoolOptions(min_size=1, max_size=1, max_in_flight=1),
        ),
        Planted({"writes done twice"}, plant=planted(retry, "may_retry", lambda *_: True)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", VIRTUAL)
async def test_where_all_is_well_each_scenario_passes(name: str) -> None:
    report = await played(name)
    assert report.verdict is Verdict.PASSED, told(report)
    assert any(figure.is_claim for figure in report.figures)
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
