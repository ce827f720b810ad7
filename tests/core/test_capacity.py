"""How hard a router is leaned on: sessions it allows, a rate, who gets the next command, what is closed when idle."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui import clock
from mktui.core import Command, PoolOptions, Priority
from mktui.core.connection.connection import Traffic
from mktui.core.pool.effects import Effect
from mktui.core.pool.health import Health, HealthStatus, HealthTrend
from mktui.core.pool.job import Job
from mktui.core.pool.link import LinkState
from mktui.core.pool.rate import TokenBucket
from mktui.core.pool.roster import Roster
from mktui.core.pool.statistics import Histogram
from mktui.simulator.profile import RouterProfile
from tests.virtual_time import backend
from tests.wiring import client_and_router, until

if TYPE_CHECKING:
    from mktui.core.pool.actions import PoolEvent


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


@pytest.mark.anyio
async def test_the_routers_session_limit_lowers_the_ceiling_and_is_no_failure() -> None:
    events: list[PoolEvent] = []
    options = PoolOptions(min_size=5, max_size=8, retry_delay=0.1)
    async with client_and_router(options, RouterProfile(secrets=5, max_sessions=3), on_event=events.append) as (
        client,
        router,
    ):
        await until(lambda: client.connection_stats().pool.ceiling == 3)
        for _ in range(20):
            await client.get("/ppp/secret", max_age=0)
        stats = client.connection_stats()
        assert (stats.pool.ready, stats.circuit_breaker.failures) == (3, 0)
        assert any("allows us 3 sessions" in event.text for event in events)
        await anyio.sleep(3)
        health = await client.health_status()
        assert health.status == "warning"
        assert any("allows 3 sessions" in reason for reason in health.reasons)
        connects = stats.performance.connects
        await anyio.sleep(590)
        assert client.connection_stats().performance.connects == connects, "it does not knock at a closed door"
        await anyio.sleep(30)
        assert client.connection_stats().pool.ready == 3, "after ten minutes one more was tried, and refused again"
        assert router.peak_sessions == 3


@pytest.mark.anyio
async def test_a_ceiling_is_raised_by_one_after_ten_minutes() -> None:
    options = PoolOptions(min_size=3, max_size=3, retry_delay=0.1)
    profile = RouterProfile(secrets=5, max_sessions=2)
    async with client_and_router(options, profile) as (client, router):
        await until(lambda: client.connection_stats().pool.ceiling == 2)
        service = router.tables["/ip/service"].find("api")
        assert service is not None
        service.change({"max-sessions": "20"})
        await anyio.sleep(610)
        assert client.connection_stats().pool.ceiling is None
        assert client.connection_stats().pool.ready == 3


@pytest.mark.anyio
async def test_a_rate_limit_spares_the_router_and_critical_commands_pass_it() -> None:
    options = PoolOptions(min_size=1, max_size=2, max_commands_per_second=10, acquire_timeout=60)
    async with client_and_router(options) as (client, router):
        await until(lambda: client.connection_stats().pool.ready == 1)
        begun_at = clock.now()
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(client.run, "/ppp/profile/print")
            await anyio.sleep(1)
            before = clock.now()
            await client.run("/ppp/active/print", priority=Priority.CRITICAL)
            assert clock.now() - before < 0.2
        assert 4.5 < clock.now() - begun_at < 5.5
        assert router.commands["/ppp/profile/print"] == 50
        assert client.connection_stats().pool.size == 1, "more connections would not help"


@given(rate=st.floats(0.5, 500), gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_bucket_never_lets_more_through_than_its_rate(rate: float, gaps: list[float]) -> None:
    now, taken = 100.0, 0
    bucket = TokenBucket(rate, now)
    for gap in gaps:
        now += gap
        while bucket.take(now):
            taken += 1
        assert bucket.ready_at(now) > now
        assert bucket.ready_at(now) - now <= 1 / rate + 1e-6
        assert taken <= max(1.0, rate * 0.1) + rate * (now - 100.0) + 1e-6


def _ready_roster(latencies: list[float], *, weighted: bool) -> Roster:
    roster = Roster()
    roster.weighted = weighted
    for latency in latencies:
        link = roster.add(0.0)
        link.state, link.latency, link.traffic = LinkState.READY, latency, Traffic(0.0, 0.0)
    return roster


def _give_out(roster: Roster, commands: int) -> Counter[int]:
    given_to: Counter[int] = Counter()
    for _ in range(commands):
        job = Job(Command("/ppp/secret/print"), Effect.READ, Priority.NORMAL, 100.0, 0.0)
        link = roster.slot_for(job, 8, 5)
        assert link is not None
        roster.occupy(job, link, 8)
        roster.release(job, link, 0.0)
        given_to[link.id] += 1
    return given_to


def test_weighted_round_robin_gives_a_connection_as_much_as_it_is_fast() -> None:
    shares = _give_out(_ready_roster([0.01, 0.02, 0.04], weighted=True), 700)
    assert [shares[1], shares[2], shares[3]] == pytest.approx([400, 200, 100], abs=5)


def test_least_loaded_shares_evenly_when_nobody_is_busy() -> None:
    shares = _give_out(_ready_roster([0.01, 0.02, 0.04], weighted=False), 300)
    assert set(shares.values()) == {100}


@pytest.mark.anyio
async def test_idle_connections_go_down_to_min_size_not_all_at_once_and_old_ones_are_replaced() -> None:
    options = PoolOptions(min_size=1, max_size=4, idle_timeout=60, adaptive_in_flight=False, max_in_flight=1)
    async with client_and_router(options) as (client, router):
        router.faults.slow["/ppp/profile/print"] = 1.0
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(client.run, "/ppp/profile/print")
        assert client.connection_stats().pool.ready == 4
        await anyio.sleep(50)
        assert client.connection_stats().pool.ready == 4
        await anyio.sleep(20)
        assert client.connection_stats().pool.ready == 1
        await client.reconfigure(options.model_copy(update={"max_lifetime": 100}))
        before = client.connection_stats().pool.connections[0].id
        await anyio.sleep(115)
        assert client.connection_stats().pool.connections[0].id != before
        assert client.connection_stats().pool.ready == 1


@pytest.mark.anyio
async def test_commands_of_one_moment_travel_together_and_one_alone_does_not_wait() -> None:
    options = PoolOptions(min_size=1, max_size=1, adaptive_in_flight=False, max_in_flight=20, batch_size=10)
    async with client_and_router(options) as (client, _):
        await client.run("/ppp/profile/print")
        [traffic] = [link.traffic for link in client._pool.dispatcher.roster]
        assert traffic is not None
        writes = traffic.writes
        outcomes = await client.execute_batch([Command("/ppp/profile/print")] * 20)
        assert all(outcome.ok for outcome in outcomes)
        assert traffic.writes - writes <= 3
        begun_at = clock.now()
        await client.run("/ppp/profile/print")
        assert clock.now() - begun_at < 0.01


@pytest.mark.anyio
async def test_a_command_beside_others_waits_for_company_no_longer_than_the_window() -> None:
    options = PoolOptions(min_size=1, max_size=1, adaptive_in_flight=False, batch_timeout=0.1)
    async with client_and_router(options) as (client, router):
        await client.run("/ppp/profile/print")
        router.faults.slow["/ppp/secret/print"] = 5.0
        took: dict[str, float] = {}

        async def ask(name: str, priority: Priority) -> None:
            begun_at = clock.now()
            await client.run("/ppp/profile/print", priority=priority)
            took[name] = clock.now() - begun_at

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.run, "/ppp/secret/print")
            await anyio.sleep(1)
            await ask("normal", Priority.NORMAL)
            await ask("high", Priority.HIGH)
        assert took["normal"] == pytest.approx(0.1, abs=0.02)
        assert took["high"] < 0.02


@pytest.mark.anyio
async def test_slow_commands_are_kept_with_their_caller() -> None:
    async with client_and_router(PoolOptions(min_size=1, command_timeout=10)) as (client, router):
        router.faults.slow["/ppp/profile/print"] = 1.0
        await client.run("/ppp/profile/print")
        router.faults.slow["/ppp/secret/print"] = 8.0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.run, "/ppp/secret/print")
            await anyio.sleep(6)
            slow = client.connection_stats().pool.slow
            assert [(each.path, each.is_running) for each in slow] == [
                ("/ppp/profile/print", False),
                ("/ppp/secret/print", True),
            ]
            assert slow[1].took == pytest.approx(6, abs=0.1)


STATES = {
    "h": Health(HealthStatus.HEALTHY, 0.01, ()),
    "w": Health(HealthStatus.WARNING, 0.01, ("slow",)),
    "c": Health(HealthStatus.CRITICAL, 0.01, ("errors",)),
    "o": Health(HealthStatus.OFFLINE, None, ("gone",)),
}


@pytest.mark.parametrize(
    ("samples", "shown"),
    [
        ("hhhh", "hhhh"),
        ("hwh", "hhh"),
        ("hww", "hhw"),
        ("hwc", "hhc"),
        ("hoo", "hoo"),
        ("wwhhw", "wwwww"),
        ("wwhhh", "wwwwh"),
        ("hohhh", "hoooh"),
        ("oooh", "oooh"),
    ],
)
def test_health_worsens_after_two_samples_betters_after_three_and_is_offline_at_once(samples: str, shown: str) -> None:
    trend = HealthTrend()
    seen = ""
    for sample in samples:
        trend.sample(STATES[sample])
        seen += next(letter for letter, health in STATES.items() if health.status is trend.health.status)
    assert seen == shown


@given(st.lists(st.floats(2e-5, 200), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_off_by_five_percent_at_most(durations: list[float], share: float) -> None:
    histogram = Histogram()
    for duration in durations:
        histogram.record(duration)
    rank = max(1, -(-int(share * 1000) * len(durations) // 1000))
    exact = sorted(durations)[rank - 1]
    assert histogram.percentile(share) == pytest.approx(exact, rel=0.05)


def test_a_percentile_of_many_is_near_the_exact_one() -> None:
    dice = random.Random(1)  # noqa: S311 - a test's dice
    durations = [dice.lognormvariate(-3, 1) for _ in range(20_000)]
    histogram = Histogram()
    for duration in durations:
        histogram.record(duration)
    for share in (0.5, 0.95, 0.99):
        assert histogram.percentile(share) == pytest.approx(sorted(durations)[int(share * 20_000) - 1], rel=0.05)
