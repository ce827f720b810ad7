"""``mktui demo``: the control room with three simulated routers, on screen or headless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import FiniteRange, config_path, driver_option, has_screen, json_option
from mktui.cli.output import health_cell, print_json, print_table
from mktui.cli.records import router_record, sync_record
from mktui.services.demo import open_demo

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.fleet import Fleet

_EPILOG = """\b
Examples:
  mktui demo                                    the screen; q leaves it
  mktui demo --headless --seconds 5 --json      the same without one
"""


@click.command(epilog=_EPILOG)
@click.option("--headless", is_flag=True, help="No screen: run, sync, report.")
@click.option("--seconds", type=FiniteRange(0.5, 86_400), default=5.0, show_default=True, help="How long, headless.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same demo.")
@driver_option
@json_option
@click.pass_context
def demo(context: click.Context, *, headless: bool, seconds: float, seed: int, driver: str, as_json: bool) -> None:
    """Look around: three simulated routers (one slow, one that fails now and then). Nothing is kept."""
    if not headless and not has_screen():
        fail(
            ExitCode.USAGE,
            "no terminal here that can be drawn on: see mktui demo --headless",
        )
    if not headless:
        from mktui.cli.screen import run_demo_screen  # noqa: PLC0415 - loads the terminal

        context.exit(run_demo_screen(config_path(context), seed, driver=driver))
    snapshot = anyio.run(_headless, seconds, seed)
    totals = {router.name: sync_record(router.sync) for router in snapshot.routers}
    if as_json:
        whole = {name: sum(each[name] for each in totals.values()) for name in _TOTALS}
        routers = [router_record(router) for router in snapshot.routers]
        print_json("mktui.demo/1", seconds=seconds, routers=routers, sync=whole | {"routers": totals})
        return
    rows = [
        (router.name, health_cell(router.health.status), f"{router.pool.ready}/{router.pool.max_size}",
         f"{totals[router.name]['applied']}/{totals[router.name]['planned']}")
        for router in snapshot.routers
    ]  # fmt: skip
    print_table(("ROUTER", "HEALTH", "CONN", "SYNCED"), rows)


_TOTALS = ("planned", "applied", "failed", "skipped", "deferred", "unknown", "refused")


async def _headless(seconds: float, seed: int) -> Snapshot:
    with open_log() as on_event:
        async with open_demo(seed=seed, on_event=on_event) as fleet:
            with anyio.move_on_after(seconds):
                async with anyio.create_task_group() as tasks:
                    for name in fleet.names:
                        tasks.start_soon(_sync, fleet, name)
                    await anyio.sleep_forever()
            return fleet.snapshot()


async def _sync(fleet: Fleet, name: str) -> None:
    await fleet.sync(name)
