"""What real routers said, replayed: at our client, at the simulated router, whole and cut at every byte."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.core.connection.connection import Connection
from mktui.core.protocol.framing import encode
from mktui.core.protocol.schema import is_flag
from mktui.core.protocol.sentences import Command
from mktui.core.protocol.session import Call, Session
from mktui.core.protocol.values import parse_date, parse_duration, parse_flag
from mktui.errors import ConnectionLost, LoginRefused, ProtocolError
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.streams import byte_stream_pair
from tests.simulator.talk import LOGIN, talking
from tests.simulator.transcripts import CHALLENGE, Transcript, answer_bytes, matches, play_router, transcripts
from tests.virtual_time import backend
from tests.wiring import client_and_router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
TRANSCRIPTS = transcripts()
DATA = Path(__file__).parent.parent / "data"
ROWS = json.loads((DATA / "recorded-rows.json").read_text(encoding="utf-8"))["rows"]
TRAPS = json.loads((DATA / "trap-messages.json").read_text(encoding="utf-8"))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


@asynccontextmanager
async def connection_to(transcript: Transcript, cut_at: int) -> AsyncIterator[tuple[Connection, list[tuple[str, ...]]]]:
    """Hold our side of a connection whose other side plays a transcript."""
    ours, theirs = byte_stream_pair()
    heard: list[tuple[str, ...]] = []
    async with anyio.create_task_group() as tasks:
        connection = Connection(ours, router="recorded")
        tasks.start_soon(play_router, transcript, theirs, cut_at, heard)
        await tasks.start(connection.run)
        yield connection, heard
        tasks.cancel_scope.cancel()


async def as_client(transcript: Transcript, cut_at: int) -> list[object]:
    """Do with our client what the recorded one did; returns what came of each exchange."""
    outcomes: list[object] = []
    async with connection_to(transcript, cut_at) as (connection, heard):
        try:
            if transcript.is_login:
                outcomes.append(await log_in(connection, transcript))
            else:
                connection.session.logged_in()
                for said, _ in transcript.exchanges:
                    call = await connection.call(Command.parse(said)[0])
                    outcomes.append((call.rows, call.ret, [trap.message for trap in call.traps]))
        except (ConnectionLost, LoginRefused, ProtocolError) as error:
            outcomes.append(f"{type(error).__name__}: {getattr(error, 'text', getattr(error, 'reason', error))}")
        for (said, _), ours in zip(transcript.exchanges, heard, strict=False):
            assert transcript.is_login or set(ours) - {w for w in ours if w.startswith(".tag=")} == {
                word for word in said if not word.startswith(".tag=")
            }
    return outcomes


async def log_in(connection: Connection, transcript: Transcript) -> str:
    named = [word for said, _ in transcript.exchanges for word in said if word.startswith("=name=")]
    passwords = [word for said, _ in transcript.exchanges for word in said if word.startswith("=password=")]
    username = named[0].removeprefix("=name=")
    await connection.log_in(username, passwords[0].removeprefix("=password=") if passwords else "secret")
    return "logged in"


EXPECTED: dict[str, list[object]] = {
    "login-pre-6.43": ["logged in"],
    "login-failed-pre-6.43": ["LoginRefused: cannot log in"],
    "legacy-server-new-client": ["logged in"],
    "quit": ["ConnectionLost: the router said: session terminated on request"],
    "empty-rows-with-tag": [([], None, [])],
    "proplist-of-absent-attribute": [([{}] * 7, None, [])],
    "count-only": [([], "7", [])],
    "trap-with-category": [([], None, ["input does not match any value of interface"])],
}


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda each: each.name)
async def test_our_client_understands_what_was_recorded_cut_at_every_byte(transcript: Transcript) -> None:
    whole = await as_client(transcript, 0)
    if transcript.name in EXPECTED:
        assert whole == EXPECTED[transcript.name]
    for cut_at in range(1, answer_bytes(transcript)):
        assert await as_client(transcript, cut_at) == whole, f"cut after {cut_at} bytes"


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda each: each.name)
async def test_a_connection_that_ends_at_any_byte_never_gives_an_answer_that_was_not_whole(
    transcript: Transcript,
) -> None:
    whole = await as_client(transcript, 0)
    for cut_at in range(1, answer_bytes(transcript)):
        for outcome in await as_client(transcript, -cut_at):
            assert outcome in whole or str(outcome).startswith("ConnectionLost"), f"ended after {cut_at} bytes"


def profile_for(transcript: Transcript) -> RouterProfile:
    """Return the router that a transcript was recorded from, as far as it tells."""
    said = [word for words, _ in transcript.exchanges for word in words]
    replies = [word for _, heard in transcript.exchanges for words in heard for word in words]
    name = next((word.removeprefix("=name=") for word in said if word.startswith("=name=")), "admin")
    password = next((word.removeprefix("=password=") for word in said if word.startswith("=password=")), "secret")
    is_old = transcript.is_login and any(word.startswith("=ret=") for word in replies)
    if is_old:
        return RouterProfile(version="6.49", login="challenge", username=name, password=password, secrets=7)
    return RouterProfile(username="admin", secrets=7)


def as_said(word: str, password: str, challenge: str) -> str:
    """Return a recorded word with our own answer to the challenge in it."""
    if not word.startswith("=response="):
        return word
    from librouteros.login import encode_password  # noqa: PLC0415 - an independent one

    return f"=response={encode_password(challenge, password)}"


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda each: each.name)
@pytest.mark.parametrize("chunk_bytes", [10_000, 1])
async def test_the_simulated_router_answers_as_was_recorded(transcript: Transcript, chunk_bytes: int) -> None:
    profile = profile_for(transcript)
    router = SimulatedRouter(profile)
    fails = any(word == "=message=cannot log in" for _, heard in transcript.exchanges for s in heard for word in s)
    password = "wrong" if fails else profile.password
    async with talking(router) as talk:
        if not transcript.is_login:
            await talk.ask(*LOGIN)
        challenge = CHALLENGE
        for said, recorded in transcript.exchanges:
            expected, menu = recorded, said[0].rpartition("/")[0]
            if said[0].endswith("/print") and not router.schema.has_menu(menu):
                router.load_rows(menu, [])
            heard = await talk.ask(*(as_said(word, password, challenge) for word in said), chunk_bytes=chunk_bytes)
            challenge = next((word[5:] for word in heard[-1] if word.startswith("=ret=")), challenge)
            if menu == "/ip/service":
                expected = (*expected[:1] * len(router.tables[menu]), expected[-1])
            assert len(heard) == len(expected)
            for ours, theirs in zip(heard, expected, strict=True):
                assert len(ours) == len(theirs)
                assert ours[0] == theirs[0]
                fresh = [word if not word.startswith("=ret=") else "=ret=<its own>" for word in theirs]
                assert all(any(matches(word, own) for own in ours) for word in fresh), (ours, theirs)
        if transcript.closes:
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await talk.hear()


def recorded_row(each: dict[str, object]) -> tuple[str, dict[str, str]]:
    row = each["row"]
    assert isinstance(row, dict)
    return str(each["path"]).partition(" ")[0], row


@pytest.mark.parametrize("each", ROWS, ids=lambda each: f"{each['path']} {each['ros']}")
async def test_a_recorded_row_comes_through_our_client_as_it_was(each: dict[str, object]) -> None:
    path, row = recorded_row(each)
    for chunk_bytes in (None, 1):
        async with client_and_router(PoolOptions(min_size=1, max_size=1), chunk_bytes=chunk_bytes) as (client, router):
            await client.get("/system/identity")  # logged in before: a login shows in the user's row
            router.load_rows(path, [row])
            assert [dict(got) for got in await client.get(path, max_age=0)] == [row]
            some = tuple(row)[::2]
            assert [dict(got) for got in await client.get(path, some, max_age=0)] == [
                {name: row[name] for name in some}
            ]


@pytest.mark.parametrize("each", ROWS, ids=lambda each: f"{each['path']} {each['ros']}")
def test_a_recorded_row_is_the_same_cut_at_every_byte_and_nothing_before_its_end(each: dict[str, object]) -> None:
    _, row = recorded_row(each)
    framed = encode(["!re", ".tag=0", *(f"={name}={value}" for name, value in row.items())])
    for at in range(len(framed) + 1):
        session = Session()
        session.logged_in()
        ended: list[Call] = []
        call, _ = session.start(Command("/x/print"), ended.append)
        words = ["!re", f".tag={call.tag}", *(f"={name}={value}" for name, value in row.items())]
        whole = encode(words)
        session.receive(whole[:at])
        assert call.rows == ([row] if at >= len(whole) else [])
        session.receive(whole[at:])
        assert call.rows == [row]


@pytest.mark.parametrize("each", ROWS, ids=lambda each: f"{each['path']} {each['ros']}")
def test_every_recorded_value_is_read_by_what_it_is(each: dict[str, object]) -> None:
    path, row = recorded_row(each)
    for name, value in row.items():
        if is_flag(path, name):
            parse_flag(value)
        if (
            name in {"uptime", "limit-uptime", "session-time-left", "idle-time", "keepalive-timeout"}
            and value != "none"
        ):
            assert parse_duration(value) >= 0
        if name in {"last-logged-out", "last-link-up-time", "creation-time", "last-logged-in", "build-time"}:
            assert parse_date(value).year > 2000


ASKED: dict[str, tuple[tuple[str, ...], ...]] = {
    "invalid user name or password (6)": (("/login", "=name=admin", "=password=x"),),
    "failure: secret with the same name already exists": (LOGIN, ("/ppp/secret/add", "=name=ana-01")),
    "failure: already have user with this name for this server": (
        LOGIN, ("/ip/hotspot/user/add", "=name=twice"), ("/ip/hotspot/user/add", "=name=twice"),
    ),
    "input does not match any value of profile": (LOGIN, ("/ppp/secret/add", "=name=x", "=profile=none")),
    "input does not match any value of interface": (LOGIN, ("/ip/hotspot/add", "=name=x", "=interface=asdf")),
    "ambiguous value of server, more than one possible value matches input": (
        LOGIN, ("/ip/hotspot/add", "=name=hs2", "=interface=ether4"),
        ("/ip/hotspot/user/add", "=name=x", "=server=hs"),
    ),
    "invalid value for argument remote-address": (LOGIN, ("/ppp/secret/add", "=name=x", "=remote-address=garbage")),
    "unknown parameter comment": (LOGIN, ("/ip/hotspot/user/profile/add", "=name=x", "=comment=y")),
    "no such item": (LOGIN, ("/ppp/secret/remove", "=.id=*FFFF")),
    "no such command": (LOGIN, ("/ppp/secret/fly",)),
    "no such command prefix": (LOGIN, ("/interface/ethernet/poe/print",)),
    "not enough permissions (9)": (
        LOGIN, ("/user/group/add", "=name=r", "=policy=api,read"), ("/user/add", "=name=u", "=group=r", "=password=p"),
        ("/login", "=name=u", "=password=p"), ("/ppp/secret/add", "=name=x"),
    ),
    "failure: contents too long": (LOGIN, ("/file/add", "=name=x", "=contents=" + "x" * 61_441)),
    "value of priority out of range (1..254)": (LOGIN, ("/ip/service/set", "=.id=api", "=port=0")),
}  # fmt: skip
ELSEWHERE = {
    "cannot log in": "the transcripts",
    "interrupted": "tests/simulator/test_streams.py",
    "no such command or directory (nonexistent)": "a 7.23 REST text, in no known API reply",
    "action failed (6)": "of a rest-api session, which the simulator has not",
}


@pytest.mark.parametrize("text", [each["msg"] for each in TRAPS])
async def test_the_simulated_router_refuses_with_the_recorded_text_and_category(text: str) -> None:
    if text in ELSEWHERE:
        pytest.skip(f"shown by {ELSEWHERE[text]}")
    known = next(each for each in TRAPS if each["msg"] == text)
    assert text in ASKED, f"nothing asks for {text!r}"
    async with talking(SimulatedRouter(RouterProfile(secrets=5))) as talk:
        for words in ASKED[text]:
            heard = await talk.ask(*words)
    [said] = [word.removeprefix("=message=") for word in heard[0] if word.startswith("=message=")]
    category = [word.removeprefix("=category=") for word in heard[0] if word.startswith("=category=")]
    if text.startswith("value of"):
        assert said == "value of port out of range (1..65535)", "the general form"
    else:
        assert said == text
    if str(known.get("category", "")).isdecimal():
        assert category == [known["category"]]


async def test_a_listen_to_addresses_goes_as_librouteros_and_mikrotiks_manual_show_it() -> None:
    """Recorded in librouteros' analysis of the API (facts) and printed in MikroTik's manual in the same order."""
    router = SimulatedRouter(RouterProfile(secrets=0, dead_word="true"))
    async with talking(router) as talk, talking(router) as other:
        await talk.ask(*LOGIN)
        await other.ask(*LOGIN)
        await talk.say("/ip/address/listen", ".tag=10")
        await anyio.sleep(0.1)
        added = await other.ask("/ip/address/add", "=address=1.1.1.1", "=interface=ether1")
        row_id = added[0][1].removeprefix("=ret=")
        heard = await talk.hear()
        assert heard[:2] == ("!re", ".tag=10")
        assert set(heard[2:]) == {
            f"=.id={row_id}", "=address=1.1.1.1/32", "=network=1.1.1.1", "=interface=ether1",
            "=actual-interface=ether1", "=invalid=false", "=dynamic=false", "=disabled=false",
        }  # fmt: skip
        await other.ask("/ip/address/remove", f"=.id={row_id}")
        assert await talk.hear() == ("!re", ".tag=10", f"=.id={row_id}", "=.dead=true")
        await talk.say("/cancel", "=tag=10", ".tag=20")
        assert [await talk.hear() for _ in range(3)] == [
            ("!trap", ".tag=10", "=category=2", "=message=interrupted"), ("!done", ".tag=20"), ("!done", ".tag=10"),
        ]  # fmt: skip


MADE = {
    "/queue/simple": ("=name=q", "=target=10.16.97.102/32"),
    "/ip/firewall/address-list": ("=list=activo", "=address=10.205.73.178"),
    "/ip/pool": ("=name=p", "=ranges=10.77.0.10-10.77.0.20"),
}


@pytest.mark.parametrize("path", MADE)
async def test_a_row_that_is_added_has_what_the_recorded_one_has(path: str) -> None:
    recorded = next(row for each in ROWS for where, row in [recorded_row(each)] if where == path)
    async with talking(SimulatedRouter(RouterProfile(secrets=0, version="7.22.3"))) as talk:
        await talk.ask(*LOGIN)
        row_id = (await talk.ask(f"{path}/add", *MADE[path]))[0][1].removeprefix("=ret=")
        heard = await talk.ask(f"{path}/print", f"?.id={row_id}")
    assert {word.split("=")[1] for word in heard[0][1:]} == recorded.keys() - {"comment"}
