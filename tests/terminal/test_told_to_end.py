"""Told to end: once is enough and more changes nothing; and one key ends what hangs, with the terminal given back."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

import pytest

from tests.terminal.terminals import on_a_pty
from tests.terminal.test_journey import left_in_order, until_drawn

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terminal.terminals import Terminal

pytestmark = pytest.mark.realtime

SLOW: Final = """
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from mktui.cli import main, screen

AT, GATE, opened = sys.argv[1], Path(sys.argv[2]), screen.open_demo

async def wait(word):
    print(word, flush=True)
    with anyio.CancelScope(shield=True):
        while not GATE.exists():
            await anyio.sleep(0.01)

@asynccontextmanager
async def telling():
    try:
        yield
    finally:
        print("pools closed", flush=True)

@asynccontextmanager
async def slow(**options):
    async with telling(), opened(**options) as fleet:
        try:
            if AT == "opening":
                print("opening", flush=True)
                await anyio.sleep_forever()
            yield fleet
        finally:
            await wait("closing")

screen.open_demo = slow
main(["demo"])
"""
"""A demo whose pools close when a file is there; or that never gets beyond opening them."""

HUNG: Final = """
import os, sys, time
from threading import Thread
from mktui.cli import main
from mktui.tui.app import ControlRoom

FLOOD = int(sys.argv.pop(1))

def hang(self):
    os.write(1, b"hung")  # print is the screen's
    Thread(target=os.write, args=(2, b"." * FLOOD), daemon=True).start()
    while True:
        time.sleep(3600)

ControlRoom.action_pause = hang
main(["demo", *sys.argv[1:]])
"""
"""A demo that hangs when its p is pressed, after it has written a number of letters."""


def told_again(terminal: Terminal, *numbers: signal.Signals) -> None:
    """Send signals, each after the one before was heard."""
    for number in numbers:
        heard = terminal.output.count(b"ends it at once")
        terminal.process.send_signal(number)
        terminal.until(lambda heard=heard: terminal.output.count(b"ends it at once") > heard)  # type: ignore[misc]  # bound at once


def ended(terminal: Terminal) -> int:
    """Wait for the end, read what was said, and return the code."""
    terminal.until(lambda: terminal.process.poll() is not None)
    return terminal.send(signal.SIGCONT)  # to nobody any more


@pytest.mark.parametrize(("first", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_told_again_while_it_closes_the_pools_are_closed_all_the_same(
    tmp_path: Path, first: signal.Signals, code: int
) -> None:
    gate = tmp_path / "gate"
    with on_a_pty("-c", SLOW, "closing", str(gate)) as terminal:
        until_drawn(terminal)
        terminal.process.send_signal(first)
        terminal.until(lambda: b"closing" in terminal.output)
        assert terminal.modes_now == terminal.modes, "the terminal does not wait for the pools"
        told_again(terminal, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
        gate.touch()
        assert ended(terminal) == code
        assert b"pools closed" in terminal.output
        left_in_order(terminal)


def test_told_to_end_after_q_it_closes_what_it_has_opened(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with on_a_pty("-c", SLOW, "closing", str(gate)) as terminal:
        until_drawn(terminal)
        terminal.type("q")
        terminal.until(lambda: b"closing" in terminal.output)
        told_again(terminal, signal.SIGTERM, signal.SIGHUP)
        gate.touch()
        assert ended(terminal) == 143
        assert b"pools closed" in terminal.output
        left_in_order(terminal)


def test_told_to_end_before_there_is_a_screen_it_closes_what_it_has_opened(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with on_a_pty("-c", SLOW, "opening", str(gate)) as terminal:
        terminal.until(lambda: b"opening" in terminal.output)
        terminal.process.send_signal(signal.SIGHUP)
        terminal.until(lambda: b"closing" in terminal.output)
        told_again(terminal, signal.SIGTERM, signal.SIGTERM)
        gate.touch()
        assert ended(terminal) == 129
        assert b"pools closed" in terminal.output
        assert b"\x1b[?1049h" not in terminal.output, "the alternate screen was never opened"
        assert b"Traceback" not in terminal.output


QUITS: Final = {"a terminal's key": "\x1c", "the key of kitty's protocol": "\x1b[92;5u", "the signal": ""}


@pytest.mark.parametrize("driver", ["thrifty", "stock"])
@pytest.mark.parametrize("key", QUITS.values(), ids=QUITS)
def test_what_hangs_is_ended_at_once_and_the_terminal_given_back(key: str, driver: str) -> None:
    with on_a_pty("-c", HUNG, "0", "--driver", driver) as terminal:
        until_drawn(terminal)
        terminal.type("p")
        terminal.until(lambda: b"hung" in terminal.output)
        if key:
            terminal.type(key)
        else:
            terminal.process.send_signal(signal.SIGQUIT)
        assert ended(terminal) == 131
        assert b"ended at once" in terminal.output
        left_in_order(terminal)


def test_pools_that_never_close_are_left_by_the_same_key_and_the_screen_of_the_shell_is_not_touched(
    tmp_path: Path,
) -> None:
    with on_a_pty("-c", SLOW, "closing", str(tmp_path / "never")) as terminal:
        until_drawn(terminal)
        terminal.type("q")
        terminal.until(lambda: b"closing" in terminal.output)
        given_back = terminal.output.count(b"\x1b[?1049l")
        terminal.type("\x1c")
        assert ended(terminal) == 131
        assert b"ended at once" in terminal.output
        assert terminal.output.count(b"\x1b[?1049l") == given_back
        left_in_order(terminal)


def test_a_terminal_that_takes_nothing_is_not_waited_for() -> None:
    with on_a_pty("-c", HUNG, "1000000") as terminal:
        until_drawn(terminal)
        terminal.type("p")
        terminal.until(lambda: b"hung....." in terminal.output)  # nobody reads from here on
        terminal.process.send_signal(signal.SIGQUIT)
        assert terminal.process.wait(timeout=10) == 131
        assert terminal.modes_now == terminal.modes
