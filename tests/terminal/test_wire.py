"""What goes over the wire to the operator's terminal: few bytes, the same picture, and nobody waits for a slow link."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyte
import pytest

from tests.terminal.terminals import on_a_pty

if TYPE_CHECKING:
    from tests.terminal.terminals import Terminal

pytestmark = pytest.mark.realtime
APP: Final = ("-m", "tests.terminal.wire_app")
SECONDS: Final = 4.0
Picture: TypeAlias = list[list[object]]


def shown(terminal: Terminal, words: bytes = b"edge-010") -> None:
    """Wait for the first screen, and until nothing more of it comes."""
    terminal.until(lambda: words in terminal.output)
    watch(terminal, 1.0)


def watch(terminal: Terminal, seconds: float) -> int:
    """Read for so long; return how many bytes came."""
    before, until = len(terminal.output), time.monotonic() + seconds
    terminal.until(lambda: time.monotonic() > until)
    return len(terminal.output) - before


def test_five_hundred_routers_of_which_five_change_cost_few_bytes() -> None:
    with on_a_pty(*APP, "thrifty", "500", "5") as terminal:
        shown(terminal)
        assert len(terminal.output) <= 12_000, "the first screen"
        assert 0 < watch(terminal, SECONDS) / SECONDS <= 3_000
        terminal.type("p")
        watch(terminal, 0.7)
        assert watch(terminal, SECONDS) == 0, "a screen that is held costs nothing"


def test_a_fleet_in_which_nothing_happens_costs_nothing() -> None:
    with on_a_pty(*APP, "thrifty", "500", "0") as terminal:
        shown(terminal)
        assert watch(terminal, SECONDS) / SECONDS <= 50


KEYS: Final = (
    "j", "j", "k", "G", "g", "o", "O", "o", "\r", "j", "\x1b", "2", "j", "\x1b", "s", "\x1b", "R", "n", "?", "\x1b",
    "/世", "\x1b", "/e\u0301", "\x1b", ":", "theme", "\r", "noc-light", "\r", "b", "n", "\x0c", "p", "p",
)  # fmt: skip
"""A stretch of use: moves, sorts, screens, questions, help, filters in wide letters, the palette, redraw, pause."""
UNKNOWN_TO_PYTE: Final = re.compile(r"\x1b\[[<>][0-9;]*u")
"""How keys are to be told: it would show the last letter."""
SIZES: Final = ((40, 120), (24, 80), (10, 50), (50, 200), (24, 80))


def test_the_picture_is_the_stock_drivers_over_a_stretch_of_use(tmp_path: Path) -> None:
    frames, between = tmp_path / "frames", set[int]()
    with on_a_pty(*APP, "thrifty", "60", "5", str(frames)) as terminal:
        shown(terminal)
        for number, key in enumerate(KEYS):
            terminal.type(key)
            watch(terminal, 0.15 if len(key) < 5 else 0.8)  # what is searched for has to be found first
            if number % 6 == 5:
                before = len(read(frames))
                termios.tcsetwinsize(terminal.theirs, SIZES[number // 6 % len(SIZES)])
                watch(terminal, 0.8)
                between |= set(range(before, len(read(frames)) - 1))
        terminal.type("q")
        terminal.until(lambda: terminal.process.poll() is not None)
    seen = read(frames)
    assert len({tuple(frame["size"]) for frame in seen}) >= 4
    assert compare(seen, between) > 50, "there were pictures to compare"


def test_the_picture_is_the_stock_drivers_after_a_sleep_too(tmp_path: Path) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc here to see a process stand still")
    frames = tmp_path / "frames"
    with on_a_pty(*APP, "thrifty", "60", "5", str(frames)) as terminal:
        shown(terminal)
        for key in ("j", "\x1a"):
            terminal.type(key)
            watch(terminal, 0.3)
        terminal.until(terminal.is_stopped)
        before = len(read(frames))
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.until(lambda: len(read(frames)) > before + 3)
        for key in ("j", "\r", "\x1b", "2", "q"):
            watch(terminal, 0.4)
            terminal.type(key)
        watch(terminal, 0.5)
        terminal.type("q")
        terminal.until(lambda: terminal.process.poll() is not None)
    seen = read(frames)
    assert compare(seen[before:], set()) > 4, "there were pictures to compare after it"
    assert compare(seen, set()) > 6


def read(frames: Path) -> list[dict[str, Any]]:  # Any: JSON
    """The frames that were written down."""
    return [json.loads(line) for line in frames.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def compare(frames: list[dict[str, Any]], between: set[int]) -> int:  # Any: JSON
    """Show both streams frame by frame, and say how many frames changed the picture.

    Those ``between`` two sizes are drawn for the wrong one, and spoil a stock screen until it is drawn again.
    """
    screens = [pyte.Screen(80, 24), pyte.Screen(80, 24)]
    streams = [pyte.Stream(screen) for screen in screens]
    different, last = 0, None
    for number, frame in enumerate(frames):
        columns, rows = frame["size"]
        for screen in screens:
            if (screen.lines, screen.columns) != (rows, columns):
                screen.resize(rows, columns)
        for stream, kind in zip(streams, ("stock", "sent"), strict=True):
            stream.feed(UNKNOWN_TO_PYTE.sub("", frame[kind]).replace("\n", "\r\n"))
        if number in between:
            continue
        stock, sent = (picture(screen) for screen in screens)
        assert sent == stock, f"frame {number}"
        different, last = different + (stock != last), stock
    return different


def picture(screen: pyte.Screen) -> Picture:
    """What a terminal in memory shows."""
    return [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]


def stalled_for(seconds: float, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nobody read from the terminal for so long, with keys coming in; return by how much each beat was late."""
    beats = folder / "beats"
    monkeypatch.setenv("WIRE_BEATS", str(beats))
    with on_a_pty(*APP, "thrifty", "500", "40") as terminal:
        termios.tcsetwinsize(terminal.theirs, (50, 200))
        shown(terminal)
        until = time.monotonic() + seconds
        terminal.type("\x0c")  # a whole screen, more than the terminal's buffer holds
        while time.monotonic() < until:
            terminal.type("j")
            time.sleep(0.2)
        terminal.until(lambda: b"LINK SLOW" in terminal.output)
        terminal.type("q")
        terminal.until(lambda: terminal.process.poll() is not None)
    found: list[float] = json.loads(beats.read_text(encoding="utf-8"))
    return found


def check_beats(lags: list[float], seconds: float, *, late: float) -> None:
    """A loop that waits for its terminal stops altogether; this one is late by what drawing takes, and no more."""
    assert len(lags) >= 8 * seconds, "beats were missed"
    assert statistics.quantiles(lags, n=20)[-1] < late


def test_a_reader_that_stands_still_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a loop that waits is late by seconds; how fast it draws beside other work is for the test by hand
    check_beats(stalled_for(6.0, tmp_path, monkeypatch), 6.0, late=0.3)


@pytest.mark.deep
@pytest.mark.timeout(120)
def test_a_reader_that_stands_still_for_half_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_beats(stalled_for(30.0, tmp_path, monkeypatch), 30.0, late=0.05)
