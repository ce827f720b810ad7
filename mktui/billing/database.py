"""Opens billing's database, brings its schema up to date, and says in words what is wrong with it.

SQLite (WAL) is the default; PostgreSQL and MariaDB are the same tables by another URL. A password in a URL is in no
message.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, exc
from sqlalchemy.pool import StaticPool

from mktui.errors import BillingError, DatabaseSchema, DatabaseUnavailable, NotAccepted
from mktui.folders import make_private

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_BUSY: Final = 5.0
"""Seconds to wait for another writer of an SQLite file."""
_DRIVERS: Final = {
    "postgresql": ("postgresql+psycopg", "postgres"), "postgres": ("postgresql+psycopg", "postgres"),
    "mariadb": ("mariadb+pymysql", "mariadb"), "mysql": ("mysql+pymysql", "mariadb"), "sqlite": ("sqlite", ""),
}  # fmt: skip
"""Scheme -> the driver it is spoken with, and the extra that brings it."""
_IN_MEMORY: Final = {"", ":memory:"}


def shown(url: str) -> str:
    """Return a database's place for people: a file's path, or a URL without its password."""
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        return "(no URL)"
    if parsed.get_backend_name() == "sqlite":
        return parsed.database or ":memory:"
    return parsed.render_as_string(hide_password=True)


def open_database(url: str) -> sa.Engine:
    """Return an engine on a database whose schema is this version's; an older one is brought up to date first.

    Raises:
        DatabaseUnavailable: It cannot be opened.
        DatabaseSchema: It was made by a newer mktui.
    """
    place = shown(url)
    engine = _engine(url, place)
    try:
        with translated(place):
            _migrate(engine, place)
    except BillingError:
        engine.dispose()
        raise
    return engine


def spoken_url(url: str, place: str) -> tuple[sa.URL, str]:
    """Return a URL with the driver it is spoken with, and the extra that brings this driver.

    Raises:
        DatabaseUnavailable: It is no URL of a database that mktui speaks to.
    """
    try:
        parsed = sa.make_url(url)
        driver, extra = _DRIVERS[parsed.drivername.partition("+")[0]]
    except (exc.ArgumentError, KeyError):
        remedy = "sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME or mariadb://USER:PASSWORD@HOST/NAME"
        raise DatabaseUnavailable("this is no URL of a database", database=place, remedy=remedy) from None
    return (parsed if "+" in parsed.drivername else parsed.set(drivername=driver)), extra


def _engine(url: str, place: str) -> sa.Engine:
    parsed, extra = spoken_url(url, place)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, place)
    try:
        return sa.create_engine(parsed, pool_pre_ping=True, pool_size=3, max_overflow=5)
    except ImportError:
        remedy = f"pip install 'mktui[{extra}]'"
        raise DatabaseUnavailable("its driver is not installed", database=place, remedy=remedy) from None


def _sqlite(url: sa.URL, place: str) -> sa.Engine:
    if (url.database or "") in _IN_MEMORY:
        engine = sa.create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        path = Path(url.database or "")
        try:
            make_private(path.parent)
            if not path.exists():
                path.touch(mode=0o600)  # passwords are in it
        except OSError as error:
            raise DatabaseUnavailable(f"cannot be made: {error.strerror}", database=place) from None
        engine = sa.create_engine(url, connect_args={"timeout": _BUSY})

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * _BUSY)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.isolation_level = None  # we begin transactions ourselves, see below

    @event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # who will write waits now, and not in the middle

    return engine


def _alembic(engine: sa.Engine | sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = engine
    return config


def newest_revision() -> str:
    """Return the schema's revision that this mktui works with."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert head is not None
    return head


def _migrate(engine: sa.Engine, place: str) -> None:
    head = newest_revision()
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        has_tables = bool(sa.inspect(connection).get_table_names())
    if present == head:
        return
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if present is not None and present not in known:
        raise DatabaseSchema(
            f"it was made by a newer mktui (schema {present}, this one knows {head})", database=place,
            remedy="update mktui, or name another database; nothing was touched",
        )  # fmt: skip
    if present is None and has_tables:
        raise DatabaseSchema(
            "it has tables, and none of mktui's", database=place, remedy="name an empty database; nothing was touched"
        )
    if present is not None and engine.url.get_backend_name() == "sqlite" and engine.url.database:
        shutil.copy2(engine.url.database, f"{engine.url.database}.bak-{present}")
    with engine.begin() as connection:
        command.upgrade(_alembic(connection), "head")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what a database's driver raises into errors that name the place and what to do.

    Raises:
        NotAccepted: A row broke a rule of the database.
        DatabaseUnavailable: Anything else.
    """
    try:
        yield
    except exc.IntegrityError as error:
        raise NotAccepted(_rule(error), database=place) from None
    except UnicodeEncodeError:
        raise NotAccepted("there is half a letter in it, which no database keeps", database=place) from None
    except (exc.DBAPIError, exc.TimeoutError, OSError) as error:
        problem, remedy = _in_words(error)
        raise DatabaseUnavailable(problem, database=place, remedy=remedy) from None


def _rule(error: exc.IntegrityError) -> str:
    text = str(error.orig).lower()
    rules = (
        (("username",), "a subscriber of this name is there already"),
        (("profiles_kind_name", "profiles.kind, profiles.name"), "a profile of this name is there already"),
        (("foreign key",), "it names something that is not there, or something still names it"),
        (("unique", "duplicate"), "it is there already"),
        (("check",), "a value is out of its bounds"),
    )
    return next((words for marks, words in rules if any(mark in text for mark in marks)), "it breaks a rule")


def _in_words(error: Exception) -> tuple[str, str]:
    """Return what is wrong and what to do, without the statement and its values."""
    original: Any = getattr(error, "orig", None) or error  # Any: each driver has errors of its own
    text = " ".join(str(original).split()).lower()
    known = (
        ("locked", "another program is writing to it", "try again when it is done"),
        ("readonly", "it is read-only", "see who owns the file and its directory"),
        ("read-only", "it is read-only", "see who owns the file and its directory"),
        ("not a database", "the file is no database", "name another file, or move this one away"),
        ("malformed", "the file is damaged", "restore a backup; sqlite3 FILE .recover may save what is in it"),
        ("full", "there is no space left", "make room, then try again: nothing was written"),
        ("unable to open", "it cannot be opened", "see whether the directory is there and readable"),
        ("refused", "nothing answers there", "is the database running, is the address right?"),
        ("password", "user or password is wrong", "see [billing] database"),
        ("access denied", "user or password is wrong", "see [billing] database"),
        ("does not exist", "there is no such database", "create it, or see [billing] database"),
        ("unknown database", "there is no such database", "create it, or see [billing] database"),
    )
    for mark, problem, remedy in known:
        if mark in text:
            return problem, remedy
    return "it does not answer", "is the database running?"
