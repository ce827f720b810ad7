"""What the dispatcher wants done. Whoever performs it reports back what happened.

The two that every command needs are tuples: they are made three times as fast as frozen dataclasses.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from mktui.core.pool.job import Job, Outcome
    from mktui.core.protocol.sentences import Command
    from mktui.errors import MktuiError


@dataclass(frozen=True, slots=True)
class Open:
    """Open and log in a connection; then ``connected`` or ``connect_failed``. ``is_probe``: also ask its identity."""

    link: int
    is_probe: bool


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection; ``closed`` follows when its socket is."""

    link: int


class Write(NamedTuple):
    """Begin a job's command on a connection; ``ended`` follows, or ``not_sent``.

    ``window``: seconds that its bytes may wait for others to travel with.
    """

    link: int
    job: Job
    window: float = 0.0


@dataclass(frozen=True, slots=True)
class Cancel:
    """Send ``/cancel`` for a job's tag."""

    link: int
    job: Job


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask a silent connection for a sign of life; ``probe_ended`` follows."""

    link: int


class Wake(NamedTuple):
    """The job is settled: its caller can go on."""

    job: Job


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call ``tick`` at ``Dispatcher.timer``, which has moved nearer."""


class EventKind(enum.StrEnum):
    """What an operator wants to hear of."""

    CONNECTED = "connected"
    CONNECTION_LOST = "connection lost"
    CONNECT_FAILED = "connect failed"
    LOGIN_REFUSED = "login refused"
    SUSPECT = "connection suspect"
    CIRCUIT_OPENED = "circuit opened"
    CIRCUIT_CLOSED = "circuit closed"
    CIRCUIT_PROBING = "circuit probing"
    ISOLATED = "isolated"
    RESET = "pool reset"
    CEILING_LOWERED = "session limit"
    CHANGED = "router changed"
    SETTLED = "write settled"
    FAILED = "command failed"


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """Something happened. ``at`` is the loop's time."""

    at: float
    kind: EventKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class CommandSettled(PoolEvent):
    """A write has ended, its caller may have left long ago. Neither its values nor its rows are in its repr."""

    command: Command | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class CommandFailed(PoolEvent):
    """A command has come to its end without success: what was asked, and the error its caller got."""

    path: str = ""
    error: MktuiError | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell whoever listens."""

    event: PoolEvent


Action: TypeAlias = Open | Close | Write | Cancel | Probe | Wake | SetTimer | Notify
