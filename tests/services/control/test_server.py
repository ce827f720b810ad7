"""The socket itself: who may ask, what is answered, and that nobody who is connected can hold up anybody else."""

from __future__ import annotations

import json
import os
import socket as sockets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import ByteStream
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from mktui.errors import ConfigError, ControlRefused, NobodyServes, ServedAlready
from mktui.services.control import server as serving
from mktui.services.control import wire
from mktui.services.control.credentials import Peer
from mktui.services.control.place import claimed
from mktui.services.control.server import ControlServer
from mktui.services.control.unix import UnixStream
from tests.services.control.houses import house
from tests.wiring import until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from mktui.services.control.visitor import Visitor
    from tests.services.control.houses import House

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


async def told(at: House, *lines: bytes) -> list[dict[str, Any]]:  # Any: JSON
    """Send lines as they are, and return what is answered until the other side closes."""
    async with await anyio.connect_unix(at.socket) as stream:
        for line in lines:
            await stream.send(line)
        await stream.send_eof()
        answers: list[dict[str, Any]] = []  # Any: JSON
        with suppress(anyio.BrokenResourceError):  # who is turned away was not listened to
            async for line in wire.lines(stream, wire.LONGEST_ANSWER):
                answers.append(json.loads(line))  # noqa: PERF401 - what came before the end is kept
        return answers


async def test_only_its_owner_can_reach_the_socket_and_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "mktui"
    with claimed(folder / "control.sock"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    async with house(tmp_path) as at:
        assert stat.S_IMODE(at.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "control.sock.lock").stat().st_mode) == 0o600
    assert not at.socket.exists()


async def test_another_user_is_turned_away_in_one_line_and_root_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at:
        monkeypatch.setattr(serving, "peer_of", lambda _raw: Peer(os.getuid() + 4711))
        (line,) = await told(at, wire.request(1, "snapshot"))
        assert line["error"]["text"] == f"user {os.getuid() + 4711} may not ask here"
        monkeypatch.setattr(serving, "peer_of", lambda _raw: Peer(0))
        (line,) = await told(at, wire.request(1, "snapshot"))
        assert line["done"]["title"] == ""
    assert at.said == [f"turned away: user {os.getuid() + 4711} may not ask here"]


async def test_the_kernel_says_who_is_at_the_other_end() -> None:
    ours, theirs = sockets.socketpair(sockets.AF_UNIX)
    with ours, theirs:
        assert serving.peer_of(ours) == Peer(os.getuid(), os.getpid())


async def test_garbage_is_answered_and_what_follows_is_done(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        lines = await told(
            at, b"\x00\xff garbage\n", b'{"v":7,"id":1}\n', b"\n", wire.request(5, "report", router="edge-1")
        )
        assert [line.get("error", {}).get("kind") for line in lines] == [
            "ProtocolError",
            "Version",
            "ProtocolError",
            None,
        ]
        assert lines[-1] == {"v": 1, "id": 5, "done": None}


async def test_a_line_without_an_end_ends_its_connection_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_REQUEST", 10_000)
    async with house(tmp_path) as at, at.link() as other:
        (line,) = await told(at, b"x" * 100_000)
        assert line["error"]["text"] == "a line has 10000 bytes at most: the connection ends"
        assert await other.ask("report", router="edge-1") is None


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_at_all_end_the_server(pieces: list[bytes]) -> None:
    anyio.run(_survives, pieces)


async def _survives(pieces: list[bytes]) -> None:
    """Feed a conversation that has no fleet behind it: nothing of what comes may get that far and raise."""
    ours, theirs = sockets.socketpair(sockets.AF_UNIX)
    async with UnixStream(ours) as stream, UnixStream(theirs) as other, anyio.create_task_group() as tasks:
        tasks.start_soon(converse, _NoFleet(), other)
        for piece in pieces:
            await stream.send(piece)
        await stream.send(b"\n" + wire.request(9, "report", router="edge-1"))
        async for line in wire.lines(stream, wire.LONGEST_ANSWER):
            if json.loads(line)["id"] == 9:
                break
        await stream.aclose()


class _Nobody:
    actor = "nobody"

    async def do(self, request: Any, on_step: Any) -> str:
        del on_step
        await anyio.lowlevel.checkpoint()
        return f"{request.do}"


class _NoFleet:
    """A server's part that a conversation needs."""

    last_event = 0

    def __init__(self) -> None:
        self.pictures = 0
        self.said: list[str] = []

    def on_request(self, who: str, what: str) -> None:
        """Nobody listens."""

    def _say(self, text: str) -> None:
        self.said.append(text)

    async def news(self, _feed: Any, _number: Any) -> dict[str, Any]:
        await anyio.lowlevel.checkpoint()
        self.pictures += 1
        return {}

    def greeting(self) -> dict[str, Any]:
        return {}


async def converse(server: _NoFleet, stream: ByteStream) -> None:
    await ControlServer.converse(cast("ControlServer", server), stream, cast("Visitor", _Nobody()))


class _Gate(ByteStream):
    """A peer that has subscribed, and reads nothing until he is let."""

    def __init__(self) -> None:
        self.opened = anyio.Event()
        self.sent: list[bytes] = []
        self._asked = [wire.request(1, "subscribe", every=1)]

    async def receive(self, max_bytes: int = 65536) -> bytes:
        del max_bytes
        await anyio.lowlevel.checkpoint()
        if not self._asked:
            await anyio.sleep_forever()
        return self._asked.pop()

    async def send(self, item: bytes) -> None:
        await self.opened.wait()
        self.sent.append(item)

    async def send_eof(self) -> None:
        await anyio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()


async def test_one_who_takes_nothing_holds_up_no_router_and_no_other_and_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "STALL", 0.5)
    async with house(tmp_path) as at, at.link() as other:
        news: list[Any] = []
        await other.subscribe(news.append, every=0.2)
        with sockets.socket(sockets.AF_UNIX) as stalled:
            stalled.connect(str(at.socket))
            stalled.setblocking(False)
            asked = wire.request(1, "snapshot") * 2000
            with suppress(BlockingIOError):
                while stalled.send(asked):
                    await anyio.lowlevel.checkpoint()
            seen = len(news)
            await until(lambda: len(news) > seen + 2)
            rows = await at.fleet.service("edge-1").client.get("/system/identity", ("name",), max_age=0)
            assert rows
            await until(lambda: any("took nothing" in text for text in at.said))
        assert at.server.clients == 1


def in_virtual_time(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    anyio.run(work, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})


def test_what_a_slow_reader_has_missed_is_not_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STALL", 1000.0)

    async def slowly() -> None:
        server, stream = _NoFleet(), _Gate()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(converse, server, stream)
            await anyio.sleep(500)
            assert server.pictures == 1
            stream.opened.set()
            await anyio.sleep(10.1)
            assert server.pictures == len(stream.sent) == 11
            tasks.cancel_scope.cancel()

    in_virtual_time(slowly)


def test_one_who_takes_nothing_is_dropped_after_twenty_seconds_and_not_before() -> None:
    async def stalled() -> None:
        server, begun_at = _NoFleet(), anyio.current_time()
        await converse(server, _Gate())
        assert anyio.current_time() - begun_at == pytest.approx(serving.STALL)
        assert server.said == ["nobody took nothing for 20 s and was dropped"]

    in_virtual_time(stalled)


async def test_too_many_connections_and_too_many_requests_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "CLIENTS", 1)
    monkeypatch.setattr(serving, "AT_ONCE", 2)
    async with house(tmp_path) as at:
        at.router.faults.slow["/login"] = 0.5
        async with at.link() as link:
            (line,) = await told(at, wire.request(1, "snapshot"))
            assert line["error"]["text"] == "1 are connected already"
            refused: list[str] = []

            async def ask() -> None:
                try:
                    await link.ask("test", router="edge-1")
                except ControlRefused as error:
                    refused.append(str(error))

            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(ask)
        assert refused == ["2 requests are under way already"]
        await until(lambda: at.server.clients == 0)


async def test_a_bug_in_one_answer_is_told_and_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as at, at.link() as link:
        monkeypatch.setattr(at.fleet, "last_report", lambda _name: 1 // 0)
        with pytest.raises(ControlRefused, match=r"a bug in mktui: ZeroDivisionError; please report .*crash\.txt"):
            await link.ask("report", router="edge-1")
        assert (await link.ask("snapshot"))["routers"]


async def test_events_come_with_numbers_without_a_gap(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.link() as link:
        heard: list[tuple[int, str]] = []
        rounds: list[int] = []

        def take(news: Any) -> None:  # Any: JSON
            heard.extend((number, event["kind"]) for number, event in news["events"])
            rounds.append(len(news["events"]))

        await link.subscribe(take, every=0.2, events=True)
        await link.ask("isolate", router="edge-1")
        await link.ask("probe", router="edge-1")
        await until(lambda: {"isolated", "circuit probing"} <= {kind for _, kind in heard})
        seen = len(rounds)
        await until(lambda: len(rounds) > seen + 2)
        numbers = [number for number, _ in heard]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_whoever_may_only_look_is_refused_and_that_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        async with at.link(role="viewer", origin="ssh 10.1.1.1") as link:
            assert link.greeting["may_write"] is False
            for do in ("reset", "isolate", "probe", "let go", "apply"):
                with pytest.raises(ControlRefused, match=f"{do}: refused, this is read-only"):
                    await link.ask(do, router="edge-1")
            with pytest.raises(ControlRefused, match="read-only"):
                await link.ask("config")
            await link.ask("hello", role="admin")
            with pytest.raises(ControlRefused, match="read-only"):
                await link.ask("reset", router="edge-1")
            for do in ("test", "plan"):
                with pytest.raises(ControlRefused, match=f"{do}: this needs the role operator; .* is viewer"):
                    await link.ask(do, router="edge-1")
            assert await link.ask("report", router="edge-1") is None
        epoch = at.fleet.snapshot().routers[0].pool.circuit_breaker.state.value
        assert epoch == "closed"
    assert [(origin, what, outcome) for _, origin, what, outcome in at.audit()][:1] == [
        ("attached, ssh 10.1.1.1", "reset", "refused: read-only")
    ]


async def test_a_fleet_that_is_read_only_gives_nobody_more(tmp_path: Path) -> None:
    async with house(tmp_path, may_write=False) as at, at.link() as link:
        assert link.greeting["may_write"] is False
        with pytest.raises(ControlRefused, match="read-only"):
            await link.ask("isolate", router="edge-1")


async def test_what_somebody_does_is_kept_in_his_name_also_what_goes_on_in_the_background(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        async with at.link(origin="ssh 192.0.2.9 pts/3") as link:
            await link.ask("reset", router="edge-1")
            await link.ask("apply", router="edge-1")
            await until(lambda: at.fleet.last_report("edge-1") is not None)
            with pytest.raises(ConfigError, match="no router is called 'edge-9'"):
                await link.ask("reset", router="edge-9")
        await at.fleet.reset("edge-1")
    kept = [(origin, what) for _, origin, what, _ in at.audit()]
    assert kept[:2] == [
        ("attached, ssh 192.0.2.9 pts/3", "reset pool"),
        ("attached, ssh 192.0.2.9 pts/3", "sync (by hand)"),
    ]
    assert not kept[2][0].startswith("attached")


async def test_a_socket_that_a_dead_one_left_is_replaced_and_a_live_one_is_not_stolen(tmp_path: Path) -> None:
    left = sockets.socket(sockets.AF_UNIX)
    left.bind(str(tmp_path / "control.sock"))
    left.close()
    (tmp_path / "control.sock.lock").write_text("99999\n")
    async with house(tmp_path) as at:
        with pytest.raises(ServedAlready) as refused, claimed(at.socket):
            pass
        assert refused.value.pid == os.getpid()
        assert f"mktui already serves here, pid {os.getpid()} (mktui --attach shows it)" in str(refused.value)
        async with at.link() as link:
            assert link.greeting["routers"] == ["edge-1"]


async def test_where_nobody_serves_that_is_said_and_what_to_do(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        pass
    with pytest.raises(NobodyServes, match=r"control.sock: nobody serves here \(mktui serve does\)"):
        async with at.link():
            pass


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_BREATH", 0.005)


async def test_half_a_letter_is_refused_wherever_it_stands_and_ends_nothing(tmp_path: Path) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("find", {"name": "ana\ud800"}), ("kick", {"name": "\udfff", "router": "edge-1"}),
        ("run", {"router": "edge-1", "path": "/ppp/secret/add", "attributes": {"\ud83d": "x"}}),
        ("hold", {"router": "edge-1", "reason": "\udc7f"}),
        ("plan", {"router": "edge-1", "wish": {"names": ["\ud800"]}}), ("silence", {"seconds": 60, "why": "\ud800"}),
        ("read billing", {"kind": "subscribers", "text": "\ud800"}),
        ("hello", {"origin": "\ud800"}), ("\ud800", {}),
    ]  # fmt: skip
    async with house(tmp_path) as here, here.link() as link:
        for do, facts in asked:
            with pytest.raises(ControlRefused, match="half a letter") as refused:
                await link.ask(do, **facts)
            assert refused.value.kind == "ProtocolError"
        for name in ("\U0001f600", "\udcff"):  # a whole letter, and a byte of a router's name that is none
            await link.ask("find", name=name)
            while not (await link.ask("found"))["finished_at"]:
                await anyio.lowlevel.checkpoint()
