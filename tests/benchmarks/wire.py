"""What the screen costs on the wire and in CPU: our driver and table beside Textual's own, in one run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measure import Line
from tests.terminal.terminals import on_a_pty

_APP = ("-m", "tests.terminal.wire_app")


@dataclass(frozen=True)
class Cost:
    """Bytes of the first screen, bytes a second while five cells change twice a second, and percent of a core."""

    first: int
    per_second: float
    cpu_percent: float


def _measure(driver: str, routers: int, changes: int, seconds: float) -> Cost:
    with on_a_pty(*_APP, driver, str(routers), str(changes)) as terminal:

        def watch(seconds: float) -> None:
            until = time.monotonic() + seconds
            terminal.until(lambda: time.monotonic() > until)

        terminal.until(lambda: b"edge-010" in terminal.output)
        watch(1.5)
        first, cpu = len(terminal.output), cpu_seconds(terminal.process.pid)
        watch(seconds)
        spent = cpu_seconds(terminal.process.pid) - cpu
        return Cost(first, (len(terminal.output) - first) / seconds, 100 * spent / seconds)


def cpu_seconds(pid: int) -> float:
    """Return the seconds of CPU that a process has used: fields 14 and 15 of its stat, in hundredths."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def wire(*, quick: bool) -> list[Line]:
    """Compare the drivers over 500 routers at 80x24."""
    seconds = 2.0 if quick else 10.0
    stock, ours = (_measure(driver, 500, 5, seconds) for driver in ("stock", "thrifty"))
    idle = _measure("thrifty", 500, 0, seconds)
    return [
        Line("500 routers at 80x24, five cells change twice a second: bytes a second, against Textual's driver",
             f"{ours.per_second:,.0f}", f"{stock.per_second:,.0f}", stock.per_second / max(1.0, ours.per_second),
             "<= 3,000 B/s", ours.per_second <= 3000, 1),
        Line("bytes of the first screen", f"{ours.first:,}", f"{stock.first:,}", stock.first / ours.first,
             "<= 12,000 B", ours.first <= 12_000, 1),
        Line("bytes a second when nothing changes", f"{idle.per_second:,.0f}", "–", idle.per_second, "<= 50 B/s",
             idle.per_second <= 50, 1),
        Line("percent of a core while five cells change twice a second", f"{ours.cpu_percent:.1f}",
             f"{stock.cpu_percent:.1f}", stock.cpu_percent / max(0.1, ours.cpu_percent), "–", None, 1),
    ]  # fmt: skip
