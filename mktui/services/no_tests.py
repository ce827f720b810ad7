"""Where nothing can be tested: in a recording of routers that once were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from mktui.errors import WrongUse
from mktui.services.stability import StabilityState

if TYPE_CHECKING:
    from collections.abc import Sequence


class NoTests:
    """Says why."""

    def __init__(self, why: str = "this is a recording: nothing can be tested in it") -> None:
        self._why = why

    def state(self) -> StabilityState:
        """There is none."""
        return StabilityState(problem=self._why)

    def start(self, target: str, names: Sequence[str] = (), *, may_write: bool = False) -> None:
        """Nothing can be tested."""
        del target, names, may_write
        raise WrongUse(self._why)

    def stop(self) -> None:
        """Nothing runs."""

    async def save(self) -> NoReturn:
        """There is nothing to keep."""
        raise WrongUse(self._why)
