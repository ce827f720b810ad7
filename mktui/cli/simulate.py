"""``mktui simulate``: RouterOS routers that are not there, on loopback, for training, scripts and tests."""

from __future__ import annotations

import json
import signal
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio
import click

from mktui import clock
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.lost_output import check_output
from mktui.cli.options import FiniteRange
from mktui.cli.output import echo_document
from mktui.cli.stdin import lines
from mktui.simulator import recorded
from mktui.simulator.control import ControlError, Director, parse
from mktui.simulator.cost import MODELS
from mktui.simulator.fleets import Served, serve_fleet
from mktui.simulator.profile import RouterProfile
from mktui.simulator.recorded import RecordedRouter
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.schema import known_versions
from mktui.simulator.tls import anonymous_context, certified

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mktui.simulator.control import Order

_EPILOG = """\b
Examples:
  mktui simulate                                 one router on a free port
  mktui simulate --port 8728 --secrets 5000      a busy one on the API's own port
  mktui simulate --count 3 --model seed          three slow ones, 195-648 ms a command
  mktui simulate --ros-version 6.49 --login challenge
  mktui simulate --tls certificate               prints its authority's file and its fingerprint
  echo 'down for 5' | mktui simulate             one line a fault on stdin; help lists them
  mktui simulate --from edge-1.capture.json      a router recorded with mktui capture
  mktui simulate --faults night.txt              the same from a file: "at 60 cut after rate 0.05 for 30"

Models: none, hap-lite, rb3011, rb5009, chr, seed. What goes wrong is told on stdin while it runs.
"""


def _version(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    known = known_versions()
    if value not in known:
        raise click.BadParameter(f"{value} is not among the versions known: {known[0]}, {known[1]} ... {known[-1]}")
    return value


def _script(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> list[Order]:
    """Read a script of faults whole, before anything starts."""
    orders = []
    try:
        text = value.read_text(encoding="utf-8") if value is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{value} cannot be read: {getattr(error, 'strerror', None) or 'no text'}") from None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            order = parse(line)
        except ControlError as error:
            raise click.BadParameter(f"{value}, line {number}: {error}") from None
        if order is not None:
            orders.append(order)
    return orders


def _capture(
    _context: click.Context, _parameter: click.Parameter, value: Path | None
) -> Callable[[RouterProfile], SimulatedRouter]:
    """Return what makes the routers."""
    return SimulatedRouter if value is None else partial(RecordedRouter, capture=recorded.read(value))


@dataclass(frozen=True, slots=True)
class _Setup:
    """What is served, and how."""

    profiles: list[RouterProfile]
    port: int
    tls: Literal["none", "certificate", "wrong-name", "anonymous"]
    is_network_bad: bool
    script: list[Order]
    make: Callable[[RouterProfile], SimulatedRouter]


@click.command(epilog=_EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="First port; 0: free ones.")
@click.option("--count", type=click.IntRange(1, 500), default=1, show_default=True, help="How many routers.")
@click.option("--ros-version", default="7.20.8", show_default=True, callback=_version, help="RouterOS version.")
@click.option("--login", type=click.Choice(["plain", "challenge"]), default="plain", show_default=True,
              help="How a login goes; challenge is before 6.43.")  # fmt: skip
@click.option("--user", default="admin", show_default=True, help="API user.")
@click.option("--password", default="secret", show_default=True, help="Its password.")
@click.option("--secrets", type=click.IntRange(0, 200_000), default=1000, show_default=True, help="PPP secrets each.")
@click.option("--online", type=FiniteRange(0, 1), default=0.2, show_default=True, help="Share that is connected.")
@click.option("--churn", type=FiniteRange(0, 3600), default=0, show_default=True,
              help="How often an hour each customer leaves and comes back.")  # fmt: skip
@click.option("--max-sessions", type=click.IntRange(1, 1000), default=20, show_default=True, help="API sessions.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same routers.")
@click.option("--model", type=click.Choice(list(MODELS)), default="none", show_default=True, help="What work costs.")
@click.option("--latency-ms", type=FiniteRange(0, 60_000), default=0, show_default=True,
              help="Time a command takes, besides what it costs the model.")  # fmt: skip
@click.option("--tls", type=click.Choice(["none", "certificate", "wrong-name", "anonymous"]), default="none",
              show_default=True, help="API inside TLS.")  # fmt: skip
@click.option("--bad-network", is_flag=True, help="Put a network in front that can be spoilt: network ... on stdin.")
@click.option("--from", "capture", type=click.Path(path_type=Path), callback=_capture,
              help="Replay a router that mktui capture has recorded: its version, rows, refusals, speed.")  # fmt: skip
@click.option("--faults", "script", type=click.Path(path_type=Path), callback=_script,
              help="What goes wrong and when: control lines, one a line.")  # fmt: skip
def simulate(**given: Any) -> None:
    """Run simulated routers until SIGINT or SIGTERM; print one JSON line for each when it listens.

    What goes wrong can be switched while they run, one line each on stdin: down, up, silent, cut, reply, slow,
    reboot, network, clear, show ... ("help" lists them), each with "rate 0.1", "times 3", "at 10", "for 5".
    """
    port, count = given["port"], given["count"]
    if port and port + count - 1 > 65535:
        raise click.UsageError(f"{count} routers from port {port} on need ports beyond 65535")
    profiles = [
        RouterProfile(
            name=f"sim-{index + 1}", version=given["ros_version"], username=given["user"], password=given["password"],
            secrets=given["secrets"], seed=given["seed"] + index, latency=given["latency_ms"] / 1000,
            cost=MODELS[given["model"]], login=given["login"], online=given["online"], churn=given["churn"],
            max_sessions=given["max_sessions"], serial=f"HE108{0xABCDEF + index:06X}",
        )
        for index in range(count)
    ]  # fmt: skip
    setup = _Setup(profiles, port, given["tls"], given["bad_network"], given["script"], given["capture"])
    try:
        anyio.run(_serve, setup)
    except* OSError as group:
        check_output()
        cause: BaseException = group
        while isinstance(cause, BaseExceptionGroup):  # a group within a group, as deep as tasks were nested
            cause = cause.exceptions[0]
        fail(ExitCode.UNREACHABLE, f"cannot listen on 127.0.0.1:{port}: {getattr(cause, 'strerror', cause)}")
    except* ImportError:
        fail(ExitCode.USAGE, "certificates need the extra: pip install 'mktui[tls]' (or use --tls anonymous)")


async def _serve(setup: _Setup) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals, tempfile.TemporaryDirectory() as folder:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_run, setup, Path(folder))
            async for _ in signals:
                break
            tasks.cancel_scope.cancel()


async def _run(setup: _Setup, folder: Path) -> None:
    context, facts = _tls(setup.tls, folder)
    async with anyio.create_task_group() as tasks:
        listening: list[Served] = await tasks.start(_fleet, setup, context)
        for served in listening:
            line = {"event": "listening", "name": served.router.profile.name, "host": served.host, "port": served.port}
            echo_document(json.dumps(line | facts))
        begun_at = clock.now()

        def done_later(order: Order, text: str) -> None:
            said = {"event": "done", "line": " ".join((order.verb, *order.arguments)), "text": text}
            echo_document(json.dumps(said | {"at": round(clock.now() - begun_at, 3)}))

        director = Director(listening, tasks, done_later)
        for order in setup.script:
            _tell(" ".join((order.verb, *order.arguments)), director, order, begun_at)
        async for text in lines():
            try:
                said = parse(text)
            except ControlError as error:
                echo_document(json.dumps({"event": "refused", "line": text.strip(), "text": str(error)}))
            else:
                if said is not None:
                    _tell(text.strip(), director, said, begun_at)


def _tell(line: str, director: Director, order: Order, begun_at: float) -> None:
    """Carry an order out and say so."""
    at = round(clock.now() - begun_at, 3)
    try:
        text = director.obey(order)
    except ControlError as error:
        echo_document(json.dumps({"event": "refused", "line": line, "text": str(error)}))
    else:
        echo_document(json.dumps({"event": "ordered", "line": line, "at": at, "text": text}))


def _tls(kind: str, folder: Path) -> tuple[ssl.SSLContext | None, dict[str, str]]:
    """Return what the routers offer, and what a client has to know of it."""
    if kind == "none":
        return None, {}
    if kind == "anonymous":
        return anonymous_context(), {"tls": kind}
    made = certified("127.0.0.1" if kind == "certificate" else "another-router.example")
    path = folder / "ca.pem"
    path.write_bytes(made.ca_pem)
    return made.context, {"tls": kind, "ca_file": str(path), "fingerprint": made.fingerprint}


async def _fleet(
    setup: _Setup, context: ssl.SSLContext | None, *, task_status: anyio.abc.TaskStatus[list[Served]]
) -> None:
    await serve_fleet(
        setup.profiles, port=setup.port, context=context, is_network_bad=setup.is_network_bad, make=setup.make,
        task_status=task_status,
    )  # fmt: skip
