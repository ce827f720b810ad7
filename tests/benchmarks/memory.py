"""What stays in memory: a reply of 50,000 rows, and a million commands. Each in a process of its own.

A peak of this process would say nothing: benchmarks that ran before have raised it, and a child begins with its
parent's (Linux keeps ``ru_maxrss`` over fork and exec). So a child reads its own figures from ``/proc``, which begin
anew with the program; where there is no ``/proc`` nothing is measured, and the table says so.

``python -m tests.benchmarks.memory reply PORT`` and ``... million COUNT`` print two figures in MB.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from mktui.core import open_client
from tests.benchmarks.feeder import feeder
from tests.benchmarks.measure import Line
from tests.benchmarks.overhead import COMMAND, callers, with_pool
from tests.benchmarks.reading import ONE, router_on

if TYPE_CHECKING:
    from tests.benchmarks.overhead import StubPool

_STATUS: Final = Path("/proc/self/status")
_FLAT: Final = 1.02
"""Growth over nine tenths of a million commands that is noise: 1 MB of 45, a byte a command."""


def memory(*, quick: bool) -> list[Line]:
    """Weigh a 50,000-row reply: how far the peak rises above what the process held before."""
    rows = 1_000 if quick else 50_000
    work = f"memory of a {rows:,}-row reply"
    if not _STATUS.exists():
        return [_unknown(work, "<= 60 MB")]
    with feeder(rows) as port:
        before, peak = _in_a_process("reply", port)
    grown = peak - before
    return [Line(work, f"{grown:.1f} MB", "–", grown, "<= 60 MB", grown <= 60, 1)]


def million(*, quick: bool) -> list[Line]:
    """Run a million commands through the core and compare the memory at the end with that after a tenth."""
    count = 20_000 if quick else 1_000_000
    work = f"memory after {count:,} commands, against a tenth"
    if not _STATUS.exists():
        return [_unknown(work, "flat")]
    early, late = _in_a_process("million", count)
    return [Line(work, f"{late:.1f} MB", f"{early:.1f} MB", late / early, "flat", late <= early * _FLAT, 1)]


def _unknown(work: str, target: str) -> Line:
    return Line(work, "no /proc here", "–", float("nan"), target, None, 0)


def _in_a_process(name: str, number: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.memory", name, str(number)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    first, second = done.stdout.split()
    return float(first), float(second)


def _mb(name: str) -> float:
    """Return this process's memory: ``VmRSS`` now, ``VmHWM`` at its peak."""
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


async def _reply(port: int) -> tuple[float, float]:
    async with open_client(router_on(port), ONE) as client:
        await client.run("/system/identity/print")
        before = _mb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # noqa: ASYNC240 - the peak begins anew; no disk
        rows = await client.get("/ppp/secret", max_age=0)
        peak = _mb("VmHWM")
        assert rows
        return before, peak


async def _million(count: int) -> tuple[float, float]:
    sizes: list[float] = []

    async def measure(pool: StubPool) -> None:
        for share in (count // 10, count - count // 10):
            await callers(50, share, lambda: pool.execute(COMMAND))
            sizes.append(_mb("VmRSS"))

    await with_pool(measure)
    early, late = sizes
    return early, late


if __name__ == "__main__":
    for figure in anyio.run({"reply": _reply, "million": _million}[sys.argv[1]], int(sys.argv[2])):
        sys.stdout.write(f"{figure}\n")
