"""What went wrong and who changed what: a ring in memory, and a file behind it that may fail.

A screen gets the last answer of the file at once, and a new one is fetched in the background when something has come.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.actions import CommandFailed, EventKind
from mktui.errors import CommandTrapped, HistoryUnavailable, MktuiError
from mktui.monitor.audit import acting, present_actor
from mktui.monitor.error_ring import ErrorRing, hour_of
from mktui.monitor.records import ErrorLog, SeenError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from anyio.abc import TaskGroup

    from mktui.core.pool.actions import PoolEvent
    from mktui.monitor.history import Connection, History
    from mktui.monitor.hours import RouterHour

EVERY: Final = 2.0
"""Seconds between two readings of the file."""
SHOWN: Final = 1000
KINDS: Final = {
    EventKind.CONNECTION_LOST: "ConnectionLost", EventKind.CONNECT_FAILED: "ConnectFailed",
    EventKind.LOGIN_REFUSED: "LoginRefused", EventKind.SUSPECT: "Silent", EventKind.CIRCUIT_OPENED: "CircuitOpened",
    EventKind.CEILING_LOWERED: "SessionLimit", EventKind.CHANGED: "RouterChanged",
}  # fmt: skip
"""What a pool tells that is an error by itself, and its class."""
_OUR_END: Final = "closed"
"""Why a connection is lost when the program ends."""


class Chronicle:
    """The errors and changes of one fleet. Without a ``history`` they are remembered as long as the process lives."""

    def __init__(self, history: History | None = None) -> None:
        self._history = history
        self._ring = ErrorRing()
        self._actor = present_actor()
        self._read: ErrorLog | None = None
        self._read_version = -1
        self._due_at = 0.0
        self._is_reading = False

    def heard(self, router: str, event: PoolEvent) -> None:
        """Take in what a pool tells, when it is an error."""
        now = clock.utc_now()
        if isinstance(event, CommandFailed):
            assert event.error is not None
            words = raw_words(event.error, router, event.path)
            self._note(SeenError(now, router, type(event.error).__name__, event.path, words))
        elif is_trouble(event.kind, event.text):
            self._note(SeenError(now, router, KINDS[event.kind], "", event.text))

    def sync_failed(self, router: str, error: str, reason: str) -> None:
        """Take in a sync that could not be planned for a reason that is not the router's."""
        self._note(SeenError(clock.utc_now(), router, error, "", " ".join(reason.split())))

    def audit(self, what: str, router: str, outcome: str = "done") -> None:
        """Keep a change, or the try of one."""
        if self._history is not None:
            self._history.note((acting() or self._actor).did(what, router, outcome, clock.utc_now()))

    def hour_over(self, hour: RouterHour | None) -> None:
        """Keep a router's hour, when there is one to keep."""
        if self._history is not None and hour is not None:
            self._history.note(hour)

    @contextmanager
    def audited(self, what: str, router: str) -> Iterator[None]:
        """Keep what is done in the block, with how it ends."""
        outcome = "interrupted"
        try:
            yield
            outcome = "done"
        except MktuiError as error:
            outcome = f"failed: {error}"
            raise
        finally:
            self.audit(what, router, outcome)

    def log(self) -> ErrorLog:
        """Return what is known now: of the file when it can be read, else of this process."""
        problem = self._history.problem if self._history is not None else ""
        if self._read is None or problem:
            return self._ring.log(clock.utc_now(), problem)
        return self._read

    def want(self, tasks: TaskGroup) -> None:
        """Begin to read the file when there is something new in it. Never blocks."""
        is_new = self._read_version != self._ring.version
        if self._history is not None and is_new and not self._is_reading and clock.now() >= self._due_at:
            self._is_reading = True
            tasks.start_soon(self._refresh, self._history, name="error log")

    async def _refresh(self, history: History) -> None:
        version = self._ring.version
        answer = history.ask(partial(_read_log, since=hour_of(clock.utc_now()) - timedelta(hours=23)))
        try:
            self._read = await anyio.to_thread.run_sync(answer.result, abandon_on_cancel=True)
            self._read_version = version
        except HistoryUnavailable:
            self._read = None  # the ring is shown, with why
        finally:
            self._due_at, self._is_reading = clock.now() + EVERY, False

    def _note(self, error: SeenError) -> None:
        self._ring.add(error)
        if self._history is not None:
            self._history.note(error)


def _read_log(connection: Connection, *, since: datetime) -> ErrorLog:
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    return ErrorLog(database.read_errors(connection, limit=SHOWN), database.read_counts(connection, since))


def is_trouble(kind: str, text: str) -> bool:
    """Say whether an event of a pool is an error by itself."""
    return kind in KINDS and text != _OUR_END


def raw_words(error: MktuiError, router: str, path: str) -> str:
    """Return what the router itself said; for an error of ours, its words without what stands in other columns."""
    if isinstance(error, CommandTrapped):
        return "; ".join(error.texts)
    return str(error).removeprefix(f"{router}: ").removeprefix(f"{path}: ")
