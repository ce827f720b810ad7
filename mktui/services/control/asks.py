"""Who asks the other side, as the parts of an attached fleet know him."""

from __future__ import annotations

from typing import Any, Protocol


class Asks(Protocol):
    """An attached fleet."""

    async def ask(self, do: str, **facts: Any) -> Any:  # Any: JSON
        """Ask."""
