"""What work costs a router: the seconds a command takes, and the CPU load that follows. Pure: ``now`` is an argument.

The figures of ``rb5009``, ``rb3011`` and ``seed`` are field figures: an RB5009 adds a row in 1-3 ms, lists 28,700 rows
in 3-4 s and takes 400 ms for a query over them; an RB3011 under load takes 200-700 ms a command; the system that mktui
follows reported 195-648 ms. Nobody measured ``hap-lite``: it is an RB3011 with slower rows. ``chr`` is a virtual router
whose host clamps the requests of all connections together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_WINDOW: Final = 4.0
"""Seconds over which CPU load is averaged."""
_IDLE_PERCENT: Final = 2.0
_LEAST_WORK: Final = 0.0002
"""Seconds of CPU that any command takes, also of a model that makes nobody wait."""


@dataclass(frozen=True, slots=True)
class CostModel:
    """Seconds, all of them. ``requests_per_second`` None: no limit over all connections."""

    command: float = 0.0
    jitter: float = 0.0
    """Up to this much more for each command."""
    write: float = 0.0
    """For each command that changes something, besides."""
    row: float = 0.0
    """For each row that is printed."""
    filtered_row: float = 0.0
    """For each row that a query looks at."""
    without_proplist: float = 1.0
    """How many times as long a row takes when every column is asked for."""
    is_serial: bool = False
    """Commands of one session run one after another, not side by side."""
    requests_per_second: float | None = None
    cores: int = 4


MODELS: Final = {
    "none": CostModel(),
    "hap-lite": CostModel(command=0.2, jitter=0.5, write=0.02, row=0.001, filtered_row=0.0001, without_proplist=3.0,
                          is_serial=True, cores=1),
    "rb3011": CostModel(command=0.2, jitter=0.5, write=0.005, row=0.0004, filtered_row=0.00005, without_proplist=2.0,
                        is_serial=True, cores=2),
    "rb5009": CostModel(command=0.0005, jitter=0.002, write=0.0005, row=0.00012, filtered_row=0.000014,
                        without_proplist=2.0, is_serial=True),
    "chr": CostModel(command=0.0005, jitter=0.0005, write=0.0005, row=0.00003, filtered_row=0.000005,
                     without_proplist=2.0, requests_per_second=100.0, cores=1),
    "seed": CostModel(command=0.195, jitter=0.453),
}  # fmt: skip
"""Named models. Whether a session's commands run side by side is not known of any: ``is_serial`` is a switch."""


class Admission:
    """The aggregate limit: when the next request may begin."""

    def __init__(self, per_second: float | None) -> None:
        self._step = 1 / per_second if per_second else 0.0
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Take the next place and return the seconds until it comes."""
        if not self._step:
            return 0.0
        begins_at = max(now, self._free_at)
        self._free_at = begins_at + self._step
        return begins_at - now


class CpuLoad:
    """How busy the router is, in percent, averaged over the last seconds."""

    def __init__(self, cores: int) -> None:
        self._capacity = _WINDOW * cores
        self._busy = 0.0
        self._as_of = 0.0

    def worked(self, now: float, seconds: float) -> None:
        """Count work done."""
        self._decay(now)
        self._busy += max(seconds, _LEAST_WORK)

    def percent(self, now: float) -> int:
        """Return the load."""
        self._decay(now)
        return min(100, round(_IDLE_PERCENT + 100 * self._busy / self._capacity))

    def _decay(self, now: float) -> None:
        self._busy *= math.exp(-max(0.0, now - self._as_of) / _WINDOW)
        self._as_of = now
