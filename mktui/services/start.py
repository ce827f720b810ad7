"""From a configuration to running routers: passwords fetched, settings merged."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mktui.billing.sources.zones import zone
from mktui.config.load import load
from mktui.config.secrets import resolve
from mktui.errors import ConfigError
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.office import open_office
from mktui.services.router import RouterSetup
from mktui.services.timetable import Plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from mktui.billing.options import BillingOptions
    from mktui.config.load import LoadedConfig
    from mktui.config.model import RouterConfig
    from mktui.monitor.history import History
    from mktui.monitor.options import MonitorOptions
    from mktui.monitor.snapshot import SeenEvent
    from mktui.services.sources import Sources


def chosen_routers(loaded: LoadedConfig, names: Iterable[str]) -> list[RouterConfig]:
    """Return the routers of these names, or all.

    Raises:
        ConfigError: A name is not known, or there is no router at all.
    """
    routers = {router.name: router for router in loaded.config.routers}
    if not routers:
        raise ConfigError("there is no [[routers]]", file=loaded.file, remedy="sample_configs/minimal.toml shows one")
    for name in (wanted := list(names)):
        if name not in routers:
            raise ConfigError(
                f"no router is called {name!r}", file=loaded.file, remedy=f"there are: {', '.join(routers)}"
            )
    return [routers[name] for name in wanted] if wanted else list(routers.values())


async def setup_of(loaded: LoadedConfig, router: RouterConfig) -> RouterSetup:
    """Return what starts a router.

    Raises:
        ConfigError: Its password cannot be fetched.
    """
    password = await resolve(router.password, router=router.name)
    return RouterSetup(router.options(password), loaded.config.pool_for(router), router.protected)


def plan_of(loaded: LoadedConfig, *, read_only: bool = False) -> Plan:
    """Return what a configuration wants done by itself. The file was checked: its clock is one that there is."""
    options = loaded.config.maintenance
    schedules = options.schedules
    words = {job: getattr(options, job.replace(" ", "_")) for job in schedules}
    local = zone(loaded.config.billing.timezone) if schedules else UTC
    return Plan(schedules, words, local, prune=loaded.config.sync.prune, read_only=read_only)


@asynccontextmanager
async def open_configured(
    loaded: LoadedConfig,
    *,
    names: Iterable[str] = (),
    on_event: Callable[[SeenEvent], None] = lambda _event: None,
    automatic: bool = False,
    keeps_history: bool = False,
    keeps_schedule: bool = False,
    read_only: bool = False,
    may_be_empty: bool = False,
    say: Callable[[str], None] = lambda _text: None,
    tells_alerts: Callable[[str], None] | None = None,
) -> AsyncIterator[Fleet]:
    """Run a configuration's routers for the block. ``automatic``: sync them by its ``[sync]``, if that says so.

    ``keeps_history``: errors and changes are kept by its ``[monitor]``; ``say`` hears once when they cannot be.
    ``keeps_schedule``: its ``[maintenance]`` is done when it is due, and charts are kept, too: this program is here to
    stay; ``read_only``: as far as that changes nothing.
    ``tells_alerts``: its ``[alerts]`` are told; it hears what is to be known of that by who reads no screen.
    ``may_be_empty``: a fleet without routers is one, to which some may be added.
    """
    is_empty = may_be_empty and not loaded.config.routers
    setups = [await setup_of(loaded, router) for router in (() if is_empty else chosen_routers(loaded, names))]

    async def read_setup(name: str) -> RouterSetup:
        fresh = await anyio.to_thread.run_sync(load, loaded.file)
        return await setup_of(fresh, chosen_routers(fresh, [name])[0])

    office = partial(open_office, loaded.config.billing, loaded.config.sync)
    history = _history(loaded.config.monitor, say) if keeps_history and loaded.config.monitor.history else None
    title = loaded.file.stem if loaded.file.stem != "config" else "fleet"
    async with open_fleet(
        setups, title=title, read_setup=read_setup, on_event=on_event, open_office=office,
        automatic=loaded.config.sync if automatic else None,
        maintenance=plan_of(loaded, read_only=read_only) if keeps_schedule else None,
        sources=_sources(loaded.config.billing), history=history, keeps_charts=keeps_schedule,
    ) as fleet:  # fmt: skip
        fleet.config_file, fleet.billing_options = loaded.file, loaded.config.billing
        if tells_alerts is not None and loaded.config.alerts.enabled:
            from mktui.services.alerts.plan import plan_of as alert_plan  # noqa: PLC0415 - a status tells nobody

            fleet.watch_alerts(alert_plan(loaded), tells_alerts)
        yield fleet


def _history(options: MonitorOptions, say: Callable[[str], None]) -> History:
    from mktui.monitor.history import History  # noqa: PLC0415 - a status keeps none

    return History(options.path, options, say)


def _sources(options: BillingOptions) -> Sources | None:
    if not options.sources:
        return None
    from mktui.services.sources import Sources  # noqa: PLC0415 - few configurations have any

    return Sources(options)
