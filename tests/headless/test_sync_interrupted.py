"""A person at the terminal: he is asked, sees how far it is, and may interrupt it; what was under way is not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mktui.cli.progress import bar
from tests.headless.programs import PROGRAM
from tests.headless.shops import customers, open_shop
from tests.terminal.terminals import on_a_pty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.headless.shops import Shop
    from tests.terminal.terminals import Terminal

pytestmark = pytest.mark.realtime
SLOW = "slow /ppp/secret/add 0.05"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=120) as opened:
        yield opened


@contextmanager
def at_a_terminal(shop: Shop, *arguments: str) -> Iterator[Terminal]:
    with on_a_pty("-m", "mktui", "--config", str(shop.config), *arguments) as terminal:
        yield terminal


def wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_ended(terminal: Terminal) -> bool:
    return terminal.process.poll() is not None


def test_whoever_applies_sees_the_plan_is_asked_and_watches_a_bar(shop: Shop) -> None:
    shop.order(SLOW)
    with at_a_terminal(shop, "sync", "apply") as terminal:
        terminal.until(lambda: b"Write 121 changes to edge-1? [y/N]:" in terminal.output)
        assert b"user-000" in terminal.output
        assert not shop.rows()
        terminal.type("perhaps\n")
        terminal.until(lambda: b"say y or n" in terminal.output)
        terminal.type("y\n")
        terminal.until(lambda: b" of 121  " in terminal.output and "▕".encode() in terminal.output)
        shop.order("clear")
        terminal.until(lambda: has_ended(terminal) and b"121 applied" in terminal.output)
        assert terminal.process.returncode == 0
    assert len(shop.rows()) == 120


def test_who_says_no_or_nothing_or_interrupts_the_question_has_written_nothing(shop: Shop) -> None:
    for answer, code in (("n\n", 0), ("\n", 0), ("\x04", 130), ("\x03", 130)):
        with at_a_terminal(shop, "sync", "apply") as terminal:
            terminal.until(lambda: b"[y/N]:" in terminal.output)
            terminal.type(answer)
            terminal.until(lambda: has_ended(terminal))
            assert terminal.process.returncode == code, repr(answer)
    assert not shop.rows()
    assert not shop.query("select * from runs")


def test_a_router_that_cannot_be_read_is_told_at_the_terminal_too(shop: Shop) -> None:
    shop.order("down")
    with at_a_terminal(shop, "sync", "apply") as terminal:
        terminal.until(lambda: has_ended(terminal) and b"edge-1: deferred: cannot connect" in terminal.output)
        assert terminal.process.returncode == 3


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_a_sync_that_is_ended_lets_the_router_go_and_the_next_one_settles_what_was_under_way(
    shop: Shop, number: signal.Signals, code: int
) -> None:
    shop.order(SLOW)
    command = [*PROGRAM, "--config", str(shop.config), "sync", "apply", "--yes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait(lambda: len(shop.rows()) >= 15)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.strip()) == (code, "", "")
    written = len(shop.rows())
    assert 15 <= written < 120
    assert shop.query("select count(*) from journal where state = 'sent'") != [(0,)]
    shop.order("clear")
    resumed = shop.run("sync", "apply", "--yes", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.document["reports"][0]["applied"] <= 120 - written + 1
    assert sorted(shop.rows()) == [each.username for each in customers(120)]
    assert len(shop.ask("/ppp/secret/print")) == 120, "nobody is there twice"
    assert shop.query("select count(*) from journal where state in ('sent', 'unknown')") == [(0,)]
    assert shop.run("sync", "plan", "--check").code == 0


def test_whoever_was_started_with_a_hangup_ignored_goes_on(shop: Shop) -> None:
    shop.order(SLOW)
    words = [*PROGRAM, "--config", str(shop.config), "sync", "apply", "--yes"]
    quiet = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *words]
    with subprocess.Popen(quiet, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait(lambda: len(shop.rows()) >= 5)
        os.kill(process.pid, signal.SIGHUP)
        shop.order("clear")
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert len(shop.rows()) == 120


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ((100, 0, 0, 0.0), f"▕{'░' * 28}▏ 0 of 100  0/s  –  0 failed"),
        ((100, 50, 2, 5.0), f"▕{'█' * 14}{'░' * 14}▏ 50 of 100  10/s  5 s left  2 failed"),
        ((100, 100, 0, 5.0), f"▕{'█' * 28}▏ 100 of 100  20/s  0 s left  0 failed"),
    ],
)
def test_a_bar_says_rows_rate_time_left_and_failures(given: tuple[int, int, int, float], shown: str) -> None:
    assert bar(*given) == shown


def test_a_bar_fits_a_line_whatever_the_figures() -> None:
    assert len(bar(200_000, 199_999, 100_000, 86_400.0)) <= 79
