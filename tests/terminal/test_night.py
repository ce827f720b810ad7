"""A night over SSH: a router dies, why is read, a setting is changed, the router is back, its customers are synced."""

from __future__ import annotations

import os
import sys
import tomllib
from typing import TYPE_CHECKING, Final

import pytest

from tests.headless.shops import open_shop
from tests.terminal.far_away import far_away, need_sshd
from tests.terminal.terminals import PROMPT, need_tmux, shell_in_tmux

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terminal.far_away import FarAway
    from tests.terminal.terminals import Pane

pytestmark = pytest.mark.realtime
CUSTOMERS: Final = 300
NIGHT_MOST: Final = 100_000
"""Bytes to the operator in the whole night, key exchange and encryption included."""


def row_of(shown: str, router: str) -> str:
    """A router's line of the fleet."""
    return next((line for line in shown.splitlines() if f" {router} " in line and "/5" in line), "")


def enter(pane: Pane, there: FarAway, config: Path, home: Path) -> None:
    """Log in, start the control room, and wait for a healthy fleet."""
    settings = (f"HOME={home}", f"PYTHONPATH={os.getcwd()}", "LANG=C.UTF-8")  # noqa: PTH109 - where the program's package is
    pane.type(there.command("env", *settings, sys.executable, "-m", "mktui", "--config", str(config)) + "\n")
    pane.until(lambda shown: "2 healthy" in shown and bool(row_of(shown, "edge-2")))


def change_the_break(pane: Pane, seconds: str) -> None:
    """Change how long a broken circuit stays open: edit it, look at the difference, save."""
    pane.keys("6")
    pane.until(lambda shown: "Config" in shown and "every router's connections" in shown)
    pane.keys("Enter")
    pane.until(lambda shown: "Config › pool" in shown)
    pane.keys(*["j"] * 7)
    pane.until(lambda shown: " circuit_breaker_timeout: first break" in shown)
    pane.keys("Enter")
    pane.until(lambda shown: "▸ circuit_breaker_timeout" in shown)
    pane.keys("C-u")
    pane.type(seconds)
    pane.until(lambda shown: f"circuit_breaker_timeout   {seconds}" in shown)
    pane.keys("Enter")
    pane.keys("C-s")
    pane.until(lambda shown: "Save 1 change" in shown and f"60 (default) → {seconds}" in shown)
    pane.keys("y")
    pane.until(lambda shown: "applied:" in shown and "not saved" not in shown)
    pane.keys("1")
    pane.until(lambda shown: bool(row_of(shown, "edge-1")))


def test_a_night_over_ssh(tmp_path: Path) -> None:
    need_tmux()
    need_sshd()
    with (
        open_shop(tmp_path, routers=2, count=CUSTOMERS) as shop,
        far_away(tmp_path) as there,
        shell_in_tmux(tmp_path) as pane,
    ):
        enter(pane, there, shop.config, tmp_path)
        first = there.meter.down
        pane.type("/edge-1")  # the cursor is on whichever was in trouble first
        pane.keys("Enter")
        pane.until(lambda shown: not row_of(shown, "edge-2") and "d why" in shown)
        shop.order("down at 0")
        pane.until(lambda shown: "2 offline" in shown and "open, " in row_of(shown, "edge-1"))
        pane.keys("d")
        pane.until(lambda shown: "The router cannot be reached." in shown and "t   test its connection" in shown)
        pane.keys("t")  # the key that the finding names
        pane.until(lambda shown: "✗ login" in shown or "✗ connect" in shown)
        pane.keys("Escape")
        pane.until(lambda shown: "✗" not in shown and "d why" in shown)
        pane.keys("l")
        pane.until(lambda shown: "Errors" in shown and "ConnectFailed" in shown)
        pane.keys("1")
        pane.until(lambda shown: bool(row_of(shown, "edge-1")) and "Fleet" in shown)
        change_the_break(pane, "5")
        shop.order("clear")
        pane.keys("b")
        pane.until(lambda shown: "Let back in edge-1?" in shown)
        pane.keys("y")
        pane.until(lambda shown: "closed" in row_of(shown, "edge-1"))
        pane.keys("s")
        pane.until(lambda shown: "plan of" in shown and f"{CUSTOMERS + 1} changes" in shown)
        pane.keys("a")
        pane.until(lambda shown: f"Write {CUSTOMERS + 1} changes to edge-1?" in shown)
        pane.keys("y")
        pane.until(lambda shown: "run 1" in shown and f"{CUSTOMERS + 1} applied" in shown)
        pane.keys("1")
        pane.until(lambda shown: "in step" in row_of(shown, "edge-1"))
        pane.keys("q")
        pane.until(lambda shown: shown.rstrip().endswith(PROMPT))
        assert len(shop.rows()) == CUSTOMERS
        assert tomllib.loads(shop.config.read_text(encoding="utf-8"))["pool"]["circuit_breaker_timeout"] == 5
        sys.stdout.write(f"first screen {first:,} bytes, the night {there.meter.down:,} down, {there.meter.up:,} up\n")
        assert first <= 12_000, "the first screen, key exchange and login included"
        assert there.meter.down <= NIGHT_MOST
