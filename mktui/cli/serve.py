"""``mktui serve``: pools, schedule and sync without a screen, until a signal ends it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import click

from mktui.background import background
from mktui.cli.everywhere import wish
from mktui.cli.options import loaded_config
from mktui.cli.serve_http import over_http
from mktui.services.control.badges import Badges
from mktui.services.control.events import EventRow
from mktui.services.control.place import SOCKET, claimed, place_of
from mktui.services.control.server import ControlServer
from mktui.services.notify import ServiceManager
from mktui.services.serve_log import open_serve_log
from mktui.services.serving import serve as serve_fleet
from mktui.services.start import open_configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskStatus

    from mktui.config.load import LoadedConfig
    from mktui.monitor.snapshot import SeenEvent
    from mktui.services.fleet import Fleet
    from mktui.services.serve_log import ServeLog
    from mktui.services.serving import FrontEnd

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_EPILOG = """\b
Examples:
  mktui serve                                       until ctrl+c
  mktui serve --log-format json --log-file /var/log/mktui/mktui.log
  mktui --attach                                    this fleet on a screen, from another terminal
  mktui --attach ssh://noc@gateway                  the same from another machine
  mktui status; mktui reset edge-1                  they ask the one that serves

sample_configs/mktui.service runs it by systemd. SIGTERM, SIGINT and SIGHUP end it in good order.

Exit code: 0 ended by a signal, in good order; 2 wrong configuration; 1 another one serves this configuration.
"""


@click.command(epilog=_EPILOG)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="How a line of the log looks.")  # fmt: skip
@click.option("--log-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Where the log goes: 5 files of 5 MB; default: stderr.")  # fmt: skip
@click.option("--socket", type=click.Path(dir_okay=False, path_type=Path),
              help=f"Where it is asked; default: {SOCKET}, [serve] socket, or one in the state folder.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Log what is asked, too.")
@click.pass_context
def serve(context: click.Context, /, **options: Any) -> None:  # Any: what click has parsed
    """Hold the routers' pools and sync them, without a screen; be asked over a socket.

    With --read-only nothing is synced, and whoever asks may only look.
    """
    loaded = loaded_config(context)
    with open_serve_log(
        options["log_format"], options["log_file"], verbose=options["verbose"] or wish("verbose")
    ) as log:
        socket = place_of(loaded.file, loaded.config.serve.socket, given=options["socket"])
        anyio.run(_serve, loaded, socket, log)


async def _serve(loaded: LoadedConfig, socket: Path, log: ServeLog) -> None:
    """Serve until a signal comes. Before everything is open there is nothing to close: then it ends at once."""
    enough, is_open = anyio.Event(), anyio.Event()
    with claimed(socket):
        async with background() as tasks:

            def stop(name: str) -> None:
                log.info("stopping", signal=name)
                enough.set()
                if not is_open.is_set():
                    tasks.cancel_scope.cancel()

            await tasks.start(_obey, stop)
            await _run(loaded, socket, log, enough, is_open)
    log.info("stopped")


async def _run(loaded: LoadedConfig, socket: Path, log: ServeLog, enough: anyio.Event, is_open: anyio.Event) -> None:
    events, manager, badges = EventRow(), ServiceManager(), Badges()

    def on_event(event: SeenEvent) -> None:
        log.heard(event)
        events.heard(event)

    def on_ready() -> None:
        routers = len(loaded.config.routers)
        log.info("serving", socket=str(socket), pid=os.getpid(), config=str(loaded.file), routers=routers)
        manager.tell("READY=1", f"STATUS=serving {routers} router{'' if routers == 1 else 's'}")

    def no_history(text: str) -> None:
        log.warning("history", text=text)

    def of_alerts(text: str) -> None:
        log.warning("alerts", text=text)

    async with over_http(loaded.config.http, socket, log, badges) as http, open_configured(
        loaded, on_event=on_event, automatic=not wish("read_only"), keeps_history=True, keeps_schedule=True,
        read_only=bool(wish("read_only")), say=no_history, tells_alerts=of_alerts,
    ) as fleet:  # fmt: skip
        is_open.set()
        shown = front_ends(socket, events, log, manager, badges)
        await serve_fleet(fleet, [*shown, *http], enough, on_ready=on_ready)
        manager.tell("STOPPING=1")


def front_ends(
    socket: Path, events: EventRow, log: ServeLog, manager: ServiceManager, badges: Badges
) -> list[FrontEnd]:
    """Return what shows the fleet to others; each is started with the fleet once its pools run."""

    async def control(fleet: Fleet, *, task_status: TaskStatus[None]) -> None:
        server = ControlServer(
            fleet, socket, events, may_write=not wish("read_only"), badges=badges,
            say=lambda text: log.info("control", text=text),
            on_request=lambda who, what: log.debug("asked", who=who, what=what),
        )  # fmt: skip
        await server.run(task_status=task_status)

    async def watchdog(fleet: Fleet, *, task_status: TaskStatus[None]) -> None:
        del fleet
        task_status.started()
        await manager.keep_telling()

    return [control, watchdog]


async def _obey(stop: Callable[[str], None], *, task_status: TaskStatus[None]) -> None:
    """Hear the signals that end it, but for those that whoever started it has told it to ignore, as nohup does."""
    with anyio.open_signal_receiver(*(each for each in _ENDING if signal.getsignal(each) != signal.SIG_IGN)) as signals:
        task_status.started()
        async for number in signals:
            stop(signal.Signals(number).name)
