"""A thousand who ask in a second, and those who are slow: everybody gets a right answer, and no router waits."""

from __future__ import annotations

import re
import socket
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.errors import RouterError
from mktui.services.fleet import Fleet
from mktui.web import bodies, door
from tests.web.serving import OPERATOR, VIEWER, eventually, settings, site
from tests.wiring import until

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot
    from tests.web.serving import Answer, Site

pytestmark = [pytest.mark.anyio, pytest.mark.realtime, pytest.mark.timeout(120)]
ASKED = 1000


async def ask_often(here: Site, count: int = ASKED, callers: int = 20) -> list[Answer]:
    """Ask as fast as it goes, from several callers at once."""
    paths = ("/api/network-stats", "/api/connection-details", "/metrics", "/api/network-health")
    seen: list[Answer] = []

    async def caller(number: int) -> None:
        seen.extend([await here.ask(paths[(number + turn) % len(paths)]) for turn in range(count // callers)])

    async with anyio.create_task_group() as tasks:
        for number in range(callers):
            tasks.start_soon(caller, number)
    return seen


async def keep_asking(here: Site, seen: Counter[str]) -> None:
    """Read from a router all the time, as a sync would."""
    client = here.fleet.service("edge-1").client
    while True:
        try:
            await client.get("/system/identity", ("name",), max_age=0)
            seen["answered"] += 1
        except RouterError as error:
            seen[type(error).__name__] += 1


async def test_a_thousand_who_ask_at_once_are_answered_and_the_pools_undisturbed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[None] = []
    look = Fleet.snapshot

    def counted(fleet: Fleet) -> Snapshot:
        looks.append(None)
        return look(fleet)

    monkeypatch.setattr(Fleet, "snapshot", counted)
    async with site() as here:
        await until(lambda: here.fleet.snapshot().routers[0].pool.ready > 0)
        looks.clear()
        seen: Counter[str] = Counter()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_asking, here, seen)
            with anyio.fail_after(60):
                answers = await ask_often(here)
            during = seen["answered"]
            await until(lambda: seen["answered"] >= 20)
            tasks.cancel_scope.cancel()
        assert Counter(answer.status for answer in answers) == {200: ASKED}
        assert all(answer.body for answer in answers)
        assert set(seen) == {"answered"}, "no read of a router failed"
        assert during > 0
        assert 0 < len(looks) < ASKED / 5, "one picture is shown to all who ask in its half second"
        pool = here.fleet.snapshot().routers[0].pool
        assert (pool.performance.timeouts, pool.performance.drops, pool.circuit_breaker.opens) == (0, 0, 0)


async def test_a_flood_over_the_limit_is_told_so_and_others_are_answered() -> None:
    async with site(settings(requests_per_second=20)) as here:
        counts = Counter(answer.status for answer in await ask_often(here))
        assert set(counts) == {200, 429}
        assert counts[429] > counts[200] >= 40
        assert (await here.ask("/-/ready", "")).status in {200, 503}

        async def are_counted() -> bool:
            return await counted_refusals(here) >= counts[429]

        await eventually(are_counted)


async def counted_refusals(here: Site) -> float:
    """Return how many were told that they ask too often, by the metrics; 0 while we are one of them."""
    found = re.search(r'mktui_http_requests_total\{.*"429".*\} (\S+)', (await here.ask("/metrics")).body.decode())
    return float(found[1]) if found else 0.0


async def test_over_so_many_connections_the_next_takes_the_place_of_the_oldest_stranger() -> None:
    async with site(settings(max_connections=4)) as here:
        assert (await here.ask("/metrics")).status == 200
        port = int(here.url.rpartition(":")[2])
        idle = [await anyio.connect_tcp("127.0.0.1", port) for _ in range(3)]
        assert await until_closed(idle[0]) == b""

        async def are(count: int) -> bool:
            return f"mktui_http_connections {count}.0".encode() in (await here.ask("/metrics")).body

        await eventually(partial(are, 3))
        for each in idle:
            await each.aclose()
        await eventually(partial(are, 1))
        assert b"mktui_http_turned_away_total 1.0" in (await here.ask("/metrics")).body


async def until_closed(stream: anyio.abc.SocketStream) -> bytes:
    """Read to the end."""
    said = b""
    try:
        with anyio.fail_after(15):
            while True:
                said += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return said


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: local"])
async def test_who_does_not_say_what_he_wants_is_left(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(door, "KEEP_ALIVE", 0.3)
    async with site() as here, await anyio.connect_tcp("127.0.0.1", int(here.url.rpartition(":")[2])) as stream:
        await stream.send(said)
        await until_closed(stream)


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.3)
    async with site() as here, await anyio.connect_tcp("127.0.0.1", int(here.url.rpartition(":")[2])) as stream:
        head = (
            f"POST /api/test-connection HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {OPERATOR}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        await stream.send(head.encode())
        assert b" 408 Request Timeout" in await stream.receive()


async def test_who_asks_and_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SLOW", 0.3)
    async with site() as here:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", int(here.url.rpartition(":")[2])))
            deaf.setblocking(False)
            request = f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {VIEWER}\r\n\r\n".encode()
            with anyio.fail_after(30):
                while True:
                    try:
                        deaf.send(request * 20)
                    except BlockingIOError:
                        pass
                    except OSError:
                        break
                    assert (await here.ask("/-/healthy", "")).status == 200
                    await anyio.sleep(0.05)
