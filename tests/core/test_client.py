"""The client and its pool against a simulated router: the same on asyncio and on trio, in virtual time on trio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from librouteros.query import And as LibAnd
from librouteros.query import Key as LibKey
from pydantic import SecretStr

from mktui import clock
from mktui.core import And, Command, Key, Or, PoolOptions, Priority
from mktui.errors import (
    CircuitOpen,
    CommandTimeout,
    CommandTrapped,
    ConnectFailed,
    ConnectionLost,
    LoginRefused,
    OutcomeUnknown,
    Overloaded,
    PoolClosed,
    ProtocolError,
)
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from tests.virtual_time import backend
from tests.wiring import ROUTER, client_and_router, until

if TYPE_CHECKING:
    from mktui.core import Client
    from mktui.core.pool.actions import PoolEvent
    from mktui.simulator.router import SimulatedRouter

pytestmark = pytest.mark.anyio

ONE = PoolOptions(min_size=1, max_size=1, adaptive_in_flight=False)
QUICK = ONE.model_copy(update={"retry_delay": 0.01, "max_retry_delay": 0.02})


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Both loops, both with a clock that jumps when everybody waits."""
    return backend(request.param)


async def test_every_verb() -> None:
    async with client_and_router() as (client, router):
        rows = await client.get("/ppp/secret", ("name", "profile"), where=Key("service") == "pppoe")
        assert len(rows) == 20
        assert rows[0] == {"name": "ana-01", "profile": "bronze"}
        row_id = await client.add("/ppp/secret", {"name": "new", "profile": "default"})
        await client.set("/ppp/secret", row_id, {"disabled": True, "comment": "yes"})
        [row] = await client.get("/ppp/secret", where=Key("name") == "new", max_age=None, timeout=5)
        assert (row[".id"], row["disabled"], row["comment"]) == (row_id, "true", "yes")
        await client.remove("/ppp/secret", row_id)
        assert await client.run("/ppp/secret/print", {"count-only": ""}) == [{"ret": "20"}]
        await client.set("/system/identity", None, {"name": "renamed"})
        assert await client.run("/system/identity/print") == [{"name": "renamed"}]
        assert router.sessions <= 5
    assert router.sessions == 0


async def test_traps_are_raised_with_the_routers_text_and_category() -> None:
    async with client_and_router() as (client, _):
        with pytest.raises(CommandTrapped, match="input does not match any value of profile") as trapped:
            await client.add("/ppp/secret", {"name": "a", "profile": "platinum"})
        assert trapped.value.category == 1
        with pytest.raises(CommandTrapped, match="no such item"):
            await client.remove("/ppp/secret", "*FFFF")
        with pytest.raises(CommandTrapped, match="no such command prefix"):
            await client.get("/no/such/menu", max_age=0)
        assert client.connection_stats().pool.performance.success_percent == 100.0, "a trap is an answer"


async def test_many_commands_on_one_connection_answered_in_another_order_reach_their_callers() -> None:
    async with client_and_router(ONE) as (client, router):
        menus = ["/ppp/secret", "/ppp/profile", "/ip/pool", "/interface", "/user", "/ip/service", "/log", "/user/group"]
        truth = {menu: [row.values for row in router.tables[menu]] for menu in menus if menu != "/log"}
        router.faults.slow = {f"{menu}/print": 0.02 * (len(menus) - index) for index, menu in enumerate(menus)}
        answers: dict[str, list[dict[str, str]]] = {}
        order: list[str] = []

        async def ask(menu: str) -> None:
            answers[menu] = await client.get(menu)
            order.append(menu)

        async with anyio.create_task_group() as tasks:
            for menu in menus:
                tasks.start_soon(ask, menu)
            await anyio.sleep(0.015)
            assert client.connection_stats().pool.connections[0].in_flight == 8
        assert order == menus[::-1]
        assert all(
            [row[".id"] for row in answers[menu]] == [row[".id"] for row in rows] for menu, rows in truth.items()
        )
        assert router.peak_sessions == 1


async def test_a_read_retried_after_a_cut_sends_the_same_query() -> None:
    """A generator read twice would send no query: every customer would come back."""
    async with client_and_router(QUICK) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.cut_on["/ppp/secret/print"] = CutMoment.BEFORE
        where = LibAnd(LibKey("name") == "ana-01", LibKey("service") == "pppoe")
        rows = await client.get("/ppp/secret", ("name",), where=where)
        assert rows == [{"name": "ana-01"}]
        assert client.connection_stats().pool.performance.retries == 1


@pytest.mark.parametrize(("moment", "executed"), [(CutMoment.BEFORE, 0), (CutMoment.AFTER, 1)])
async def test_a_write_whose_answer_was_lost_is_unknown_and_never_sent_again(moment: CutMoment, executed: int) -> None:
    async with client_and_router(QUICK) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.cut_on["/ppp/secret/add"] = moment
        with pytest.raises(OutcomeUnknown):
            await client.add("/ppp/secret", {"name": "once"})
        await client.get("/ppp/profile", max_age=0)
        assert router.commands["/ppp/secret/add"] == executed
        assert len(router.tables["/ppp/secret"].named("once")) == executed


async def test_a_deadline_is_kept_and_the_command_is_cancelled() -> None:
    async with client_and_router(ONE) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.slow["/ppp/secret/print"] = 60.0
        begun_at = clock.now()
        with pytest.raises(CommandTimeout) as timed_out:
            await client.get("/ppp/secret", timeout=0.2, max_age=0)
        took = clock.now() - begun_at
        assert took == pytest.approx(0.2, abs=1e-6)
        assert timed_out.value.maybe_executed
        await client.get("/ppp/profile", max_age=0)
        assert client.connection_stats().pool.slots_used == 0, "the /cancel brought the tag back"
        assert router.peak_sessions == 1


async def test_a_cancelled_caller_hurts_no_neighbour() -> None:
    async with client_and_router(ONE) as (client, router):
        router.faults.slow["/ppp/secret/print"] = 0.05
        rows: list[dict[str, str]] = []

        async def neighbour() -> None:
            rows.extend(await client.get("/ppp/secret", ("name",)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(neighbour)
            with anyio.move_on_after(0.01):
                await client.get("/ppp/secret", max_age=0)
        assert len(rows) == 20
        performance = client.connection_stats().pool.performance
        assert not performance.errors
        assert performance.cancels == 1


async def test_a_silent_router_opens_the_circuit_and_comes_back_by_itself() -> None:
    options = PoolOptions(
        min_size=1, max_size=1, circuit_breaker_threshold=2, circuit_breaker_timeout=0.2, connection_timeout=0.2,
        command_timeout=0.2, retry_delay=0.01, max_retry_delay=0.05, acquire_timeout=5,
    )  # fmt: skip
    seen: list[PoolEvent] = []
    async with client_and_router(options, on_event=seen.append) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.is_silent = True
        with pytest.raises((CircuitOpen, CommandTimeout, ConnectFailed)):
            await client.get("/ppp/profile", timeout=3, max_age=0)
        await until(lambda: client.connection_stats().pool.circuit_breaker.opens > 0)
        router.faults.is_silent = False
        await until(lambda: client.connection_stats().pool.circuit_breaker.state == "closed")
        await until(lambda: client.connection_stats().pool.ready == 1)
        assert len(await client.get("/ppp/secret", max_age=0)) == 20
        assert {"circuit opened", "circuit probing", "circuit closed"} <= {event.kind.value for event in seen}


async def test_an_open_circuit_answers_at_once() -> None:
    options = QUICK.model_copy(update={"circuit_breaker_threshold": 1})
    async with client_and_router(options) as (client, router):
        router.faults.is_down = True
        with pytest.raises(CircuitOpen) as refused:
            await client.get("/ppp/secret", timeout=5, max_age=0)
        begun_at = clock.now()
        for _ in range(20):
            with pytest.raises(CircuitOpen):
                await client.get("/ppp/secret", max_age=0)
        assert clock.now() - begun_at < 0.2
        assert refused.value.retry_after == pytest.approx(60, rel=0.11)
        assert (await client.health_status()).status == "offline"
        assert "connection refused" in (await client.health_status()).reasons[0]


async def test_a_refused_login_is_told_at_once_and_not_tried_again_and_again() -> None:
    wrong = ROUTER.model_copy(update={"password": SecretStr("wrong")})
    seen: list[PoolEvent] = []
    async with client_and_router(router_options=wrong, on_event=seen.append) as (client, _):
        with pytest.raises(LoginRefused, match="invalid user name or password"):
            await client.get("/ppp/secret", max_age=0)
        assert sum(event.kind == "login refused" for event in seen) == 1
        assert "invalid user name" in (await client.health_status()).reasons[0]


async def test_an_old_router_is_logged_in_to_by_challenge() -> None:
    profile = RouterProfile(version="6.49", login="challenge", secrets=3)
    async with client_and_router(profile=profile) as (client, _):
        assert len(await client.get("/ppp/secret", max_age=0)) == 3
    async with client_and_router(
        profile=profile, router_options=ROUTER.model_copy(update={"password": SecretStr("wrong")})
    ) as (
        client,
        _,
    ):
        with pytest.raises(LoginRefused, match="cannot log in"):
            await client.get("/ppp/secret", max_age=0)


async def test_isolation_lasts_until_a_person_ends_it() -> None:
    async with client_and_router() as (client, router):
        await client.get("/ppp/profile", max_age=0)
        await client.isolate()
        with pytest.raises(CircuitOpen) as refused:
            await client.get("/ppp/profile", max_age=0)
        assert refused.value.retry_after is None
        await until(lambda: router.sessions == 0)
        assert (await client.probe()).status in {"healthy", "warning"}
        assert len(await client.get("/ppp/secret", max_age=0)) == 20


async def test_a_reset_replaces_every_connection_and_loses_no_command() -> None:
    options = PoolOptions(min_size=2, max_size=3, adaptive_in_flight=False)
    async with client_and_router(options) as (client, router):
        await until(lambda: client.connection_stats().pool.ready == 2)
        before = {each.id for each in client.connection_stats().pool.connections}
        router.faults.extra_latency = 0.05
        outcomes = []

        async def work() -> None:
            outcomes.extend(await client.execute_batch([Command("/ppp/secret/print")] * 40))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await anyio.sleep(0.02)
            await client.reset()
            assert not before & {each.id for each in client.connection_stats().pool.connections}
        assert all(outcome.ok for outcome in outcomes)
        assert router.peak_sessions <= 3


async def test_settings_change_live() -> None:
    async with client_and_router(PoolOptions(min_size=4, max_size=5)) as (client, router):
        await until(lambda: client.connection_stats().pool.ready == 4)
        await client.reconfigure(PoolOptions(min_size=1, max_size=2))
        await until(lambda: client.connection_stats().pool.size <= 2)
        assert client.connection_stats().pool.max_size == 2
        assert router.peak_sessions <= 5


async def test_a_batch_gives_one_outcome_each_in_the_order_given() -> None:
    async with client_and_router() as (client, router):
        names = [f"batch-{index}" for index in range(30)]
        names[7] = "ana-01"
        outcomes = await client.execute_batch([Command("/ppp/secret/add", {"name": name}) for name in names])
        assert [outcome.ok for outcome in outcomes] == [name != "ana-01" for name in names]
        assert isinstance(outcomes[7].error, CommandTrapped)
        ids = {outcome.ret for outcome in outcomes if outcome.ok}
        assert len(ids) == 29
        rows = {row.row_id: row.values["name"] for row in router.tables["/ppp/secret"]}
        assert all(rows[outcome.ret or ""] == name for outcome, name in zip(outcomes, names, strict=True) if outcome.ok)
        in_order = await client.execute_batch(
            [Command("/ppp/secret/set", {".id": "*1", "comment": str(index)}) for index in range(20)], ordered=True
        )
        assert all(outcome.ok for outcome in in_order)
        assert router.tables["/ppp/secret"].rows["*1"].values["comment"] == "19"


async def test_a_stream_delivers_changes_and_is_cancelled_on_leaving() -> None:
    async with client_and_router(PoolOptions(min_size=2, max_size=3)) as (client, _):
        async with client.stream("/ppp/secret/listen") as changes:
            await until(lambda: client.connection_stats().pool.slots_used == 1)
            await client.set("/ppp/secret", "*1", {"comment": "seen"})
            await client.remove("/ppp/secret", "*2")
            first, second = await changes.receive(), await changes.receive()
        assert (first[".id"], first["comment"]) == ("*1", "seen")
        assert second == {".id": "*2", ".dead": "yes"}
        await until(lambda: client.connection_stats().pool.slots_used == 0)


async def test_a_stream_ends_with_the_error_that_ended_it() -> None:
    async with client_and_router(PoolOptions(min_size=2, max_size=3)) as (client, router):
        with pytest.raises(CommandTrapped, match="no such command prefix"):
            async with client.stream("/no/such/listen") as changes:
                assert [row async for row in changes] == []
        with pytest.raises(ConnectionLost):
            await _listen_until_dropped(client, router)


async def test_what_is_raised_while_listening_comes_out_as_it_is_and_the_slot_is_free_again() -> None:
    async with client_and_router(PoolOptions(min_size=2, max_size=3)) as (client, _):
        with pytest.raises(KeyError, match="the caller's own"):
            await _listen_and_fail(client)
        await until(lambda: client.connection_stats().pool.slots_used == 0)


async def _listen_and_fail(client: Client) -> None:
    async with client.stream("/ppp/secret/listen"):
        await until(lambda: client.connection_stats().pool.slots_used == 1)
        raise KeyError("the caller's own")


async def _listen_until_dropped(client: Client, router: SimulatedRouter) -> None:
    async with client.stream("/ppp/secret/listen") as changes:
        await until(lambda: client.connection_stats().pool.slots_used == 1)
        router.drop_sessions()
        assert [row async for row in changes] == []


async def test_flags_are_asked_for_in_both_spellings() -> None:
    async with client_and_router() as (client, _):
        await client.set("/ppp/secret", "*1", {"disabled": True})
        for where in (Key("disabled") == True, LibKey("disabled") == True, "?disabled=yes"):  # noqa: E712 - a condition
            assert [row[".id"] for row in await client.get("/ppp/secret", (".id",), where=where)] == ["*1"]
        either = Or(Key("name") == "ana-01", Key("name") == "luis-01")
        both = And(either, Key("disabled") != True)  # noqa: E712 - a condition
        assert [row["name"] for row in await client.get("/ppp/secret", ("name",), where=both)] == ["luis-01"]


async def test_too_many_waiters_are_refused_the_lowest_first() -> None:
    options = ONE.model_copy(update={"max_waiting": 2, "max_in_flight": 1})
    async with client_and_router(options) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.extra_latency = 0.1
        results: dict[str, str] = {}

        async def ask(name: str, priority: Priority) -> None:
            try:
                await client.get("/ppp/profile", priority=priority, max_age=0)
                results[name] = "answered"
            except Overloaded:
                results[name] = "overloaded"

        async with anyio.create_task_group() as tasks:
            for name, priority in (("now", Priority.LOW), ("low", Priority.LOW), ("young", Priority.LOW)):
                tasks.start_soon(ask, name, priority)
                await anyio.sleep(0.01)
            tasks.start_soon(ask, "high", Priority.HIGH)
        assert results == {"now": "answered", "low": "answered", "young": "overloaded", "high": "answered"}


async def test_what_cannot_be_said_is_refused_before_it_is_sent() -> None:
    latin = ROUTER.model_copy(update={"encoding": "cp1252"})
    async with client_and_router(router_options=latin) as (client, router):
        with pytest.raises(ProtocolError, match="cannot be written in this router's encoding"):
            await client.add("/ppp/secret", {"name": "Иван"})
        with pytest.raises(ProtocolError, match="a command is a path"):
            await client.run("ppp/secret/print")
        assert router.commands["/ppp/secret/add"] == 0
        assert len(await client.get("/ppp/secret", max_age=0)) == 20


async def test_bytes_cut_into_single_pieces_change_nothing() -> None:
    async with client_and_router(ONE, chunk_bytes=1) as (client, router):
        rows = await client.get("/ppp/secret", max_age=0)
        assert rows == [row.values for row in router.tables["/ppp/secret"]]


async def test_a_closed_client_says_so() -> None:
    async with client_and_router() as (client, _):
        await client.get("/ppp/profile", max_age=0)
    with pytest.raises(PoolClosed):
        await client.get("/ppp/profile", max_age=0)
