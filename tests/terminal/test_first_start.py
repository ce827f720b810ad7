"""The very first start: in a terminal it welcomes and makes a configuration; without one it says what to do."""

from __future__ import annotations

import re
import signal
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs
import pyte
import pytest

from tests.headless.programs import mktui
from tests.terminal.terminals import on_a_pty

if TYPE_CHECKING:
    from tests.terminal.terminals import Terminal

pytestmark = pytest.mark.realtime
UNKNOWN_TO_PYTE: Final = re.compile(rb"\x1b\[[<>][0-9;]*u")


def shown(terminal: Terminal) -> str:
    """What stands on it now."""
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    stream.feed(UNKNOWN_TO_PYTE.sub(b"", bytes(terminal.output)))
    return "\n".join(screen.display)


def test_in_a_terminal_a_router_is_typed_and_the_file_is_its_owners_alone() -> None:
    file = Path(platformdirs.user_config_dir("mktui")) / "config.toml"
    assert not file.exists()
    with on_a_pty("-m", "mktui") as terminal:
        terminal.until(lambda: "Welcome to mktui" in shown(terminal))
        terminal.type("127.0.0.1\t\x15mine\t1")
        terminal.until(lambda: "mine" in shown(terminal))
        terminal.type("\x14")
        terminal.until(lambda: "nothing listens there: on the router /ip/service/enable api" in shown(terminal))
        terminal.type("\x13")
        terminal.until(lambda: "Save mine to config.toml?" in shown(terminal))
        terminal.type("y")
        terminal.until(file.exists)
        terminal.until(lambda: "saved in" in shown(terminal))
        assert terminal.send(signal.SIGTERM) == 143
        assert b"Traceback" not in terminal.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert 'name = "mine"' in file.read_text(encoding="utf-8")


def test_without_a_terminal_one_line_says_what_to_do() -> None:
    ended = mktui()
    assert ended.code == 2
    assert ended.out == ""
    assert "there is no configuration yet" in ended.complaint
    assert "start mktui in a terminal" in ended.complaint
