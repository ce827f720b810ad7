"""``mktui status``: how every router is, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import json_option, loaded_config, routers_argument
from mktui.cli.output import health_cell, milliseconds, percent, print_json, print_table
from mktui.cli.records import router_record
from mktui.core.pool.health import HealthStatus
from mktui.services.log import open_log
from mktui.services.start import open_configured

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.monitor.snapshot import RouterSnapshot, Snapshot
    from mktui.services.fleet import Fleet

_HEADER = ("ROUTER", "HEALTH", "CONN", "P50 ms", "P95 ms", "OK %", "CIRCUIT", "VERSION", "WHY")
_LOOK = 0.05

_EPILOG = """\b
Examples:
  mktui status                  every router
  mktui status edge-1 --json    one, for a script

Exit code: 0 all answer, 5 some do, 3 none does.
"""


@click.command(epilog=_EPILOG)
@routers_argument
@json_option
@click.pass_context
def status(context: click.Context, *, routers: tuple[str, ...] = (), as_json: bool = False) -> None:
    """Connect to the routers and say how they are."""
    snapshot = anyio.run(_look, loaded_config(context), routers)
    if as_json:
        print_json("mktui.status/1", routers=[router_record(router) for router in snapshot.routers])
    else:
        print_table(_HEADER, [_row(router) for router in snapshot.routers])
    context.exit(_code(snapshot))


async def _look(loaded: LoadedConfig, names: tuple[str, ...]) -> Snapshot:
    with open_log() as on_event:
        async with open_configured(loaded, names=names, on_event=on_event) as fleet:
            longest = max(fleet.service(name).setup.pool.connection_timeout for name in fleet.names)
            with anyio.move_on_after(longest + 1):
                while not all(is_known(fleet, each) for each in fleet.snapshot().routers):  # noqa: ASYNC110 - a look
                    await anyio.sleep(_LOOK)
            return fleet.snapshot()


def is_known(fleet: Fleet, router: RouterSnapshot) -> bool:
    """Say whether a router has answered, or has failed to: its facts are read, or its first connect came to nothing."""
    if router.pool.ready < router.pool.min_size:
        return fleet.service(router.name).client.last_error is not None
    return router.facts.read_at is not None


def _row(router: RouterSnapshot) -> tuple[str, ...]:
    performance = router.pool.performance
    return (
        router.name,
        health_cell(router.health.status),
        f"{router.pool.ready}/{router.pool.max_size}",
        milliseconds(performance.response.p50),
        milliseconds(performance.response.p95),
        percent(performance.success_percent),
        router.pool.circuit_breaker.state.value,
        router.facts.version or "–",
        "; ".join(router.health.reasons) or "–",
    )


def _code(snapshot: Snapshot) -> int:
    offline = sum(router.health.status is HealthStatus.OFFLINE for router in snapshot.routers)
    if not offline:
        return ExitCode.DONE
    return ExitCode.UNREACHABLE if offline == len(snapshot.routers) else ExitCode.PARTLY
