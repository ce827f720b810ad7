"""Somebody else's database, only ever read: one read-only transaction, rolled back, with a time limit.

Kind ``sql`` runs the queries of the configuration; the ready sets read the columns they need and fold them in Python,
where names compare byte for byte whatever the database's collation.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc

from mktui.billing.database import shown, spoken_url, translated
from mktui.billing.options import SourceKind
from mktui.billing.sources import freeradius, phpnuxbill
from mktui.billing.sources.duplicates import gather
from mktui.billing.sources.header import IGNORED, match_columns
from mktui.billing.sources.native import Folded, NativeRow, read_native
from mktui.billing.sources.queries import check_query
from mktui.billing.sources.rows import why_incomplete
from mktui.errors import BillingError, DatabaseUnavailable, SourceUnavailable, SourceUnreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from mktui.billing.options import SourceOptions
    from mktui.billing.sources.rows import SourceRows, What

_TELLING: Final = ("no such", "exist", "unknown column", "unknown table", "syntax", "near ", "ambiguous", "denied")
"""What a database says of a query that is wrong, in words without a row's values."""
_SLOW: Final = ("timeout", "timed out", "max_statement_time", "maximum statement execution time", "interrupted")


def read_source(options: SourceOptions, *, local: dt.tzinfo, accepted: int | None = None) -> SourceRows:
    """Read everything a source has. ``accepted``: how many of its rows were accepted last.

    Blocks: call it in a thread.

    Raises:
        SourceUnavailable: Its database cannot be asked now.
        SourceUnreadable: Its tables or columns are not what they have to be.
    """
    with _in_words(options):
        folded, covers = _fold(options, local)
    rows = gather([read_native(row, local) for row in folded.rows], covers=covers)
    why = why_incomplete(
        claims=options.complete, count=len(folded.rows), errors=len({error.where for error in rows.errors}),
        counted=False, accepted=accepted, needs_count=False,
    )  # fmt: skip
    notes = (*folded.notes, *((f"not complete: {why}",) if why else ()))
    return replace(rows, complete=not why, claims=options.complete, notes=notes)


def _fold(options: SourceOptions, local: dt.tzinfo) -> tuple[Folded, frozenset[What]]:
    everything: frozenset[What] = frozenset({"profile", "subscriber"})
    with _reading(options) as connection:
        if options.kind is SourceKind.PHPNUXBILL:
            return phpnuxbill.fold(_tables(connection, phpnuxbill.TABLES, options)), everything
        if options.kind is SourceKind.FREERADIUS:
            tables = _tables(connection, freeradius.TABLES, options)
            folded = freeradius.fold(
                tables, service=options.service, default_profile=options.default_profile, local=local
            )
            return folded, everything
        queries: dict[What, str] = {"profile": options.profiles_query, "subscriber": options.subscribers_query}
        asked = {what: query for what, query in queries.items() if query}
        rows = [row for what, query in asked.items() for row in _queried(connection, what, query)]
        return Folded(tuple(rows)), frozenset(asked)


def _queried(connection: sa.Connection, what: What, query: str) -> Iterator[NativeRow]:
    """Run a query of the configuration. Its text goes to the driver untouched: a ``%`` or ``:`` is its own."""
    try:
        check_query(query)
    except ValueError as error:
        raise SourceUnreadable(f"{what}s_query: {error}") from None
    result = connection.execution_options(no_parameters=True).exec_driver_sql(query.rstrip().rstrip(";"))
    columns = match_columns(list(result.keys()), what, {}, line=None)
    for number, row in enumerate(result, 1):
        cells = {name: value for name, value in zip(columns, row, strict=True) if name != IGNORED}
        yield NativeRow(what, f"{what}s_query row {number}", cells)


def _tables(
    connection: sa.Connection, wanted: Mapping[str, tuple[frozenset[str], frozenset[str]]], options: SourceOptions
) -> dict[str, Sequence[Mapping[str, Any]]]:  # Any: what a database gives
    """Read some columns of some tables; those that only newer versions have, where they are."""
    inspector = sa.inspect(connection)
    present = set(inspector.get_table_names()) | set(inspector.get_view_names())
    missing = sorted(set(wanted) - present)
    if missing:
        problem = f"there is no table {', '.join(missing)}: is this the database of {options.kind}?"
        raise SourceUnreadable(problem, source=options.name, remedy="see url and kind of the source")
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    for table, (needed, optional) in wanted.items():
        columns = {column["name"] for column in inspector.get_columns(table)}
        if not needed <= columns:
            problem = f"{table} has no column {', '.join(sorted(needed - columns))}"
            raise SourceUnreadable(problem, source=options.name, remedy="use kind sql with queries of your own")
        names = sorted(needed | (optional & columns))
        query = sa.table(table, *(sa.column(name) for name in names)).select()
        found[table] = [dict(row) for row in connection.execute(query).mappings()]
    return found


@contextmanager
def _reading(options: SourceOptions) -> Iterator[sa.Connection]:
    """Hold a transaction that cannot write and is rolled back."""
    engine = _engine(options)
    try:
        with engine.connect() as connection:
            for statement in _setup(connection, options.timeout):
                connection.exec_driver_sql(statement)
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _engine(options: SourceOptions) -> sa.Engine:
    place = shown(options.url.get_secret_value())
    url, extra = spoken_url(options.url.get_secret_value(), place)
    backend, seconds = url.get_backend_name(), max(2, int(options.timeout))
    if backend == "sqlite":
        return sa.create_engine("sqlite://", creator=lambda: _sqlite(url.database or "", options.timeout))
    more: dict[str, Any] = {"connect_timeout": min(seconds, 10)}  # Any: what each driver takes
    if backend in {"mysql", "mariadb"}:
        more |= {"read_timeout": seconds + 2, "write_timeout": seconds + 2}
    try:
        return sa.create_engine(url, connect_args=more, isolation_level="REPEATABLE READ", poolclass=sa.NullPool)
    except ImportError:
        remedy = f"pip install 'mktui[{extra}]'"
        raise DatabaseUnavailable("its driver is not installed", database=place, remedy=remedy) from None


def _sqlite(path: str, timeout: float) -> sqlite3.Connection:
    """Open a file that must be there, without making or changing anything beside it."""
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=timeout, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")  # bad bytes spoil a row, not the source
    until = time.monotonic() + timeout
    connection.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
    return connection


def _setup(connection: sa.Connection, timeout: float) -> Iterator[str]:
    dialect: Any = connection.dialect  # Any: only MySQL's knows what it is really talking to
    if dialect.name == "sqlite":
        yield "PRAGMA query_only = ON"
        yield "BEGIN"
    elif dialect.name == "postgresql":
        yield "SET TRANSACTION READ ONLY"
        yield f"SET LOCAL statement_timeout = {int(timeout * 1000)}"
    else:
        is_mariadb = dialect.is_mariadb
        yield (
            f"SET SESSION max_statement_time = {timeout}"
            if is_mariadb
            else (f"SET SESSION max_execution_time = {int(timeout * 1000)}")
        )
        yield "START TRANSACTION READ ONLY"


@contextmanager
def _in_words(options: SourceOptions) -> Iterator[None]:
    """Name the source in whatever goes wrong, and no value and no password."""
    try:
        with translated(shown(options.url.get_secret_value())):
            try:
                yield
            except (exc.DBAPIError, UnicodeDecodeError) as error:
                _tell(error, options)
                raise
    except SourceUnreadable as error:
        error.source = error.source or options.name
        raise
    except UnicodeDecodeError:
        raise SourceUnreadable("it holds text that is not in its own encoding", source=options.name) from None
    except BillingError as error:
        remedy = error.remedy.replace("[billing] database", "url of the source")
        raise SourceUnavailable(error.problem, source=f"{options.name} ({error.database})", remedy=remedy) from None


def _tell(error: exc.DBAPIError | UnicodeDecodeError, options: SourceOptions) -> None:
    """Raise what is known of an error of a query; return when it is another one."""
    if isinstance(error, UnicodeDecodeError):
        return
    original = error.orig
    text = str(original.args[-1] if original and original.args else original).strip()
    lower = text.lower()
    if any(mark in lower for mark in _SLOW):
        problem = f"a query took longer than {options.timeout:g} s"
        raise SourceUnavailable(problem, source=options.name, remedy="raise its timeout") from None
    if error.statement is not None and any(mark in lower for mark in _TELLING):
        raise SourceUnreadable(text.splitlines()[0][:200], source=options.name, remedy="see its queries") from None
