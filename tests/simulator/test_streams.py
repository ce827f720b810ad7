"""Commands that go on: follow, listen, monitor-traffic, ping, torch; and how each is stopped."""

from __future__ import annotations

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.core.protocol.framing import encode
from mktui.errors import CommandTrapped
from mktui.simulator.cost import CostModel
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, Talk, talking
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
            ("!done", ".tag=8"),
            ("!done", ".tag=7"),
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
        assert [words[:2] for words in ends] == [
            ("!trap", ".tag=1"), ("!trap", ".tag=2"), ("!done", ".tag=4"), ("!done", ".tag=1"), ("!done", ".tag=2"),
        ]  # fmt: skip


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


WATCHER = (
    ("/user/group/add", "=name=watch", "=policy=api,read"),
    ("/user/add", "=name=watch", "=group=watch", "=password=p"),
    ("/login", "=name=watch", "=password=p"),
)


@pytest.mark.parametrize("words", [("/ppp/secret/listen",), ("/ppp/secret/print", "=follow-only=")])
async def test_who_listens_sees_what_his_policies_columns_and_query_let_him(words: tuple[str, ...]) -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    async with talking(router) as talk, talking(router) as writer:
        await writer.ask(*LOGIN)
        await talk.ask(*LOGIN)
        for each in WATCHER:
            await talk.ask(*each)
        await talk.say(*words, "?disabled=false", ".tag=1")
        await talk.say(*words, "=.proplist=name,password,comment", ".tag=2")
        await anyio.sleep(0.1)
        await writer.ask("/ppp/secret/add", "=name=off", "=password=x", "=disabled=yes", "=comment=c")
        assert await talk.hear() == ("!re", ".tag=2", "=name=off", "=comment=c")
        await writer.ask("/ppp/secret/add", "=name=on", "=password=x")
        seen = sorted([await talk.hear(), await talk.hear()], key=lambda heard: heard[1])
        assert "=name=on" in seen[0]
        assert not any(word.startswith("=password=") for heard in seen for word in heard)
        await writer.ask("/ppp/secret/remove", "=.id=on")
        assert (await talk.hear())[2:] == ("=.id=*3", "=.dead=yes")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("/ppp/secret/listen", "=colour=1"), "unknown parameter colour"),
        (("/ppp/secret/listen", "?#x"), "unknown query operation 'x'"),
        (("/ppp/nothing/listen",), "no such command prefix"),
        (("/system/backup/listen",), "no such command prefix"),
        (("/ppp/listen",), "no such command"),
        (("/ppp/secret/add", "=name=x", "=follow="), "unknown parameter follow"),
        (("/system/identity/set", "=follow-only=yes"), "unknown parameter follow-only"),
    ],
)
async def test_what_cannot_be_listened_to_is_refused(words: tuple[str, ...], text: str) -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        assert (await talk.ask(*words))[0][-1] == f"=message={text}"
    assert len(router.tables["/ppp/secret"]) == 0


async def test_nothing_that_changes_while_a_follow_begins_is_lost() -> None:
    router = SimulatedRouter(RouterProfile(secrets=100))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.say("/ppp/secret/print", "=follow=", "=.proplist=name", ".tag=1")
        assert (await talk.hear())[0] == "!re"  # the rest waits in the wire
        router.tables["/ppp/secret"].add({"name": "in between"})
        heard = [(await talk.hear())[2] for _ in range(100)]
        assert heard[-1] == "=name=in between"


async def read_for_ever(talk: Talk) -> None:
    while True:
        await talk.hear()


async def test_a_command_and_its_cancel_in_one_piece_are_answered_in_turn() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1, cost=CostModel(command=1.0)))
    pieces = encode(("/ppp/secret/add", "=name=x", ".tag=1")) + encode(("/cancel", "=tag=1", ".tag=2"))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.stream.send(pieces)
        assert [await talk.hear() for _ in range(3)] == [
            ("!trap", ".tag=1", *INTERRUPTED), ("!done", ".tag=2"), ("!done", ".tag=1"),
        ]  # fmt: skip
        await anyio.sleep(2)
    assert router.tables["/ppp/secret"].find("x") is None


async def test_who_listens_and_does_not_read_loses_his_session_and_nobody_else_does() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    async with talking(router, within=float("inf")) as idle, talking(router, within=float("inf")) as other:
        await idle.ask(*LOGIN)
        await other.ask(*LOGIN)
        await idle.say("/ppp/secret/listen", ".tag=1")
        await anyio.sleep(0.1)
        table = router.tables["/ppp/secret"]
        for index in range(10_100):
            table.change(table.rows["*1"], {"comment": str(index)})
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await read_for_ever(idle)
        assert (await other.ask("/system/identity/print"))[-1] == ("!done",)
        assert router.sessions == 1


async def test_a_cancel_in_the_manuals_order_ends_between_trap_and_end() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        for tag in ("1", "2"):
            await talk.say("/interface/listen", f".tag={tag}")
        await talk.say("/cancel", "=tag=2", ".tag=7")
        assert [await talk.hear() for _ in range(3)] == [
            ("!trap", ".tag=2", *INTERRUPTED), ("!done", ".tag=7"), ("!done", ".tag=2"),
        ]  # fmt: skip
        await talk.say("/cancel")
        assert [await talk.hear() for _ in range(3)] == [
            ("!trap", ".tag=1", *INTERRUPTED), ("!done",), ("!done", ".tag=1"),
        ]  # fmt: skip


async def test_a_removal_is_said_in_either_word_or_not_at_all() -> None:
    for profile, heard in (
        (RouterProfile(secrets=2, dead_word="true"), "=.dead=true"),
        (RouterProfile(secrets=2, hides_removals=frozenset({"/ppp/secret"})), "=comment=later"),
    ):
        async with talking(SimulatedRouter(profile)) as talk:
            await talk.ask(*LOGIN)
            await talk.say("/ppp/secret/listen", "=.proplist=comment", ".tag=1")
            await talk.ask("/ppp/secret/print", "=count-only=")
            await talk.say("/ppp/secret/remove", "=.id=*1")
            await talk.say("/ppp/secret/set", "=.id=*2", "=comment=later")
            said = [await talk.hear() for _ in range(3)]
            assert heard in {word for words in said for word in words}
