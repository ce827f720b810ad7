"""Every fault, hundreds of marked commands: no wrong answer, no double write, nobody waits past his deadline.

Each fault lasts some seconds of virtual time, with commands under way before, during and after it; then the pool must
come back by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core.pool.breaker import BreakerState
from mktui.errors import RouterError
from mktui.simulator.faults import ReplyFault
from tests.core.storm import OPTIONS, Bench, bench
from tests.virtual_time import backend

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


def _network(**both: object) -> Callable[[Bench], None]:
    def set_in(b: Bench) -> None:
        for direction in (b.proxy.to_router, b.proxy.to_client):
            for name, value in both.items():
                setattr(direction, name, value)

    return set_in


def _to_client(**faults: object) -> Callable[[Bench], None]:
    def set_in(b: Bench) -> None:
        for name, value in faults.items():
            setattr(b.proxy.to_client, name, value)

    return set_in


def _to_router(**faults: object) -> Callable[[Bench], None]:
    def set_in(b: Bench) -> None:
        for name, value in faults.items():
            setattr(b.proxy.to_router, name, value)

    return set_in


def _router(**faults: object) -> Callable[[Bench], None]:
    def set_in(b: Bench) -> None:
        for name, value in faults.items():
            setattr(b.router.faults, name, value)

    return set_in


def _cut_all(b: Bench) -> None:
    b.proxy.cut_all()


def _cut_and_refuse(b: Bench) -> None:
    b.proxy.refuses = True
    b.proxy.cut_all()


def _no_logins(b: Bench) -> None:
    b.router.faults.refuse_logins = True
    b.proxy.cut_all()


def _accept_and_close(b: Bench) -> None:
    b.router.faults.accept_and_close = True
    b.proxy.cut_all()


def _down(b: Bench) -> None:
    b.router.faults.is_down = True
    b.router.drop_sessions()


NETWORK: dict[str, Callable[[Bench], None]] = {
    "latency and jitter": _network(latency=0.3, jitter=0.5),
    "black hole both ways": _network(swallows=True),
    "black hole to the router": _to_router(swallows=True),
    "black hole to the client": _to_client(swallows=True),
    "cut before the first byte of a reply": _to_client(cut_after=0),
    "cut in a length or a word": _to_client(cut_after=3),
    "cut in the middle of a reply": _to_client(cut_after=40),
    "cut late in a reply": _to_client(cut_after=150),
    "cut in the middle of a command": _to_router(cut_after=25),
    "cut between commands": _to_router(cut_after=400),
    "every connection cut": _cut_all,
    "cut, and refused afterwards": _cut_and_refuse,
    "a byte per segment": _network(chunk_bytes=1),
    "a byte every 9 seconds": _to_client(chunk_bytes=1, pause=9.0),
    "a control byte": _to_client(inject=b"\xf8"),
    "a huge length": _to_client(inject=b"\xf0\xff\xff\xff\xff"),
    "garbage": _to_client(inject=bytes(range(256))),
    "zero window": _to_router(is_blocked=True),
    "replies not read": _to_client(is_blocked=True),
    "the router goes down": _down,
    "the router never answers": _router(is_silent=True),
    "the router is slow": _router(extra_latency=3.0),
    "logins are refused and sessions cut": _no_logins,
    "accepted, then closed": _accept_and_close,
    "replies reordered": _router(slow={"/ppp/secret/print": 0.5, "/ppp/secret/set": 0.1}),
    "a reboot": lambda b: b.router.reboot(3.0),
}
REPLIES = {
    fault.value: _router(replies={path: fault}, replies_left=20)
    for fault in ReplyFault
    for path in ("*",)
    if fault is not ReplyFault.TRAPS
}
FAULTS = NETWORK | REPLIES


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_makes_an_answer_wrong_a_write_double_or_a_caller_wait(fault: str) -> None:
    async with bench() as b:
        await b.storm(30, timeout=5)
        assert not b.wrong
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(b.storm, 240, 8.0)
            await anyio.sleep(0.05)
            FAULTS[fault](b)
            await anyio.sleep(4)
            b.proxy.clear()
            b.router.faults.clear()
        await _recovered(b)
        await b.storm(30, timeout=8)
        await anyio.sleep(10)
        b.check()


async def _recovered(b: Bench) -> None:
    """Within the longest break and a connect, without help; only a refused login waits for a person."""
    if b.client._pool.dispatcher.openings.refusal is not None:
        await b.client.probe()
    with anyio.fail_after(40):
        while True:
            try:
                await b.client.get("/ppp/profile", ("name",), max_age=0, timeout=2)
            except RouterError:
                await anyio.sleep(0.5)
            else:
                break
    assert b.client.connection_stats().circuit_breaker.state is BreakerState.CLOSED


async def test_a_hundred_connections_dying_together_count_once_and_come_back() -> None:
    options = OPTIONS.model_copy(update={"min_size": 8, "max_size": 8})
    async with bench(options) as b:
        await b.storm(60, timeout=5)
        b.proxy.cut_all()
        await anyio.sleep(0.1)
        assert b.client.connection_stats().circuit_breaker.failures <= 1
        await _recovered(b)
        await b.storm(60, timeout=5)
        await anyio.sleep(3)
        b.check()
