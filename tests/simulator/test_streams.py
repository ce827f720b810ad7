"""Commands that go on: follow, listen, monitor-traffic, ping, torch; and how each is stopped."""

from __future__ import annotations

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.errors import CommandTrapped
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, talking
from tests.virtual_time import backend
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio
INTERRUPTED = ("=category=2", "=message=interrupted")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def test_monitor_traffic_goes_on_each_second_until_it_is_cancelled() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=2))) as talk:
        await talk.ask(*LOGIN)
        await talk.say("/interface/monitor-traffic", "=interface=ether1", ".tag=7")
        begun_at = anyio.current_time()
        for _ in range(3):
            row = await talk.hear()
            assert row[:3] == ("!re", ".tag=7", "=name=ether1")
        assert anyio.current_time() - begun_at == pytest.approx(2.0)
        await talk.say("/cancel", "=tag=7", ".tag=8")
        assert [await talk.hear() for _ in range(3)] == [
            ("!trap", ".tag=7", *INTERRUPTED),
            ("!done", ".tag=7"),
            ("!done", ".tag=8"),
        ]


async def test_an_untagged_stream_is_stopped_by_a_bare_cancel() -> None:
    async with talking(SimulatedRouter(RouterProfile(secrets=2))) as talk:
        await talk.ask(*LOGIN)
        await talk.say("/interface/monitor-traffic", "=interface=ether1")
        assert (await talk.hear())[0] == "!re"
        await talk.say("/cancel")
        heard = [await talk.hear() for _ in range(3)]
        assert heard == [("!trap", *INTERRUPTED), ("!done",), ("!done",)]


@pytest.mark.parametrize("argument", ["=once=", "=count=1", "=duration=1s"])
async def test_once_count_and_duration_end_it(argument: str) -> None:
    path = "/system/resource/monitor" if argument != "=count=1" else "/ping"
    words = (path, argument, *(("=address=10.0.0.1",) if path == "/ping" else ()))
    async with talking(SimulatedRouter(RouterProfile(secrets=2))) as talk:
        await talk.ask(*LOGIN)
        heard = await talk.ask(*words)
        assert [sentence[0] for sentence in heard] == ["!re", "!done"]


async def test_ping_counts_and_has_an_interval() -> None:
    async with client_and_router(PoolOptions(min_size=1)) as (client, _):
        rows = await client.run("/ping", address="10.0.0.1", count=3, interval="200ms")
        assert [row["seq"] for row in rows] == ["0", "1", "2"]
        assert rows[-1]["sent"] == rows[-1]["received"] == "3"
        with pytest.raises(CommandTrapped, match="invalid value for argument address"):
            await client.run("/ping", address="nowhere", count=1)
        with pytest.raises(CommandTrapped, match="input does not match any value of interface"):
            await client.run("/tool/torch", interface="ether99", once="")


async def test_follow_prints_what_is_there_and_goes_on_follow_only_with_changes_alone() -> None:
    router = SimulatedRouter(RouterProfile(secrets=3))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.say("/ppp/secret/print", "=follow=", "=.proplist=name", ".tag=1")
        await talk.say("/ppp/secret/print", "=follow-only=", ".tag=2")
        assert [(await talk.hear())[:2] for _ in range(3)] == [("!re", ".tag=1")] * 3
        added = await talk.ask("/ppp/secret/add", "=name=new", ".tag=3")
        tags = {word for sentence in added for word in sentence if word.startswith(".tag=")}
        while not {".tag=1", ".tag=2", ".tag=3"} <= tags:
            tags |= {word for word in await talk.hear() if word.startswith(".tag=")}
        await talk.say("/cancel", ".tag=4")
        ends = [await talk.hear() for _ in range(5)]
        assert ends[-1] == ("!done", ".tag=4")


async def test_the_client_streams_what_the_router_says_and_cancels_on_leaving() -> None:
    async with client_and_router(PoolOptions(min_size=1)) as (client, _):
        async with client.stream("/interface/monitor-traffic", {"interface": "ether1"}) as rows:
            seen = [await rows.receive() for _ in range(3)]
        assert {row["name"] for row in seen} == {"ether1"}
        await anyio.sleep(1)
        assert client.connection_stats().pool.slots_used == 0


@pytest.mark.parametrize(("version", "verb"), [("7.15.3", "request-logout"), ("7.22.3", "remove")])
async def test_a_session_that_is_taken_from_the_list_of_users_ends(version: str, verb: str) -> None:
    router = SimulatedRouter(RouterProfile(secrets=1, version=version))
    async with talking(router) as talk, talking(router) as other:
        await talk.ask(*LOGIN)
        await other.ask(*LOGIN)
        rows = await talk.ask("/user/active/print", "=.proplist=.id")
        assert (await talk.ask(f"/user/active/{verb}", rows[1][1])) == [("!done",)]
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await other.ask("/system/identity/print")
        assert (await talk.ask("/system/identity/print"))[-1] == ("!done",)
