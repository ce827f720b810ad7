"""A test of receivers: a pair that says it is a test, to each of them, past what waits for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.monitor.alerts import Notice, Status
from mktui.monitor.outbox import message
from mktui.services.alerts.telling import NotTold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.services.alerts.telling import Receiver

RULE: Final = "mktui_test"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a test. ``problem``: why it was not taken, "" : both were; ``took``: seconds for each message."""

    name: str
    kind: str
    took: tuple[float, ...] = ()
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Fired and resolved were both taken."""
        return not self.problem


async def try_receivers(receivers: Iterable[Receiver], external_url: str = "") -> tuple[Tried, ...]:
    """Tell each of them, all at once; each has the time that its settings give it."""
    chosen = tuple(receivers)
    found: dict[str, Tried] = {}

    async def one(receiver: Receiver) -> None:
        found[receiver.name] = await _tried(receiver, external_url)

    async with anyio.create_task_group() as tasks:
        for receiver in chosen:
            tasks.start_soon(one, receiver)
    return tuple(found[each.name] for each in chosen)


async def _tried(receiver: Receiver, external_url: str) -> Tried:
    fired = Notice(
        Status.FIRING, RULE, "mktui", "warning", clock.utc_now(), "a test of this receiver: nothing is wrong",
        "sent by mktui alerts test",
    )  # fmt: skip
    tried = Tried(receiver.name, receiver.kind)
    for status in Status:
        at = clock.utc_now() if status is Status.RESOLVED else None
        notice, begun = replace(fired, status=status, ends_at=at), clock.now()
        try:
            await receiver.tell(message([notice], receiver.name, external_url), [notice])
        except NotTold as error:
            return replace(tried, problem=f"{status.value}: {error.problem}")
        tried = replace(tried, took=(*tried.took, clock.now() - begun))
    return tried
