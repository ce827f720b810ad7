"""A real sshd on loopback, and between it and the client a meter that counts what crosses the wire."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SSHD: Final = Path("/usr/sbin/sshd")


def need_sshd() -> None:
    """Skip without OpenSSH's server."""
    if not SSHD.exists():
        pytest.skip("openssh-server is not installed")


@dataclass
class Meter:
    """Bytes that crossed the wire so far, encrypted as they were: to the operator, and from him."""

    port: int
    down: int = 0
    up: int = 0

    def join(self, near: socket.socket, far: socket.socket) -> None:
        """Hand on what comes from either side until both have ended."""
        with near, far:
            back = threading.Thread(target=self._carry, args=(far, near), kwargs={"is_down": True}, daemon=True)
            back.start()
            self._carry(near, far, is_down=False)
            back.join()

    def _carry(self, near: socket.socket, far: socket.socket, *, is_down: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := near.recv(65536):
                if is_down:
                    self.down += len(piece)
                else:
                    self.up += len(piece)
                far.sendall(piece)
        for end in (near, far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def metered(port: int) -> Iterator[Meter]:
    """Listen on a port of its own, in front of another, for the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    meter = Meter(listener.getsockname()[1])

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=meter.join, args=(near, far), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield meter
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # who waits for the next one hears that there is none
        listener.close()


@dataclass(frozen=True)
class FarAway:
    """How to get there."""

    meter: Meter
    folder: Path

    def command(self, *remote: str) -> str:
        """Return the shell's line that runs a program there in a terminal."""
        options = {
            "UserKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "no", "LogLevel": "ERROR",
            "IdentitiesOnly": "yes", "Compression": "no",
        }  # fmt: skip
        flags = " ".join(f"-o {name}={value}" for name, value in options.items())
        place = f"-p {self.meter.port} -i {self.folder / 'user'} {getpass.getuser()}@127.0.0.1"
        return f"ssh -F none -tt {flags} {place} {shlex.quote(shlex.join(remote))}"


@contextlib.contextmanager
def far_away(folder: Path) -> Iterator[FarAway]:
    """Run an sshd of our own, with keys of its own, for the block."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True, timeout=20)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = (
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {folder / 'host'}", "StrictModes no", "UsePAM no",
        f"AuthorizedKeysFile {folder / 'user.pub'}", "PasswordAuthentication no", "PidFile none",
        "PermitRootLogin prohibit-password", "LogLevel VERBOSE",
    )  # fmt: skip
    (folder / "sshd_config").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    log = folder / "sshd.log"
    with subprocess.Popen([SSHD, "-D", "-f", folder / "sshd_config", "-E", log]) as process:
        try:
            deadline = time.monotonic() + 10
            while not (log.exists() and "listening" in log.read_text(encoding="utf-8")):
                assert time.monotonic() < deadline, log.read_text(encoding="utf-8") if log.exists() else "no log"
                time.sleep(0.05)
            with metered(port) as meter:
                yield FarAway(meter, folder)
        finally:
            process.terminate()
