"""A command on its way through the pool, and how it ended.

``Outcome`` has three ends, and the third is why writes are never done twice: applied, not applied, unknown.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.protocol.sentences import Command, Row
    from mktui.core.protocol.session import Call
    from mktui.errors import MktuiError


class Priority(enum.IntEnum):
    """Who goes first. Critical: cancel and kick. High: a key press. Normal: screens, sync. Low: background."""

    CRITICAL = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


class Effect(enum.Enum):
    """What sending a command a second time would do."""

    READ = "read"
    IDEMPOTENT = "idempotent write"
    NON_IDEMPOTENT = "non-idempotent write"


_READ_VERBS: Final = frozenset({"print", "get", "find", "listen", "getall", "monitor", "monitor-traffic", "torch"})
_IDEMPOTENT_VERBS: Final = frozenset({"set", "unset", "enable", "disable", "remove", "comment"})


def effect_of(command: Command) -> Effect:
    """Return a command's effect. What is not known is non-idempotent: it is never sent twice."""
    if command.verb in _READ_VERBS:
        return Effect.READ
    if command.verb in _IDEMPOTENT_VERBS:
        return Effect.IDEMPOTENT
    return Effect.NON_IDEMPOTENT


class Status(enum.Enum):
    """How a command ended."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one command ended: rows and ``ret`` when it was applied, the error when it was not, or nobody knows."""

    status: Status
    rows: list[Row] = field(default_factory=list, repr=False)  # may hold passwords
    ret: str | None = None
    error: MktuiError | None = None

    @property
    def ok(self) -> bool:
        """Applied."""
        return self.status is Status.APPLIED

    @property
    def unknown(self) -> bool:
        """It left and no answer came."""
        return self.status is Status.UNKNOWN

    def unwrap(self) -> Outcome:
        """Return itself when applied, else raise its error."""
        if self.error is not None:
            raise self.error
        return self


class JobState(enum.Enum):
    """Where a job is."""

    QUEUED = enum.auto()
    IN_FLIGHT = enum.auto()
    SETTLED = enum.auto()


@dataclass(slots=True, eq=False)
class Job:
    """One attempt at one command. Mutated by the dispatcher alone; ``call`` and ``wake`` belong to whoever performs.

    ``deadline`` is the caller's; ``due`` the moment at which the present phase gives up (never later).
    """

    command: Command
    effect: Effect
    priority: Priority
    deadline: float
    submitted_at: float
    on_row: Callable[[Row], None] | None = None
    state: JobState = JobState.QUEUED
    due: float = 0.0
    link: int | None = None
    sent_at: float = 0.0
    outcome: Outcome | None = None
    call: Call | None = None
    wake: Callable[[], None] | None = None

    @property
    def is_stream(self) -> bool:
        """It delivers rows as they come and ends by ``/cancel``."""
        return self.on_row is not None
