"""``mktui status``: how every router is, once or again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import click

from mktui.cli.exit_codes import ExitCode
from mktui.cli.looking import looking
from mktui.cli.options import form_of, form_option, json_option, loaded_config, routers_argument
from mktui.cli.output import Lines, echo, health_cell, joined, milliseconds, percent, print_json, print_table, table
from mktui.cli.records import job_record, router_record, warnings_of
from mktui.cli.watching import Watch, WatchingCommand, watch_options
from mktui.core.pool.health import HealthStatus
from mktui.services.timetable import job_in_words

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.monitor.snapshot import RouterSnapshot, Snapshot

_HEADER: Final = ("ROUTER", "HEALTH", "CONN", "P50 ms", "P95 ms", "OK %", "CIRCUIT", "VERSION", "WHY")
_WORSE: Final = tuple(HealthStatus)
"""The good one first."""

_EPILOG = """\b
Examples:
  mktui status                                  every router
  mktui status edge-1 --json                    one, for a script
  mktui status --watch                          again and again, every 2 s, until ctrl+c
  mktui status --watch 10 --format ndjson       a line a router, for a program that reads along
  mktui status --fail-on critical -q            exit code 1 when a router is critical or offline

Exit code: 0 all answer, 5 some do, 3 none does. With --fail-on: 1 when a router is so bad or worse, else 0; with
--watch it ends at the first look at which one is.
"""


@click.command(cls=WatchingCommand, epilog=_EPILOG)
@routers_argument
@click.option("--fail-on", type=click.Choice(["warning", "critical", "offline"]), help="Exit code 1 when one is so.")
@watch_options
@json_option
@form_option
@click.pass_context
def status(
    context: click.Context,
    *,
    routers: tuple[str, ...] = (),
    fail_on: str | None = None,
    watch: float | None = None,
    count: int | None = None,
    as_json: bool = False,
    form: str | None = None,
) -> None:
    """Say how the routers are: as the mktui that runs sees them, else over connections of its own."""
    watching = Watch.of(watch, count, form_of(form, as_json=as_json))
    snapshot = anyio.run(_look, loaded_config(context), routers, watching, fail_on)
    context.exit(_code(snapshot) if fail_on is None else ExitCode.NO if _is_bad(snapshot, fail_on) else ExitCode.DONE)


async def _look(loaded: LoadedConfig, names: tuple[str, ...], watching: Watch, fail_on: str | None) -> Snapshot:
    """Look, and print what is seen, until there is nothing more to wait for; returns the last look."""
    lines = Lines()
    async with looking(loaded, names, says_itself=True) as look:
        while True:
            snapshot = await look.now()
            _print(snapshot, watching, lines)
            if watching.is_last() or (fail_on is not None and _is_bad(snapshot, fail_on)):
                return snapshot
            await anyio.sleep(watching.every)


def _print(snapshot: Snapshot, watching: Watch, lines: Lines) -> None:
    if watching.form == "json":
        jobs = [job_record(each) for each in snapshot.maintenance]
        print_json("mktui.status/1", routers=[router_record(router) for router in snapshot.routers], maintenance=jobs)
    elif watching.form == "ndjson":
        for router in snapshot.routers:
            lines.print("mktui.router/1", router_record(router))
    elif watching.is_redrawn:
        watching.redraw(table(_HEADER, map(_row, snapshot.routers)), f"{snapshot.at:%H:%M:%S} UTC")
    elif watching.is_going_on:
        for router in snapshot.routers:
            echo(joined((f"{snapshot.at:%Y-%m-%dT%H:%M:%SZ}", *_row(router))))
    else:
        print_table(_HEADER, map(_row, snapshot.routers))
        for job in snapshot.maintenance:
            echo(f"{job.job}: {job_in_words(job)}")


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
        "; ".join((*router.health.reasons, *warnings_of(router))) or "–",
    )


def _is_bad(snapshot: Snapshot, fail_on: str) -> bool:
    least = _WORSE.index(HealthStatus(fail_on))
    return any(_WORSE.index(router.health.status) >= least for router in snapshot.routers)


def _code(snapshot: Snapshot) -> int:
    offline = sum(router.health.status is HealthStatus.OFFLINE for router in snapshot.routers)
    if not offline:
        return ExitCode.DONE
    return ExitCode.UNREACHABLE if offline == len(snapshot.routers) else ExitCode.PARTLY
