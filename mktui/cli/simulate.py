"""``mktui simulate``: RouterOS routers that are not there, on loopback, for training, scripts and tests."""

from __future__ import annotations

import json
import signal

import anyio
import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.simulator.fleets import Served, serve_fleet
from mktui.simulator.profile import RouterProfile
from mktui.simulator.schema import known_versions

_EPILOG = """\b
Examples:
  mktui simulate                               one router on a free port
  mktui simulate --port 8728 --secrets 5000    a busy one on the API's own port
  mktui simulate --count 3 --latency-ms 200    three slow ones
"""


def _version(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    known = known_versions()
    if value not in known:
        raise click.BadParameter(f"{value} is not among the versions known: {known[0]}, {known[1]} ... {known[-1]}")
    return value


@click.command(epilog=_EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="First port; 0: free ones.")
@click.option("--count", type=click.IntRange(1, 100), default=1, show_default=True, help="How many routers.")
@click.option("--ros-version", default="7.20.8", show_default=True, callback=_version, help="RouterOS version.")
@click.option("--user", default="admin", show_default=True, help="API user.")
@click.option("--password", default="secret", show_default=True, help="Its password.")
@click.option("--secrets", type=click.IntRange(0, 200_000), default=1000, show_default=True, help="PPP secrets each.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same routers.")
@click.option(
    "--latency-ms", type=click.FloatRange(0, 60_000), default=0, show_default=True, help="Time a command takes."
)
def simulate(
    *, port: int, count: int, ros_version: str, user: str, password: str, secrets: int, seed: int, latency_ms: float
) -> None:
    """Run simulated routers until SIGINT or SIGTERM; print one JSON line for each when it listens."""
    if port and port + count - 1 > 65535:
        raise click.UsageError(f"{count} routers from port {port} on need ports beyond 65535")
    profiles = [
        RouterProfile(
            name=f"sim-{index + 1}", version=ros_version, username=user, password=password, secrets=secrets,
            seed=seed + index, latency=latency_ms / 1000,
        )
        for index in range(count)
    ]  # fmt: skip
    try:
        anyio.run(_serve, profiles, port)
    except* OSError as group:
        cause = group.exceptions[0]
        fail(ExitCode.UNREACHABLE, f"cannot listen on 127.0.0.1:{port}: {getattr(cause, 'strerror', cause)}")


async def _serve(profiles: list[RouterProfile], port: int) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_announce, profiles, port)
            async for _ in signals:
                break
            tasks.cancel_scope.cancel()


async def _announce(profiles: list[RouterProfile], port: int) -> None:
    async with anyio.create_task_group() as tasks:
        listening: list[Served] = await tasks.start(_fleet, profiles, port)
        for served in listening:
            line = {"event": "listening", "name": served.router.profile.name, "host": served.host, "port": served.port}
            click.echo(json.dumps(line))


async def _fleet(profiles: list[RouterProfile], port: int, *, task_status: anyio.abc.TaskStatus[list[Served]]) -> None:
    await serve_fleet(profiles, port=port, task_status=task_status)
