"""What was seen, kept as lines of JSON and shown again: a night for whoever was asleep, a fault for whoever mends it.

A line is a whole picture of the fleet. Only our own records are read back, by their names and fields; whatever else a
file holds is refused. There are no passwords in a picture.
"""

from __future__ import annotations

import datetime as dt
import enum
import gzip
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from mktui.core.pool.breaker import BreakerState, Transition
from mktui.core.pool.health import Health, HealthStatus
from mktui.core.pool.statistics import (
    BreakerStatistics,
    ConnectionStatistics,
    LatencyStatistics,
    PerformanceStatistics,
    PoolStatistics,
    QueueStatistics,
    SlowCommand,
)
from mktui.errors import RecordingUnreadable
from mktui.monitor.snapshot import (
    Forecast,
    JobOutcome,
    JobState,
    Remark,
    RouterFacts,
    RouterSnapshot,
    SeenEvent,
    Snapshot,
    SyncState,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA: Final = "mktui.recording/1"
_RECORDS: Final = {
    kind.__name__: kind
    for kind in (
        Snapshot, RouterSnapshot, RouterFacts, SyncState, Remark, Forecast, SeenEvent, Health, PoolStatistics,
        ConnectionStatistics, BreakerStatistics, Transition, PerformanceStatistics, LatencyStatistics, QueueStatistics,
        SlowCommand, JobState, JobOutcome,
    )
}  # fmt: skip
_WORDS: Final[dict[str, type[enum.StrEnum]]] = {"HealthStatus": HealthStatus, "BreakerState": BreakerState}
_LONGEST_LINE: Final = 64 * 1024 * 1024


def line_of(snapshot: Snapshot, number: int) -> str:
    """Return a picture as one line, its end included."""
    document = {"schema": SCHEMA, "ts": snapshot.at.isoformat(), "seq": number, "snapshot": plain(snapshot)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def read(path: Path) -> Iterator[Snapshot]:
    """Yield the pictures of a file, plain or gzipped. One that was cut in its last line ends there.

    Raises:
        RecordingUnreadable: It cannot be read, or is no recording of this version.
    """
    number, previous = 0, ""
    try:
        with (gzip.open if _is_gzipped(path) else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 1):
                if previous:
                    yield _snapshot(previous, path, number - 1)
                previous = line
    except EOFError:
        pass  # it was still being written when it was copied
    except UnicodeDecodeError:
        raise RecordingUnreadable(path, "it is no text", line=number + 1) from None
    except OSError as error:
        raise RecordingUnreadable(path, (error.strerror or "it cannot be read").lower()) from None
    if previous.endswith("\n"):
        yield _snapshot(previous, path, number)
    elif number <= 1:
        raise RecordingUnreadable(path, "it holds no picture")


def _is_gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _snapshot(line: str, path: Path, number: int) -> Snapshot:
    try:
        document = json.loads(line)
        if document["schema"] != SCHEMA:
            raise RecordingUnreadable(path, f"it is of another kind: {document['schema']!r}", line=number)
        found = record(document["snapshot"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RecordingUnreadable(path, "it is no line of a recording", line=number) from None
    if not isinstance(found, Snapshot):
        raise RecordingUnreadable(path, "it is no picture of a fleet", line=number)
    return found


def plain(value: Any) -> Any:  # Any: a record, and JSON
    """Return one of our records as JSON has it."""
    if is_dataclass(value):
        named = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {"$": type(value).__name__, **named}
    if isinstance(value, dt.datetime):
        return {"$": "datetime", "at": value.isoformat()}
    if isinstance(value, enum.StrEnum):
        return {"$": type(value).__name__, "is": value.value}
    if isinstance(value, dict):
        return {"$": "dict", "items": [[plain(key), plain(each)] for key, each in value.items()]}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def record(value: Any) -> Any:  # Any: JSON, and a record
    """Return the record; raises ValueError, TypeError, KeyError or AttributeError for what is none of ours."""
    if isinstance(value, list):
        return tuple(record(each) for each in value)
    if not isinstance(value, dict):
        return value
    kind = value["$"]
    if kind == "datetime":
        return dt.datetime.fromisoformat(value["at"])
    if kind == "dict":
        return {record(key): record(each) for key, each in value["items"]}
    if kind in _WORDS:
        return _WORDS[kind](value["is"])
    return _RECORDS[kind](**{name: record(each) for name, each in value.items() if name != "$"})
