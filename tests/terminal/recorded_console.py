"""What routers answer to a command by hand, and a day of their percentiles, as they were recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from mktui.monitor.percentiles import Chart
from mktui.services.console import Answer

if TYPE_CHECKING:
    from mktui.core.protocol.sentences import Command
    from mktui.errors import MktuiError
    from mktui.monitor.steps import Point

ACTIVE: Final = tuple(
    {".id": f"*{number:X}", "name": name, "service": "pppoe", "address": f"10.64.0.{number}", "uptime": f"{number}h4m"}
    for number, name in enumerate(
        (
            "ana-77",
            "luis-03",
            "maría-1",
            "hotel-plaza",
            "taller",
            "x" * 60,
            "odd\x1b[2Jname",
            *map("casa-{}".format, range(40)),
        ),
        1,
    )
)


@dataclass
class RecordedConsole:
    """Answers with rows, or with what ``refuses`` says."""

    rows: tuple[dict[str, str], ...] = ACTIVE
    refuses: MktuiError | None = None
    ran: list[tuple[str, Command]] = field(default_factory=list)

    async def run(self, router: str, command: Command) -> Answer:
        await anyio.lowlevel.checkpoint()
        self.ran.append((router, command))
        if self.refuses is not None:
            raise self.refuses
        return Answer(self.rows, 0.038)


def day_of(middle: float, *, silent: int = 0) -> Chart:
    """An hour and a day around a p50, in seconds, with a bad quarter of an hour; ``silent``: the last steps."""
    hour = tuple(_point(middle, number / 120, is_bad=40 < number < 56) for number in range(120 - silent))
    day = tuple(_point(middle, number / 288, is_bad=200 < number < 204) for number in range(288 - silent // 10))
    return Chart((*hour, *[None] * silent), (*day, *[None] * (silent // 10)))


def _point(middle: float, share: float, *, is_bad: bool) -> Point:
    p50 = middle * (1.4 + math.sin(share * 6.3) * 0.4 + math.sin(share * 97) * 0.1) * (4 if is_bad else 1)
    return p50, p50 * (2.2 + math.cos(share * 31) * 0.4), p50 * (5 + math.sin(share * 53) * 2)
