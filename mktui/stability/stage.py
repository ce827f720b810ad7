"""Where a scenario is played: on a simulated router that is made for it, or on a real one that must not be hurt."""

from __future__ import annotations

import enum
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio
from pydantic import SecretStr

from mktui import clock
from mktui.background import background
from mktui.core.client.client import open_client
from mktui.core.connection import transport
from mktui.core.connection.options import RouterOptions
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConnectFailed
from mktui.simulator.faults import Mishap
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.streams import byte_stream_pair
from mktui.stability.report import SIMULATED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from anyio.abc import ByteStream, TaskGroup

    from mktui.core.client.client import Client
    from mktui.core.connection.transport import Connect
    from mktui.stability.notes import Notes

FEW: Final = 3
"""Sessions that a test opens at a real router at most: others need theirs."""


class Reach(enum.Enum):
    """What a scenario does to a router, and so where it may be played."""

    READS = "reads"
    WRITES = "writes rows of its own, and removes them"
    SIMULATED = "needs faults"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. ``profile`` is the simulated router that it is played on."""

    name: str
    title: str
    does: str
    play: Callable[[Stage], Awaitable[None]]
    reach: Reach = Reach.SIMULATED
    profile: RouterProfile = field(default_factory=lambda: RouterProfile(secrets=50, latency=0.005, jitter=0.005))


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario has to work with. ``simulated`` None: the router is a real one.

    ``duration`` is how many seconds of load it may make, ``rate`` how many commands a second; ``mark`` is in every row
    that it writes.
    """

    router: RouterOptions
    connect: Connect
    pool: PoolOptions
    notes: Notes
    mark: str
    duration: float
    rate: float
    simulated: SimulatedRouter | None = None

    @property
    def box(self) -> SimulatedRouter:
        """The simulated router, for scenarios that are played nowhere else."""
        assert self.simulated is not None
        return self.simulated

    @asynccontextmanager
    async def client(self, **settings: Any) -> AsyncIterator[Client]:  # Any: settings of a pool
        """Hold a pool of its own for the block, with these settings besides the router's."""
        options = PoolOptions.model_validate(self.pool.model_dump() | settings)
        if self.simulated is None:
            fewer = {"max_size": min(FEW, options.max_size), "min_size": min(FEW, options.min_size)}
            options = options.model_copy(update=fewer)
        async with open_client(self.router, options, connect=self.connect) as client:
            yield client


class Ground(Protocol):
    """Where a whole test is made."""

    @property
    def name(self) -> str:
        """The router's name, or ``simulated``."""

    @property
    def address(self) -> str:
        """Where it is; "" when it is nowhere."""

    @property
    def home(self) -> str:
        """Whose rows it may know to be dead: those of runs of this home; "" where no run leaves any."""

    @property
    def refusal(self) -> str:
        """Why nothing may be written; "": rows of our own may."""

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Be the only one of this home who writes to the router for the block.

        Raises:
            BillingError: Somebody else does (``LeaseLost``), or whether he does cannot be known.
        """

    def why_not(self, scenario: Scenario) -> str:
        """Return why a scenario is not played here; "": it is."""

    def stage(
        self, scenario: Scenario, notes: Notes, *, mark: str, duration: float, rate: float
    ) -> AbstractAsyncContextManager[Stage]:
        """Hold a stage for the block."""


class SimulatedGround:
    """A router in memory for each scenario, with everything that can go wrong."""

    name = SIMULATED
    address = home = refusal = ""
    pool = PoolOptions()

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Nobody else knows these routers."""
        return nullcontext()

    def why_not(self, scenario: Scenario) -> str:
        """Everything can be played here."""
        del scenario
        return ""

    def made(self, scenario: Scenario) -> SimulatedRouter:
        """Make a scenario's router."""
        return SimulatedRouter(scenario.profile)

    @asynccontextmanager
    async def stage(
        self, scenario: Scenario, notes: Notes, *, mark: str, duration: float, rate: float
    ) -> AsyncIterator[Stage]:
        """Serve a router for the block. What the block raises comes out as it is, not inside an exception group."""
        router = self.made(scenario)
        profile = router.profile
        options = RouterOptions(
            name=profile.name, host="simulated", username=profile.username, password=SecretStr(profile.password)
        )
        async with background() as tasks:
            yield Stage(options, wire(router, tasks), self.pool, notes, mark, duration, rate, router)


def wire(router: SimulatedRouter, tasks: TaskGroup) -> Connect:
    """Return a ``connect`` that leads to ``router`` in this loop; one that is down refuses, and keeps that it did."""

    async def connect(options: RouterOptions) -> ByteStream:
        await anyio.lowlevel.checkpoint()
        now = clock.now()
        if router.faults.is_down or now < router.down_until:
            router.faults.note(Mishap.DOWN, "", now)
            raise ConnectFailed(options.name, address=options.address, reason="connection refused")
        ours, theirs = byte_stream_pair()
        tasks.start_soon(router.serve, theirs)
        return ours

    return connect


@dataclass(frozen=True, slots=True)
class RealGround:
    """A router that people depend on.

    ``refusal`` says why nothing may be written; "": rows of our own may. ``writing`` makes us the only one of this
    ``home`` who writes to the router.
    """

    router: RouterOptions
    pool: PoolOptions
    refusal: str
    home: str
    writing: Callable[[], AbstractAsyncContextManager[None]]
    connect: Connect = transport.connect

    @property
    def name(self) -> str:
        """The router's name."""
        return self.router.name

    @property
    def address(self) -> str:
        """Where it is."""
        return self.router.address

    def why_not(self, scenario: Scenario) -> str:
        """Nothing that could hurt is played here."""
        if scenario.reach is Reach.SIMULATED:
            return "needs faults, which nobody makes on a real router: --simulated has them"
        return self.refusal if scenario.reach is Reach.WRITES else ""

    @asynccontextmanager
    async def stage(
        self, scenario: Scenario, notes: Notes, *, mark: str, duration: float, rate: float
    ) -> AsyncIterator[Stage]:
        """Hold the router for the block."""
        del scenario
        await anyio.lowlevel.checkpoint()
        yield Stage(self.router, self.connect, self.pool, notes, mark, duration, rate)
