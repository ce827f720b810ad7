"""What is known of alerts survives whatever happens to the program and to its file; and one program tells."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.load import default_path
from mktui.monitor.alerts import Alert, Past, State, Status
from mktui.monitor.silences import Silence
from mktui.services.alerts.keeping import AlertFile, Kept, KeptBox, file_of
from mktui.services.alerts.memory import Memory
from tests.services.alerts.receivers import notice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
KEPT: Final = Kept(
    alerts=(Alert("router_down", "edge-1", State.FIRING, AT, "down", "why", AT, AT, returns=2),),
    past=(("breaker_open", "edge-1", Past(AT, 3)),),
    boxes={"noc": KeptBox(
        waiting=(notice(Status.FIRING, "edge-1", AT), notice(Status.RESOLVED, "edge-1", AT)), open=frozenset({"a1"}),
        left_out=4, told=7,
    )},
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> AlertFile:
    """A file that is not there yet."""
    return AlertFile(tmp_path / "state" / "alerts.json")


def test_what_is_kept_is_read_again_and_is_its_owners_alone(file: AlertFile) -> None:
    assert file.read() == (Kept(), "")
    file.write(KEPT)
    assert file.read() == (KEPT, "")
    assert file.look() == KEPT
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.path.parent.iterdir()] == ["alerts.json"]


def test_each_configuration_has_a_file_of_its_own(tmp_path: Path) -> None:
    assert file_of(default_path()).name == "alerts.json"
    one, other = file_of(tmp_path / "a.toml"), file_of(tmp_path / "b.toml")
    assert one != other
    assert one.name.startswith("alerts-")


def _edited(change: Callable[[dict[str, Any]], None]) -> bytes:  # Any: JSON
    document = {"schema": "mktui.alerts/1", **KEPT.model_dump(mode="json")}
    change(document)
    return json.dumps(document).encode()


BROKEN: Final = {
    "cut": b'{"schema": "mktui.alerts/1", "alerts": [', "bytes": b"\xff\xfe\x00", "empty": b"", "a list": b"[]",
    "another schema": b'{"schema": "mktui.alerts/2"}', "deep": b"[" * 100_000,
    "no zone": _edited(lambda it: it["alerts"][0].update(since="2026-11-23T03:00:00")),
    "a wrong state": _edited(lambda it: it["alerts"][0].update(state="odd")),
    "a number for a text": _edited(lambda it: it["alerts"][0].update(rule=5)),
    "one field more": _edited(lambda it: it.update(more=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_said_in_one_line_and_set_aside(file: AlertFile, name: str) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(BROKEN[name])
    assert file.look() == Kept()
    kept, problem = file.read()
    assert kept == Kept()
    assert problem == f"{file.path} is damaged; it is now alerts.json.broken, and what was in it is forgotten"
    assert file.path.with_name("alerts.json.broken").read_bytes() == BROKEN[name]
    assert file.read() == (Kept(), "")
    file.silences_path.write_bytes(BROKEN[name])
    assert file.silences() == ()
    file.change_silences(lambda before: (*before, Silence(AT)))
    assert file.silences() == (Silence(AT),)


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_a_broken_file(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    file = AlertFile(tmp_path_factory.mktemp("state") / "alerts.json")
    file.path.write_bytes(text)
    file.look()
    assert file.read()[0] == Kept()


def test_a_folder_where_the_file_should_be_is_said_and_nothing_is_taken_away(file: AlertFile) -> None:
    file.path.mkdir(parents=True)
    assert file.read() == (Kept(), f"{file.path}: is a directory")
    with pytest.raises(OSError, match="directory"):
        file.write(KEPT)


def test_one_tells_and_the_next_takes_over_when_it_lets_go(file: AlertFile) -> None:
    other = AlertFile(file.path)
    assert file.claim() == ""
    assert file.claim() == ""
    assert other.claim() == f"pid {os.getpid()}"
    file.release()
    assert other.claim() == ""
    other.release()


@pytest.mark.realtime
def test_the_next_takes_over_when_who_told_was_killed(file: AlertFile) -> None:
    text = (
        "import sys, time; from pathlib import Path; from mktui.services.alerts.keeping import AlertFile; "
        "f = AlertFile(Path(sys.argv[1])); print(f.claim(), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", text, str(file.path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        assert file.claim() == f"pid {process.pid}"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert file.claim() == ""
    file.release()


def _with(silence: Silence, before: tuple[Silence, ...]) -> tuple[Silence, ...]:
    return (*before, silence)


def test_silences_are_changed_one_after_the_other(file: AlertFile) -> None:
    for silence in (Silence(AT, id="0"), Silence(AT, id="1"), Silence(AT, id="2")):
        file.change_silences(partial(_with, silence))
    assert [each.id for each in file.silences()] == ["0", "1", "2"]
    file.change_silences(lambda before: tuple(each for each in before if each.id != "1"))
    assert [each.id for each in file.silences()] == ["0", "2"]


def test_a_writing_that_was_given_up_and_comes_late_puts_nothing_old_in_the_place_of_what_is_new(
    file: AlertFile,
) -> None:
    memory = Memory(file, Kept, lambda _text: None)
    assert memory._written(KEPT, 2) == ""
    assert memory._written(Kept(), 1) == ""
    assert file.read() == (KEPT, "")
