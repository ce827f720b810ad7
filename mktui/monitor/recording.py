"""What was seen, kept as lines of JSON and shown again: a night for whoever was asleep, a fault for whoever mends it.

A line is a whole picture of the fleet. Only our own records are read back, by their names and fields; whatever else a
file holds is refused. There are no passwords in a picture.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, get_type_hints

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
from mktui.monitor.plain import Forms
from mktui.monitor.silences import Silence
from mktui.monitor.snapshot import (
    AlertsState,
    Break,
    Forecast,
    JobOutcome,
    JobState,
    ReceiverState,
    Remark,
    RouterFacts,
    RouterSnapshot,
    SeenAlert,
    SeenEvent,
    Snapshot,
    SyncState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import TypeAdapter

SCHEMA: Final = "mktui.recording/1"
RECORDS: Final = (
    Snapshot, RouterSnapshot, RouterFacts, SyncState, Remark, Forecast, Break, SeenEvent, Health, PoolStatistics,
    ConnectionStatistics, BreakerStatistics, Transition, PerformanceStatistics, LatencyStatistics, QueueStatistics,
    SlowCommand, JobState, JobOutcome, AlertsState, SeenAlert, ReceiverState, Silence,
)  # fmt: skip
WORDS: Final = (HealthStatus, BreakerState)


class _Pictures(Forms):
    """Only records whose fields are of their types: whoever shows a picture relies on them."""

    def made(self, kind: type, facts: dict[str, Any]) -> Any:  # Any: a record
        """Return a record of a listed class; raises pydantic's ValidationError, a ValueError, on a wrong type."""
        record = kind(**facts)
        _types(kind).validate_python(tuple(getattr(record, each.name) for each in fields(kind)), strict=True)
        return record


@cache
def _types(kind: type) -> TypeAdapter[Any]:  # Any: a tuple of the class's fields
    """Return what checks the fields of a record. Records in it have been checked when they were made."""
    from pydantic import AwareDatetime, InstanceOf, TypeAdapter  # noqa: PLC0415 - only who reads pictures

    records = {each.__name__: InstanceOf[each] for each in RECORDS}  # type: ignore[misc, valid-type]  # as types below
    words = {each.__name__: each for each in WORDS}
    names = {**records, **words, "datetime": AwareDatetime, "dt": SimpleNamespace(datetime=AwareDatetime)}
    names |= {"Mapping": Mapping}
    hints = get_type_hints(kind, localns=names, include_extras=True)
    types: Any = tuple[tuple(hints[each.name] for each in fields(kind))]  # type: ignore[misc]  # known here, not before
    return TypeAdapter(types)


PICTURES: Final = _Pictures(RECORDS, WORDS)
"""What a picture is made of."""
_LONGEST_LINE: Final = 64 * 1024 * 1024


def line_of(snapshot: Snapshot, number: int) -> str:
    """Return a picture as one line, its end included."""
    document = {"schema": SCHEMA, "ts": snapshot.at.isoformat(), "seq": number, "snapshot": PICTURES.plain(snapshot)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


CUT: Final = "it ends within a picture: it was cut, or is still being written"


def read(path: Path, say: Callable[[str], None] = lambda _text: None) -> Iterator[Snapshot]:
    """Yield the pictures of a file, plain or gzipped. One that was cut ends there; ``say`` hears of it.

    Raises:
        RecordingUnreadable: It cannot be read, or is no recording of this version.
    """
    number, previous, is_cut = 0, "", False
    try:
        with (gzip.open if _is_gzipped(path) else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 1):
                if previous:
                    yield _snapshot(previous, path, number - 1)
                previous = line
    except EOFError:
        is_cut = True
    except UnicodeDecodeError:
        raise RecordingUnreadable(path, "it is no text", line=number + 1) from None
    except zlib.error:
        raise RecordingUnreadable(path, "its compression is damaged", line=number + 1) from None
    except OSError as error:
        raise RecordingUnreadable(path, (error.strerror or "it cannot be read").lower()) from None
    if previous.endswith("\n"):
        yield _snapshot(previous, path, number)
    elif number <= 1:
        raise RecordingUnreadable(path, "it holds no picture")
    else:
        is_cut = True
    if is_cut:
        say(f"{path}: {CUT}")


def _is_gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _snapshot(line: str, path: Path, number: int) -> Snapshot:
    try:
        document = json.loads(line)
        if document["schema"] != SCHEMA:
            raise RecordingUnreadable(path, f"it is of another kind: {document['schema']!r}", line=number)
        found = PICTURES.record(document["snapshot"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RecordingUnreadable(path, "it is no line of a recording", line=number) from None
    if not isinstance(found, Snapshot):
        raise RecordingUnreadable(path, "it is no picture of a fleet", line=number)
    return found
