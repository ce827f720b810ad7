"""Looking again and again: ``status --watch``, ``--fail-on``, ``errors --follow``."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from mktui import clock
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions, default_file
from mktui.monitor.records import SeenError
from tests.headless.programs import PROGRAM, mktui, mktui_here, simulated, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with simulated("--secrets", "3") as (_, announced):
        yield write_config(tmp_path_factory.mktemp("config") / "c.toml", announced[0]["port"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--count", "3"), "--count is for --watch"),
        (("--watch", "--json"), "--format ndjson"),
        (("--watch", "0.1"), "0.5"),
        (("--json", "--format", "ndjson"), "one of them"),
    ],
)
def test_what_does_not_fit_together_is_one_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    ended = mktui_here("--config", write_config(tmp_path / "c.toml", 1), "status", *words)
    assert ended.code == 2
    assert says in ended.complaint


def test_for_a_program_each_look_is_a_line_a_router(config: Path) -> None:
    ended = mktui("--config", config, "status", "--watch", "0.5", "--count", "3", "--format", "ndjson")
    assert ended.code == 0
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [each["seq"] for each in told] == [1, 2, 3]
    assert {each["schema"] for each in told} == {"mktui.router/1"}
    assert {each["health"] for each in told} == {"healthy"}


def test_without_a_terminal_each_look_is_a_line_with_its_time(config: Path) -> None:
    ended = mktui("--config", config, "status", "--watch", "0.5", "--count", "2")
    first, second = ended.out.splitlines()
    assert first.split()[1:3] == second.split()[1:3] == ["edge-1", "●"]
    assert "\x1b" not in ended.out


def test_a_name_behind_watch_is_a_name(config: Path) -> None:
    ended = mktui("--config", config, "status", "--watch", "edge-9")
    assert ended.code == 2
    assert "no router is called 'edge-9'" in ended.complaint


def test_on_a_terminal_one_picture_takes_the_place_of_the_other(config: Path) -> None:
    ours, theirs = pty.openpty()
    command = [*PROGRAM, "--config", str(config), "status", "--watch", "0.5"]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        os.close(theirs)
        seen = b""
        while seen.count(b"\x1b[H") < 2:
            seen += os.read(ours, 10_000)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    os.close(ours)
    assert process.returncode == 130
    assert seen.count(b"\x1b[2J") == 1
    assert b"edge-1" in seen
    assert b"\x1b[32m" in seen  # a healthy router is green
    assert err.strip().splitlines() == [
        b"mktui: nobody serves here: this looks over a pool of its own, which ends with this command"
    ]


@pytest.mark.parametrize(("level", "code"), [("warning", 0), ("critical", 0), ("offline", 0)])
def test_a_healthy_router_fails_on_nothing(level: str, code: int, config: Path) -> None:
    assert mktui("--config", config, "status", "--fail-on", level).code == code


@pytest.mark.parametrize("level", ["warning", "critical", "offline"])
def test_a_router_that_is_down_fails_on_everything_and_ends_a_watch(level: str, tmp_path: Path) -> None:
    file = write_config(tmp_path / "c.toml", 1)
    assert mktui_here("--config", file, "status", "--fail-on", level).code == 1
    ended = mktui_here("--config", file, "status", "--fail-on", level, "--watch", "--format", "ndjson")
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 1


def test_errors_are_followed_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    history = History(default_file(), MonitorOptions())
    history.note(SeenError(clock.utc_now(), "edge-1", "CommandTimeout", "/ppp/secret/print", "first"))
    history.close()
    command = [*PROGRAM, "errors", "--follow", "--format", "ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["text"] == "first"
        history = History(default_file(), MonitorOptions())
        history.note(SeenError(clock.utc_now(), "edge-2", "ConnectFailed", "", "second"))
        history.close()
        second = json.loads(process.stdout.readline())
        assert (second["text"], second["router"], second["seq"]) == ("second", "edge-2", 2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.strip() == ""
