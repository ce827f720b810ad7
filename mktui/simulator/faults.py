"""What may go wrong at a simulated router, switched at run time. Plain state."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class CutMoment(enum.Enum):
    """When a connection is cut around a command."""

    BEFORE = "before it is executed"
    AFTER = "after it was executed, before it is answered"


@dataclass(slots=True)
class Faults:
    """The faults now in force."""

    is_down: bool = False
    """Connects are closed at once."""
    accept_and_close: bool = False
    """As at the session limit: accepted, then closed before the login is answered."""
    refuse_logins: bool = False
    is_silent: bool = False
    """Commands are read and never answered."""
    extra_latency: float = 0.0
    cut_on: dict[str, CutMoment] = field(default_factory=dict)
    """Command path -> when to cut; each is used once."""
    slow: dict[str, float] = field(default_factory=dict)
    """Command path -> seconds that it takes besides the router's latency."""

    def take_cut(self, path: str) -> CutMoment | None:
        """Return the cut planned for a command, once."""
        return self.cut_on.pop(path, None)
