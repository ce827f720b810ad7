"""How the routers are: as the mktui that runs sees them, when one does; else over connections of one's own."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui.cli.events import open_log
from mktui.cli.output import say
from mktui.cli.running import running
from mktui.errors import ControlRefused
from mktui.services.start import chosen_routers, open_configured, plan_of
from mktui.services.timetable import first_states

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mktui.config.load import LoadedConfig
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.control.client import ControlLink
    from mktui.services.fleet import Fleet

_LOOK: Final = 0.05
_LONGEST: Final = 10.0
"""Seconds that an mktui which has just begun is given to know its routers."""


@dataclass(frozen=True, slots=True)
class Looking:
    """``now()`` is how the routers are. ``is_live``: as somebody sees them who has watched them for longer."""

    now: Callable[[], Awaitable[Snapshot]]
    is_live: bool


@asynccontextmanager
async def looking(loaded: LoadedConfig, names: tuple[str, ...], *, says_itself: bool = False) -> AsyncIterator[Looking]:
    """Look at the routers of these names, at all when there are none, for the block; each is known when it begins.

    ``says_itself``: it is said when this opens connections of its own, and why.

    Raises:
        UnknownRouter: No router is called so.
    """
    wanted = [router.name for router in chosen_routers(loaded, names)]
    async with AsyncExitStack() as stack:
        link = await _who_knows(stack, loaded, wanted, says_itself=says_itself)
        if link is not None:
            if sys.stderr.isatty():
                say(f"as the mktui that runs sees it, pid {link.greeting.get('pid', '?')}")

            async def live() -> Snapshot:
                return await _ask(link, wanted)

            yield Looking(live, is_live=True)
            return
    with open_log() as on_event:
        async with open_configured(loaded, names=names, on_event=on_event) as fleet:
            await known(fleet)

            async def own() -> Snapshot:
                snapshot = fleet.snapshot()
                return replace(snapshot, maintenance=first_states(plan_of(loaded), snapshot.at, fleet.names))

            yield Looking(own, is_live=False)


async def known(fleet: Fleet) -> None:
    """Wait until something has come of asking each router; for none longer than it may take to connect."""
    longest = max(fleet.service(name).setup.pool.connection_timeout for name in fleet.names)
    with anyio.move_on_after(longest + 1):
        for name in fleet.names:
            await fleet.service(name).known()


async def _who_knows(
    stack: AsyncExitStack, loaded: LoadedConfig, wanted: list[str], *, says_itself: bool
) -> ControlLink | None:
    """Return the mktui that runs when it can be asked how these routers are; one of another version cannot."""
    try:
        link = await stack.enter_async_context(running(loaded))
        knows = link is not None and await _all_seen(link, wanted)
    except ControlRefused as error:
        from mktui.services.control.wire import OTHER_VERSION  # noqa: PLC0415 - as below

        if error.kind != OTHER_VERSION:
            raise
        say("the mktui that runs is of another version; until it is restarted, this asks the routers itself")
        return None
    if says_itself and not knows:
        why = "nobody serves here" if link is None else "the mktui that runs has not all of these routers"
        say(f"{why}: this looks over a pool of its own, which ends with this command")
    return link if knows else None


async def _all_seen(link: ControlLink, wanted: list[str]) -> bool:
    """Wait until the mktui that runs knows the routers; False: it has not all of them."""
    with anyio.move_on_after(_LONGEST):
        while True:
            routers = (await _ask(link, wanted)).routers
            if len(routers) < len(wanted):
                return False
            if all(router.health.reasons != ("connecting",) for router in routers):
                break
            await anyio.sleep(_LOOK)
    return True


async def _ask(link: ControlLink, wanted: list[str]) -> Snapshot:
    from mktui.monitor.recording import PICTURES  # noqa: PLC0415 - only who has somebody to ask
    from mktui.services.control.wire import other_version  # noqa: PLC0415 - as above

    told = await link.ask("snapshot")
    try:
        snapshot: Snapshot = PICTURES.record(told)
        routers = tuple(router for name in wanted if (router := snapshot.router(name)) is not None)
        return replace(snapshot, routers=routers)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise other_version(link.place) from None
