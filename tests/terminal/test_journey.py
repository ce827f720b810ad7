"""The program in real terminals, from the shell's prompt and back to it, and when its terminal goes away under it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs
import pytest

from tests.terminal.terminals import PROMPT, need_tmux, on_a_pty, shell_in_tmux

if TYPE_CHECKING:
    from tests.terminal.terminals import Pane, Terminal

pytestmark = pytest.mark.realtime

ROUTERS: Final = ("edge-1", "hotspot-1", "tower-west")
DEMO: Final = ("-m", "mktui", "demo")


def crashes() -> list[Path]:
    """The tracebacks that the program has kept."""
    return [path for path in [Path(platformdirs.user_log_dir("mktui")) / "crash.txt"] if path.exists()]


def row_of(shown: str, router: str) -> str:
    """A router's line of the fleet."""
    return next((line for line in shown.splitlines() if f" {router} " in line and "/5" in line), "")


def open_edge_1(pane: Pane) -> None:
    """From the fleet to the protected router's screen."""
    pane.type("/")
    pane.until(lambda shown: "filter: part of a name" in shown)
    pane.type("edge")
    pane.until(lambda shown: not row_of(shown, "tower-west"))
    pane.keys("Enter")
    pane.until(lambda shown: "? help" in shown.splitlines()[-1] and bool(row_of(shown, "edge-1")))
    pane.keys("Enter")
    pane.until(lambda shown: "Circuit" in shown and "Queue" in shown)


def answer_with_its_name(pane: Pane, question: str) -> None:
    """Answer a question about the protected router."""
    pane.until(lambda shown: question in shown and "type its name" in shown)
    pane.type("edge-1")
    pane.keys("Enter")
    pane.until(lambda shown: question not in shown)


def test_a_whole_visit_leaves_the_shell_as_it_was(tmp_path: Path) -> None:
    need_tmux()
    with shell_in_tmux(tmp_path) as pane:
        pane.run("stty -a > before")
        pane.type(f"'{sys.executable}' {' '.join(DEMO)}\n")
        pane.until(lambda shown: all(row_of(shown, router) for router in ROUTERS))
        assert pane.fact("alternate_on") == "1"
        open_edge_1(pane)
        pane.keys("R")
        answer_with_its_name(pane, "Reset the pool of edge-1?")
        pane.until(lambda shown: "pool reset" in shown)
        pane.keys("Escape")
        pane.until(lambda shown: bool(row_of(shown, "edge-1")))
        pane.keys("s")
        pane.until(lambda shown: "plan of" in shown and "Sync › edge-1" in shown)
        pane.keys("a")
        answer_with_its_name(pane, "to edge-1?")
        pane.until(lambda shown: "run 1" in shown and " applied" in shown)
        pane.keys("Escape")
        pane.until(lambda shown: " of " in row_of(shown, "edge-1") or "in step" in row_of(shown, "edge-1"))
        pane.until(lambda shown: "in step" in row_of(shown, "edge-1"))
        pane.keys("q")
        pane.until(lambda shown: PROMPT in shown)
        assert pane.fact("alternate_on") == "0"
        assert pane.fact("mouse_any_flag") == "0"
        assert pane.fact("cursor_flag") == "1"
        pane.run("echo $? > code; echo in''tact > echoed; stty -a > after")
    assert (tmp_path / "code").read_text() == "0\n"
    assert (tmp_path / "echoed").read_text() == "intact\n"
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()
    assert crashes() == []


def test_a_spoilt_screen_is_drawn_afresh(tmp_path: Path) -> None:
    need_tmux()
    with shell_in_tmux(tmp_path) as pane:
        pane.type(f"'{sys.executable}' {' '.join(DEMO)}\n")
        pane.until(lambda shown: all(row_of(shown, router) for router in ROUTERS))
        Path(pane.fact("pane_tty")).write_text("\x1b[12;20Hwall: going down for reboot", encoding="utf-8")
        pane.until(lambda shown: "wall: going down" in shown)
        pane.keys("C-l")
        pane.until(lambda shown: "wall: going down" not in shown)


def until_drawn(terminal: Terminal) -> None:
    """Wait until the fleet is there: from then on signals are obeyed."""
    terminal.until(lambda: all(router.encode() in terminal.output for router in ROUTERS))


def left_in_order(terminal: Terminal) -> None:
    """The terminal is as it was, and nobody had to read a traceback."""
    said = bytes(terminal.output)
    assert said.rindex(b"\x1b[?1049l") > said.rindex(b"\x1b[?1049h")
    for mode in (b"1000", b"1002", b"1003", b"1006"):
        assert said.rfind(b"\x1b[?" + mode + b"l") >= said.rfind(b"\x1b[?" + mode + b"h"), mode
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")
    assert b"Traceback" not in said
    assert terminal.modes_now == terminal.modes
    assert crashes() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_ends_it_in_order_with_its_own_exit_code(number: signal.Signals, code: int) -> None:
    with on_a_pty(*DEMO) as terminal:
        until_drawn(terminal)
        assert terminal.modes_now != terminal.modes
        assert terminal.send(number) == code
        left_in_order(terminal)


def test_a_signal_in_the_first_moment_gives_the_terminal_back_too() -> None:
    with on_a_pty(*DEMO) as terminal:
        terminal.until(lambda: b"\x1b[?1049h" in terminal.output)
        assert terminal.send(signal.SIGTERM) == 143
        left_in_order(terminal)


def test_a_signal_while_a_question_is_open_ends_it_too() -> None:
    with on_a_pty(*DEMO) as terminal:
        until_drawn(terminal)
        terminal.type("R")
        terminal.until(lambda: b"Reset the pool of" in terminal.output)
        assert terminal.send(signal.SIGTERM) == 143
        left_in_order(terminal)


def test_a_lost_terminal_ends_it() -> None:
    with on_a_pty(*DEMO) as terminal:
        until_drawn(terminal)
        terminal.close()
        assert terminal.process.wait(timeout=10) == 129
    assert crashes() == []


PLANTED: Final = """
from mktui.cli import main
from mktui.tui.screens.fleet import FleetScreen

def show(*_arguments):
    password = "hunter2"
    raise RuntimeError("planted")

FleetScreen.show = show
main(["demo"])
"""


def test_a_bug_of_the_screen_is_one_line_and_a_code_like_any_other() -> None:
    with on_a_pty("-c", PLANTED) as terminal:
        terminal.until(lambda: terminal.process.poll() is not None)
        said = bytes(terminal.output)
        assert b"hunter2" not in said
        assert b"a bug in mktui: RuntimeError" in said
        assert terminal.process.returncode == 70
        assert len(crashes()) == 1
