"""What may go wrong at a simulated router, switched at run time. Plain state."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class CutMoment(enum.Enum):
    """When a connection is cut around a command."""

    BEFORE = "before it is executed"
    AFTER = "after it was executed, before it is answered"


class ReplyFault(enum.Enum):
    """What may be wrong with one command's answer."""

    DONE_TWICE = "its !done comes twice"
    DONE_MISSING = "its !done never comes"
    DONE_UNTAGGED = "its !done has lost its tag"
    UNKNOWN_TAG = "a row and a !done of a tag that nobody used come before it"
    UNKNOWN_WORD = "a reply word that nobody knows comes before it"
    EARLY = "rows and a !done of tags to come are sent before they are used"
    FATAL = "a !fatal instead of it"
    CONTROL_BYTE = "a reserved control byte instead of it"
    HUGE_LENGTH = "a length of four gigabytes instead of it"
    INVALID_UTF8 = "its !done carries bytes that are no UTF-8"
    TRAPS = "two traps with attributes that nobody knows instead of it"


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

    replies: dict[str, ReplyFault] = field(default_factory=dict)
    """Command path, or ``*`` for every command -> what is wrong with its answer."""
    replies_left: int | None = None
    """How many answers are still spoilt; None: all."""

    def take_reply(self, path: str) -> ReplyFault | None:
        """Return what is wrong with the answer to a command now, counting it."""
        fault = self.replies.get(path) or self.replies.get("*")
        if fault is None or self.replies_left == 0:
            return None
        if self.replies_left is not None:
            self.replies_left -= 1
        return fault

    def clear(self) -> None:
        """Be a good router again."""
        healthy = Faults()
        for name in self.__slots__:
            setattr(self, name, getattr(healthy, name))

    def take_cut(self, path: str) -> CutMoment | None:
        """Return the cut planned for a command, once."""
        return self.cut_on.pop(path, None)
