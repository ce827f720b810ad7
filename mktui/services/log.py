"""The log file: one JSON object a line, rotating, written by a thread so that a slow disk stalls nobody."""

from __future__ import annotations

import json
import logging
import queue
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from mktui.folders import make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mktui.monitor.snapshot import SeenEvent


def default_path() -> Path:
    """Return where the log is written."""
    return Path(platformdirs.user_log_dir("mktui")) / "mktui.log"


@contextmanager
def open_log(path: Path | None = None) -> Iterator[Callable[[SeenEvent], None]]:
    """Give a function that writes events. A place that cannot be written to loses the log, nothing else."""
    from mktui.services.rotating import rotating  # noqa: PLC0415 - help and completion write no log

    handler = rotating(path or default_path())
    if handler is None:
        yield lambda _event: None
        return
    lines: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()
    writer = threading.Thread(target=_write, args=(lines, handler), name="mktui log", daemon=True)
    writer.start()
    try:
        yield lambda event: lines.put(_record(event))
    finally:
        lines.put(None)
        writer.join()
        handler.close()


def _write(lines: queue.SimpleQueue[logging.LogRecord | None], handler: logging.Handler) -> None:
    while (record := lines.get()) is not None:
        handler.handle(record)


def write_crash(error: BaseException) -> str:
    """Keep a bug's traceback in a file and return its path. Values are not in it, only lines of code."""
    path = default_path().with_name("crash.txt")
    try:
        make_private(path.parent)
        path.write_text("\n".join(_lines(error)), encoding="utf-8")
    except OSError:
        return "it (its traceback could not be kept)"
    return str(path)


def _lines(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield where an error, and what led to it, came from; not what it says: that may be anybody's password."""
    import traceback  # noqa: PLC0415 - for a bug alone

    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    seen |= {id(error)}
    for each in (earlier, *inside):
        if each is not None and id(each) not in seen:
            yield from _lines(each, seen)
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"


def _record(event: SeenEvent) -> logging.LogRecord:
    line = {"ts": event.at.isoformat(), "router": event.router, "event": event.kind, "text": event.text}
    return logging.LogRecord("mktui", logging.INFO, "", 0, json.dumps(line, ensure_ascii=False), None, None)
