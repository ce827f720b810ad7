"""A command on its way through the pool, and how it ended.

``Outcome`` has three ends, and the third is why writes are never done twice: applied, not applied, unknown.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.pool.effects import Effect
    from mktui.core.pool.row_order import Claim
    from mktui.core.protocol.sentences import Command, Row
    from mktui.core.protocol.session import Call
    from mktui.errors import MktuiError


class Priority(enum.IntEnum):
    """Who goes first. Critical: cancel and kick. High: a key press. Normal: screens, sync. Low: background."""

    CRITICAL = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


def priority_of(given: int) -> Priority:
    """Return a priority.

    Raises:
        WrongUse: There is no such level.
    """
    try:
        return Priority(given)
    except ValueError:
        levels = ", ".join(f"Priority.{level.name}" for level in Priority)
        raise WrongUse(f"there is no priority {given!r}; there are {levels}") from None


def seconds_of(given: object) -> float:
    """Return a timeout.

    Raises:
        WrongUse: It is no number of seconds; None stands for the settings' own, and there is no waiting for ever.
    """
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise WrongUse(f"a timeout is a number of seconds, not {given!r}")
    return given


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

    def unwrap_fresh(self) -> Outcome:
        """Do what ``unwrap`` does, for one of many who were given this outcome: each raises an error of his own."""
        if self.error is not None:
            raise self.error.fresh()
        return self

    def unwrap(self) -> Outcome:
        """Return itself when applied, else raise its error."""
        if self.error is not None:
            raise self.error
        return self


class JobState(enum.Enum):
    """Where a job is."""

    PARKED = enum.auto()
    """An earlier write to the same row is not over."""
    QUEUED = enum.auto()
    IN_FLIGHT = enum.auto()
    SETTLED = enum.auto()


NOBODY_KNOWS: Final = Outcome(Status.UNKNOWN)


@dataclass(slots=True, eq=False)
class Request:
    """What a caller wants; each attempt at it is a job. ``outcome`` is how it ended: unknown until somebody knows."""

    command: Command
    effect: Effect
    priority: Priority
    deadline: float
    caller: str = ""
    claim: Claim | None = None
    epoch: int | None = None
    meant_for: int | None = None
    outcome: Outcome = NOBODY_KNOWS

    def job(self, now: float) -> Job:
        """Return the next attempt."""
        return Job(
            self.command, self.effect, self.priority, self.deadline, now,
            claim=self.claim, epoch=self.epoch, meant_for=self.meant_for, caller=self.caller,
        )  # fmt: skip


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
    claim: Claim | None = None
    epoch: int | None = None
    """The router's life that its row ids belong to; None when it names none, or nobody knew."""
    meant_for: int | None = None
    """The router's life that it was made for: it may boot since then, but not be another; None: whichever there is."""
    caller: str = ""
    then: Callable[[float], None] | None = None
    """For a job of the dispatcher's own: what to do, at what time, when it is settled; nobody is woken."""
    state: JobState = JobState.QUEUED
    due: float = 0.0
    link: int | None = None
    sent_at: float = 0.0
    sent_in: int = 0
    """The router's life in which it was sent."""
    outcome: Outcome | None = None
    call: Call | None = None
    wake: Callable[[], None] | None = None

    def take_outcome(self) -> Outcome:
        """Give the outcome away, once: a job is known to timers for a while yet, its rows belong to the caller now."""
        outcome, self.outcome = self.outcome, None
        assert outcome is not None
        return outcome

    @property
    def is_stream(self) -> bool:
        """It delivers rows as they come and ends by ``/cancel``."""
        return self.on_row is not None
