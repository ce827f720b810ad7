"""Rows belong to their caller: when he has dropped them, nothing in the pool keeps them alive."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.errors import CommandTimeout
from mktui.simulator.profile import RouterProfile
from tests.virtual_time import backend
from tests.wiring import client_and_router

if TYPE_CHECKING:
    from mktui.core import Client

pytestmark = pytest.mark.anyio
SECRETS = 500
BIG = RouterProfile(secrets=SECRETS, online=0)
TWO = PoolOptions(min_size=2, max_size=2)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


def alive() -> int:
    """Return how many lists of that many rows there are."""
    gc.collect()
    return sum(type(each) is list and len(each) == SECRETS and type(each[0]) is dict for each in gc.get_objects())


async def _read(client: Client) -> None:
    assert len(await client.get("/ppp/secret", max_age=0)) == SECRETS


async def test_rows_die_with_their_caller_while_the_pool_goes_on() -> None:
    async with client_and_router(TWO, BIG) as (client, _):
        for _ in range(3):
            await _read(client)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(_read, client)
        assert alive() == 0


async def test_rows_that_come_after_their_caller_has_left_die_at_once() -> None:
    async with client_and_router(TWO, BIG) as (client, router):
        router.faults.slow["/ppp/secret/print"] = 5.0
        with anyio.move_on_after(1):
            await _read(client)
        with pytest.raises(CommandTimeout):
            await client.get("/ppp/secret", max_age=0, timeout=1)
        await anyio.sleep(15)
        assert alive() == 0


async def test_a_reading_that_is_remembered_is_kept_and_only_once() -> None:
    async with client_and_router(TWO, BIG) as (client, _):
        for _ in range(3):
            assert len(await client.get("/ppp/secret")) == SECRETS
        assert alive() <= 1
