"""A crowd that says nothing shuts nobody out: whose connection stays when all places are taken."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import aiohttp
import anyio
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from mktui.web import door
from mktui.web.options import http_options
from mktui.web.seats import Seats
from tests.web.serving import VIEWER, Site, eventually, settings, site
from tests.web.test_tls_and_ends import certificate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio
READ = "/api/network-stats"


def let_in(seats: Seats[int], guest: int, neighbourhood: str) -> int | None:
    """Give somebody a place as the door does; return who went for it, himself when he was turned away."""
    gone = None
    if not seats.has_room(neighbourhood):
        gone = seats.who_goes(neighbourhood)
        if gone is None:
            return guest
        seats.leave(gone)
    seats.come(guest, neighbourhood)
    return gone


@given(
    st.integers(4, 12),
    st.lists(
        st.tuples(
            st.sampled_from(["come", "known", "asks", "rests", "leave"]), st.integers(0, 40), st.sampled_from("ab")
        )
    ),
)
def test_there_are_never_more_than_places_and_the_known_stay_as_long_as_there_are_strangers(
    most: int, steps: list[tuple[str, int, str]]
) -> None:
    seats: Seats[int] = Seats(most)
    for do, guest, neighbourhood in steps:
        if do != "come":
            getattr(seats, do)(guest)
        elif guest not in seats._strangers.keys() | seats._resting.keys() | seats._answered:
            strangers, answered = dict(seats._strangers), set(seats._answered)
            gone = let_in(seats, guest, neighbourhood)
            if gone == guest:
                assert answered == seats._answered
                assert len(answered) == most
            elif gone is not None:
                assert gone not in answered
                assert gone in strangers or not strangers
        assert len(seats) <= most
        assert all(len(near) <= most // 2 for near in seats._near.values())
        assert seats._strangers.keys() == {each for near in seats._near.values() for each in near}


def test_a_crowd_of_one_address_puts_out_itself_alone() -> None:
    seats: Seats[int] = Seats(200)
    for other in range(1000, 1010):
        assert let_in(seats, other, "elsewhere") is None
    gone = {let_in(seats, guest, "crowd") for guest in range(900)} - {None}
    assert gone == set(range(800))
    assert len(seats) == 110


def test_crowds_from_everywhere_put_out_their_oldest_and_nobody_who_is_known() -> None:
    seats: Seats[int] = Seats(200)
    for known in range(1000, 1100):
        let_in(seats, known, "office")
        seats.known(known)
        seats.rests(known)
    gone = [let_in(seats, guest, f"10.0.{guest}.1") for guest in range(500)]
    assert gone == [None] * 100 + list(range(400))


async def crowd(stack: AsyncExitStack, here: Site, count: int, address: str = "127.0.0.2") -> None:
    """Connect so many times, and say nothing."""
    port = int(here.url.rpartition(":")[2])
    for _ in range(count):
        await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", port, local_host=address))


@pytest.mark.realtime
@pytest.mark.parametrize("path", ["/-/healthy", READ])
async def test_a_silent_crowd_keeps_nobody_from_an_answer(path: str) -> None:
    async with site(settings(max_connections=20)) as here, AsyncExitStack() as stack:
        await crowd(stack, here, 60)
        for _ in range(5):
            async with aiohttp.ClientSession() as http:
                with anyio.fail_after(door.KEEP_ALIVE / 3):
                    answer = await Site(here.url, http, here.fleet).ask(path)
            assert answer.status == 200
        assert b"mktui_http_turned_away_total 50.0" in (await here.ask("/metrics")).body


@pytest.mark.realtime
async def test_who_is_known_is_not_put_out_for_a_crowd_from_everywhere() -> None:
    async with site(settings(max_connections=10)) as here, AsyncExitStack() as stack:
        assert (await here.ask(READ)).status == 200
        (known,) = list(_transports(here))
        for number in range(2, 40):
            await crowd(stack, here, 1, f"127.0.0.{number}")
        assert (await here.ask(READ)).status == 200
        assert _transports(here) == [known]


def _transports(here: Site) -> list[object]:
    assert here.http.connector is not None
    pooled = here.http.connector._conns.values()
    return [protocol.transport for each in pooled for protocol, _ in each]


@pytest.mark.realtime
async def test_who_begins_no_tls_has_a_place_like_any_other_and_others_are_answered(
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    configured = settings(max_connections=20, **certificate(authority, tmp_path))
    tls = (await http_options(configured)).tls
    async with site(configured, tls=tls) as here, AsyncExitStack() as stack:
        await crowd(stack, here, 60)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as http:
            secure = Site(here.url, http, here.fleet)
            with anyio.fail_after(5):
                assert (await secure.ask(READ)).status == 200
            shown = (await secure.ask("/metrics", VIEWER)).body
            assert b"mktui_http_connections 11.0" in shown
            assert b"mktui_http_turned_away_total 50.0" in shown


@pytest.mark.realtime
@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello"])
async def test_who_speaks_no_tls_leaves_no_place_taken(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "HANDSHAKE", 0.2)
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    configured = settings(**certificate(authority, tmp_path))
    tls = (await http_options(configured)).tls
    async with site(configured, tls=tls) as here:
        port = int(here.url.rpartition(":")[2])
        for is_gone in (True, False):
            stream = await anyio.connect_tcp("127.0.0.1", port)
            await stream.send(said)
            if is_gone:
                await stream.aclose()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as http:
            secure = Site(here.url, http, here.fleet)

            async def are_gone() -> bool:
                return b"mktui_http_connections 1.0" in (await secure.ask("/metrics")).body

            await eventually(are_gone)
        await stream.aclose()
