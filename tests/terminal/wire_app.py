"""The control room over a fleet of many routers whose figures change, for tests of what goes over the wire.

``python -m tests.terminal.wire_app DRIVER ROUTERS CHANGES [FRAMES]``: CHANGES cells are others at each look; FRAMES is
a file that gets every frame twice, as Textual wrote it and as it was sent. A file named by ``WIRE_BEATS`` gets, at the
end, by how much each beat of ten a second in the same loop was late.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from mktui.tui.app import ControlRoom
from mktui.tui.driver import ThriftyDriver, driver_class
from mktui.tui.widgets.live_table import LiveTable
from tests.terminal.recorded import RecordedServices, edge_1, fleet
from tests.terminal.recorded_syncs import many, planned

if TYPE_CHECKING:
    from textual.driver import Driver

    from mktui.monitor.snapshot import RouterSnapshot, Snapshot


BEAT: Final = 0.1


class Changing(RecordedServices):
    """So many routers; at each look some of the first ones have another latency."""

    def __init__(self, routers: int, changes: int) -> None:
        named = tuple(self._named(number) for number in range(routers))
        super().__init__(replace(fleet(), routers=named))
        self._changes = changes
        self._looks = 0

    def snapshot(self) -> Snapshot:
        self._looks += 1
        routers = list(self.recorded.routers)
        for number in range(self._changes):
            routers[number] = self._slower(routers[number], (number + 1) * (self._looks % 7 + 1))
        return replace(self.recorded, routers=tuple(routers))

    @staticmethod
    def _named(number: int) -> RouterSnapshot:
        name = "塔-e\u0301-002" if number == 2 else f"edge-{number:03}"  # wide and combining letters
        return replace(edge_1(), name=name, is_protected=False)

    @staticmethod
    def _slower(router: RouterSnapshot, milliseconds: int) -> RouterSnapshot:
        response = replace(router.pool.performance.response, p50=milliseconds / 1000)
        return replace(
            router, pool=replace(router.pool, performance=replace(router.pool.performance, response=response))
        )


class Recording(ThriftyDriver):
    """Writes down every frame, before and after."""

    frames: str

    def write(self, data: str) -> None:
        super().write(data)
        with open(self.frames, "a", encoding="utf-8") as file:  # noqa: PTH123 - opened for every frame: it may be the last
            size = list(self._get_terminal_size())
            file.write(json.dumps({"stock": data, "sent": self.sent, "size": size}) + "\n")

    def send(self, data: str) -> None:
        self.sent = data
        super().send(data)


def main() -> None:
    """Run until a signal or ``q``."""
    name, routers, changes, *frames = sys.argv[1:]
    driver: type[Driver] | None = driver_class(name)
    if driver is None:
        del LiveTable.refresh  # Textual's driver is measured with Textual's table
    if frames:
        Recording.frames = frames[0]
        driver = Recording
    services = Changing(int(routers), int(changes))
    app: ControlRoom = ControlRoom(services, driver=driver)
    if rows := os.environ.get("WIRE_PLAN"):
        services.plans = {each.name: planned(many(int(rows))) for each in services.recorded.routers}
    app.animation_level = "none"
    anyio.run(_run, app)


async def _run(app: ControlRoom) -> None:
    lags: list[float] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_beat, lags)
        await app.run_async()
        tasks.cancel_scope.cancel()
    if place := os.environ.get("WIRE_BEATS"):
        Path(place).write_text(json.dumps(lags), encoding="utf-8")  # noqa: ASYNC240 - the loop has nothing else to do


async def _beat(lags: list[float]) -> None:
    """As the pool's own timers do: nothing that is drawn may hold them up."""
    while True:
        due = time.monotonic() + BEAT
        await anyio.sleep(BEAT)
        lags.append(time.monotonic() - due)


if __name__ == "__main__":
    main()
