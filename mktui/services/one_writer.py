"""One program at a time writes to a router's configuration, on this machine: a lock on a file, let go by the kernel.

Billing's leases say the same across machines, to those who share a database; this is for those who have none, and for
both together. The file says who holds it, since when, for what.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.errors import LeaseLost
from mktui.services.office import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST: Final = 4096
_ODD: Final = re.compile(r"[^A-Za-z0-9.\[\]-]+")


def lock_file(address: str) -> Path:
    """Return the file that is locked for the router at an address."""
    return state_folder() / "writers" / f"{_ODD.sub('_', address)}.lock"


@contextmanager
def only_writer(router: str, address: str, doing: str) -> Iterator[None]:
    """Be the only program here that writes to a router for the block; ``doing`` is told to whoever comes meanwhile.

    Raises:
        LeaseLost: Another program does; nothing was written.
    """
    handle = _opened(lock_file(address))
    if handle is None:
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LeaseLost(router, holder=_holder(handle), doing="written to") from None
        _sign(handle, doing)
        yield
        with suppress(OSError):
            os.truncate(handle, 0)
    finally:
        os.close(handle)


def _opened(path: Path) -> int | None:
    """Open the file; None: the state folder cannot be written to, and then there is nothing to hold but the lease."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None


def _sign(handle: int, doing: str) -> None:
    with suppress(OSError):
        os.truncate(handle, 0)
        since = clock.utc_now().isoformat(timespec="seconds")
        facts = {"pid": os.getpid(), "doing": doing, "since": since}
        os.pwrite(handle, json.dumps(facts).encode("ascii")[:_MOST], 0)


def _holder(handle: int) -> str:
    """Return who has signed; he may have died in between, or not have come to it yet."""
    try:
        facts = json.loads(os.pread(handle, _MOST, 0))
        return f"pid {int(facts['pid'])} ({facts['doing']}), since {facts['since']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another program on this machine"
