"""How long a script waits for ``mktui status --json``: against the imports alone that no such program can do without.

The two take turns, so that a busy machine slows both. The router is a simulated one that makes nobody wait; the time
for which it works itself, 3 ms for two sessions and what it is asked in them, is taken off.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.measure import Line, median, ms, timed
from tests.headless.programs import PROGRAM, simulated, write_config

if TYPE_CHECKING:
    from collections.abc import Sequence

_IMPORTS: Final = "import click, anyio._backends._asyncio, librouteros, pydantic"
_TARGET: Final = 2.0


def start(*, quick: bool) -> list[Line]:
    """Return the ratio of the two medians."""
    repeats = 2 if quick else 10
    with tempfile.TemporaryDirectory() as folder, simulated("--secrets", "3") as (router, announced):
        config = write_config(Path(folder) / "c.toml", announced[0]["port"])
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPYCACHEPREFIX": str(Path(folder) / "cache")}
        status = [*PROGRAM, "--config", str(config), "status", "--json"]
        imports = [sys.executable, "-c", _IMPORTS]

        def run(command: Sequence[str]) -> None:
            subprocess.run(command, check=True, capture_output=True, env=env)

        for command in (status, imports):  # warm
            run(command)
        ours, theirs = [], []
        for _ in range(repeats):
            before = _worked(router.pid)
            ours.append(timed(lambda: run(status)) - (_worked(router.pid) - before))
            theirs.append(timed(lambda: run(imports)))
    ratio = median(ours) / median(theirs)
    work = "mktui status --json of one router, against the imports of click, anyio, librouteros and pydantic alone"
    return [Line(work, ms(median(ours)), ms(median(theirs)), ratio, f"<= {_TARGET:.0f}x", ratio <= _TARGET, repeats)]


def _worked(pid: int) -> float:
    """Return the seconds for which a process has worked; 0 where the kernel does not tell."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text(encoding="ascii").split()[0]) for each in threads) / 1e9
