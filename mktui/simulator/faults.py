"""What may go wrong at a simulated router, switched at run time: always, by rate, by schedule, by command.

Plain state; ``now`` is an argument. Everything that went wrong is kept with its time, for tests to look at.
"""

from __future__ import annotations

import enum
import random
from collections import deque
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Final

_KEPT: Final = 10_000


class CutMoment(enum.Enum):
    """When a connection is cut around a command."""

    BEFORE = "before it is executed"
    AFTER = "after it was executed, before it is answered"
    INSIDE = "in the middle of its answer"


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
    SILENCE = "nothing at all, ever"


class Mishap(enum.Enum):
    """What may befall connections, logins and commands besides."""

    DOWN = "a connection is closed at once: the router is down"
    CLOSED = "a connection is accepted, then closed"
    LOGIN_REFUSED = "a login is refused"
    LOGIN_IGNORED = "a login is read and never answered"
    SILENT = "a command is read and never answered"
    SLOWED = "a command takes longer"
    LATE = "an answer is held back, so that others overtake it"
    DROPPED = "every session is cut"
    REBOOTED = "the router restarts"


What = CutMoment | ReplyFault | Mishap
_SWITCHES: Final = {
    Mishap.DOWN: "is_down", Mishap.CLOSED: "accept_and_close", Mishap.LOGIN_REFUSED: "refuse_logins",
    Mishap.LOGIN_IGNORED: "ignore_logins", Mishap.SILENT: "is_silent",
}  # fmt: skip
"""What may be switched on for good; by rate, schedule or command it is a rule."""
_OF_THE_SESSION: Final = frozenset({"/login", "/cancel"})
"""Commands that are no work of the router: only a rule that names them spoils them."""


@dataclass(slots=True)
class FaultRule:
    """One thing that goes wrong with commands. Times are the loop's.

    ``path`` may hold ``*``; ``rate`` is the share of the commands that it hits; ``left`` None: as often as it likes.
    """

    what: What
    path: str = "*"
    rate: float = 1.0
    left: int | None = None
    begins_at: float = 0.0
    ends_at: float = float("inf")

    def is_due(self, path: str, now: float, chance: random.Random) -> bool:
        """Say whether it hits a command now."""
        if self.left == 0 or not self.begins_at <= now < self.ends_at or not fnmatchcase(path, self.path):
            return False
        if self.path == "*" and path in _OF_THE_SESSION and not isinstance(self.what, Mishap):
            return False
        return self.rate >= 1.0 or chance.random() < self.rate


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """Something that went wrong: when, with which command ("" for none), what."""

    at: float
    path: str
    what: What


@dataclass(frozen=True, slots=True)
class Due:
    """What goes wrong with one command."""

    cut: CutMoment | None = None
    reply: ReplyFault | None = None


_NOTHING: Final = Due()


@dataclass(slots=True)
class Faults:
    """The faults now in force."""

    is_down: bool = False
    """Connects are closed at once."""
    accept_and_close: bool = False
    """As at the session limit: accepted, then closed before the login is answered."""
    refuse_logins: bool = False
    ignore_logins: bool = False
    """Logins are read and never answered."""
    is_silent: bool = False
    """Commands are read and never answered."""
    extra_latency: float = 0.0
    reorder: float = 0.0
    """Answers to tagged commands come up to this many seconds late, each on its own: they overtake each other."""
    cut_on: dict[str, CutMoment] = field(default_factory=dict)
    """Command path -> when to cut; each is used once."""
    slow: dict[str, float] = field(default_factory=dict)
    """Command path -> seconds that it takes besides the router's latency."""

    replies: dict[str, ReplyFault] = field(default_factory=dict)
    """Command path, or ``*`` for every command -> what is wrong with its answer."""
    replies_left: int | None = None
    """How many answers are still spoilt; None: all."""
    rules: list[FaultRule] = field(default_factory=list)
    """By rate, by schedule, by command; the first that is due counts."""
    seen: deque[FaultSeen] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """What went wrong with commands so far, oldest first."""
    seed: int = 1
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed} faults")  # noqa: S311 - what goes wrong, not cryptography

    @property
    def is_irregular(self) -> bool:
        """Answers may overtake each other."""
        return self.reorder > 0

    def due(self, path: str, now: float) -> Due:
        """Return what goes wrong with a command now, and keep it."""
        cut, reply = self.cut_on.pop(path, None), self._spoilt(path)
        if cut is None and reply is None:
            rule = self._rule(path, now, CutMoment, ReplyFault)
            if rule is None:
                return _NOTHING
            if isinstance(rule.what, CutMoment):
                cut = rule.what
            elif isinstance(rule.what, ReplyFault):
                reply = rule.what
        for what in (cut, reply):
            if what is not None:
                self.note(what, path, now)
        return Due(cut, reply)

    def befalls(self, mishap: Mishap, path: str, now: float) -> bool:
        """Say whether a mishap is switched on, or due by a rule; keep it if so."""
        if not getattr(self, _SWITCHES[mishap]) and self._rule(path, now, mishap) is None:
            return False
        self.note(mishap, path, now)
        return True

    def note(self, what: What, path: str, now: float) -> None:
        """Keep what went wrong; ``path`` is "" when it was with no command."""
        self.seen.append(FaultSeen(now, path, what))

    def _rule(self, path: str, now: float, *wanted: object) -> FaultRule | None:
        for rule in self.rules:
            if (rule.what in wanted or type(rule.what) in wanted) and rule.is_due(path, now, self._chance):
                if rule.left is not None:
                    rule.left -= 1
                return rule
        return None

    def lateness(self) -> float:
        """Return the seconds that an answer is held back."""
        return self._chance.uniform(0, self.reorder) if self.reorder else 0.0

    def clear(self) -> None:
        """Be a good router again; what was seen stays."""
        healthy = Faults()
        for each in fields(self):
            if each.name not in {"seen", "seed", "_chance"}:
                setattr(self, each.name, getattr(healthy, each.name))

    def _spoilt(self, path: str) -> ReplyFault | None:
        fault = self.replies.get(path) or (self.replies.get("*") if path not in _OF_THE_SESSION else None)
        if fault is None or self.replies_left == 0:
            return None
        if self.replies_left is not None:
            self.replies_left -= 1
        return fault
