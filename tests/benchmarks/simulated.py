"""The simulated router itself: how fast it starts, how little a print holds, how many fit into one process.

``python -m tests.benchmarks.simulated start|print|fleet COUNT`` prints figures, each in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from mktui.core.protocol.framing import encode
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.streams import byte_stream_pair
from tests.benchmarks.measure import Line

if TYPE_CHECKING:
    from mktui.simulator.streams import MemoryByteStream

_STATUS: Final = Path("/proc/self/status")
_LOGIN: Final = encode(("/login", "=name=admin", "=password=secret"))
_PRINT: Final = encode(("/ppp/secret/print",))
_DONE: Final = encode(("!done",))


def simulated(*, quick: bool) -> list[Line]:
    """Measure the simulator."""
    secrets, routers = (500, 5) if quick else (20_000, 200)
    if not _STATUS.exists():
        return []
    [started] = _in_a_process("start", secrets)
    reply, grown = _in_a_process("print", secrets)
    fleet_started, fleet_mb, answered = _in_a_process("fleet", routers)
    return [
        Line(f"simulated router with {secrets:,} secrets: start", f"{started:.2f} s", "–", started, "< 3 s",
             started < 3, 1),
        Line(f"its print: memory held, against the reply's size, {secrets:,} rows", f"{grown:.1f} MB",
             f"{reply:.1f} MB", grown / reply, "streams", grown < reply / 2, 1),
        Line(f"{routers} routers x 100 secrets in one process: start", f"{fleet_started:.2f} s",
             f"{fleet_mb:.0f} MB", fleet_started, "–", None, 1),
        Line(f"{routers} routers print 100 secrets each at once", f"{1000 * answered:.0f} ms", "–", answered, "–",
             None, 1),
    ]  # fmt: skip


def _in_a_process(name: str, count: int) -> tuple[float, ...]:
    command = [sys.executable, "-m", "tests.benchmarks.simulated", name, str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(float(each) for each in done.stdout.split())


def _mb(name: str) -> float:
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


async def _ask(stream: MemoryByteStream, framed: bytes) -> int:
    """Say one command and read its answer, keeping nothing; returns how many bytes it was."""
    await stream.send(framed)
    size, tail = 0, b""
    while not tail.endswith(_DONE):
        piece = await stream.receive()
        size += len(piece)
        tail = (tail + piece)[-len(_DONE) :]
    return size


async def _start(secrets: int) -> list[float]:
    begun = time.perf_counter()
    SimulatedRouter(RouterProfile(secrets=secrets))
    return [time.perf_counter() - begun]


async def _print(secrets: int) -> list[float]:
    router = SimulatedRouter(RouterProfile(secrets=secrets, online=0))
    for row in router.tables["/ppp/secret"]:
        row.encoded((), frozenset())  # what is kept from print to print is no reply's
    ours, theirs = byte_stream_pair()
    async with anyio.create_task_group() as tasks, ours:
        tasks.start_soon(router.serve, theirs)
        await _ask(ours, _LOGIN)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # noqa: ASYNC240 - the peak begins anew; no disk
        before = _mb("VmRSS")
        size = await _ask(ours, _PRINT)
        grown = _mb("VmHWM") - before
        tasks.cancel_scope.cancel()
    return [size / 2**20, grown]


async def _fleet(routers: int) -> list[float]:
    before, begun = _mb("VmRSS"), time.perf_counter()
    fleet = [SimulatedRouter(RouterProfile(name=f"sim-{index}", secrets=100, seed=index)) for index in range(routers)]
    started = time.perf_counter() - begun
    grown = _mb("VmRSS") - before
    begun = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for router in fleet:
            tasks.start_soon(_visit, router)
    return [started, grown, time.perf_counter() - begun]


async def _visit(router: SimulatedRouter) -> None:
    ours, theirs = byte_stream_pair()
    async with anyio.create_task_group() as tasks, ours:
        tasks.start_soon(router.serve, theirs)
        await _ask(ours, _LOGIN)
        await _ask(ours, _PRINT)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    for figure in anyio.run({"start": _start, "print": _print, "fleet": _fleet}[sys.argv[1]], int(sys.argv[2])):
        sys.stdout.write(f"{figure}\n")
