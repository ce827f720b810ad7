"""The log of ``mktui serve``: a line for whatever happens, as JSON or as text, on stderr or in a file that rotates.

structlog makes the lines; it is imported when a log is opened, and so by nobody else. A thread writes them: a journal
or a disk that stands still holds up no router, and what does not fit meanwhile is counted and said.
"""

from __future__ import annotations

import queue
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import SecretBytes, SecretStr

from mktui.errors import ConfigError
from mktui.services.chronicle import KINDS
from mktui.services.rotating import rotating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping
    from pathlib import Path

    from mktui.monitor.snapshot import SeenEvent

    Write = Callable[[str], None]
    Facts = MutableMapping[str, Any]  # Any: whatever is logged

Form = Literal["json", "text"]
WAITING: Final = 10_000
"""Lines that wait to be written; more are lost."""
_PATIENCE: Final = 2.0
_HIDDEN: Final = "(secret)"
_SECRETS: Final = ("password", "secret", "token", "fingerprint_key", "authorization", "cookie")


class ServeLog:
    """Takes what happens. Never blocks, never fails."""

    def __init__(self, form: Form, put: Write, *, verbose: bool = False) -> None:
        import structlog  # noqa: PLC0415 - only who serves needs it, and it loads much

        render = structlog.processors.JSONRenderer(ensure_ascii=True) if form == "json" else _as_text
        processors: list[Any] = [  # Any: structlog's steps, each of a shape of its own
            structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"), hidden,
            render,
        ]  # fmt: skip
        self._verbose = verbose
        self._logger = structlog.wrap_logger(_Out(put), processors=processors)

    def heard(self, event: SeenEvent) -> None:
        """Log what happened on a router."""
        tell = self._logger.warning if event.kind in KINDS else self._logger.info
        tell(event.kind, router=event.router, text=event.text, repeats=event.repeats)

    def info(self, event: str, **facts: Any) -> None:  # Any: as above
        """Log what an operator expects."""
        self._logger.info(event, **facts)

    def warning(self, event: str, **facts: Any) -> None:  # Any: as above
        """Log what he should look at."""
        self._logger.warning(event, **facts)

    def debug(self, event: str, **facts: Any) -> None:  # Any: as above
        """Log what only matters when something is looked for."""
        if self._verbose:
            self._logger.debug(event, **facts)


class _Out:
    """structlog's idea of a logger."""

    def __init__(self, put: Write) -> None:
        self.debug = self.info = self.warning = put


@contextmanager
def open_serve_log(form: Form, file: Path | None, *, verbose: bool = False) -> Iterator[ServeLog]:
    """Give a log for the block; None: on stderr.

    Raises:
        ConfigError: The file cannot be written.
    """
    write, close = _to_stderr() if file is None else _to_file(file)
    lines: queue.Queue[str | None] = queue.Queue(WAITING)
    lost = _Count()
    thread = threading.Thread(target=_run, args=(lines, write, lost), name="mktui log", daemon=True)
    thread.start()

    def put(line: str) -> None:
        try:
            lines.put_nowait(line)
        except queue.Full:
            lost.number += 1

    try:
        yield ServeLog(form, put, verbose=verbose)
    finally:
        try:
            lines.put(None, timeout=_PATIENCE)
            thread.join(_PATIENCE)
        except queue.Full:
            pass  # nobody takes it any more
        close()


class _Count:
    number = 0


def _run(lines: queue.Queue[str | None], write: Write, lost: _Count) -> None:
    while (line := lines.get()) is not None:
        try:
            write(line)
            if lost.number:
                number, lost.number = lost.number, 0
                write(f"{number} lines of the log were lost: nobody took them")
        except (OSError, ValueError):  # a pipe that was closed, a disk that is full
            lost.number += 1


def _to_stderr() -> tuple[Write, Callable[[], None]]:
    def write(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    return write, lambda: None


def _to_file(file: Path) -> tuple[Write, Callable[[], None]]:
    import logging  # noqa: PLC0415 - beside its only use

    handler = rotating(file)
    if handler is None:
        raise ConfigError("the log cannot be written there", file=file, remedy="--log-file names another place")

    def write(line: str) -> None:
        handler.emit(logging.LogRecord("mktui", logging.INFO, "", 0, line, None, None))

    return write, handler.close


def hidden(_logger: object, _method: str, facts: Facts) -> Facts:
    """Hide what is secret by its type or by its name, however deep; the last wall, not the first."""
    return {name: _hidden(name, value) for name, value in facts.items()}


def _hidden(name: str, value: Any) -> Any:  # Any: as above
    if isinstance(value, SecretStr | SecretBytes) or any(each in name.lower() for each in _SECRETS):
        return _HIDDEN
    if isinstance(value, dict):
        return {key: _hidden(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(name, each) for each in value]
    if isinstance(value, BaseException):
        return type(value).__name__  # what it says may be anybody's password
    return value


def _as_text(_logger: object, _method: str, facts: Facts) -> str:
    at, level, event = facts.pop("ts"), facts.pop("level"), facts.pop("event")
    router = facts.pop("router", "")
    words = [f"{name}={value}" if name != "text" else str(value) for name, value in facts.items()
             if value not in ("", None) and (name, value) != ("repeats", 1)]  # fmt: skip
    line = f"{at[:19]}Z {level:<7} {f'{router}: ' if router else ''}{event}{'  ' if words else ''}{'  '.join(words)}"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
