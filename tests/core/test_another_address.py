"""Another address or login, taken while a router is asked: new calls go there, old ones end where they are."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.core import Command, PoolOptions, RouterOptions, open_client
from mktui.core.pool.breaker import BreakerState
from mktui.errors import ConnectFailed, OutcomeUnknown, StaleRow, WrongUse
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.virtual_time import backend
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import ByteStream

    from mktui.core import Client

pytestmark = pytest.mark.anyio

OPTIONS: Final = PoolOptions(min_size=2, max_size=4, adaptive_in_flight=False, retry_delay=0.01, max_retry_delay=0.02)
THERE: Final = ROUTER.model_copy(update={"host": "127.0.0.2"})
SLOW: Final = "/ppp/secret/print"
ADD: Final = "/ppp/secret/add"
SET: Final = "/ppp/secret/set"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Both loops, both with a clock that jumps when everybody waits."""
    return backend(request.param)


@asynccontextmanager
async def two_boxes(options: PoolOptions = OPTIONS) -> AsyncIterator[tuple[Client, SimulatedRouter, SimulatedRouter]]:
    """Hold a client of the first of two boxes that call themselves the same; the other answers at another address."""
    here = SimulatedRouter(RouterProfile(secrets=20))
    there = SimulatedRouter(RouterProfile(secrets=3))
    async with anyio.create_task_group() as tasks:
        wires = {ROUTER.host: wire(here, tasks), THERE.host: wire(there, tasks)}

        async def connect(router: RouterOptions) -> ByteStream:
            return await wires[router.host](router)

        async with open_client(ROUTER, options, connect=connect) as client:
            yield client, here, there
        tasks.cancel_scope.cancel()


def asked(router: SimulatedRouter, path: str) -> int:
    """Return how often a router has executed a command."""
    return router.commands[path]


async def ready(client: Client, count: int = 2) -> None:
    """Wait until so many connections are ready."""
    await until(lambda: client.connection_stats().pool.ready >= count)


async def test_calls_in_flight_end_where_they_are_and_every_new_one_goes_to_the_new_address() -> None:
    async with two_boxes() as (client, here, there):
        await ready(client)
        here.faults.slow[SLOW] = 1.0
        under_way: list[int] = []

        async def ask() -> None:
            under_way.append(len(await client.run(SLOW)))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
            await until(lambda: client.connection_stats().pool.slots_used == 3)
            tasks.start_soon(client.reconfigure, OPTIONS, THERE)
            await until(lambda: client.router == THERE)
            outcomes = await client.execute_batch([Command(SLOW)] * 12)
            assert [len(outcome.rows) for outcome in outcomes] == [3] * 12
            assert under_way == [], "the new address is asked while the old one still answers"
        assert under_way == [20] * 3
        assert asked(here, SLOW) == 3
        await until(lambda: not here.sessions)
        assert client.connection_stats().address == THERE.address
        assert there.peak_sessions + here.peak_sessions <= 2 * OPTIONS.max_size


async def test_a_password_that_is_changed_on_both_sides_is_taken_without_a_restart() -> None:
    async with two_boxes() as (client, here, _):
        await ready(client)
        (admin,) = [row for row in here.tables["/user"] if row.values["name"] == "admin"]
        admin.kept = "another"
        await client.reset()
        await until(lambda: bool(client.connection_stats().pool.auth_failed))
        await client.reconfigure(OPTIONS, ROUTER.model_copy(update={"password": SecretStr("another")}))
        await ready(client)
        assert len(await client.run(SLOW)) == 20
        assert client.last_error is None


async def test_what_was_read_at_the_former_address_is_forgotten() -> None:
    async with two_boxes() as (client, here, _):
        assert len(await client.get("/ppp/secret", ("name",))) == 20
        here.faults.slow[SLOW] = 1.0
        rows: list[int] = []

        async def read() -> None:
            rows.append(len(await client.get("/ppp/secret", ("name", "profile"))))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await until(lambda: client.connection_stats().pool.slots_used == 1)
            await client.reconfigure(OPTIONS, THERE)
        assert rows == [20]
        assert len(await client.get("/ppp/secret", ("name",))) == 3
        assert len(await client.get("/ppp/secret", ("name", "profile"))) == 3, "a read that was under way is not kept"


async def test_the_breaker_begins_anew_and_the_new_address_is_asked_at_once() -> None:
    options = OPTIONS.model_copy(update={"circuit_breaker_threshold": 1, "circuit_breaker_timeout": 600.0})
    async with two_boxes(options) as (client, here, _):
        here.faults.is_down = True
        await until(lambda: client.connection_stats().pool.circuit_breaker.state is BreakerState.OPEN)
        begun_at = clock.now()
        await client.reconfigure(options, THERE)
        assert len(await client.run(SLOW)) == 3
        assert clock.now() - begun_at < 1
        breaker = client.connection_stats().pool.circuit_breaker
        assert (breaker.state, breaker.failures, breaker.reason) == (BreakerState.CLOSED, 0, "")


async def test_what_still_fails_at_the_former_address_opens_nothing_at_the_new_one() -> None:
    options = OPTIONS.model_copy(update={"circuit_breaker_threshold": 1})
    async with two_boxes(options) as (client, here, _):
        await ready(client)
        here.faults.slow[SLOW] = 5.0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.execute_batch, [Command(SLOW)] * 4)
            await until(lambda: client.connection_stats().pool.slots_used == 4)
            tasks.start_soon(client.reconfigure, options, THERE)
            await until(lambda: client.connection_stats().pool.ready >= 2)
            here.drop_sessions()
        await until(lambda: not client.connection_stats().pool.draining)
        assert client.connection_stats().pool.circuit_breaker.opens == 0


async def test_an_isolation_that_a_person_has_ordered_stays() -> None:
    async with two_boxes() as (client, _, there):
        await ready(client)
        await client.isolate()
        await client.reconfigure(OPTIONS, THERE)
        await anyio.sleep(60)
        assert client.connection_stats().pool.circuit_breaker.state is BreakerState.ISOLATED
        assert there.peak_sessions == 0
        await client.probe()
        assert len(await client.run(SLOW)) == 3


async def test_a_write_that_waits_goes_to_the_new_address_once_and_a_row_id_of_the_former_one_nowhere() -> None:
    options = OPTIONS.model_copy(update={"min_size": 1, "max_size": 1, "max_in_flight": 1})
    async with two_boxes(options) as (client, here, there):
        await ready(client, 1)
        here.faults.slow[SLOW] = 1.0
        errors: list[Exception] = []

        async def change() -> None:
            try:
                await client.set("/ppp/secret", "*1", {"comment": "moved"})
            except StaleRow as error:
                errors.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.run, SLOW)
            await until(lambda: client.connection_stats().pool.slots_used == 1)
            tasks.start_soon(client.add, "/ppp/secret", {"name": "new"})
            tasks.start_soon(change)
            await until(lambda: client.connection_stats().pool.queue.normal == 2)
            await client.reconfigure(options, THERE)
        assert (asked(here, ADD), asked(there, ADD)) == (0, 1)
        assert (asked(here, SET), asked(there, SET)) == (0, 0)
        assert [type(error) for error in errors] == [StaleRow]
        assert "another address" in str(errors[0])


async def test_a_batch_of_the_former_address_adds_nothing_at_the_new_one() -> None:
    async with two_boxes() as (client, here, there):
        await ready(client)
        here.faults.slow[ADD] = 1.0
        commands = [Command(ADD, {"name": f"new-{index}"}) for index in range(3)]
        outcomes = []

        async def work() -> None:
            outcomes.extend(await client.execute_batch(commands, ordered=True, epoch=client.epoch))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await until(lambda: client.connection_stats().pool.slots_used == 1)
            await client.reconfigure(OPTIONS, THERE)
        assert [outcome.ok for outcome in outcomes] == [True, False, False]
        assert (asked(here, ADD), asked(there, ADD)) == (1, 0)


async def test_a_write_whose_end_nobody_knows_is_not_settled_at_another_address() -> None:
    async with two_boxes() as (client, here, there):
        await ready(client)
        here.faults.slow["/system/identity/set"] = 5.0
        errors: list[Exception] = []

        async def change() -> None:
            try:
                await client.set("/system/identity", None, {"name": "renamed"})
            except OutcomeUnknown as error:
                errors.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(change)
            await until(lambda: client.connection_stats().pool.slots_used == 1)
            tasks.start_soon(client.reconfigure, OPTIONS, THERE)
            await ready(client)
            here.drop_sessions()
        assert [type(error) for error in errors] == [OutcomeUnknown]
        assert asked(there, "/system/identity/set") == 0
        assert asked(there, "/system/identity/print") <= there.peak_sessions, "nothing but who it is was asked there"


async def test_an_address_that_is_taken_in_the_moment_of_opening_leaves_no_session_at_the_former_one() -> None:
    async with two_boxes() as (client, here, there):
        await ready(client)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.reconfigure, OPTIONS, THERE)
            tasks.start_soon(client.reconfigure, OPTIONS, ROUTER)
        present, former = (here, there) if client.router == ROUTER else (there, here)
        await ready(client)
        await until(lambda: not former.sessions)
        assert client.connection_stats().pool.size == 2
        await anyio.sleep(60)
        assert (present.sessions, former.sessions) == (2, 0)


async def test_an_address_that_does_not_answer_says_its_own_name() -> None:
    async with two_boxes() as (client, _, there):
        await ready(client)
        there.faults.is_down = True
        await client.reconfigure(OPTIONS, THERE)
        await until(lambda: client.last_error is not None)
        assert isinstance(client.last_error, ConnectFailed)
        assert client.last_error.address == THERE.address


async def test_a_client_keeps_its_routers_name() -> None:
    async with two_boxes() as (client, _, _):
        with pytest.raises(WrongUse, match="another router"):
            await client.reconfigure(OPTIONS, ROUTER.model_copy(update={"name": "edge-2"}))
