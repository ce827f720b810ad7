"""Tells systemd that we are ready, alive, and about to end, by datagrams as sd_notify(3) has them."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Mapping


class ServiceManager:
    """The way to whoever started us; without one, nothing is done."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = os.environ if environment is None else environment
        self._address = found.get("NOTIFY_SOCKET", "")
        self._every = _every(found)

    def tell(self, *facts: str) -> None:
        """Say something, such as ``READY=1``. A message that cannot be sent is not sent."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.setblocking(False)
            to.sendto("\n".join(facts).encode(), address)

    async def keep_telling(self) -> None:
        """Say that we live, from the loop that must, twice in the time after which we would be taken for dead."""
        while self._every is not None:
            self.tell("WATCHDOG=1")
            await anyio.sleep(self._every / 2)


def _every(environment: Mapping[str, str]) -> float | None:
    """Return after how many seconds of silence we are taken for dead; None: nobody watches."""
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or pid not in {"", str(os.getpid())}:
        return None
    return int(microseconds) / 1_000_000
