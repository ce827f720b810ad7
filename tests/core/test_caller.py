"""A slow command says who asked, however many tasks are between them."""

from __future__ import annotations

from typing import Final

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.core.pool.caller import asked_by
from mktui.simulator.profile import RouterProfile
from tests.virtual_time import backend
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio

OPTIONS: Final = PoolOptions(min_size=2, max_size=4, slow_response=0.5)
SLOW: Final = RouterProfile(secrets=5, latency=1.0)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Both loops, both with a clock that jumps when everybody waits."""
    return backend(request.param)


async def test_a_slow_command_says_who_asked_and_nobodys_word_stays_behind() -> None:
    async with client_and_router(OPTIONS, SLOW) as (client, _), anyio.create_task_group() as tasks:
        with asked_by("a sync"):
            tasks.start_soon(client.run, "/ppp/secret/print")
        with asked_by("a plan"):
            await client.get("/ppp/profile")
        await client.run("/ppp/active/print")
        await client.run("/system/identity/set", {"name": "gate"})
        told = {(each.path, each.caller) for each in client.connection_stats().pool.slow}
    assert ("/ppp/secret/print", "a sync") in told
    assert ("/ppp/profile/print", "a plan") in told
    assert {caller for path, caller in told if path in {"/ppp/active/print", "/system/identity/set"}} == {""}


async def test_a_read_that_others_join_is_his_who_asked_first() -> None:
    async with client_and_router(OPTIONS, SLOW) as (client, _), anyio.create_task_group() as tasks:
        for caller in ("a plan", "a search for a customer"):
            with asked_by(caller):
                tasks.start_soon(client.get, "/ppp/secret")
            await anyio.sleep(0.1)
        await anyio.sleep(10)
        (slow,) = [each for each in client.connection_stats().pool.slow if each.path == "/ppp/secret/print"]
    assert slow.caller == "a plan"
