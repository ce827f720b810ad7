"""A fleet without a screen: front ends run beside it until somebody says that it is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mktui.background import background

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import anyio
    from anyio.abc import TaskStatus

    from mktui.services.fleet import Fleet


class FrontEnd(Protocol):
    """Something that shows the fleet to somebody: it says when it can be reached, and goes on until it is cancelled."""

    async def __call__(self, fleet: Fleet, *, task_status: TaskStatus[None]) -> None:
        """Run.

        Raises:
            MktuiError: Before it can be reached: it cannot be, and then nothing is served.
        """


async def serve(
    fleet: Fleet, front_ends: Iterable[FrontEnd], enough: anyio.Event, *, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Run every front end until ``enough`` is set; ``on_ready`` is called once all of them can be reached.

    Raises:
        MktuiError: One of them cannot be.
    """
    async with background() as tasks:
        for front_end in front_ends:
            await tasks.start(front_end, fleet)
        on_ready()
        await enough.wait()
