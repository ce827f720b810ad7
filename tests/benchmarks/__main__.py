"""Runs the benchmarks and prints one table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from tests.benchmarks.memory import memory, million
from tests.benchmarks.overhead import overhead
from tests.benchmarks.reading import decoder, secrets, small
from tests.benchmarks.screen import screen
from tests.benchmarks.sharing import slots
from tests.benchmarks.simulated import simulated
from tests.benchmarks.stalls import stall
from tests.benchmarks.start import start
from tests.benchmarks.syncing import syncing
from tests.benchmarks.warning import warning
from tests.benchmarks.wire import wire

if TYPE_CHECKING:
    from tests.benchmarks.measure import Line

BENCHMARKS: Final = {
    "secrets": secrets, "decoder": decoder, "slots": slots, "small": small, "overhead": overhead, "stall": stall,
    "memory": memory, "million": million, "simulated": simulated, "syncing": syncing, "wire": wire,
    "screen": screen, "warning": warning, "start": start,
}  # fmt: skip
HEADER: Final = ("work", "mktui", "against", "ratio", "target", "reached", "repeats")


def main() -> None:
    """Run what is asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="tiny counts: does it run? The figures mean nothing")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for name in given.names or BENCHMARKS:
        lines: list[Line] = BENCHMARKS[name](quick=given.quick)
        for line in lines:
            print(f"| {' | '.join(line.cells(judged=not given.quick))} |", flush=True)


if __name__ == "__main__":
    main()
