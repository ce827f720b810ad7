"""What a simulated router's work costs, and what goes wrong with it: by rate, by schedule, by command, from a line."""

from __future__ import annotations

import json
import math
import signal
import ssl
import subprocess
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui import clock
from mktui.simulator.control import ControlError, Director, Order, parse
from mktui.simulator.cost import MODELS, Admission, CostModel, CpuLoad
from mktui.simulator.faults import CutMoment, FaultRule, Faults, ReplyFault
from mktui.simulator.fleets import Served
from mktui.simulator.profile import RouterProfile
from mktui.simulator.proxy import FaultProxy
from mktui.simulator.router import SimulatedRouter
from tests.simulator.talk import LOGIN, Talk, talking
from tests.virtual_time import backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
LONG = math.inf


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def seconds_of(talk: Talk, *words: str) -> float:
    begun_at = clock.now()
    await talk.ask(*words)
    return clock.now() - begun_at


async def test_an_rb5009_costs_what_was_measured_in_the_field() -> None:
    router = SimulatedRouter(RouterProfile(secrets=28_700, online=0, cost=MODELS["rb5009"]))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        adds = [await seconds_of(talk, "/ppp/secret/add", f"=name=n{index}") for index in range(50)]
        assert min(adds) >= 0.001
        assert max(adds) <= 0.0031
        assert 3 <= await seconds_of(talk, "/ppp/secret/print", "=.proplist=name,profile") <= 4
        assert 0.39 <= await seconds_of(talk, "/ppp/secret/print", "=.proplist=name", "?name=ana-01") <= 0.42
        narrow = await seconds_of(talk, "/ppp/secret/print", "=.proplist=name")
        assert await seconds_of(talk, "/ppp/secret/print") == pytest.approx(2 * narrow, rel=0.05), "without proplist"


async def test_the_seed_and_an_rb3011_take_their_time_for_every_command() -> None:
    for model, low, high in (("seed", 0.195, 0.648), ("rb3011", 0.2, 0.71)):
        router = SimulatedRouter(RouterProfile(secrets=10, online=0, cost=MODELS[model]))
        async with talking(router, within=LONG) as talk:
            await talk.ask(*LOGIN)
            spent = [await seconds_of(talk, "/system/identity/print") for _ in range(200)]
            assert low <= min(spent) < low + 0.05
            assert high - 0.05 < max(spent) <= high


async def all_done(talk: Talk, count: int) -> float:
    begun_at = clock.now()
    for index in range(count):
        await talk.say("/system/identity/print", f".tag={index}")
    left = count
    while left:
        left -= (await talk.hear())[0] == "!done"
    return clock.now() - begun_at


async def read_for_ever(talk: Talk) -> None:
    while True:
        await talk.hear()


@pytest.mark.parametrize("is_serial", [False, True])
async def test_commands_of_one_session_run_side_by_side_or_one_after_another(*, is_serial: bool) -> None:
    cost = CostModel(command=0.5, is_serial=is_serial)
    router = SimulatedRouter(RouterProfile(secrets=0, cost=cost))
    async with talking(router, within=LONG) as talk, talking(router, within=LONG) as other:
        await talk.ask(*LOGIN)
        await other.ask(*LOGIN)
        assert await all_done(talk, 8) == pytest.approx(4.0 if is_serial else 0.5)
        spent: list[float] = []

        async def measure(each: Talk) -> None:
            spent.append(await all_done(each, 4))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(measure, talk)
            tasks.start_soon(measure, other)
        assert max(spent) == pytest.approx(2.0 if is_serial else 0.5), "two sessions do not wait for each other"


async def test_a_virtual_router_clamps_the_requests_of_all_connections_together() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0, cost=CostModel(requests_per_second=50)))
    spent: list[float] = []

    async def work() -> None:
        async with talking(router, within=LONG) as talk:
            await talk.ask(*LOGIN)
            spent.append(await all_done(talk, 50))

    begun_at = clock.now()
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(work)
    assert clock.now() - begun_at == pytest.approx(204 / 50, abs=0.05)


@given(st.lists(st.floats(0, 0.1), max_size=200))
def test_no_second_ever_admits_more_than_the_limit(gaps: list[float]) -> None:
    admission, now, begun = Admission(10), 0.0, []
    for gap in gaps:
        now += gap
        begun.append(now + admission.wait(now))
    assert all(later - earlier >= 1 - 1e-9 for earlier, later in zip(begun, begun[10:], strict=False))


async def test_cpu_load_follows_the_work_and_falls_again() -> None:
    router = SimulatedRouter(RouterProfile(secrets=20_000, online=0, cost=MODELS["hap-lite"]))
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)

        async def load() -> int:
            heard = await talk.ask("/system/resource/print", "=.proplist=cpu-load")
            return int(heard[0][1].partition("=cpu-load=")[2])

        await anyio.sleep(30)
        assert await load() <= 25
        await talk.ask("/ppp/secret/print", "=.proplist=name")
        assert await load() >= 60
        await anyio.sleep(60)
        assert await load() <= 25


def test_load_is_a_share_of_all_cores() -> None:
    one, four = CpuLoad(1), CpuLoad(4)
    for load in (one, four):
        for tick in range(400):
            load.worked(tick / 10, 0.05)
    assert one.percent(40) == pytest.approx(52, abs=4)
    assert four.percent(40) == pytest.approx(15, abs=3)


async def test_a_rule_hits_its_share_of_its_commands_in_its_time_and_is_recorded() -> None:
    router = SimulatedRouter(RouterProfile(secrets=5))
    rule = FaultRule(ReplyFault.DONE_TWICE, "/ppp/*", rate=0.3, begins_at=clock.now() + 10, ends_at=clock.now() + 20)
    router.faults.rules.append(rule)
    begun_at = clock.now()
    async with talking(router, within=LONG) as talk:
        await talk.ask(*LOGIN)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read_for_ever, talk)
            for second in range(30):
                for index in range(20):
                    await talk.say("/ppp/secret/print", "=count-only=", f".tag={second}-{index}")
                    await talk.say("/system/identity/print", f".tag=x{second}-{index}")
                await anyio.sleep(1)
            tasks.cancel_scope.cancel()
    seen = router.faults.seen
    assert {each.path for each in seen} == {"/ppp/secret/print"}
    assert all(10 <= each.at - begun_at < 20 for each in seen)
    assert 30 <= len(seen) <= 90, "200 commands at 0.3"


def test_the_same_seed_spoils_the_same_commands() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults(seed=seed, rules=[FaultRule(CutMoment.BEFORE, rate=0.5)])
        return [faults.due("/x", 0.0).cut is not None for _ in range(64)]

    assert hits(1) == hits(1) != hits(2)


def test_a_rule_ends_when_its_times_are_used_up() -> None:
    faults = Faults(rules=[FaultRule(CutMoment.AFTER, left=3)])
    assert sum(faults.due("/x", 0.0).cut is CutMoment.AFTER for _ in range(9)) == 3


async def test_a_cut_inside_an_answer_leaves_half_of_it() -> None:
    router = SimulatedRouter(RouterProfile(secrets=300))
    router.faults.cut_on["/ppp/secret/print"] = CutMoment.INSIDE
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        with pytest.raises(anyio.EndOfStream):
            await talk.ask("/ppp/secret/print")


async def test_reordered_answers_overtake_each_other_and_all_come() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.reorder = 1.0
    async with talking(router) as talk:
        await talk.ask(*LOGIN)
        for index in range(20):
            await talk.say("/ppp/secret/print", "=count-only=", f".tag={index}")
        tags = [(await talk.hear())[1] for _ in range(20)]
        assert sorted(tags) == sorted(f".tag={index}" for index in range(20))
        assert tags != [f".tag={index}" for index in range(20)]


LINES: dict[str, Order | str] = {
    "down for 5": Order("down", lasts=5.0),
    "edge-1: cut after /ppp/secret/add rate 0.25 times 3 at 10s for 60s  # a comment": Order(
        "cut", ("after", "/ppp/secret/add"), "edge-1", 0.25, 3, 10.0, 60.0
    ),
    "fly": "fly cannot be ordered",
    "edge-1:": "nothing cannot be ordered",
    "latency": "say: latency SECONDS",
    "latency much": "latency wants a number, not much",
    "cut sideways at 5": "cut what? There are: before, after, inside",
    "network fog at 5": "network what?",
    "reboot soon": "reboot wants a number, not soon",
    "silent perhaps": "say: silent [off]",
    "reboot rate 0.5": "reboot takes neither rate nor times",
    "network latency 1 times 2": "network takes neither rate nor times",
    "refuse-logins rate 0.5 times 2": Order("refuse-logins", (), "", 0.5, 2),
    "cut after rate 2": "rate is a share",
    "cut after rate": "rate wants a number",
    "down for ever": "for wants a number, not ever",
    "down for nan": "for wants a number",
    "slow /x": "say: slow PATH SECONDS",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_an_order_or_is_refused_with_words(line: str) -> None:
    expected = LINES[line]
    if isinstance(expected, Order):
        assert parse(line) == expected
    else:
        with pytest.raises(ControlError) as refused:
            parse(line)
        assert expected in str(refused.value)


@given(st.text())
def test_no_line_breaks_the_parser(line: str) -> None:
    with suppress(ControlError):
        parse(line)


def test_empty_lines_and_comments_are_nothing() -> None:
    assert parse("   ") is parse("# down") is None


async def test_orders_are_carried_out_now_later_and_taken_back() -> None:
    router = SimulatedRouter(RouterProfile(name="edge-1", secrets=5, online=1))
    proxy = FaultProxy(lambda: anyio.connect_tcp("127.0.0.1", 1))
    async with anyio.create_task_group() as tasks:
        director = Director([Served(router, "127.0.0.1", 1, proxy)], tasks)

        def order(line: str) -> str:
            wanted = parse(line)
            assert wanted is not None
            return director.obey(wanted)

        order("down for 5")
        assert router.faults.is_down
        await anyio.sleep(5.1)
        assert not router.faults.is_down
        assert order("refuse-logins at 10 for 10") == "in 10 s"
        await anyio.sleep(15)
        assert router.faults.refuse_logins
        await anyio.sleep(6)
        assert not router.faults.refuse_logins
        order("cut before /ppp/* times 2 for 30")
        order("reply done-missing rate 0.5")
        assert "before /ppp/* 1" in order("show")
        await anyio.sleep(31)
        assert [rule.what for rule in router.faults.rules] == [ReplyFault.DONE_MISSING]
        order("network black-hole-to-client")
        assert (proxy.to_client.swallows, proxy.to_router.swallows) == (True, False)
        order("clear")
        assert (proxy.to_client.swallows, router.faults.rules) == (False, [])
        assert order("dial nobody") == "nobody is refused: no such secret, or disabled"
        assert order("dial ana-01") == "ana-01 is connected"
        for line, words in (
            ("edge-9: down", "no router is called edge-9; there are: edge-1"),
            ("reply nonsense", "reply what? There are: done-twice"),
            ("network latency", "say: network latency NUMBER"),
            ("network fog", "network what?"),
            ("latency much", "latency wants a number, not much"),
        ):
            with pytest.raises(ControlError) as refused:
                order(line)
            assert words in str(refused.value)


class Simulate:
    """``mktui simulate`` as a process, with a line in and a line out."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mktui", "simulate", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def hear(self) -> dict[str, str]:
        assert self.process.stdout is not None
        said: dict[str, str] = json.loads(self.process.stdout.readline())
        return said

    def ask(self, line: str) -> dict[str, str]:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        return self.hear()

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()
        return code


@pytest.fixture
def simulate() -> Iterator[list[Simulate]]:
    running: list[Simulate] = []
    yield running
    assert [each.end() for each in running] == [0] * len(running), "ended in good order by a signal"


@pytest.mark.realtime
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_simulate_is_controlled_from_its_standard_input(simulate: list[Simulate], tmp_path: Path) -> None:
    script = tmp_path / "night.txt"
    script.write_text("# a bad night\nsim-1: refuse-logins at 3600 for 5\n")
    simulate.append(program := Simulate("--secrets", "5", "--count", "2", "--faults", str(script)))
    first, second = program.hear(), program.hear()
    assert program.hear()["text"] == "in 3600 s"
    stream = await anyio.connect_tcp("127.0.0.1", int(first["port"]))
    async with stream:
        talk = Talk(stream)
        await talk.ask(*LOGIN)
        assert program.ask("sim-1: reply done-twice /ppp/secret/print times 1")["event"] == "ordered"
        await talk.say("/ppp/secret/print", "=count-only=")
        assert [await talk.hear(), await talk.hear()] == [("!done", "=ret=5")] * 2
        assert program.ask("fly")["event"] == "refused"
        assert program.ask("drop")["event"] == "ordered"
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await talk.hear()
    assert second["name"] == "sim-2"


@pytest.mark.realtime
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize(("kind", "is_trusted"), [("certificate", True), ("wrong-name", False)])
async def test_simulate_offers_certificates(simulate: list[Simulate], kind: str, *, is_trusted: bool) -> None:
    simulate.append(program := Simulate("--secrets", "0", "--tls", kind))
    said = program.hear()
    context = ssl.create_default_context(cafile=said["ca_file"])
    dial = partial(anyio.connect_tcp, "127.0.0.1", int(said["port"]), tls_standard_compatible=False)
    if is_trusted:
        async with await dial(ssl_context=context) as stream:
            assert await Talk(stream).ask(*LOGIN) == [("!done",)]
    else:
        with pytest.raises(ssl.SSLCertVerificationError, match=r"mismatch|not valid for"):
            await dial(ssl_context=context)


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--faults", "none-such.txt"], "none-such.txt cannot be read: No such file"),
        (["--model", "rb1"], "'rb1' is not one of"),
        (["--ros-version", "5.26"], "5.26 is not among the versions known: 6.49"),
        (["--online", "2"], "2.0 is not in the range 0<=x<=1"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_a_line(arguments: list[str], words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mktui", "simulate", *arguments], check=False, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
