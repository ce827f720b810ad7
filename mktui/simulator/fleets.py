"""Several simulated routers that belong together, with a script of what goes wrong: the demo's three."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui.simulator.cost import MODELS
from mktui.simulator.profile import RouterProfile
from mktui.simulator.proxy import FaultProxy
from mktui.simulator.router import SimulatedRouter

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from anyio.abc import TaskStatus

_LOOPBACK: Final = "127.0.0.1"
_UP: Final = (12.0, 25.0)
_DOWN: Final = (3.0, 6.0)


@dataclass(frozen=True, slots=True)
class Served:
    """A router that listens on loopback."""

    router: SimulatedRouter
    host: str
    port: int
    proxy: FaultProxy | None = None
    """The bad network in front of it, if there is one."""


def demo_profiles(seed: int) -> tuple[RouterProfile, ...]:
    """Return the demo's three: a healthy one, a slow one (195-648 ms a command), one that fails now and then."""
    return (
        RouterProfile(name="edge-1", seed=seed, secrets=400, latency=0.004, jitter=0.01),
        RouterProfile(name="hotspot-1", seed=seed + 1, secrets=120, cost=MODELS["seed"], version="7.16.2",
                      board="hAP ax lite", serial="HG209CDEF01"),
        RouterProfile(name="tower-west", seed=seed + 2, secrets=200, latency=0.02, jitter=0.03, version="7.15.3",
                      board="RB3011UiAS", serial="8EEE0A123456"),
    )  # fmt: skip


async def serve_fleet(
    profiles: Sequence[RouterProfile],
    *,
    port: int = 0,
    fails: frozenset[str] = frozenset(),
    context: ssl.SSLContext | None = None,
    is_network_bad: bool = False,
    make: Callable[[RouterProfile], SimulatedRouter] = SimulatedRouter,
    task_status: TaskStatus[list[Served]] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve routers on loopback until cancelled; ``port`` 0 takes free ones, else they count up from it.

    Routers named in ``fails`` go down for a few seconds now and then, by their seed. With ``is_network_bad`` each has
    a proxy in front whose faults can be switched. ``make`` makes the routers.

    Raises:
        OSError: A port cannot be had.
    """
    async with anyio.create_task_group() as tasks:
        served: list[Served] = []
        for index, profile in enumerate(profiles):
            router = make(profile)
            wanted = port + index if port else 0
            serve = partial(router.serve_tcp, _LOOPBACK, context=context)
            if is_network_bad:
                proxy = FaultProxy(partial(anyio.connect_tcp, _LOOPBACK, await tasks.start(serve)))
                served.append(Served(router, _LOOPBACK, await tasks.start(proxy.serve_tcp, _LOOPBACK, wanted), proxy))
            else:
                served.append(Served(router, _LOOPBACK, await tasks.start(serve, wanted)))
            if profile.name in fails:
                tasks.start_soon(_fail_now_and_then, router)
        task_status.started(served)


async def _fail_now_and_then(router: SimulatedRouter) -> None:
    chance = random.Random(f"{router.profile.seed} failures")  # noqa: S311 - a script, not cryptography
    while True:
        await anyio.sleep(chance.uniform(*_UP))
        router.faults.is_down = True
        router.drop_sessions()
        await anyio.sleep(chance.uniform(*_DOWN))
        router.faults.is_down = False
