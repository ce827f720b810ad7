"""A soak: very many marked commands and random faults, in virtual time. ``python -m tests.benchmarks.soak [COUNT]``.

Faults come and go by dice; after each storm every answer, every write and every slot is checked. Memory, tasks and
descriptors must stay where they were.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from mktui.errors import RouterError
from tests.core.storm import OPTIONS, Bench, bench
from tests.core.test_faults import FAULTS
from tests.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable

STORM: Final = 300
LINES: Final = 10


def main() -> None:
    """Soak, and print a line for each tenth."""
    commands = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    anyio.run(_soak, commands, backend_options={"loop_factory": VirtualTimeLoop})


async def _soak(commands: int) -> None:
    dice = random.Random(1)  # noqa: S311 - which fault comes next
    outcomes: Counter[str] = Counter()
    begun = time.monotonic()
    print("| commands | faults | answered | refused or unknown | wrong | memory MB | tasks | descriptors | minutes |")
    print("|---|---|---|---|---|---|---|---|---|")
    async with bench(OPTIONS) as b:
        storms = max(LINES, commands // STORM)
        for number in range(1, storms + 1):
            await _one_storm(b, dice.choice(list(FAULTS.values())), dice)
            outcomes += b.outcomes
            _forget(b)
            if number % (storms // LINES) == 0:
                _print_line(number, outcomes, begun)


async def _one_storm(b: Bench, fault: Callable[[Bench], None], dice: random.Random) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(b.storm, STORM, 8.0)
        await anyio.sleep(dice.uniform(0, 0.5))
        fault(b)
        await anyio.sleep(dice.uniform(0, 4))
        b.proxy.clear()
        b.router.faults.clear()
    if b.client._pool.dispatcher.openings.refusal is not None:
        await b.client.probe()
    while True:
        try:
            await b.client.get("/ppp/profile", ("name",), max_age=0, timeout=2)
        except RouterError:
            await anyio.sleep(1)
        else:
            break
    await anyio.sleep(10)
    b.check()


def _forget(b: Bench) -> None:
    """Take what was added off the router, so that only a leak grows."""
    table = b.router.tables["/ppp/secret"]
    for name in b.added:
        for row in table.named(name):
            table.remove(row)
    b.added.clear()
    b.outcomes.clear()


def _print_line(storms: int, outcomes: Counter[str], begun: float) -> None:
    good = sum(count for name, count in outcomes.items() if name in {"read", "add applied", "set applied"})
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    cells = (
        f"{storms * STORM:,}", f"{storms:,}", f"{good:,}", f"{sum(outcomes.values()) - good:,}", "0",
        f"{resident / 1e6:.0f}", str(len(anyio.get_running_tasks())), str(descriptors),
        f"{(time.monotonic() - begun) / 60:.1f}",
    )  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
