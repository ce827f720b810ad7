"""Terminals without colours, terminals that only know lines, and a program that is put to sleep and woken."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.headless.programs import mktui
from tests.terminal.terminals import on_a_pty
from tests.terminal.test_first_start import shown
from tests.terminal.test_journey import ROUTERS, until_drawn

if TYPE_CHECKING:
    from tests.terminal.terminals import Terminal

pytestmark = pytest.mark.realtime
DEMO: Final = ("-m", "mktui", "demo")
SGR: Final = re.compile(rb"\x1b\[([0-9;:]*)m")
_COLOURS: Final = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


def colours(output: bytes) -> set[int]:
    """The colours that were asked for; 39 and 49 give the terminal its own back."""
    asked = (int(code) for found in SGR.findall(output) for code in found.replace(b":", b";").split(b";") if code)
    return {code for code in asked if code in _COLOURS}


def see(terminal: Terminal, words: str) -> None:
    """Wait until something is shown."""
    terminal.until(lambda: words in shown(terminal))


def visit(terminal: Terminal) -> None:
    """Look at some screens, and leave."""
    until_drawn(terminal)
    terminal.type("\r")
    see(terminal, "Queue")
    for key, seen in (("R", "Reset the pool of"), ("?", "What every key does")):
        terminal.type(key)
        see(terminal, seen)
        terminal.type("\x1b")
        terminal.until(lambda: "Reset the pool of" not in shown(terminal) and "What every key" not in shown(terminal))
    terminal.type("\x1b")
    terminal.until(lambda: all(router in shown(terminal) for router in ROUTERS))
    for word in ("healthy", "closed"):
        see(terminal, word)
    assert terminal.send(signal.SIGTERM) == 143


@pytest.mark.parametrize("driver", ["thrifty", "stock"])
def test_with_no_color_no_colour_is_sent_and_states_are_words(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with on_a_pty(*DEMO, "--driver", driver) as terminal:
        visit(terminal)
        assert colours(bytes(terminal.output)) == set()
        assert b"\x1b[7m" in terminal.output or re.search(rb"\x1b\[[0-9;]*\b7\b[0-9;]*m", terminal.output), "no cursor"


def test_the_option_does_the_same_and_without_either_there_are_colours() -> None:
    with on_a_pty("-m", "mktui", "--no-color", "demo") as terminal:
        visit(terminal)
        assert colours(bytes(terminal.output)) == set()
    with on_a_pty(*DEMO) as terminal:
        visit(terminal)
        assert colours(bytes(terminal.output)) != set()


def test_a_terminal_that_only_knows_lines_is_told_what_there_is_for_it() -> None:
    ended = mktui("demo", env={"TERM": "dumb"})
    assert ended.code == 2
    assert "mktui demo --headless" in ended.complaint


@pytest.mark.parametrize("driver", ["thrifty", "stock"])
def test_suspended_the_terminal_is_given_back_and_all_is_drawn_afresh_when_it_goes_on(driver: str) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc here to see a process stand still")
    with on_a_pty(*DEMO, "--driver", driver) as terminal:
        until_drawn(terminal)
        terminal.type("\x1a")
        terminal.until(terminal.is_stopped)
        terminal.until(lambda: b"no router is watched" in terminal.output)
        said = bytes(terminal.output)
        assert said.rindex(b"\x1b[?1049l") > said.rindex(b"\x1b[?1049h")
        assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")
        assert terminal.modes_now == terminal.modes
        terminal.output.clear()
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.until(lambda: all(router in shown(terminal) for router in ROUTERS))
        see(terminal, "? help")
        terminal.type("\r")
        terminal.until(lambda: "Queue" in shown(terminal))
        terminal.type("qq")
        terminal.until(lambda: terminal.process.poll() is not None)
        assert terminal.process.returncode == 0
        assert terminal.modes_now == terminal.modes
        assert b"Traceback" not in terminal.output
