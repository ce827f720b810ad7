"""Clients that nobody here wrote speak to the simulated router over TCP: what they understand, it says rightly."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import librouteros
import pytest
import routeros_api
from librouteros.exceptions import TrapError
from librouteros.login import token
from librouteros.query import And, Key, Or
from routeros_api.exceptions import RouterOsApiCommunicationError

from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@asynccontextmanager
async def listening(profile: RouterProfile | None = None) -> AsyncIterator[tuple[SimulatedRouter, int]]:
    """Serve a router on loopback for the block."""
    router = SimulatedRouter(profile or RouterProfile(secrets=30))
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(router.serve_tcp)
        yield router, port
        tasks.cancel_scope.cancel()


def librouteros_sync(port: int) -> None:
    api = librouteros.connect("127.0.0.1", "admin", "secret", port=port, encoding="utf-8", timeout=5)
    secrets = api.path("/ppp/secret")
    name, profile, service = Key("name"), Key("profile"), Key("service")
    rows = list(secrets.select(name, profile).where(And(service == "pppoe", Or(name == "ana-01", name == "luis-01"))))
    assert rows == [{"name": "ana-01", "profile": "bronze"}, {"name": "luis-01", "profile": "silver"}]
    row_id = secrets.add(name="foreign", profile="gold", comment="žluťoučký")
    secrets.update(**{".id": row_id, "disabled": True})
    [row] = secrets.select().where(name == "foreign")
    assert (row["disabled"], row["comment"]) == (True, "žluťoučký")
    for wrong, text in (
        ({"name": "foreign"}, "secret with the same name already exists"),
        ({"name": "x", "profile": "platinum"}, "input does not match any value of profile"),
        ({"name": "x", "remote-address": "garbage"}, "invalid value for argument remote-address"),
        ({"name": "x", "colour": "red"}, "unknown parameter colour"),
    ):
        with pytest.raises(TrapError, match=text):
            secrets.add(**wrong)
    secrets.remove(row_id)
    with pytest.raises(TrapError, match="no such item"):
        secrets.remove(row_id)
    assert not list(secrets.select(name).where(name == "foreign"))
    api.close()


def librouteros_wrong_password(port: int) -> str:
    with pytest.raises(TrapError) as refused:
        librouteros.connect("127.0.0.1", "admin", "wrong", port=port, timeout=5)
    return str(refused.value)


def librouteros_old_login(port: int, password: str) -> int:
    api = librouteros.connect("127.0.0.1", "admin", password, port=port, login_method=token, timeout=5)
    count = len(list(api.path("/ppp/secret")))
    api.close()
    return count


def routeros_api_client(port: int) -> None:
    pool = routeros_api.RouterOsApiPool("127.0.0.1", "admin", "secret", port=port, plaintext_login=True)
    api = pool.get_api()
    secrets = api.get_resource("/ppp/secret")
    assert [row["profile"] for row in secrets.get(name="ana-01")] == ["bronze"]
    assert secrets.get(name="nobody") == []
    secrets.add(name="foreign", profile="gold")
    [row] = secrets.get(name="foreign")
    secrets.set(id=row["id"], comment="seen")
    assert secrets.get(name="foreign")[0]["comment"] == "seen"
    with pytest.raises(RouterOsApiCommunicationError, match="secret with the same name already exists"):
        secrets.add(name="foreign")
    secrets.remove(id=row["id"])
    assert secrets.get(name="foreign") == []
    pool.disconnect()


async def test_librouteros_sync_reads_writes_and_gets_the_right_traps() -> None:
    async with listening() as (router, port):
        await anyio.to_thread.run_sync(librouteros_sync, port)
        assert len(router.tables["/ppp/secret"]) == 30


async def test_librouteros_async_reads_writes_and_gets_the_right_traps() -> None:
    async with listening() as (_, port):
        api = await librouteros.async_connect("127.0.0.1", "admin", "secret", port=port, encoding="utf-8")
        path = api.path("/ppp/profile")
        row_id = await path.add(name="foreign", **{"rate-limit": "1M/2M"})
        rows = [row async for row in path.select(Key("name")).where(Key("rate-limit") == "1M/2M")]
        assert rows == [{"name": "foreign"}]
        with pytest.raises(TrapError, match="profile with the same name already exists"):
            await path.add(name="foreign")
        await path.remove(row_id)
        await api.close()


async def test_routeros_api_reads_writes_and_gets_the_right_traps() -> None:
    async with listening() as (_, port):
        await anyio.to_thread.run_sync(routeros_api_client, port)


async def test_routeros_api_understands_an_empty_answer_of_an_older_version() -> None:
    async with listening(RouterProfile(secrets=30, version="7.15.3")) as (_, port):
        await anyio.to_thread.run_sync(routeros_api_client, port)


async def test_a_wrong_password_is_refused_with_the_real_text() -> None:
    async with listening() as (router, port):
        text = await anyio.to_thread.run_sync(librouteros_wrong_password, port)
        assert text == "invalid user name or password (6)"
        assert any("login failure for user admin" in row.values["message"] for row in router.tables["/log"])


async def test_the_old_login_works_and_refuses() -> None:
    async with listening(RouterProfile(secrets=3, version="6.49", login="challenge")) as (_, port):
        assert await anyio.to_thread.run_sync(librouteros_old_login, port, "secret") == 3
        with pytest.raises(TrapError, match="cannot log in"):
            await anyio.to_thread.run_sync(librouteros_old_login, port, "wrong")
