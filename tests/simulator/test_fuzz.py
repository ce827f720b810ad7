"""Garbage at a simulated router: no exception escapes, nobody else is disturbed, and its memory is bounded."""

from __future__ import annotations

import os
import random
import ssl
import time
from contextlib import suppress
from functools import partial
from typing import Final

import anyio
import pytest
from anyio.streams.tls import TLSStream

from mktui.core.protocol.framing import encode
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.streams import byte_stream_pair
from mktui.simulator.tls import anonymous_context
from tests.simulator.talk import LOGIN, Talk, talking
from tests.virtual_time import backend

pytestmark = pytest.mark.anyio

BYTES: Final = int(os.environ.get("MKTUI_FUZZ_BYTES", "100000"))
"""A million by hand."""
SENTENCES: Final = (
    LOGIN,
    ("/ppp/secret/print", "=.proplist=name,profile", "?service=pppoe", "?#!", ".tag=1"),
    ("/ppp/secret/add", "=name=fuzz", "=profile=default", ".tag=2"),
    ("/ppp/secret/set", "=.id=*1", "=disabled=yes", ".tag=3"),
    ("/interface/monitor-traffic", "=interface=ether1", "=interval=1s", ".tag=4"),
    ("/cancel", "=tag=4", ".tag=5"),
    ("/ppp/secret/print", "=follow=", ".tag=6"),
    ("/ip/hotspot/user/profile/add", "=name=a", "=rate-limit=1M/2M"),
    ("/user/add", "=name=b", "=group=full", "=password=c"),
)


@pytest.fixture
def anyio_backend() -> object:
    return backend("asyncio")


async def _spit(router: SimulatedRouter, rubbish: bytes) -> None:
    """Send bytes on a session of their own, and leave."""
    ours, theirs = byte_stream_pair()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(router.serve, theirs)
        with anyio.move_on_after(1):
            try:
                for at in range(0, len(rubbish), 97):
                    await ours.send(rubbish[at : at + 97])
                    await anyio.lowlevel.checkpoint()
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                pass  # it hung up on us, as it should
        await anyio.aclose_forcefully(ours)


def _mutated(dice: random.Random) -> bytes:
    """Return a login and sentences in which bytes were changed, lost or doubled."""
    whole = bytearray(b"".join(encode(words) for words in dice.choices(SENTENCES, k=6)))
    for _ in range(dice.randrange(1, 8)):
        at = dice.randrange(len(whole))
        match dice.randrange(3):
            case 0:
                whole[at] = dice.randrange(256)
            case 1:
                del whole[at]
            case _:
                whole[at:at] = whole[at : at + dice.randrange(40)]
    return encode(LOGIN) + bytes(whole)


async def _still_right(talk: Talk) -> None:
    heard = await talk.ask("/system/identity/print", ".tag=9")
    assert heard == [("!re", ".tag=9", "=name=edge-1"), ("!done", ".tag=9")]


async def test_random_bytes_and_mutated_sentences_disturb_nobody_else() -> None:
    dice = random.Random(1)  # noqa: S311 - rubbish, the same each time
    router = SimulatedRouter(RouterProfile(secrets=5, max_sessions=1000))
    with anyio.fail_after(10_000):
        async with talking(router) as talk:
            await talk.ask(*LOGIN)
            sent = 0
            while sent < BYTES:
                rubbish = dice.randbytes(dice.randrange(1, 400)) if dice.random() < 0.5 else _mutated(dice)
                sent += len(rubbish)
                await _spit(router, rubbish)
                await _still_right(talk)
            assert router.sessions == 1


async def test_a_word_that_never_ends_is_cut_off_within_bounds() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    ours, theirs = byte_stream_pair()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(router.serve, theirs)
        with pytest.raises((anyio.BrokenResourceError, anyio.ClosedResourceError)):
            await _endless(Talk(ours))
        await anyio.aclose_forcefully(ours)


async def test_a_sentence_of_small_words_that_never_ends_keeps_nobody_waiting() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    ours, theirs = byte_stream_pair()
    begun_at = time.process_time()
    async with anyio.create_task_group() as tasks, talking(router) as other:
        await other.ask(*LOGIN)
        tasks.start_soon(router.serve, theirs)
        sent = 0
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            while sent < 8 * 2**20:
                await ours.send(b"\x01a" * 32_768)
                sent += 65_536
                if not sent % 2**18:
                    await _still_right(other)
        await _still_right(other)
        await anyio.aclose_forcefully(ours)
    assert sent <= 2**21, "it was cut off"
    assert time.process_time() - begun_at < 10


async def _endless(talk: Talk) -> None:
    await talk.stream.send(b"\xe0\xff\xff\xff")  # a word of 16 MB less one
    for _ in range(1_000):
        await talk.stream.send(b"x" * 65_536)


@pytest.mark.realtime
async def test_garbage_inside_and_after_a_tls_handshake_disturbs_nobody_else() -> None:
    router, dice = SimulatedRouter(RouterProfile(secrets=1)), random.Random(2)  # noqa: S311 - rubbish
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_ciphers("ADH:@SECLEVEL=0")
    wrap = partial(TLSStream.wrap, server_side=False, ssl_context=client, standard_compatible=False)
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(partial(router.serve_tcp, context=anonymous_context()))
        dial = partial(anyio.connect_tcp, "127.0.0.1", port)
        async with await wrap(await dial()) as stream:
            talk = Talk(stream)
            await talk.ask(*LOGIN)
            for _ in range(10):
                async with await dial() as rubbish:
                    await rubbish.send(dice.randbytes(300))
                raw = await dial()
                spoilt = await wrap(raw)
                await Talk(spoilt).ask(*LOGIN)
                await raw.send(dice.randbytes(300))  # no record of TLS
                with anyio.move_on_after(0.2), suppress(anyio.BrokenResourceError, anyio.EndOfStream, ssl.SSLError):
                    await raw.receive()
                await anyio.aclose_forcefully(raw)
                await _still_right(talk)
        tasks.cancel_scope.cancel()
