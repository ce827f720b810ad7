"""A server in a process of its own that answers from memory, so that a benchmark sees the client's cost alone.

``python -m tests.benchmarks.feeder ROWS`` prints its port. Rows are the simulator's, encoded once.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mktui.core.protocol.framing import WordReader, encode
from mktui.simulator.profile import RouterProfile
from mktui.simulator.rows import build_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS_AT_ONCE = 500


def secrets_bodies(rows: int) -> list[bytes]:
    """Return each row's words, framed, without the ``!re`` and the tag before them."""
    table = build_tables(RouterProfile(secrets=rows))["/ppp/secret"]
    return [encode(f"={name}={text}" for name, text in row.values.items())[:-1] for row in table]


@contextmanager
def feeder(rows: int) -> Iterator[int]:
    """Run the server for the block; gives its port."""
    command = [sys.executable, "-m", "tests.benchmarks.feeder", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _answer(peer: socket.socket, words: list[str], bodies: list[bytes]) -> None:
    tag = next((word for word in words if word.startswith(".tag=")), None)
    end = encode(("!done", tag) if tag else ("!done",))
    head = encode(("!re", tag) if tag else ("!re",))[:-1]
    path = words[0]
    if path == "/ppp/secret/print":
        for at in range(0, len(bodies), _ROWS_AT_ONCE):
            peer.sendall(b"".join(head + body + b"\0" for body in bodies[at : at + _ROWS_AT_ONCE]))
        peer.sendall(end)
    elif path == "/system/identity/print":
        peer.sendall(head + encode(("=name=edge-1",)) + end)
    else:
        peer.sendall(end)


def _serve(peer: socket.socket, bodies: list[bytes]) -> None:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader = WordReader()
    with peer:
        while chunk := peer.recv(65536):
            for sentence in reader.feed(chunk):
                _answer(peer, [word.decode() for word in sentence], bodies)


def main() -> None:
    """Serve until killed."""
    bodies = secrets_bodies(int(sys.argv[1]))
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            peer, _ = server.accept()
            threading.Thread(target=_serve, args=(peer, bodies), daemon=True).start()


if __name__ == "__main__":
    main()
