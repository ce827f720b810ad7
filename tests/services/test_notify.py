"""What systemd is told: datagrams at the address it gave, to a file or to an abstract one, and nothing to nobody."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import anyio
import pytest
from trio.testing import MockClock

from mktui.services.notify import ServiceManager

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("is_abstract", [False, True])
def test_it_is_told_where_it_listens(tmp_path: Path, is_abstract: bool) -> None:
    name = f"@mktui-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0"))
        ServiceManager({"NOTIFY_SOCKET": name}).tell("READY=1", "STATUS=serving 3 routers")
        assert heard.recv(4096) == b"READY=1\nSTATUS=serving 3 routers"


def test_who_has_gone_or_never_was_is_told_nothing(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")
    ServiceManager({}).tell("READY=1")


def test_life_is_told_twice_in_the_time_that_is_allowed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000",
                       "WATCHDOG_PID": str(os.getpid())}  # fmt: skip

        async def a_minute() -> None:
            with anyio.move_on_after(60.5):
                await ServiceManager(environment).keep_telling()

        anyio.run(a_minute, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
        assert [heard.recv(100) for _ in range(5)] == [b"WATCHDOG=1"] * 5
        with pytest.raises(BlockingIOError):
            heard.recv(100)


@pytest.mark.parametrize("facts", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"},
                                   {"WATCHDOG_USEC": "x"}])  # fmt: skip
def test_where_nobody_watches_nothing_is_told(facts: dict[str, str]) -> None:
    anyio.run(ServiceManager(facts).keep_telling)
