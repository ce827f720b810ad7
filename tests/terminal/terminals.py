"""Real terminals for the program: a tmux pane with a shell in it, and a bare pty. Both wait for conditions."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator

WITHIN: Final = 25.0
"""Seconds that anything has to become so. Nothing here waits for time itself."""
PROMPT: Final = "ready$"


@dataclass
class Pane:
    """A tmux server of its own with one pane of 80x24."""

    socket: Path

    def tmux(self, *arguments: str) -> str:
        """Ask tmux."""
        command = ["tmux", "-u", "-S", str(self.socket), "-f", os.devnull, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout

    def shown(self) -> str:
        """What the pane shows."""
        return self.tmux("capture-pane", "-p")

    def fact(self, name: str) -> str:
        """One of tmux's own facts about the pane."""
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names."""
        self.tmux("send-keys", *names)

    def type(self, text: str) -> None:
        """Type a text."""
        self.tmux("send-keys", "-l", text)

    def until(self, is_so: Callable[[str], bool]) -> str:
        """Wait until what is shown is so, and return it."""
        deadline = time.monotonic() + WITHIN
        while not is_so(shown := self.shown()):
            assert time.monotonic() < deadline, f"still not so:\n{shown}"
            time.sleep(0.03)
        return shown

    def run(self, command: str) -> None:
        """Run a shell command up to the next prompt."""
        self.keys("C-l")
        self.until(lambda shown: shown.strip() == PROMPT)
        self.type(f"{command}\n")
        self.until(lambda shown: shown.count(PROMPT) == 2)


@contextlib.contextmanager
def shell_in_tmux(folder: Path) -> Iterator[Pane]:
    """Run a clean bash in tmux for the block."""
    pane = Pane(folder / "tmux")
    shell = f"exec env PS1='{PROMPT} ' LANG=C.UTF-8 TERM=tmux-256color bash --norc --noprofile -i"
    pane.tmux("new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), shell)
    try:
        pane.until(lambda shown: shown.strip() == PROMPT)
        yield pane
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            pane.tmux("kill-server")


Modes: TypeAlias = list[int | list[bytes | int]]

_AS_LEADER: Final = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
"""A session's leader that opens a terminal owns it: closing the terminal is then told by SIGHUP, as a shell's is."""


@dataclass
class Terminal:
    """A pty with a program in it."""

    process: subprocess.Popen[bytes]
    ours: int
    theirs: int
    modes: Modes
    output: bytearray = field(default_factory=bytearray)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Read what the program writes until something is so."""
        deadline = time.monotonic() + WITHIN
        while not is_so():
            assert time.monotonic() < deadline, bytes(self.output[-2000:])
            if select.select([self.ours], [], [], 0.03)[0]:
                with contextlib.suppress(OSError):  # the other side is closed
                    self.output += os.read(self.ours, 65536)

    def send(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        self.until(lambda: self.process.poll() is not None)
        self.until(lambda: not select.select([self.ours], [], [], 0)[0])
        return self.process.returncode

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.ours, text.encode())

    def is_stopped(self) -> bool:
        """The process stands still."""
        status = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        return status.rpartition(")")[2].split()[0] == "T"

    def close(self) -> None:
        """Close the terminal, as a lost SSH session does."""
        os.close(self.ours)
        os.close(self.theirs)
        self.ours = self.theirs = -1

    @property
    def modes_now(self) -> Modes:
        """The terminal's modes."""
        return termios.tcgetattr(self.theirs)


def on_a_pty(*arguments: str, term: str = "xterm-256color") -> contextlib.AbstractContextManager[Terminal]:
    """Run python with these arguments in a terminal of 80x24 for the block."""
    return program_on_a_pty(sys.executable, *arguments, term=term)


@contextlib.contextmanager
def program_on_a_pty(*command: str, term: str = "xterm-256color") -> Iterator[Terminal]:
    """Run a program in a terminal of 80x24 for the block."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    modes = termios.tcgetattr(theirs)
    with subprocess.Popen(
        [sys.executable, "-c", _AS_LEADER, *command],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=os.environ | {"TERM": term},
    ) as process:  # fmt: skip
        terminal = Terminal(process, ours, theirs, modes)
        try:
            yield terminal
        finally:
            process.kill()
            if terminal.ours >= 0:
                terminal.close()


def need_tmux() -> None:
    """Skip without tmux."""
    try:
        subprocess.run(["tmux", "-V"], capture_output=True, check=True, timeout=10)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("tmux is not installed")
