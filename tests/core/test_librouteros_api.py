"""Code written for librouteros' AsyncApi, unchanged, over the pool."""

from __future__ import annotations

import anyio
import pytest
from librouteros.api import AsyncApi
from librouteros.exceptions import MultiTrapError, TrapError
from librouteros.query import And, Key, Or

from mktui.core import PoolOptions
from mktui.errors import CircuitOpen, CommandTimeout
from mktui.simulator.faults import CutMoment, ReplyFault
from tests.virtual_time import backend
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio
ONE = PoolOptions(min_size=1, max_size=1, adaptive_in_flight=False, retry_delay=0.01, max_retry_delay=0.02)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def test_path_select_where_add_update_remove_run_unchanged() -> None:
    async with client_and_router(ONE) as (client, router):
        api = client.librouteros_api()
        assert isinstance(api, AsyncApi)
        secrets = api.path("ppp", "secret")
        name, profile = Key("name"), Key("profile")
        rows = [row async for row in secrets.select(name, profile).where(name == "ana-01")]
        assert rows == [{"name": "ana-01", "profile": "bronze"}]
        assert len([row async for row in secrets]) == 20
        either = [row async for row in secrets.select(name).where(Or(name == "ana-01", name == "luis-01"))]
        assert len(either) == 2
        both = [row async for row in secrets.select(name).where(And(name == "ana-01", profile == "gold"))]
        assert both == []
        row_id = await secrets.add(name="new", profile="default", disabled=True)
        other_id = await secrets.add(name="newer", profile="default")
        await secrets.update(**{".id": row_id, "comment": "yes", "disabled": False})
        row = router.tables["/ppp/secret"].find(row_id)
        assert row is not None
        assert (row.values["comment"], row.values["disabled"]) == ("yes", "false")
        await secrets.remove(row_id, other_id)
        assert len(router.tables["/ppp/secret"]) == 20
        assert router.commands["/ppp/secret/remove"] == 2, "a command for each row"


async def test_values_are_cast_as_librouteros_casts_them() -> None:
    async with client_and_router(ONE) as (client, _):
        api = client.librouteros_api()
        row = [row async for row in api.path("ppp", "secret")][0]  # noqa: RUF015 - there is no async next() here
        assert row["disabled"] is False


async def test_raw_commands_and_calls_return_what_done_carries() -> None:
    async with client_and_router(ONE) as (client, _):
        api = client.librouteros_api()
        assert [row async for row in api.rawCmd("/ppp/secret/print", "=count-only=")] == [{"ret": 20}]
        assert [row async for row in api("/system/identity/print")] == [{"name": "edge-1"}]


async def test_traps_are_librouteros_own() -> None:
    async with client_and_router(ONE) as (client, router):
        api = client.librouteros_api()
        with pytest.raises(TrapError, match="input does not match any value of profile"):
            await api.path("ppp", "secret").add(name="x", profile="nowhere")
        router.faults.replies["*"] = ReplyFault.TRAPS
        with pytest.raises(MultiTrapError):
            [row async for row in api("/system/identity/print")]


async def test_two_tasks_share_one_api_and_a_cancelled_call_hurts_nobody() -> None:
    """What librouteros itself gets wrong: the next caller received the cancelled one's answer."""
    async with client_and_router(ONE) as (client, router):
        api = client.librouteros_api()
        router.faults.slow["/ppp/secret/print"] = 0.5
        with anyio.move_on_after(0.1):
            [row async for row in api("/ppp/secret/print")]
        assert [row async for row in api("/system/identity/print")] == [{"name": "edge-1"}]


async def test_reads_are_retried_and_other_failures_are_mktuis() -> None:
    async with client_and_router(ONE) as (client, router):
        api = client.librouteros_api(timeout=5)
        router.faults.cut_on["/ppp/secret/print"] = CutMoment.BEFORE
        assert len([row async for row in api.path("ppp", "secret")]) == 20
        router.faults.slow["/ppp/secret/print"] = 60
        with pytest.raises(CommandTimeout):
            [row async for row in api.path("ppp", "secret")]
        await client.isolate()
        with pytest.raises(CircuitOpen):
            [row async for row in api.path("ppp", "secret")]
