"""How quickly the screen answers, what it costs to leave it open, and how soon it is there beside other programs.

All on a pty of 80x24. The programs beside us are found by ``MKTUI_BESIDE``, ``name=path of its command`` with commas
between, and left out when it names none: they are no part of our environment.
"""

from __future__ import annotations

import math
import os
import shlex
import statistics
import time
from typing import TYPE_CHECKING, Final

import pyte

from mktui.config.draft import Edit
from mktui.tui.config_form import index_rows
from mktui.tui.config_keys import KeyedDraft
from mktui.tui.keymap import Keymap
from mktui.tui.palette import Palette
from tests.benchmarks.measure import Line, ms
from tests.benchmarks.wire import cpu_seconds
from tests.terminal.terminals import on_a_pty, program_on_a_pty

if TYPE_CHECKING:
    from tests.terminal.terminals import Terminal

ROUTERS: Final = 200
ROWS: Final = 5000
QUIET: Final = dict.fromkeys(("accent", "quiet", "state-critical", "state-warning"), "#ffffff")
_APP: Final = ("-m", "tests.terminal.wire_app", "thrifty", str(ROUTERS))
_KEYS: Final = "jjkGkgj"
"""Each moves the cursor from where the one before has put it."""
_LOADS: Final = {
    0: "at rest", 5: "five cells change twice a second", ROUTERS: "a cell of every row changes twice a second",
}  # fmt: skip
_READABLE: Final = 60
"""Letters on the screen, beyond which a program counts as there."""


def screen(*, quick: bool) -> list[Line]:
    """Measure answers, rest and start."""
    presses, seconds, starts = (10, 2.0, 1) if quick else (200, 15.0, 10)
    lines = [_answers(presses), _answers_of_a_plan(presses), *_forms(presses)]
    return lines + _cost(seconds) + _starts(starts)


def _answers(presses: int) -> Line:
    with on_a_pty(*_APP, "0") as terminal:
        _wait_for(terminal, "edge-010")
        return _line(f"{ROUTERS} routers: a key to its repaint, p95 (median)", _times(terminal, _KEYS, presses))


def _answers_of_a_plan(presses: int) -> Line:
    os.environ["WIRE_PLAN"] = str(ROWS)
    with on_a_pty(*_APP, "0") as terminal:
        _wait_for(terminal, "edge-010")
        terminal.type("2")
        _wait_for(terminal, "STATE")
        terminal.type("\r")
        _wait_for(terminal, "user-00003")
        del os.environ["WIRE_PLAN"]
        times = _times(terminal, _KEYS, presses)
        return _line(f"a plan of {ROWS:,} rows: a key to its repaint, p95 (median)", times)


def _forms(repeats: int) -> list[Line]:
    """Measure what a paint of the configuration's list of pages costs: when nothing has changed, and after an edit."""
    routers = [{"name": f"edge-{number:03}", "host": f"10.0.0.{number}"} for number in range(ROUTERS)]
    draft, palette, keymap = KeyedDraft({"pool": {"max_size": 5}, "routers": routers}), Palette(QUIET), Keymap()
    still, edited = [], []
    for number in range(repeats):
        begun = time.perf_counter()
        index_rows(draft, palette, keymap)
        shown = time.perf_counter()
        draft.change(Edit(("pool", "max_size"), 6 + number % 2))
        index_rows(draft, palette, keymap)
        still.append(shown - begun)
        edited.append(time.perf_counter() - shown)
    what = f"the form of {ROUTERS} routers"
    return [_line(f"{what}: its list of pages, p95 (median)", still), _line(f"{what}: the same after an edit", edited)]


def _times(terminal: Terminal, keys: str, presses: int) -> list[float]:
    """Return the seconds from each key to the first byte of what it changes; nothing else changes meanwhile."""
    times = []
    for number in range(presses):
        _watch(terminal, 0.05)
        before, begun = len(terminal.output), time.perf_counter()
        terminal.type(keys[number % len(keys)])
        terminal.until(lambda before=before: len(terminal.output) > before)  # type: ignore[misc]  # bound at once
        times.append(time.perf_counter() - begun)
    return times


def _line(work: str, times: list[float]) -> Line:
    p95 = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    return Line(work, f"{ms(p95)} ({ms(statistics.median(times))})", "–", 1000 * p95, "–", None, len(times))


def _cost(seconds: float) -> list[Line]:
    lines = []
    for changes, when in _LOADS.items():
        with on_a_pty(*_APP, str(changes)) as terminal:
            _wait_for(terminal, "edge-010")
            _watch(terminal, 1.5)
            before, used = len(terminal.output), cpu_seconds(terminal.process.pid)
            _watch(terminal, seconds)
            percent = 100 * (cpu_seconds(terminal.process.pid) - used) / seconds
            rate = (len(terminal.output) - before) / seconds
        lines.append(Line(f"{ROUTERS} routers, {when}: percent of a core", f"{percent:.1f}", f"{rate:,.0f} B/s",
                          percent, "–", None, 1))  # fmt: skip
    return lines


def _starts(repeats: int) -> list[Line]:
    beside = dict(each.split("=", 1) for each in os.environ.get("MKTUI_BESIDE", "").split(",") if each)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in beside}
    for _ in range(repeats):  # in turns: the machine is not equally quick all the time
        ours.append(_first_paint("-m", "mktui", "demo"))
        for name, command in beside.items():
            theirs[name].append(_first_paint(*shlex.split(command), is_python=False))
    mine = statistics.median(ours)
    lines = [Line("start of mktui demo, three simulated routers and all, to its first picture", ms(mine), "–",
                  1000 * mine, "–", None, repeats)]  # fmt: skip
    for name, times in theirs.items():
        other = statistics.median(times)
        lines.append(Line(f"the same, against the start of {name}", ms(mine), ms(other), other / mine, "–", None,
                          repeats))  # fmt: skip
    return lines


def _first_paint(*command: str, is_python: bool = True) -> float:
    """Return the seconds until a program has something readable on its screen."""
    begun = time.perf_counter()
    with on_a_pty(*command) if is_python else program_on_a_pty(*command) as terminal:
        shown = pyte.Screen(80, 24)
        stream = pyte.ByteStream(shown)
        fed = 0

        def is_readable() -> bool:
            nonlocal fed
            stream.feed(bytes(terminal.output[fed:]))
            fed = len(terminal.output)
            return sum(letter.isalnum() for line in shown.display for letter in line) >= _READABLE

        terminal.until(is_readable)
        return time.perf_counter() - begun


def _wait_for(terminal: Terminal, words: str) -> None:
    terminal.until(lambda: words.encode() in terminal.output)
    _watch(terminal, 0.3)


def _watch(terminal: Terminal, seconds: float) -> None:
    until = time.monotonic() + seconds
    terminal.until(lambda: time.monotonic() > until)
