"""Runs the terminal under an owner: pools and signals live in a task group outside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mktui.background import background
from mktui.cli.keys import keymap_in
from mktui.cli.options import THRIFTY
from mktui.config.load import LoadedConfig, default_path, load, socket_in
from mktui.config.model import Config, UiConfig
from mktui.errors import ConfigError
from mktui.monitor.audit import present_actor
from mktui.services.control.attached import AttachedFleet
from mktui.services.control.badges import BADGE
from mktui.services.control.beside import served_beside
from mktui.services.control.dialling import target_of
from mktui.services.control.events import EventRow
from mktui.services.control.place import place_of
from mktui.services.demo import open_demo
from mktui.services.log import open_log
from mktui.services.replay import Replay
from mktui.services.start import open_configured
from mktui.tui.app import ControlRoom
from mktui.tui.driver import driver_class
from mktui.tui.stage import run_on_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.monitor.snapshot import SeenEvent, Snapshot
    from mktui.services.control.dialling import Target
    from mktui.tui.keymap import Keymap
    from mktui.tui.stage import Stage


@dataclass(frozen=True, slots=True)
class Taste:
    """What is the operator's own before the screen, whosever routers it shows: his theme, his keys."""

    theme: str = UiConfig().theme
    keymap: Keymap | None = None
    notices: tuple[str, ...] = ()
    """Why they are not used."""


def _taste_in(loaded: LoadedConfig) -> Taste:
    """Return what a configuration says of it. Blocks."""
    return Taste(loaded.config.ui.theme, keymap_in(loaded) if loaded.config.keys else None)


def _taste_of(path: Path) -> Taste:
    """Return what the configuration in a file says of it, if there is one that is right. Blocks."""
    try:
        return _taste_in(load(path)) if path.exists() else Taste()
    except (ConfigError, OSError) as error:
        return Taste(notices=(f"your theme and keys are not used: {error}",))


def run_screen(config_file: str | None, *, read_only: bool, driver: str = THRIFTY) -> int:
    """Run the control room on a configuration; the first time, it is made on the screen.

    Raises:
        ConfigError: It is not there or not right.
    """
    path = Path(config_file) if config_file else default_path()
    if config_file is None and not path.exists():
        return run_on_stage(partial(_configured, LoadedConfig(Config(), path, ()), read_only, driver))
    try:
        loaded = load(path)
    except ConfigError as error:
        if not path.exists():
            error.remedy = "mktui init makes one; mktui demo shows mktui without one"
        raise
    return run_on_stage(partial(_configured, loaded, read_only, driver))


def run_demo_screen(config_file: Path, seed: int, *, driver: str = THRIFTY) -> int:
    """Run the control room on three simulated routers, with theme and keys of a configuration if there is one."""
    return run_on_stage(partial(_demo, seed, _taste_of(config_file), driver))


def run_replay_screen(
    config_file: Path, pictures: list[Snapshot], *, speed: float, notices: Sequence[str] = (), driver: str = THRIFTY
) -> int:
    """Run the control room on a recording, with theme and keys of a configuration if there is one."""
    return run_on_stage(partial(_replay, Replay(pictures, speed=speed), notices, _taste_of(config_file), driver))


def run_attached_screen(config_file: str | None, where: str, *, read_only: bool, driver: str = THRIFTY) -> int:
    """Run the control room on what another mktui holds; no router session is opened.

    Raises:
        ControlError: Nobody serves there, or it is no place.
    """
    path = Path(config_file) if config_file else default_path()
    usual = place_of(path, socket_in(path))
    return run_on_stage(partial(_attached, target_of(where, usual), _taste_of(path), read_only, driver))


async def _replay(replay: Replay, notices: Sequence[str], taste: Taste, driver: str, stage: Stage) -> int:
    app = ControlRoom(
        replay, read_only=True, driver=driver_class(driver),
        theme=taste.theme, notices=(*notices, *taste.notices), keymap=taste.keymap,
    )  # fmt: skip
    await stage.show(app)
    return _code(app)


async def _configured(loaded: LoadedConfig, read_only: bool, driver: str, stage: Stage) -> int:
    taste = await anyio.to_thread.run_sync(_taste_in, loaded)
    events = EventRow()
    with open_log() as log:

        def on_event(event: SeenEvent) -> None:
            log(event)
            events.heard(event)

        async with (
            open_configured(
                loaded,
                on_event=on_event,
                automatic=True,
                keeps_history=True,
                keeps_schedule=True,
                read_only=read_only,
                may_be_empty=True,
                tells_alerts=lambda _text: None,  # the screen shows it
            ) as fleet,
            served_beside(
                fleet, place_of(loaded.file, loaded.config.serve.socket), events, may_write=not read_only
            ) as problem,
        ):
            app = ControlRoom(
                fleet, theme=taste.theme, read_only=read_only, driver=driver_class(driver),
                notices=[problem] if problem else (), is_first=not loaded.config.routers, keymap=taste.keymap,
            )  # fmt: skip
            await stage.show(app)
    return _code(app)


async def _attached(target: Target, taste: Taste, read_only: bool, driver: str, stage: Stage) -> int:
    badge = os.environ.pop(BADGE, "")  # a terminal in a browser has one
    async with background() as tasks:
        fleet = AttachedFleet(target, tasks, may_write=not read_only, origin=present_actor().origin, badge=badge)
        await tasks.start(fleet.run)
        app = ControlRoom(
            fleet, theme=taste.theme, read_only=read_only or not fleet.may_write, driver=driver_class(driver),
            notices=taste.notices, keymap=taste.keymap,
        )  # fmt: skip
        await stage.show(app)
    return _code(app)


async def _demo(seed: int, taste: Taste, driver: str, stage: Stage) -> int:
    with open_log() as on_event:
        async with open_demo(seed=seed, on_event=on_event) as fleet:
            app = ControlRoom(
                fleet, driver=driver_class(driver),
                theme=taste.theme, notices=taste.notices, keymap=taste.keymap,
            )  # fmt: skip
            await stage.show(app)
    return _code(app)


def _code(app: ControlRoom) -> int:
    """Return how the screen ended; a bug of its own is raised here, outside of everything that had to be closed."""
    if app.crash is not None:
        raise app.crash
    return app.return_code or 0
