"""The file that history is kept in: SQLite, always local, WAL, readable by its owner alone.

Its schema only grows by tables, and ``PRAGMA user_version`` says whether it has them all: what is in it may be lost
without harm, so it is spared the migrations that billing has. A file of a newer mktui is left alone.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc

from mktui.errors import HistoryUnavailable
from mktui.folders import make_private
from mktui.monitor.error_ring import WINDOW, hour_of
from mktui.monitor.figures import WATCHED
from mktui.monitor.hours import COUNTS, RouterHour
from mktui.monitor.records import Audited, ErrorCount, SeenError
from mktui.monitor.steps import KEPT, KeptStep, Reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mktui.monitor.options import MonitorOptions

SCHEMA: Final = 3
_BUSY: Final = 2.0
"""Seconds to wait for another mktui that writes."""

metadata = sa.MetaData()
errors = sa.Table(
    "errors", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("last_at", sa.Float, nullable=False, index=True),
    sa.Column("router", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("repeats", sa.Integer, nullable=False),
    sa.Index("ix_errors_same", "router", "kind", "command", "at"),
)  # fmt: skip
audit = sa.Table(
    "audit", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("router", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
)  # fmt: skip
_HOUR: Final = {"hour": sa.Float, "router": sa.Text} | dict.fromkeys((*COUNTS, "sessions_peak", "ceiling", "rows"),
                                                                      sa.Integer)  # fmt: skip
hours = sa.Table(
    "hours", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    *(
        sa.Column(each.name, _HOUR.get(each.name, sa.Float), index=each.name == "hour") for each in fields(RouterHour)
    ),
)  # fmt: skip

steps = sa.Table(
    "steps", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("router", sa.Text, nullable=False),
    sa.Column("length", sa.Float, nullable=False),
    *(sa.Column(name, sa.Float) for name in ("p50", "p99", *WATCHED)),
    sa.Index("ix_steps_old", "length", "at"),
)  # fmt: skip

_P95: Final = list(WATCHED).index("p95")


def open_engine(path: Path) -> sa.Engine:
    """Open the file, or make it.

    Raises:
        HistoryUnavailable: It cannot be opened, is no database, or was made by a newer mktui.
    """
    with translated(path):
        make_private(path.parent)
        path.touch(mode=0o600)
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _BUSY})
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begun)
        try:
            _prepare(engine, path)
        except (exc.DBAPIError, HistoryUnavailable):
            engine.dispose()
            raise
    return engine


def _connected(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun above
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 1000000")


def _begun(connection: sa.Connection) -> None:
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")  # who will write waits now, not later


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give one consistent view of the file; nobody who writes is kept waiting."""
    with engine.connect().execution_options(is_reading=True) as connection, connection.begin():
        yield connection


def _prepare(engine: sa.Engine, path: Path) -> None:
    with reading(engine) as connection:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version > SCHEMA:
        raise HistoryUnavailable("it was made by a newer mktui", path=path)
    if version < SCHEMA:
        _pragma(engine, "auto_vacuum = INCREMENTAL")
        _pragma(engine, "journal_mode = WAL")
        with engine.begin() as connection:
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one error that names the file.

    Raises:
        HistoryUnavailable: Whatever it was.
    """
    try:
        yield
    except (exc.DBAPIError, OSError) as error:
        raise HistoryUnavailable(_in_words(error), path=path) from None


def _in_words(error: Exception) -> str:
    text = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error).lower()
    known = (
        ("locked", "another program holds it"), ("readonly", "it is read-only"), ("malformed", "it is damaged"),
        ("not a database", "it is no database"), ("full", "there is no space left"),
        ("unable to open", "it cannot be opened"),
    )  # fmt: skip
    return next((words for mark, words in known if mark in text), text)


def write(
    connection: sa.Connection, seen: Iterable[SeenError], audited: Iterable[Audited], past: Iterable[RouterHour] = (),
    over: Sequence[KeptStep] = (),
) -> None:  # fmt: skip
    """Write a batch; an error that is there already, shortly before and in the same hour, is counted there."""
    for error in seen:
        if not _repeated(connection, error):
            connection.execute(
                errors.insert().values(
                    at=error.at.timestamp(), last_at=error.latest.timestamp(), router=_text(error.router),
                    kind=error.kind, command=_text(error.command), text=_text(error.text), repeats=error.repeats,
                )
            )  # fmt: skip
    for each in audited:
        values = {name: _text(getattr(each, name)) for name in ("who", "origin", "what", "router", "outcome")}
        connection.execute(audit.insert().values(at=each.at.timestamp(), **values))
    for hour in past:
        figures = asdict(hour) | {"hour": hour.hour.timestamp(), "router": _text(hour.router)}
        connection.execute(hours.insert().values(figures))
    if over:
        connection.execute(steps.insert(), [_step_row(each) for each in over])


def _step_row(step: KeptStep) -> dict[str, Any]:  # Any: a table's values
    where = {"at": step.at, "router": _text(step.router), "length": step.length}
    nothing = dict.fromkeys(("p50", "p99", *WATCHED))
    if isinstance(step.figures, Reading):
        return nothing | where | asdict(step.figures)
    return nothing | where | dict(zip(("p50", "p95", "p99"), step.figures, strict=True))


def _repeated(connection: sa.Connection, error: SeenError) -> bool:
    table, at = errors.c, error.at.timestamp()
    same = sa.select(sa.func.max(table.id)).where(
        table.router == _text(error.router), table.kind == error.kind, table.command == _text(error.command),
        table.text == _text(error.text), table.at >= hour_of(error.latest).timestamp(), table.at <= at,
        table.last_at >= at - WINDOW,
    )  # fmt: skip
    number = connection.execute(same).scalar()
    if number is None:
        return False
    last_at = sa.func.max(table.last_at, error.latest.timestamp())
    more = {"repeats": table.repeats + error.repeats, "last_at": last_at}
    connection.execute(errors.update().where(table.id == number).values(more))
    return True


def trim(connection: sa.Connection, options: MonitorOptions, now: dt.datetime) -> None:
    """Forget what is too old and what is too much, the oldest first."""
    for table, at, days, rows in (
        (errors, errors.c.at, options.error_days, options.error_rows),
        (audit, audit.c.at, options.audit_days, options.audit_rows),
        (hours, hours.c.hour, options.figure_days, options.figure_rows),
        (steps, steps.c.at, 2, options.step_rows),
    ):
        connection.execute(table.delete().where(at < (now - dt.timedelta(days=days)).timestamp()))
        newest = sa.select(table.c.id).order_by(table.c.id.desc()).offset(rows).limit(1).scalar_subquery()
        connection.execute(table.delete().where(table.c.id <= newest))
    for length, seconds in KEPT.items():
        old = now.timestamp() - seconds
        connection.execute(steps.delete().where(steps.c.length == length, steps.c.at < old))
    while _size(connection) > options.size_mb * 1e6:
        has_dropped = [_drop_a_tenth(connection, table) for table in (errors, steps)]
        if not any(has_dropped) and not _drop_a_tenth(connection, hours):
            break


def _drop_a_tenth(connection: sa.Connection, table: sa.Table) -> bool:
    """Forget the oldest tenth of a table; False: it is empty."""
    count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    oldest = sa.select(table.c.id).order_by(table.c.id).limit(max(1, count // 10))
    connection.execute(table.delete().where(table.c.id.in_(oldest)))
    return bool(count)


def give_back(engine: sa.Engine) -> None:
    """Return the pages of what was forgotten to the disk."""
    _pragma(engine, "incremental_vacuum")


def _pragma(engine: sa.Engine, words: str) -> None:
    """Say what can be said only outside a transaction."""
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection  # Any: the driver's own
        raw.executescript(f"PRAGMA {words}")  # to its end: execute would give back a single page


def _size(connection: sa.Connection) -> int:
    pages, free, size = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def read_errors(
    connection: sa.Connection, *, router: str = "", kind: str = "", since: dt.datetime | None = None, limit: int = 1000
) -> tuple[SeenError, ...]:
    """Return errors, the newest first."""
    wanted = sa.select(errors).order_by(errors.c.last_at.desc(), errors.c.id.desc()).limit(limit)
    wanted = wanted.where(errors.c.router == router) if router else wanted
    wanted = wanted.where(errors.c.kind == kind) if kind else wanted
    wanted = wanted.where(errors.c.last_at >= since.timestamp()) if since else wanted
    return tuple(
        SeenError(_moment(row.at), row.router, row.kind, row.command, row.text, row.repeats, _moment(row.last_at))
        for row in connection.execute(wanted)
    )


def read_counts(connection: sa.Connection, since: dt.datetime) -> tuple[ErrorCount, ...]:
    """Return how often what went wrong in each hour since then."""
    hour = sa.cast(errors.c.at / 3600, sa.Integer)
    key = (hour.label("hour"), errors.c.router, errors.c.kind, errors.c.command)
    wanted = sa.select(*key, sa.func.sum(errors.c.repeats).label("times")).where(errors.c.at >= since.timestamp())
    found = connection.execute(wanted.group_by("hour", errors.c.router, errors.c.kind, errors.c.command))
    return tuple(ErrorCount(_moment(row.hour * 3600), row.router, row.kind, row.command, row.times) for row in found)


def read_audit(
    connection: sa.Connection, *, router: str = "", since: dt.datetime | None = None, limit: int = 1000
) -> tuple[Audited, ...]:
    """Return changes, the newest first."""
    wanted = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    wanted = wanted.where(audit.c.router == router) if router else wanted
    wanted = wanted.where(audit.c.at >= since.timestamp()) if since else wanted
    return tuple(
        Audited(_moment(row.at), row.who, row.origin, row.what, row.router, row.outcome)
        for row in connection.execute(wanted)
    )


def read_hours(connection: sa.Connection, since: dt.datetime) -> tuple[RouterHour, ...]:
    """Return the hours of all routers since then, the oldest first."""
    names = [each.name for each in fields(RouterHour) if each.name != "hour"]
    wanted = sa.select(hours).where(hours.c.hour >= since.timestamp()).order_by(hours.c.hour, hours.c.id)
    return tuple(
        RouterHour(hour=_moment(row["hour"]), **{name: row[name] for name in names})
        for row in connection.execute(wanted).mappings()
    )


def read_steps(connection: sa.Connection, routers: Iterable[str], now: dt.datetime) -> Iterator[KeptStep]:
    """Yield what is still of use of some routers' charts and trends, in the order in which it was written."""
    named, present = {_text(router): router for router in routers}, now.timestamp()
    oldest = present - max(KEPT.values())
    columns = [steps.c[name] for name in ("at", "router", "length", "p50", "p99", *WATCHED)]
    wanted = sa.select(*columns).where(steps.c.router.in_(named), steps.c.at >= oldest).order_by(steps.c.id)
    for at, router, length, p50, p99, *watched in connection.execute(wanted):  # many: by place, not by name
        if at >= present - KEPT.get(length, 0.0):
            figures = Reading(*watched) if p50 is None else (p50, watched[_P95], p99)
            yield KeptStep(named[router], at, length, figures)


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _text(text: str) -> str:
    """Return what can be kept: a router's bytes need not be text."""
    return text.encode("utf-8", "backslashreplace").decode()
