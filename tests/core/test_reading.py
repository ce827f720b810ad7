"""Reads through the client: what may come from memory, one read for many askers, and what a broken router leaves."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

from mktui import clock
from mktui.core import Command, PoolOptions, Priority
from mktui.errors import CircuitOpen, CommandTimeout, CommandTrapped, PoolClosed
from mktui.simulator.faults import CutMoment
from tests.virtual_time import backend
from tests.wiring import client_and_router, until

pytestmark = pytest.mark.anyio
ONE = PoolOptions(min_size=1, max_size=1, adaptive_in_flight=False, retry_delay=0.01, max_retry_delay=0.02)
SECRETS = "/ppp/secret/print"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def test_a_read_is_answered_from_memory_for_30_s_and_each_caller_has_rows_of_his_own() -> None:
    async with client_and_router(ONE) as (client, router):
        first = await client.get("/ppp/secret", ("name",))
        first[0]["name"] = "scribbled over"
        await anyio.sleep(29)
        second = await client.get("/ppp/secret", ("name",))
        assert router.commands[SECRETS] == 1
        assert second[0]["name"] == "ana-01"
        assert 28.9 < second.age < 29.1
        await anyio.sleep(2)
        assert (await client.get("/ppp/secret", ("name",))).age == 0
        assert router.commands[SECRETS] == 2
        await client.get("/ppp/secret", ("name",), max_age=0)
        assert router.commands[SECRETS] == 3
        assert client.connection_stats().cache_hits == 1


async def test_a_write_is_seen_by_the_next_read_also_when_it_names_what_was_read() -> None:
    async with client_and_router(ONE) as (client, router):
        rows = await client.get("/ppp/secret", (".id", "comment"))
        await client.set("/ppp/secret", rows[0][".id"], {"comment": "new"})
        assert (await client.get("/ppp/secret", (".id", "comment")))[0]["comment"] == "new"
        profile = (await client.get("/ppp/profile", (".id", "name")))[2]
        await client.get("/ppp/secret", ("profile",))
        before = router.commands[SECRETS]
        await client.set("/ppp/profile", profile[".id"], {"name": "renamed"})
        profiles = {row["profile"] for row in await client.get("/ppp/secret", ("profile",))}
        assert router.commands[SECRETS] == before + 1
        assert "renamed" in profiles


async def test_one_read_for_many_askers_and_the_first_ones_cancellation_hurts_nobody() -> None:
    async with client_and_router(ONE) as (client, router):
        router.faults.slow[SECRETS] = 0.5
        answers: list[int] = []

        async def ask() -> None:
            answers.append(len(await client.get("/ppp/secret", ("name",))))

        async with anyio.create_task_group() as tasks:
            leader = anyio.CancelScope()

            async def lead() -> None:
                with leader:
                    await ask()

            tasks.start_soon(lead)
            await anyio.sleep(0.1)
            for _ in range(20):
                tasks.start_soon(ask)
            await anyio.sleep(0.1)
            leader.cancel()
        assert answers == [20] * 20
        assert router.commands[SECRETS] == 1


async def test_when_every_asker_has_left_the_read_ends_too() -> None:
    async with client_and_router(ONE) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.slow[SECRETS] = 5
        with anyio.move_on_after(0.2):
            await client.get("/ppp/secret", ("name",))
        await anyio.sleep(0.1)
        assert client.connection_stats().pool.slots_used == 0
        assert client.connection_stats().pool.performance.cancels == 1


async def test_a_more_urgent_asker_does_not_wait_behind_a_read_of_low_priority() -> None:
    async with client_and_router(ONE) as (client, router):
        router.faults.slow[SECRETS] = 0.5
        async with anyio.create_task_group() as tasks:
            for priority in (Priority.LOW, Priority.HIGH):
                tasks.start_soon(partial(client.get, "/ppp/secret", ("name",), priority=priority))
                await anyio.sleep(0.01)
        assert router.commands[SECRETS] == 2


async def test_each_asker_has_a_deadline_of_his_own() -> None:
    async with client_and_router(ONE) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.slow[SECRETS] = 2
        took: dict[str, float] = {}

        async def ask(name: str, timeout: float) -> None:
            begun_at = clock.now()
            try:
                await client.get("/ppp/secret", ("name",), timeout=timeout)
            except CommandTimeout:
                took[f"{name} gave up"] = round(clock.now() - begun_at, 2)
            else:
                took[f"{name} was answered"] = round(clock.now() - begun_at, 2)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "patient", 10)
            await anyio.sleep(0.1)
            tasks.start_soon(ask, "hasty", 1)
        assert took == {"hasty gave up": 1.0, "patient was answered": 2.0}
        took.clear()
        await anyio.sleep(40)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "hasty", 1)
            await anyio.sleep(0.1)
            tasks.start_soon(ask, "patient", 10)
        assert took["hasty gave up"] == 1.0
        assert took["patient was answered"] <= 3.1, "the other's patience was shorter: it asked for itself"


async def test_errors_are_never_kept() -> None:
    async with client_and_router(ONE) as (client, router):
        for _ in range(2):
            with pytest.raises(CommandTrapped):
                await client.get("/ppp/nothing")
        assert router.commands["/ppp/nothing/print"] == 2


async def test_while_the_circuit_is_open_the_last_rows_are_there_for_who_takes_stale_ones() -> None:
    async with client_and_router(ONE) as (client, _):
        await client.get("/ppp/secret", ("name",))
        await client.isolate()
        await anyio.sleep(100)
        with pytest.raises(CircuitOpen):
            await client.get("/ppp/secret", ("name",))
        rows = await client.get("/ppp/secret", ("name",), stale_ok=True)
        assert (len(rows), rows.is_stale) == (20, True)
        assert rows.age == pytest.approx(100, abs=1)
        with pytest.raises(CircuitOpen):
            await client.get("/ppp/profile", ("name",), stale_ok=True)


async def test_what_an_open_circuit_refuses_is_counted_and_not_held_against_the_router() -> None:
    async with client_and_router(ONE) as (client, _):
        await client.get("/ppp/secret", ("name",))
        await client.isolate()
        before = client.connection_stats().pool.performance
        for _ in range(5):
            with pytest.raises(CircuitOpen):
                await client.get("/ppp/profile", ("name",))
        after = client.connection_stats().pool.performance
        assert after.errors["CircuitOpen"] == 5
        assert (after.commands, after.success_percent, after.failing) == (before.commands, 100.0, 0)


async def test_after_a_reboot_nothing_old_is_answered() -> None:
    async with client_and_router(ONE.model_copy(update={"circuit_breaker_threshold": 1000})) as (client, router):
        await client.get("/ppp/secret", ("name",))
        router.reboot(1.0)
        await until(lambda: client.connection_stats().pool.ready == 0)
        await until(lambda: client.connection_stats().pool.ready == 1)
        await client.get("/ppp/secret", ("name",))
        assert router.commands[SECRETS] == 2


async def test_a_write_that_ended_unknown_keeps_its_menu_out_of_the_memory_for_a_while() -> None:
    async with client_and_router(ONE) as (client, router):
        await client.get("/ppp/secret", ("name",))
        router.faults.cut_on["/ppp/secret/add"] = CutMoment.BEFORE
        [outcome] = await client.execute_batch([Command("/ppp/secret/add", {"name": "lost"})])
        assert outcome.unknown
        for _ in range(3):
            await client.get("/ppp/secret", ("name",))
        assert router.commands[SECRETS] == 4
        await anyio.sleep(31)
        for _ in range(3):
            await client.get("/ppp/secret", ("name",))
        assert router.commands[SECRETS] == 5


async def test_a_closed_client_answers_nothing_from_memory() -> None:
    async with client_and_router(ONE) as (client, _):
        await client.get("/ppp/secret", ("name",))
    with pytest.raises(PoolClosed):
        await client.get("/ppp/secret", ("name",))
