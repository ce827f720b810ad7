"""``mktui control-relay``: what ``mktui --attach ssh://…`` runs at the other end. Its stdin and stdout are the wire.

It greets first, in the name of who came over ssh and from where; what it has said about him, he cannot take back.
"""

from __future__ import annotations

import os
import socket as sockets
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from mktui.cli.everywhere import wish
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import config_path
from mktui.config.load import socket_in
from mktui.monitor.audit import present_actor
from mktui.services.control import wire
from mktui.services.control.place import place_of
from mktui.services.control.unix import denied

_CHUNK: Final = 65536


@click.command(name="control-relay", hidden=True)
@click.option("--socket", type=click.Path(dir_okay=False, path_type=Path), help="Where the one that serves is asked.")
@click.pass_context
def control_relay(context: click.Context, *, socket: Path | None) -> None:
    """Pass lines between standard input and output and the mktui that serves on this machine."""
    file = config_path(context)
    place = place_of(file, socket_in(file), given=socket)
    role = "viewer" if wish("read_only") else "operator"
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as server:
        try:
            server.connect(str(place))
        except PermissionError:
            raise denied(place) from None
        except OSError as error:
            problem = "nobody serves here" if isinstance(error, FileNotFoundError | ConnectionRefusedError) else error
            fail(ExitCode.UNREACHABLE, f"{place}: {getattr(problem, 'strerror', problem)} (mktui serve does)")
        server.sendall(wire.request(0, "hello", role=role, origin=present_actor().origin))
        _skip_a_line(server)
        threading.Thread(target=_pass_on, args=(server,), daemon=True).start()
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                _write(sys.stdout.fileno(), data)


def _skip_a_line(server: sockets.socket) -> None:
    """Read what the greeting is answered with; a refusal is the other side's business, and is passed on."""
    got = b""
    while not got.endswith(b"\n"):
        letter = server.recv(1)
        if not letter:
            break
        got += letter
    if b'"error"' in got:
        _write(sys.stdout.fileno(), got)


def _pass_on(server: sockets.socket) -> None:
    with suppress(OSError):
        while data := os.read(sys.stdin.fileno(), _CHUNK):
            server.sendall(data)
    with suppress(OSError):
        server.shutdown(sockets.SHUT_WR)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
