"""What befalls connections, logins, cancels and streams: by rate, schedule and command, recorded with its time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.simulator.control import ControlError, Director, parse
from mktui.simulator.faults import CutMoment, FaultRule, Mishap, ReplyFault
from mktui.simulator.fleets import Served
from mktui.simulator.profile import RouterProfile
from mktui.simulator.proxy import FaultProxy
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, Talk, talking
from tests.virtual_time import backend

if TYPE_CHECKING:
    from mktui.simulator.faults import What

pytestmark = pytest.mark.anyio
LOST = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def fate_of_a_login(router: SimulatedRouter) -> str:
    async with talking(router) as talk:
        with anyio.move_on_after(1):
            try:
                return (await talk.ask(*LOGIN))[0][0]
            except LOST:
                return "cut"
    return "silence"


LOGINS: dict[str, tuple[What, str]] = {
    "connect down": (Mishap.DOWN, "cut"),
    "connect closed": (Mishap.CLOSED, "cut"),
    "refused": (Mishap.LOGIN_REFUSED, "!trap"),
    "ignored": (Mishap.LOGIN_IGNORED, "silence"),
    "cut before": (CutMoment.BEFORE, "cut"),
    "cut after": (CutMoment.AFTER, "cut"),
    "cut inside": (CutMoment.INSIDE, "cut"),
    "never done": (ReplyFault.DONE_MISSING, "silence"),
    "fatal": (ReplyFault.FATAL, "!fatal"),
}


@pytest.mark.parametrize("name", LOGINS)
async def test_a_share_of_logins_goes_wrong_in_its_time_and_is_recorded(name: str) -> None:
    what, fate = LOGINS[name]
    router, begun_at = SimulatedRouter(RouterProfile(secrets=0)), clock.now()
    path = "*" if name.startswith("connect") else "/login"
    router.faults.rules.append(FaultRule(what, path, 0.5, begins_at=begun_at + 100, ends_at=begun_at + 10_000))
    assert {await fate_of_a_login(router) for _ in range(10)} == {"!done"}
    await anyio.sleep(101)
    fates = [await fate_of_a_login(router) for _ in range(60)]
    assert set(fates) == {"!done", fate}
    assert 15 <= fates.count(fate) <= 45
    assert [(each.what, each.path) for each in router.faults.seen] == [(what, path.strip("*"))] * fates.count(fate)
    assert all(each.at - begun_at >= 100 for each in router.faults.seen)


async def test_a_rule_for_everything_leaves_logins_and_cancels_alone() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.rules.append(FaultRule(CutMoment.BEFORE))
    async with talking(router) as talk:
        assert await talk.ask(*LOGIN) == [("!done",)]
        assert await talk.ask("/cancel") == [("!done",)]
        with pytest.raises(LOST):
            await talk.ask("/system/identity/print")


@pytest.mark.parametrize(
    "moment", [CutMoment.BEFORE, CutMoment.AFTER, CutMoment.INSIDE], ids=lambda moment: moment.name.lower()
)
async def test_the_connection_may_end_during_a_cancel(moment: CutMoment) -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.cut_on["/cancel"] = moment
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        await talk.say("/ppp/secret/listen", ".tag=1")
        with pytest.raises(LOST):
            await talk.ask("/cancel", "=tag=1", ".tag=2")
    assert [each.path for each in router.faults.seen] == ["/cancel"]


async def test_a_refusal_is_spoilt_like_any_answer() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.rules.append(FaultRule(ReplyFault.DONE_TWICE, "/ppp/secret/fly"))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        assert (await talk.ask("/ppp/secret/fly"))[-1] == ("!done",)
        assert await talk.hear() == ("!done",)


@pytest.mark.parametrize("path", ["/ping", "/ppp/secret/listen"])
async def test_a_stream_may_be_cut_or_fall_silent(path: str) -> None:
    words = (path, "=address=10.0.0.1", "=count=2") if path == "/ping" else (path,)
    router = SimulatedRouter(RouterProfile(secrets=0))
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        router.faults.rules.append(FaultRule(ReplyFault.SILENCE, path, left=1))
        await talk.say(*words, ".tag=1")
        with anyio.move_on_after(5) as waited:
            await talk.hear()
        assert waited.cancelled_caught
        router.faults.cut_on[path] = CutMoment.AFTER
        with pytest.raises(LOST):
            await talk.ask(*words, ".tag=2")
    assert [each.path for each in router.faults.seen] == [path, path]


async def test_whatever_goes_wrong_is_recorded_with_its_time() -> None:
    router = SimulatedRouter(RouterProfile(secrets=1))
    faults = router.faults
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        faults.slow["/ppp/secret/print"] = 2.0
        await talk.ask("/ppp/secret/print")
        faults.reorder = 1.0
        await talk.ask("/ppp/profile/print", ".tag=1")
        faults.is_silent = True
        await talk.say("/ip/pool/print", ".tag=2")
        await anyio.sleep(3)
        router.drop_sessions()
        router.reboot(1)
    assert [(each.what, each.path) for each in faults.seen] == [
        (Mishap.SLOWED, "/ppp/secret/print"), (Mishap.LATE, "/ppp/profile/print"), (Mishap.SILENT, "/ip/pool/print"),
        (Mishap.DROPPED, ""), (Mishap.REBOOTED, ""),
    ]  # fmt: skip
    assert [each.at for each in faults.seen] == sorted(each.at for each in faults.seen)


async def test_an_order_that_cannot_be_obeyed_later_is_refused_now() -> None:
    router = SimulatedRouter(RouterProfile(name="edge-1", secrets=0))
    heard: list[str] = []
    async with anyio.create_task_group() as tasks:
        director = Director([Served(router, "", 1)], tasks, lambda order, _said: heard.append(order.verb))
        for line in ("network black-hole at 5", "edge-2: down at 5"):
            with pytest.raises(ControlError):
                director.obey(parse(line) or pytest.fail(line))
        director.obey(parse("refuse-logins rate 0.5 times 3 at 5 for 10") or pytest.fail("it is an order"))
        await anyio.sleep(6)
        assert [rule.what for rule in router.faults.rules] == [Mishap.LOGIN_REFUSED]
        assert heard == ["refuse-logins"]
        await anyio.sleep(10)
        assert router.faults.rules == []


@pytest.mark.realtime
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(("resets", "end"), [(True, anyio.BrokenResourceError), (False, anyio.EndOfStream)])
async def test_a_network_may_end_a_connection_or_reset_it(*, resets: bool, end: type[Exception]) -> None:
    router = SimulatedRouter(RouterProfile(secrets=50))
    async with anyio.create_task_group() as tasks:
        proxy = FaultProxy(partial(anyio.connect_tcp, "127.0.0.1", await tasks.start(router.serve_tcp)))
        async with await anyio.connect_tcp("127.0.0.1", await tasks.start(proxy.serve_tcp)) as stream:
            talk = Talk(stream)
            await talk.ask(*LOGIN)
            proxy.to_client.cut_after, proxy.to_client.resets = 700, resets
            begun_at = clock.now()
            with pytest.raises(end):
                await talk.ask("/ppp/secret/print")
            [seen] = proxy.seen
            assert seen.what == ("reset" if resets else "cut")
            assert begun_at <= seen.at <= clock.now()
        tasks.cancel_scope.cancel()
