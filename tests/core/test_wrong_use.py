"""What cannot work is refused at once, in one clear sentence."""

from __future__ import annotations

import anyio
import pytest

from mktui.core import Client, Command, PoolOptions
from mktui.errors import PoolClosed, ProtocolError, WrongUse
from tests.wiring import client_and_router


@pytest.mark.anyio
async def test_a_command_after_the_end() -> None:
    async with client_and_router() as (client, _):
        await client.get("/ppp/profile")
    with pytest.raises(PoolClosed, match="closed"):
        await client.run("/ppp/profile/print")
    with pytest.raises(PoolClosed):
        await client.add("/ppp/secret", {"name": "x"})


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["ppp/secret", "", "/", "/ppp/secret/"])
async def test_a_path_that_is_none(path: str) -> None:
    with pytest.raises(ProtocolError, match="a command is a path such as /system/identity/print"):
        Command(path)


@pytest.mark.anyio
async def test_a_priority_that_is_none() -> None:
    async with client_and_router() as (client, _):
        with pytest.raises(WrongUse, match=r"no priority 'urgent'; there are Priority\.CRITICAL"):
            await client.get("/ppp/profile", priority="urgent")  # type: ignore[arg-type]  # the mistake
        with pytest.raises(WrongUse, match="no priority 9"):
            await client.run("/ppp/profile/print", priority=9)  # type: ignore[arg-type]  # the mistake


def test_a_client_of_another_loop_and_of_one_that_has_ended() -> None:
    kept: list[Client] = []

    async def here() -> None:
        async with client_and_router(PoolOptions(min_size=1)) as (client, _):
            kept.append(client)
            await client.get("/ppp/profile", max_age=0)
            await anyio.to_thread.run_sync(_elsewhere, client)

    def _elsewhere(client: Client) -> None:
        async def use() -> None:
            with pytest.raises(WrongUse, match="another event loop"):
                await client.get("/ppp/profile", max_age=0)

        anyio.run(use)

    async def later() -> None:
        with pytest.raises(WrongUse, match="another event loop"):
            await kept[0].run("/ppp/profile/print")

    anyio.run(here)
    anyio.run(later)
    anyio.run(later, backend="trio")
