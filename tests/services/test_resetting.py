"""A reset says whether the router answers with its settings; a slip in them throws no working session away."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConnectFailed
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.virtual_time import backend
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import ByteStream

    from mktui.core import RouterOptions

pytestmark = pytest.mark.anyio
NOWHERE = 1
"""A port on which nobody listens."""
BLACK_HOLE = 2
"""One from which nothing comes back."""


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Either loop, in virtual time."""
    return backend(request.param)


@dataclass
class Site:
    """A router that is served, and what the file says of it now."""

    fleet: Fleet
    router: SimulatedRouter
    file: RouterSetup

    def write(self, **options: object) -> None:
        """Change what the file says."""
        self.file = replace(self.file, options=self.file.options.model_copy(update=options))

    def connections(self) -> set[int]:
        """The numbers of those that are ready."""
        return {each.id for each in self.fleet.snapshot().routers[0].pool.connections if each.state == "ready"}


@asynccontextmanager
async def site(max_sessions: int | None = None) -> AsyncIterator[Site]:
    profile = RouterProfile(secrets=0, latency=0.02)
    router = SimulatedRouter(profile if max_sessions is None else replace(profile, max_sessions=max_sessions))
    async with anyio.create_task_group() as tasks:
        there = wire(router, tasks)

        async def connect(options: RouterOptions) -> ByteStream:
            if options.port == NOWHERE:
                raise ConnectFailed(options.name, address=options.address, reason="connection refused")
            if options.port == BLACK_HOLE:
                await anyio.sleep_forever()
            return await there(options)

        async def read_setup(_name: str) -> RouterSetup:
            await anyio.lowlevel.checkpoint()
            return here.file

        setup = RouterSetup(ROUTER, PoolOptions(min_size=2, connection_timeout=5), connect=connect)
        async with open_fleet([setup], read_setup=read_setup) as fleet:
            here = Site(fleet, router, setup)
            await until(lambda: bool(here.connections()))
            await fleet.service("edge-1").known()
            yield here
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("slip", "why"),
    [
        ({"port": NOWHERE}, "127.0.0.1:1: connection refused; nothing was reset"),
        ({"port": BLACK_HOLE}, "127.0.0.1:2: no answer within 5.0 s; nothing was reset"),
        ({"password": SecretStr("wrong")}, "login as admin refused: .*; nothing was reset"),
    ],
    ids=["port", "address without an answer", "password"],
)
async def test_a_slip_in_address_or_login_is_told_and_the_working_connections_stay(
    slip: dict[str, object], why: str
) -> None:
    async with site() as here:
        before = here.connections()
        here.write(**slip)
        with anyio.fail_after(12), pytest.raises(ConnectFailed, match=why):
            await here.fleet.reset("edge-1")
        assert here.connections() == before
        assert here.fleet.service("edge-1").setup.options == ROUTER, "nothing of it is taken"
        assert await here.fleet.service("edge-1").client.get("/system/identity", ("name",))
        assert any(why.partition(";")[2] in each.outcome for each in here.fleet.changes())


@pytest.mark.parametrize("limit", [{}, {"max_sessions": 2}], ids=["with room", "only our own fill the session limit"])
async def test_another_login_that_works_replaces_every_connection(limit: dict[str, int]) -> None:
    async with site(**limit) as here:
        before = here.connections()
        here.router.tables["/user"].add({"name": "ana", "group": "full"}).kept = "hush"
        here.write(username="ana", password=SecretStr("hush"))
        await here.fleet.reset("edge-1")
        assert here.connections()
        assert not here.connections() & before


async def test_where_no_connection_works_other_settings_are_taken_also_when_they_do_not_work_yet() -> None:
    async with site() as here:
        here.router.faults.is_down = True
        here.router.drop_sessions()
        await until(lambda: not here.connections())
        here.write(port=NOWHERE)
        with pytest.raises(ConnectFailed, match="connection refused; its settings are taken all the same"):
            await here.fleet.reset("edge-1")
        assert here.fleet.service("edge-1").client.router.port == NOWHERE
        here.router.faults.is_down = False
        here.write(port=ROUTER.port)
        await here.fleet.reset("edge-1")
        assert here.connections(), "it has ended when one is ready"


async def test_a_reset_of_a_router_that_has_gone_says_so_and_not_before_it_was_tried() -> None:
    async with site() as here:
        here.router.faults.is_down = True
        began_at = clock.now()
        with anyio.fail_after(60), pytest.raises(ConnectFailed, match="connection refused"):
            await here.fleet.reset("edge-1")
        assert clock.now() - began_at < 40


async def test_a_reset_of_a_router_that_is_isolated_says_that_nothing_is_asked_of_it() -> None:
    async with site() as here:
        await here.fleet.isolate("edge-1")
        with anyio.fail_after(1), pytest.raises(ConnectFailed, match="isolated by hand"):
            await here.fleet.reset("edge-1")
