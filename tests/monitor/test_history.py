"""History in a file: bounded, readable by its owner alone, and never the end of anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from mktui import clock
from mktui.errors import HistoryUnavailable
from mktui.monitor import database
from mktui.monitor import history as history_room
from mktui.monitor.audit import Actor, present_actor
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions
from mktui.monitor.records import SeenError, totals
from mktui.monitor.steps import MINUTE, QUARTER, KeptStep, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.realtime
NOW: Final = clock.utc_now().replace(minute=30, second=0, microsecond=0) - timedelta(hours=1)
ACTOR: Final = Actor("ana", "ssh 192.0.2.7 pts/3")


def error(
    after: float = 0.0, text: str = "no answer", *, router: str = "edge-1", kind: str = "CommandTimeout"
) -> SeenError:
    """An error of the last hour."""
    return SeenError(NOW + timedelta(seconds=after), router, kind, "/ppp/secret/print", text)


@contextmanager
def opened(path: Path, options: MonitorOptions | None = None) -> Iterator[tuple[History, list[str]]]:
    """A history for the block, and what it says of itself."""
    said: list[str] = []
    history = History(path, options or MonitorOptions(), said.append)
    try:
        yield history, said
    finally:
        history.close()


def rows(history: History) -> list[tuple[str, str, int]]:
    """What is kept, the newest first."""
    found = history.ask(database.read_errors).result(20)
    return [(row.router, row.text, row.repeats) for row in found]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that is not there yet."""
    return tmp_path / "state" / "monitor.db"


def test_what_is_noted_is_there_for_the_next_program(path: Path) -> None:
    with opened(path) as (history, said):
        history.note(error())
        history.note(ACTOR.did("reset", "edge-1", "done", NOW))
    with opened(path) as (history, _):
        (row,) = history.ask(database.read_errors).result(20)
        assert row == SeenError(NOW, "edge-1", "CommandTimeout", "/ppp/secret/print", "no answer", 1, NOW)
        (change,) = history.ask(database.read_audit).result(20)
        assert change == ACTOR.did("reset", "edge-1", "done", NOW)
    assert said == []


def test_only_its_owner_may_read_it(path: Path) -> None:
    with opened(path) as (history, _):
        history.note(error())
        assert len(rows(history)) == 1
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert modes == dict.fromkeys(("monitor.db", "monitor.db-wal", "monitor.db-shm"), 0o600)


def test_nothing_is_made_and_no_thread_started_before_there_is_something_to_keep(path: Path) -> None:
    with opened(path) as (history, _):
        assert history._thread is None
    assert not path.parent.exists()


def test_repeats_collapse_in_a_batch_and_over_batches_and_programs(path: Path) -> None:
    with opened(path) as (history, _):
        for after in (0, 1, 2):
            history.note(error(after))
        assert rows(history) == [("edge-1", "no answer", 3)]
        history.note(error(60))
        history.note(error(61, router="edge-2"))
        assert rows(history) == [("edge-2", "no answer", 1), ("edge-1", "no answer", 4)]
    with opened(path) as (history, _):
        history.note(error(360))
        history.note(error(900))
        assert rows(history)[:2] == [("edge-1", "no answer", 1), ("edge-1", "no answer", 5)]


def test_analytics_count_by_class_router_command_and_hour(path: Path) -> None:
    with opened(path) as (history, _):
        for found in (error(), error(1), error(2, router="edge-2"), error(-3600, kind="Overloaded")):
            history.note(found)
        counts = history.ask(lambda connection: database.read_counts(connection, NOW - timedelta(hours=24))).result(20)
    assert totals(counts, "kind") == [("CommandTimeout", 3), ("Overloaded", 1)]
    assert totals(counts, "router") == [("edge-1", 3), ("edge-2", 1)]
    assert totals(counts, "command") == [("/ppp/secret/print", 4)]
    hours = sorted({each.hour for each in counts})
    assert hours == [NOW.replace(minute=0) - timedelta(hours=1), NOW.replace(minute=0)]


def test_bytes_that_are_no_text_are_kept_as_they_can_be_shown(path: Path) -> None:
    with opened(path) as (history, said):
        history.note(error(text="jos\udce9"))
        history.note(error(1, text="jos\udce9"))
        assert rows(history) == [("edge-1", r"jos\udce9", 2)]
    assert said == []


# --- bounds


def test_what_is_too_old_is_forgotten(path: Path) -> None:
    with opened(path, MonitorOptions(error_days=2, audit_days=3)) as (history, _):
        for days in (4, 1):
            history.note(error(-86_400 * days, f"{days} days"))
            history.note(ACTOR.did("reset", f"{days} days", "done", NOW - timedelta(days=days)))
        assert [text for _, text, _ in rows(history)] == ["1 days"]
        assert [each.router for each in history.ask(database.read_audit).result(20)] == ["1 days"]


def test_what_is_too_much_is_forgotten_the_oldest_first(path: Path) -> None:
    with opened(path, MonitorOptions(error_rows=100)) as (history, _):
        for number in range(250):
            history.note(error(number / 10, f"text {number}"))
        kept = [text for _, text, _ in rows(history)]
    assert (len(kept), kept[0], kept[-1]) == (100, "text 249", "text 150")


def test_the_file_stays_within_its_size(path: Path) -> None:
    with opened(path, MonitorOptions(size_mb=1)) as (history, said):
        for number in range(1500):
            history.note(error(number / 10, f"{number} {'x' * 2000}"))
        kept = rows(history)
        assert kept[0][1].startswith("1499 ")
        assert 100 < len(kept) < 600
    assert path.stat().st_size < 1.1e6
    assert said == []


def step(ago: float, length: float = MINUTE, router: str = "edge-1") -> KeptStep:
    """A step of a trend that ended so many seconds ago."""
    return KeptStep(router, clock.utc_now().timestamp() - ago, length, Reading(cpu_percent=ago))


def steps_of(history: History) -> list[float | None]:
    """What is kept of trends, in the order of writing."""

    def read(connection: sa.Connection) -> list[KeptStep]:
        return list(database.read_steps(connection, ["edge-1"], clock.utc_now()))

    found = history.ask(read).result(20)
    return [each.figures.cpu_percent for each in found if isinstance(each.figures, Reading)]


def test_steps_are_kept_for_as_long_as_they_are_of_use_and_no_more_of_them_than_may_be(path: Path) -> None:
    with opened(path, MonitorOptions(step_rows=100)) as (history, said):
        for length in (MINUTE, QUARTER):
            history.note(step(7200, length))
        assert steps_of(history) == [7200], "of a minute two hours ago no trend is made"
        for number in range(600):
            history.note(step(1000 - number))
        kept = steps_of(history)
        assert (len(kept), kept[0], kept[-1]) == (100, 500, 401)
    with opened(path, MonitorOptions(step_rows=100)) as (history, _):
        history.note(step(1))
        assert steps_of(history)[-1] == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM steps").fetchone() == (100,)
    assert said == []


def test_a_file_that_is_too_big_loses_of_its_errors_and_of_its_steps_alike(path: Path) -> None:
    with opened(path, MonitorOptions(size_mb=1)) as (history, said):
        for number in range(12_000):
            history.note(step(1000 - number / 20))
            if not number % 100:
                history.note(error(number / 100, f"{number} {'x' * 5000}"))
        assert 2000 < len(steps_of(history)) < 12_000
        assert 30 < len(rows(history)) < 120
    assert path.stat().st_size < 1.3e6
    assert said == []


def test_steps_that_cannot_be_written_push_out_no_error_that_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY", 0.05)
    monkeypatch.setattr(history_room, "STEPS_WAITING", 50)
    with opened(path) as (history, _):
        history.note(error())
        assert len(rows(history)) == 1
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            history.note(error(1, "while locked"))
            for number in range(200):
                history.note(step(500 - number))
            assert len(rows(history)) == 1
            other.execute("ROLLBACK")
        history.note(step(0))
        kept = steps_of(history)
        assert (len(kept), kept[0], kept[-1]) == (50, 349, 0), "the newest of them"
        assert [text for _, text, _ in rows(history)] == ["while locked", "no answer"]


# --- what may be wrong with it


def no_database(path: Path) -> None:
    """Something else has its name."""
    path.write_bytes(b"this is no database" * 100)


def newer(path: Path) -> None:
    """A mktui of next year made it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def a_folder(path: Path) -> None:
    """A folder has its name."""
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(no_database, "it is no database"), (newer, "it was made by a newer mktui"), (a_folder, "it cannot be opened")],
)
def test_a_file_that_cannot_be_used_is_said_once_and_ends_nothing(spoil: object, says: str, path: Path) -> None:
    path.parent.mkdir()
    assert callable(spoil)
    spoil(path)
    before = None if path.is_dir() else path.read_bytes()
    with opened(path) as (history, said):
        for number in range(3):
            history.note(error(number))
            with pytest.raises(HistoryUnavailable, match=says):
                history.ask(database.read_errors).result(20)
        assert said == [f"no history is kept: {path}: {says}"]
        assert history.problem == says
    if before is not None:
        assert path.read_bytes() == before


def test_a_place_that_cannot_be_made_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with opened(tmp_path / "file" / "monitor.db") as (history, said):
        history.note(error())
    assert len(said) == 1


def test_a_locked_file_is_said_once_and_what_waited_is_written_when_it_is_free(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY", 0.05)
    with opened(path) as (history, said):
        history.note(error())
        assert len(rows(history)) == 1
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for number in (1, 2):
                history.note(error(number, f"while locked {number}"))
                assert len(rows(history)) == 1, "what is there can be read all the same"
            other.execute("ROLLBACK")
        history.note(error(3, "free again"))
        assert [text for _, text, _ in rows(history)] == ["free again", "while locked 2", "while locked 1", "no answer"]
        assert history.problem == ""
    assert {text.rpartition(": ")[2] for text in said} == {"another program holds it"}


@pytest.mark.parametrize(
    ("pragma", "says"), [("max_page_count = 12", "there is no space left"), ("query_only = ON", "it is read-only")]
)
def test_a_full_or_read_only_file_is_said_once(pragma: str, says: str, path: Path) -> None:
    with opened(path) as (history, _):
        history.note(error())

    def spoil(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(sa.Engine, "connect", spoil)
    try:
        with opened(path) as (history, said):
            for number in range(3):
                history.note(error(number, "x" * 100_000))
                assert [text for _, text, _ in rows(history)] == ["no answer"]
            assert {text.rpartition(": ")[2] for text in said} == {says}
    finally:
        event.remove(sa.Engine, "connect", spoil)


def test_a_bug_in_a_question_ends_only_the_question(path: Path) -> None:
    with opened(path) as (history, said):
        with pytest.raises(HistoryUnavailable, match="ZeroDivisionError"):
            history.ask(lambda _connection: 1 // 0).result(20)
        history.note(error())
        assert len(rows(history)) == 1
    assert len(said) == 1


# --- who did it


def test_a_change_has_who_did_it_and_from_where() -> None:
    actor = present_actor({"SSH_CONNECTION": "192.0.2.7 51022 10.0.0.5 22", "SUDO_USER": "ana-test"})
    assert actor.who.startswith("ana-test (as ")
    assert actor.origin.startswith("ssh 192.0.2.7")
    assert present_actor({}).origin
    assert actor.did("reset", "edge-1", "two\nlines", NOW).outcome == "two lines"
