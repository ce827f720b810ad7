"""What went wrong and who changed what: a ring in memory, and a file behind it that may fail.

A screen gets the last answer of the file at once, and a new one is fetched in the background when something has come.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.core.pool.actions import CommandFailed, EventKind
from mktui.errors import CommandTrapped, MktuiError
from mktui.monitor.audit import acting, present_actor
from mktui.monitor.error_ring import ErrorRing, hour_of
from mktui.monitor.records import ErrorLog, SeenError
from mktui.monitor.steps import KeptStep
from mktui.services.rate import Sparing
from mktui.services.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from anyio.abc import TaskGroup

    from mktui.core.pool.actions import PoolEvent
    from mktui.monitor.history import Connection, History
    from mktui.monitor.hours import RouterHour
    from mktui.monitor.records import Audited
    from mktui.monitor.snapshot import Snapshot
    from mktui.monitor.steps import Step

SHOWN: Final = 1000
KINDS: Final = {
    EventKind.CONNECTION_LOST: "ConnectionLost", EventKind.CONNECT_FAILED: "ConnectFailed",
    EventKind.LOGIN_REFUSED: "LoginRefused", EventKind.SUSPECT: "Silent", EventKind.CIRCUIT_OPENED: "CircuitOpened",
    EventKind.CEILING_LOWERED: "SessionLimit", EventKind.CHANGED: "RouterChanged",
}  # fmt: skip
"""What a pool tells that is an error by itself, and its class."""


class Chronicle:
    """The errors and changes of one fleet. Without a ``history`` they are remembered as long as the process lives."""

    def __init__(self, history: History | None = None, *, keeps_steps: bool = False) -> None:
        self._history = history
        self.keeps_steps = keeps_steps and history is not None
        """Charts and trends are kept too: of a program that holds the routers for long."""
        self._ring = ErrorRing()
        self._actor = present_actor()
        self._errors = Reading(history, _all_errors)
        self._remembered = ErrorLog()
        self._remembered_from: tuple[int, datetime, str] | None = None
        self._done: tuple[Audited, ...] = ()
        self._done_count = 0
        self._tries = Sparing(burst=5, every=600)
        self._changes = Reading(history, lambda: _read_changes)

    def heard(self, router: str, event: PoolEvent) -> None:
        """Take in what a pool tells, when it is an error."""
        now = clock.utc_now()
        if isinstance(event, CommandFailed):
            assert event.error is not None
            words = raw_words(event.error, router, event.path)
            self._note(SeenError(now, router, type(event.error).__name__, event.path, words))
        elif event.kind in KINDS:
            self._note(SeenError(now, router, KINDS[event.kind], "", event.text))

    def sync_failed(self, router: str, error: str, reason: str) -> None:
        """Take in a sync that could not be planned for a reason that is not the router's."""
        self._note(SeenError(clock.utc_now(), router, error, "", " ".join(reason.split())))

    def audit(self, what: str, router: str, outcome: str = "done") -> None:
        """Keep a change, or the try of one."""
        change = (acting() or self._actor).did(what, router, outcome, clock.utc_now())
        self._done = (change, *self._done)[:SHOWN]
        self._done_count += 1
        if self._history is not None:
            self._history.note(change)

    def refused(self, what: str, router: str, why: str) -> None:
        """Keep that somebody tried what he may not. Who tries again and again is told now and then, with how often."""
        actor = acting() or self._actor
        untold = self._tries.told(f"{actor.who} {what}", clock.now())
        if untold is not None:
            self.audit(what, router, f"refused: {why}{f' (and {untold} tries before)' if untold else ''}")

    def hour_over(self, hour: RouterHour | None) -> None:
        """Keep a router's hour, when there is one to keep."""
        if self._history is not None and hour is not None:
            self._history.note(hour)

    def steps_over(self, router: str, steps: Iterable[Step]) -> None:
        """Keep what charts and trends are made of, when that is kept."""
        if self._history is not None and self.keeps_steps:
            now = clock.utc_now().timestamp()
            for step in steps:
                self._history.note(KeptStep(router, now - step.age, step.length, step.figures))

    def doubted(self, text: str) -> None:
        """Take in that something in the file cannot be right."""
        self._note(SeenError(clock.utc_now(), "", "ClockWrong", "", text))

    @contextmanager
    def audited(self, what: str, router: str) -> Iterator[list[str]]:
        """Keep what is done in the block, with how it ends, and what the block adds to say of it."""
        outcome, more = "interrupted", list[str]()
        try:
            yield more
            outcome = "done"
        except MktuiError as error:
            outcome = f"failed: {error}"
            raise
        finally:
            self.audit(": ".join((what, *more)), router, outcome)

    @property
    def problem(self) -> str:
        """Why nothing is kept in the file now; "": it is, or nobody asked for one."""
        return self._history.problem if self._history is not None else ""

    def log(self) -> ErrorLog:
        """Return what is known now: of the file when it can be read, else of this process."""
        problem, now = self.problem, clock.utc_now()
        if self._errors.answer is not None and not problem:
            return self._errors.answer
        made_from = self._ring.version, hour_of(now), problem
        if made_from != self._remembered_from:
            self._remembered_from, self._remembered = made_from, self._ring.log(now, problem)
        return self._remembered

    def changes(self) -> tuple[Audited, ...]:
        """Return who changed what, the newest first: of the file when it can be read, else of this process."""
        kept = self._changes.answer
        return self._done if kept is None or self.problem else kept

    def want(self, tasks: TaskGroup) -> None:
        """Begin to read the errors of the file when something in it may be new. Never blocks."""
        self._errors.want(self._ring.version, tasks)

    def want_changes(self, tasks: TaskGroup) -> None:
        """Begin to read the changes of the file when something in it may be new. Never blocks."""
        self._changes.want(self._done_count, tasks)

    def _note(self, error: SeenError) -> None:
        self._ring.add(error)
        if self._history is not None:
            self._history.note(error)


def log_of(picture: Snapshot) -> ErrorLog:
    """Return the error log that the events of one picture tell, where there is no other."""
    ring = ErrorRing()
    events = sorted((event for router in picture.routers for event in router.events), key=lambda event: event.at)
    for event in events:
        if event.kind == EventKind.FAILED:
            path, _, text = event.text.partition(": ")
            ring.add(SeenError(event.at, event.router, "CommandFailed", path, text, event.repeats))
        elif event.kind in KINDS:
            ring.add(SeenError(event.at, event.router, KINDS[EventKind(event.kind)], "", event.text, event.repeats))
    return ring.log(picture.at)


def _all_errors() -> Callable[[Connection], ErrorLog]:
    return partial(_read_log, since=hour_of(clock.utc_now()) - timedelta(hours=23))


def _read_changes(connection: Connection) -> tuple[Audited, ...]:
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    return tuple(database.read_audit(connection, limit=SHOWN))


def _read_log(connection: Connection, *, since: datetime) -> ErrorLog:
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    return ErrorLog(database.read_errors(connection, limit=SHOWN), database.read_counts(connection, since))


def raw_words(error: MktuiError, router: str, path: str) -> str:
    """Return what the router itself said; for an error of ours, its words without what stands in other columns."""
    if isinstance(error, CommandTrapped):
        return "; ".join(error.texts)
    return str(error).removeprefix(f"{router}: ").removeprefix(f"{path}: ")
