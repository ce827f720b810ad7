"""Every error mktui raises, as one tree. Facts are attributes; words are made in ``__str__``.

Two facts decide what may be done next:

``transient``
    The same thing may work later, unchanged.
``maybe_executed``
    Bytes had left for the router and no answer came: it may have done what was asked.

A retry is allowed when ``transient and (not maybe_executed or the command only reads)``.

::

    MktuiError
    ├── ConfigError            a file, a key, a line, and what would be right
    ├── ProtocolError          the other side does not speak the RouterOS API, or we asked for what it cannot say
    ├── WrongUse               a client used in a way that cannot work
    ├── RecordingUnreadable    a file that is no recording, or cannot be read
    ├── ReportUnreadable       a file that is no report of a stability test, or cannot be read or written
    ├── HistoryUnavailable     the file of errors and changes: gone, locked, read-only, full, or it is none
    ├── ControlError           the socket of an mktui that runs
    │   ├── NobodyServes       nobody answers there, or no longer
    │   ├── ServedAlready      another mktui serves this configuration
    │   └── ControlRefused     it answered: no
    ├── BillingError           billing's database, or what was to be written into it
    │   ├── DatabaseUnavailable  gone, locked, read-only, full
    │   ├── DatabaseSchema     made by another version of mktui
    │   ├── NotAccepted        a row that the database refuses
    │   ├── SourceUnreadable   a file or query that yields no rows at all: binary, cut, columns missing
    │   │   └── SourceUnavailable  its database cannot be asked now
    │   ├── LeaseLost          another one writes to this router now
    │   └── StalePlan          a saved plan that is no longer what would be planned
    └── RouterError            one router
        ├── ConnectFailed      no session could be opened
        │   ├── ConnectTimeout
        │   └── NotRouterOs    something answered, and it was no RouterOS
        ├── LoginRefused       wrong user or password
        ├── ConnectionLost     the session ended under a command
        ├── CommandTimeout     no answer by the deadline
        ├── OutcomeUnknown     a write left and no answer came
        ├── StaleRow           a row id from before the router's last boot
        ├── CommandTrapped     the router answered: no
        ├── CircuitOpen        not asked: the router is known to be down
        ├── Overloaded         not asked: too many wait already
        └── PoolClosed         not asked: the pool is closing
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from mktui.letters import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def seconds_in_words(seconds: float) -> str:
    """Return a duration as a person would say it: ``0.5 s``, ``12 s``, ``3 min``, ``5 h``, ``3 days``."""
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


class MktuiError(Exception):
    """The root of the tree."""

    transient: ClassVar[bool] = False
    maybe_executed: bool = False

    def fresh(self) -> Self:
        """Return a copy without a traceback: one fact may be raised to many callers."""
        copy = type(self).__new__(type(self), *self.args)
        copy.__dict__.update(self.__dict__)
        return copy


class ConfigError(MktuiError):
    """The configuration cannot be used. Names the file, the key, the line and what would be right."""

    def __init__(
        self, problem: str, *, file: Path | None = None, key: str = "", line: int | None = None, remedy: str = ""
    ) -> None:
        super().__init__(problem)
        self.problem, self.file, self.key, self.line, self.remedy = problem, file, key, line, remedy
        self.others: tuple[ConfigError, ...] = ()

    def __str__(self) -> str:
        where = f"{self.file or 'configuration'}{'' if self.line is None else f', line {self.line}'}"
        key = f" {printable(self.key)}:" if self.key else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{where}:{key} {self.problem}{remedy}"


class ProtocolError(MktuiError):
    """The bytes cannot be the RouterOS API, or a word cannot be said in it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class WrongUse(MktuiError):
    """A client was used in a way that cannot work: from another event loop, with a priority that is none."""


class RecordingUnreadable(MktuiError):
    """A file cannot be replayed; ``line`` is where it went wrong."""

    def __init__(
        self, file: Path, problem: str, *, line: int | None = None, origin: str = "mktui record FILE makes one"
    ) -> None:
        super().__init__(problem)
        self.file, self.problem, self.line, self.origin = file, problem, line, origin

    def __str__(self) -> str:
        where = f", line {self.line}" if self.line else ""
        return f"{self.file}{where}: {self.problem} ({self.origin})"


class ReportUnreadable(MktuiError):
    """A report of a stability test cannot be read, or not written."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(problem)
        self.file, self.problem = file, problem

    def __str__(self) -> str:
        return f"{self.file}: {self.problem} (mktui stability-test --report FILE.json makes one)"


class HistoryUnavailable(MktuiError):
    """The file that errors and changes are kept in cannot be used now. Everything else goes on."""

    transient = True

    def __init__(self, problem: str, *, path: Path) -> None:
        super().__init__(problem)
        self.problem, self.path = problem, path

    def __str__(self) -> str:
        return f"no history is kept: {self.path}: {self.problem}"


class ControlError(MktuiError):
    """Something about the socket over which one mktui asks another that runs. ``place`` is its file or address."""

    def __init__(self, problem: str, *, place: str = "", remedy: str = "") -> None:
        super().__init__(problem)
        self.problem, self.place, self.remedy = problem, place, remedy

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.problem}{f' ({self.remedy})' if self.remedy else ''}"


class NobodyServes(ControlError):
    """Nobody answers, or no longer."""

    transient = True


class ServedAlready(ControlError):
    """Another mktui serves this configuration; ``pid`` is its process, 0 when that is not known."""

    def __init__(self, *, place: str, pid: int) -> None:
        who = f"pid {pid}" if pid else "another process"
        super().__init__(f"mktui already serves here, {who}", place=place, remedy="mktui --attach shows it")
        self.pid = pid


class ControlRefused(ControlError):
    """The mktui that was asked answered with an error of its own. ``kind`` is the name of its class."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class BillingError(MktuiError):
    """Something about billing. ``database`` is its place, without a password."""

    def __init__(self, problem: str, *, database: str = "", remedy: str = "") -> None:
        super().__init__(problem)
        self.problem, self.database, self.remedy = problem, database, remedy

    def __str__(self) -> str:
        where = f"billing database {self.database}: " if self.database else ""
        return f"{where}{self.problem}{f' ({self.remedy})' if self.remedy else ''}"


class DatabaseUnavailable(BillingError):
    """It cannot be used now: gone, locked, read-only, full, or it is none. Nothing was written."""

    transient = True


class DatabaseSchema(BillingError):
    """It was made by a newer mktui, or half by an older one. Nothing was touched."""


class NotAccepted(BillingError):
    """The database refuses a row: a name twice, a profile that is not there, a value out of bounds."""


class SourceUnreadable(BillingError):
    """A file or a query cannot be used at all; single rows that cannot are no errors of this kind.

    ``source`` is its name or place, ``line`` where in it.
    """

    def __init__(self, problem: str, *, source: str = "", line: int | None = None, remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.source, self.line = source, line

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.source, f"line {self.line}" if self.line else "") if part)
        return f"{f'{where}: ' if where else ''}{super().__str__()}"


class SourceUnavailable(SourceUnreadable):
    """The database of a source cannot be asked now: gone, wrong password, too slow."""

    transient = True


class LeaseLost(BillingError):
    """Another one writes to this router; ``holder`` says who, ``doing`` what."""

    transient = True

    def __init__(self, router: str, *, holder: str, doing: str = "synced") -> None:
        super().__init__(f"{router} is being {doing} by {holder}", remedy="wait until it is done")
        self.router, self.holder = router, holder


class StalePlan(BillingError):
    """A saved plan is done exactly or not at all, and billing or the router have changed since. Nothing was written."""

    def __init__(self, router: str) -> None:
        super().__init__(f"{router}: this plan is stale: billing or the router have changed since", remedy="plan again")
        self.router = router


class RouterError(MktuiError):
    """Something about one router."""

    def __init__(self, router: str) -> None:
        super().__init__(router)
        self.router = router


class ConnectFailed(RouterError):
    """No session could be opened: refused, unreachable, unresolvable, or cut before the login's answer.

    ``hung_up``: it accepted the connection and closed it before it answered the login, as at its session limit.
    """

    transient = True

    def __init__(self, router: str, *, address: str, reason: str, hung_up: bool = False) -> None:
        super().__init__(router)
        self.address, self.reason, self.hung_up = address, reason, hung_up

    def __str__(self) -> str:
        return f"{self.router}: cannot connect to {self.address}: {self.reason}"


class ConnectTimeout(ConnectFailed):
    """Nothing answered the connect or the login in time."""

    def __init__(self, router: str, *, address: str, after: float) -> None:
        super().__init__(router, address=address, reason=f"no answer within {seconds_in_words(after)}")
        self.after = after


class NotRouterOs(ConnectFailed):
    """The port answers, but not as the RouterOS API does."""

    def __init__(self, router: str, *, address: str, reason: str) -> None:
        super().__init__(router, address=address, reason=f"this is no RouterOS API port ({reason})")


class LoginRefused(RouterError):
    """The router refused the user or the password. ``text`` is the router's own."""

    def __init__(self, router: str, *, username: str, text: str) -> None:
        super().__init__(router)
        self.username, self.text = username, text

    def __str__(self) -> str:
        return f"{self.router}: login as {self.username} refused: {self.text}"


class ConnectionLost(RouterError):
    """The session ended while a command was under way."""

    transient = True

    def __init__(self, router: str, *, reason: str, maybe_executed: bool) -> None:
        super().__init__(router)
        self.reason, self.maybe_executed = reason, maybe_executed

    def __str__(self) -> str:
        return f"{self.router}: connection lost: {self.reason}"


class CommandTimeout(RouterError):
    """No answer by the deadline. ``phase`` is what was being waited for."""

    transient = True

    def __init__(self, router: str, *, path: str, after: float, phase: str, maybe_executed: bool) -> None:
        super().__init__(router)
        self.path, self.after, self.phase, self.maybe_executed = path, after, phase, maybe_executed

    def __str__(self) -> str:
        waited = seconds_in_words(self.after)
        return f"{self.router}: {self.path}: no answer within {waited} (waiting for {self.phase})"


class OutcomeUnknown(RouterError):
    """A write left for the router and no answer came: it may or may not have happened. Never sent again by mktui."""

    maybe_executed = True

    def __init__(self, router: str, *, path: str, reason: str) -> None:
        super().__init__(router)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.router}: {self.path}: outcome unknown, it may have been done: {self.reason}"


class StaleRow(RouterError):
    """Not sent: made for the router before its last boot, or at another address; its row id may mean another now."""

    def __init__(self, router: str, *, path: str) -> None:
        super().__init__(router)
        self.path = path

    def __str__(self) -> str:
        return f"{self.router}: {self.path}: not sent, it is from before a boot, or for another address; read it again"


class CommandTrapped(RouterError):
    """The router answered with ``!trap``. ``texts`` are its own, in the order given; ``category`` is the first one's.

    Categories: 0 missing item or command, 1 argument value, 2 interrupted, 3 scripting, 4 general, 5 API, 6 TTY,
    7 ``:return`` (MikroTik's API manual).
    """

    def __init__(self, router: str, *, path: str, texts: Sequence[str], category: int | None) -> None:
        super().__init__(router)
        self.path, self.texts, self.category = path, tuple(texts), category

    @property
    def text(self) -> str:
        """The first trap's text, raw."""
        return self.texts[0] if self.texts else ""

    def __str__(self) -> str:
        return f"{self.router}: {self.path}: {'; '.join(self.texts)}"


class CircuitOpen(RouterError):
    """Not asked: the circuit is open. ``retry_after`` in seconds; None when only a person can end it."""

    def __init__(self, router: str, *, retry_after: float | None, reason: str = "") -> None:
        super().__init__(router)
        self.retry_after, self.reason = retry_after, reason

    def __str__(self) -> str:
        because = f" ({self.reason})" if self.reason else ""
        if self.retry_after is None:
            return f"{self.router}: isolated by hand{because}"
        return f"{self.router}: circuit open{because}, next try in {seconds_in_words(self.retry_after)}"


class Overloaded(RouterError):
    """Not asked: ``waiting`` commands wait already."""

    transient = True

    def __init__(self, router: str, *, waiting: int) -> None:
        super().__init__(router)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"{self.router}: {self.waiting} commands wait already"


class PoolClosed(RouterError):
    """Not asked: the pool is closed or closing."""

    def __str__(self) -> str:
        return f"{self.router}: the connection pool is closed"
