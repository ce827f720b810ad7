"""What cannot work is refused at once, in one clear sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core import Client, Command, PoolOptions
from mktui.errors import PoolClosed, ProtocolError, WrongUse
from tests.wiring import client_and_router

if TYPE_CHECKING:
    from mktui.core.pool.actions import PoolEvent


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


@pytest.mark.anyio
@pytest.mark.parametrize("timeout", [float("nan"), float("inf"), "5", True])
async def test_a_timeout_that_is_none(timeout: float) -> None:
    async with client_and_router() as (client, _):
        for max_age in (0, None):
            with pytest.raises(WrongUse, match="a timeout is a number of seconds"):
                await client.get("/ppp/profile", max_age=max_age, timeout=timeout)


@pytest.mark.anyio
@pytest.mark.parametrize("value", [None, 1.5, b"x", ["a"]])
async def test_a_value_that_would_have_to_be_guessed_is_not_written(value: str) -> None:
    async with client_and_router() as (client, router):
        with pytest.raises(WrongUse, match="name must be text, a whole number or a flag"):
            await client.add("/ppp/secret", {"name": value})
        assert router.commands["/ppp/secret/add"] == 0


@pytest.mark.anyio
async def test_columns_as_one_text_and_a_batch_of_texts() -> None:
    async with client_and_router() as (client, _):
        with pytest.raises(WrongUse, match=r"such as \('name',\)"):
            await client.get("/ppp/secret", "name")
        with pytest.raises(WrongUse, match="a batch is made of Command"):
            await client.execute_batch(["/ppp/secret/print"])  # type: ignore[list-item]  # the mistake


@pytest.mark.anyio
async def test_a_listener_that_fails_is_heard_by_the_pools_owner_and_loses_no_command() -> None:
    answered = 0

    async def use() -> None:
        nonlocal answered
        async with client_and_router(PoolOptions(min_size=1), on_event=_fail) as (client, _):
            await client.add("/ppp/secret", {"name": "x"})
            answered += 1
            await anyio.sleep(5)

    with pytest.raises(ExceptionGroup) as raised:
        await use()
    assert raised.group_contains(ZeroDivisionError)


def _fail(event: PoolEvent) -> None:
    del event
    raise ZeroDivisionError
