"""Where nothing can be tested: in a recording of routers that once were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from mktui.errors import WrongUse
from mktui.services.stability import StabilityState

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHY = "this is a recording: nothing can be tested in it"


class NoTests:
    """Says so."""

    def state(self) -> StabilityState:
        """There is none."""
        return StabilityState(problem=_WHY)

    def start(self, target: str, names: Sequence[str] = (), *, may_write: bool = False) -> None:
        """Nothing can be tested."""
        del target, names, may_write
        raise WrongUse(_WHY)

    def stop(self) -> None:
        """Nothing runs."""

    async def save(self) -> NoReturn:
        """There is nothing to keep."""
        raise WrongUse(_WHY)
