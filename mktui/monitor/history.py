"""Keeps errors, changes, charts and trends in a file, by a thread of its own: whoever notes something goes on at once.

A file that is broken, locked, read-only or full ends nothing: it is said once, and mktui goes on without history. What
could not be written waits, as far as there is room, and is tried again with what comes next.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mktui import clock
from mktui.errors import HistoryUnavailable
from mktui.monitor.error_ring import collapsed
from mktui.monitor.hours import RouterHour
from mktui.monitor.records import Audited, SeenError
from mktui.monitor.steps import KeptStep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import sqlalchemy as sa

    from mktui.monitor.options import MonitorOptions

    Kept = SeenError | Audited | RouterHour | KeptStep
    Connection = sa.Connection
    """What a question is asked of."""
    Question = tuple[Callable[[sa.Connection], Any], Future[Any]]  # Any: each asks for something else

T = TypeVar("T")

LINGER: Final = 0.5
"""Seconds that the first of a batch waits for others."""
WAITING: Final = 20_000
"""Most entries that wait; more are lost, oldest first."""
STEPS_WAITING: Final = 20_000
"""The same of charts and trends, which are many, and never push out an error or a change."""
_TRIM_AFTER: Final = 500
"""Entries between two looks at the bounds."""
_PATIENCE: Final = 5.0
"""Seconds that the end of the program waits for the last batch."""


class History:
    """Errors and changes in ``path``. Nothing is opened, and no database loaded, before the first of them comes.

    ``problem``: why nothing is kept now; "": it is. ``say`` hears it once, in the thread.
    """

    def __init__(self, path: Path, options: MonitorOptions, say: Callable[[str], None] = lambda _text: None) -> None:
        self.problem = ""
        self.path = path
        self._options = options
        self._say = say
        self._inbox: queue.SimpleQueue[Kept | Question | None] = queue.SimpleQueue()
        self._waiting: deque[Kept] = deque(maxlen=WAITING)
        self._steps: deque[KeptStep] = deque(maxlen=STEPS_WAITING)
        self._thread: threading.Thread | None = None
        self._engine: sa.Engine | None = None
        self._until_trim = 0

    def note(self, entry: Kept) -> None:
        """Keep an error, a change, an hour's figures or a step of a chart. Never blocks and never fails."""
        if self._inbox.qsize() < WAITING:
            self._put(entry)

    def ask(self, question: Callable[[sa.Connection], T]) -> Future[T]:
        """Ask the database something after all that was noted before; raises HistoryUnavailable by the future."""
        answer: Future[T] = Future()
        self._put((question, answer))
        return answer

    def tell(self, text: str) -> None:
        """Say something about what is in the file that is no reason not to use it."""
        self._say(text)

    def close(self) -> None:
        """Write what is left and let go of the file; gives up on a disk that does not answer."""
        if self._thread is not None:
            self._inbox.put(None)
            self._thread.join(_PATIENCE)

    def _put(self, item: Kept | Question) -> None:
        self._inbox.put(item)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mktui history", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            last = self._take_batch()
            if self._waiting or self._steps:
                self._try(self._write)
            if last is None:
                break
            if isinstance(last, tuple):
                self._answer(*last)
        if self._engine is not None:
            self._engine.dispose()

    def _take_batch(self) -> Kept | Question | None:
        """Take entries until the first has waited long enough, or until a question or the end comes."""
        item = self._inbox.get()
        ends_at = time.monotonic() + LINGER
        while isinstance(item, SeenError | Audited | RouterHour | KeptStep):
            if isinstance(item, KeptStep):
                self._steps.append(item)
            else:
                self._waiting.append(item)
            try:
                item = self._inbox.get(timeout=max(0.0, ends_at - time.monotonic()))
            except queue.Empty:
                break
        return item

    def _write(self, engine: sa.Engine) -> None:
        from mktui.monitor import database  # noqa: PLC0415 - loads the database

        entries, steps = list(self._waiting), list(self._steps)
        seen = collapsed(each for each in entries if isinstance(each, SeenError))
        self._until_trim -= len(entries) + len(steps)
        is_trimmed = self._until_trim <= 0
        with engine.begin() as connection:
            audited = [each for each in entries if isinstance(each, Audited)]
            past = [each for each in entries if isinstance(each, RouterHour)]
            database.write(connection, seen, audited, past, steps)
            if is_trimmed:
                database.trim(connection, self._options, clock.utc_now())
        self._waiting.clear()
        self._steps.clear()
        if is_trimmed:
            database.give_back(engine)
            self._until_trim = _TRIM_AFTER

    def _answer(self, question: Callable[[sa.Connection], Any], answer: Future[Any]) -> None:
        from mktui.monitor import database  # noqa: PLC0415 - loads the database

        def asked(engine: sa.Engine) -> None:
            with database.reading(engine) as connection:
                answer.set_result(question(connection))

        self._try(asked)
        if not answer.done():
            answer.set_exception(HistoryUnavailable(self.problem, path=self.path))

    def _try(self, do: Callable[[sa.Engine], None]) -> None:
        from mktui.monitor import database  # noqa: PLC0415 - loads the database

        try:
            with database.translated(self.path):
                self._engine = self._engine or database.open_engine(self.path)
                do(self._engine)
        except HistoryUnavailable as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - a bug here must end neither this thread nor the program
            self._waiting.clear()
            self._steps.clear()
            self._failed(HistoryUnavailable(f"a bug in mktui: {type(error).__name__}", path=self.path))
        else:
            self.problem = ""

    def _failed(self, error: HistoryUnavailable) -> None:
        if not self.problem:
            self._say(str(error))
        self.problem = error.problem
