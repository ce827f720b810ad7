"""Every router, started and stopped together: the one thing a front end holds. Actions in, frozen snapshots out."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING

import anyio

from mktui import clock
from mktui.background import background
from mktui.errors import BillingError, ConfigError
from mktui.monitor.percentiles import Chart
from mktui.monitor.snapshot import Snapshot
from mktui.services.chronicle import Chronicle
from mktui.services.members import Members
from mktui.services.office import LazyOffice
from mktui.services.recalling import Recalling
from mktui.services.router import setup_differences
from mktui.services.schedule import ScheduleDesk
from mktui.services.standings import Standings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mktui.billing.options import BillingOptions
    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.monitor.history import History
    from mktui.monitor.records import Audited, ErrorLog
    from mktui.monitor.snapshot import SeenEvent
    from mktui.services.alerts.desk import AlertDesk
    from mktui.services.alerts.plan import AlertPlan
    from mktui.services.alerts.watching import Alerting
    from mktui.services.billing import BillingDesk
    from mktui.services.configuring import Saved
    from mktui.services.console import Console
    from mktui.services.customers import CustomerDesk
    from mktui.services.newcomers import NewcomerDesk
    from mktui.services.office import OpenOffice
    from mktui.services.planning import Planning
    from mktui.services.router import RouterService, RouterSetup
    from mktui.services.sources import Sources
    from mktui.services.stability import StabilityDesk
    from mktui.services.timetable import Plan as MaintenancePlan
    from mktui.sync.options import SyncOptions
    from mktui.sync.order import Order
    from mktui.sync.plan import Plan
    from mktui.sync.report import Report
    from mktui.sync.run import Office

    ReadSetup = Callable[[str], Awaitable[RouterSetup]]
    """Reads a router's settings afresh, its password too, as a reset does."""


class Fleet:
    """The routers of one configuration while they run. Use ``open_fleet``."""

    def __init__(
        self,
        title: str,
        members: Members,
        office: LazyOffice,
        read_setup: ReadSetup | None,
        tasks: TaskGroup,
        *,
        chronicle: Chronicle,
    ) -> None:
        self.title = title
        self.office = office
        self._members = members
        self._services = members.services
        self._read_setup = read_setup
        self._tasks = tasks
        self.config_file: Path | None = None
        self.billing_options: BillingOptions | None = None
        self.chronicle = chronicle
        self._standings = Standings(office, self._services.values(), tasks)
        self.schedule = ScheduleDesk(self, tasks)
        self.alerting: Alerting | None = None

    @cached_property
    def customers(self) -> CustomerDesk:
        """The customer that somebody looks at."""
        return self.desk()

    @cached_property
    def billing(self) -> BillingDesk:
        """Billing as a whole."""
        from mktui.services.billing import BillingDesk  # noqa: PLC0415 - a status looks at no customers

        return BillingDesk(self, self._tasks, self.chronicle, self.billing_options)

    def billing_desk(self) -> BillingDesk:
        """Return a desk for one more who changes billing: what he takes back is what he has done."""
        from mktui.services.billing import BillingDesk  # noqa: PLC0415 - a status looks at no customers

        return BillingDesk(self, self._tasks, self.chronicle, self.billing_options, self.billing.reader)

    def desk(self) -> CustomerDesk:
        """Return a desk of his own for one more operator."""
        from mktui.services.customers import CustomerDesk  # noqa: PLC0415 - a status looks for nobody

        return CustomerDesk(self, self._tasks, self.chronicle)

    @cached_property
    def newcomers(self) -> NewcomerDesk:
        """The router that somebody adds, and those that a saved configuration changes."""
        from mktui.services.newcomers import NewcomerDesk  # noqa: PLC0415 - a status adds none

        return NewcomerDesk(self)

    @cached_property
    def console(self) -> Console:
        """Where a command is run by hand."""
        from mktui.services.console import Console  # noqa: PLC0415 - a status runs none

        return Console(self)

    @cached_property
    def stability(self) -> StabilityDesk:
        """Where the stability test is run."""
        from mktui.services.stability import StabilityDesk  # noqa: PLC0415 - a status runs none

        return StabilityDesk(self, self._tasks)

    @cached_property
    def alerts(self) -> AlertDesk:
        """Where alerts are silenced."""
        from mktui.services.alerts.desk import AlertDesk  # noqa: PLC0415 - a status silences none

        return AlertDesk(self)

    @property
    def names(self) -> tuple[str, ...]:
        """The routers' names, in the configuration's order."""
        return tuple(self._services)

    def service(self, name: str) -> RouterService:
        """Return one router.

        Raises:
            ConfigError: There is none of that name.
        """
        try:
            return self._services[name]
        except KeyError:
            known = ", ".join(self._services) or "none"
            raise ConfigError(f"no router is called {name!r}", remedy=f"there are: {known}") from None

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""
        routers = tuple(service.snapshot() for service in self._services.values())
        alerts = None if self.alerting is None else self.alerting.state
        return Snapshot(clock.utc_now(), self.title, routers, self._standings.problem, self.schedule.states, alerts)

    def note(self, router: str, kind: str, text: str) -> None:
        """Put something into a router's history; one that was taken out has none."""
        if router in self._services:
            self._services[router].note(kind, text)

    def watch_alerts(self, plan: AlertPlan, say: Callable[[str], None]) -> None:
        """Look for what is wrong, and tell of it, until the fleet is closed."""
        from mktui.services.alerts.watching import Alerting  # noqa: PLC0415 - a status tells nobody

        self.alerting = Alerting(self, plan, say)
        self._tasks.start_soon(self.alerting.run, name="alerts")

    async def test(
        self, name: str, *, on_step: Callable[[TestStep], None] | None = None, cause: str = ""
    ) -> TestReport:
        """Test a router over a session of its own. ``cause``: why, when nobody has asked."""
        service = self.service(name)
        report = await service.client.test_connection(on_step=on_step)
        service.note("test", report.verdict)
        self.chronicle.audit(f"test ({cause})" if cause else "test", name, report.verdict)
        return report

    async def reset(self, name: str, *, cause: str = "") -> None:
        """Replace a router's connections, one at a time; its settings are read afresh first, and the audit says which.

        Raises:
            ConfigError: They cannot be used any more; nothing was reset.
            ConnectFailed: No session can be opened with them; says whether the present ones were kept.
        """
        from mktui.services.resetting import replace_connections  # noqa: PLC0415 - a status resets nothing

        service = self.service(name)
        with self.chronicle.audited(f"reset pool ({cause})" if cause else "reset pool", name) as told:
            setup = service.setup if self._read_setup is None else await self._read_setup(name)
            told.extend(filter(None, [setup_differences(service.setup, setup)]))
            await replace_connections(service, setup)

    async def config_text(self) -> Seen | None:
        """Return the configuration's file as it is now; None: there is none, as in the demo.

        Raises:
            ConfigError: It cannot be read.
        """
        from mktui.config.save import look  # noqa: PLC0415 - a status saves nothing

        return None if self.config_file is None else await anyio.to_thread.run_sync(look, self.config_file)

    async def save_config(self, seen: Seen, text: str) -> Saved:
        """Put a text in the place of the file that was seen, and apply at once what can be.

        Raises:
            ConfigError: It is wrong, the file was changed underneath, or it cannot be written. Nothing was applied.
        """
        from mktui.services.configuring import save_text  # noqa: PLC0415 - a status saves nothing

        try:
            saved = await anyio.to_thread.run_sync(save_text, seen, text)
        except ConfigError as error:
            self.chronicle.audit("save configuration", "", f"failed: {error}")
            raise
        self.chronicle.audit(saved.changes, "")
        return await self.newcomers.apply(saved)

    async def start_router(self, setup: RouterSetup) -> None:
        """Run one more router from now on."""
        await self._members.start(setup)

    async def stop_router(self, name: str) -> None:
        """Run a router no longer."""
        await self._members.stop(name)

    def reconfigure_soon(self, name: str, setup: RouterSetup) -> None:
        """Begin to run a router by other settings, if they are; commands in flight go on to their end."""
        if setup != (service := self.service(name)).setup:
            self._tasks.start_soon(service.reconfigure, setup, name=f"reconfigure {name}")

    async def isolate(self, name: str) -> None:
        """Ask a router nothing more until ``probe``."""
        client = self.service(name).client
        with self.chronicle.audited("isolate", name):
            await client.isolate()

    async def probe(self, name: str) -> None:
        """End a break or an isolation now."""
        client = self.service(name).client
        with self.chronicle.audited("let back in", name):
            await client.probe()

    async def plan(self, name: str, order: Order | None = None) -> Plan:
        """Say what a sync would write.

        Raises:
            RouterError: The router cannot be read.
            BillingError: Billing cannot be read.
        """
        return await self.service(name).syncs.plan(order)

    async def sync(self, name: str, order: Order | None = None) -> Report:
        """Bring a router into step with billing."""
        return await self.service(name).syncs.run(order)

    def start_sync(self, name: str, order: Order | None = None) -> None:
        """Begin a sync that goes on when whoever asked has left; its state is in the snapshots.

        A plan that was looked at and has gone stale meanwhile is made again: ``plan_of`` says so.
        """
        from mktui.sync.order import Order  # noqa: PLC0415 - a status syncs nothing

        syncs = self.service(name).syncs
        if not syncs.state.is_running:
            self._tasks.start_soon(syncs.carry_out, order or Order(), name=f"sync {name}")

    def start_plan(self, name: str, order: Order | None = None, *, because: str = "") -> None:
        """Begin to make a plan for somebody to look at; ``plan_of`` says how far it is."""
        from mktui.sync.order import Order  # noqa: PLC0415 - a status syncs nothing

        look = partial(self.service(name).syncs.look, order or Order(), because=because)
        self._tasks.start_soon(look, name=f"plan {name}")

    def plan_of(self, name: str) -> Planning | None:
        """Return the plan that is looked at; None once it is carried out, or when nobody has asked for one."""
        service = self._services.get(name)  # it may have been taken out while its plan was looked at
        return service.syncs.planning if service is not None else None

    def last_report(self, name: str) -> Report | None:
        """Return what became of each row of the last run in this process."""
        service = self._services.get(name)
        return service.syncs.report if service is not None else None

    def chart(self, name: str) -> Chart:
        """Return a router's percentiles over time; of one that is not there, none."""
        service = self._services.get(name)
        return service.percentiles.chart if service is not None else Chart()

    def errors(self) -> ErrorLog:
        """Return the error log as far as it is known."""
        return self.chronicle.log()

    def watch_errors(self) -> None:
        """Read the error log soon, when there is something new; may be called as often as one likes."""
        self.chronicle.want(self._tasks)

    def changes(self) -> tuple[Audited, ...]:
        """Return who changed what, the newest first, as far as it is known."""
        return self.chronicle.changes()

    def watch_changes(self) -> None:
        """Read the changes soon, when there may be something new; may be called as often as one likes."""
        self.chronicle.want_changes(self._tasks)

    def watch_billing(self) -> None:
        """Ask billing soon how the routers stand; may be called as often as one likes."""
        self._standings.want()

    async def hold(self, name: str, reason: str) -> None:
        """Let no automatic sync touch a router until ``let_go``; a sync by hand still works.

        Raises:
            BillingError: Billing's database cannot be written.
        """
        from mktui.billing import registry  # noqa: PLC0415 - loads the database

        service = self.service(name)
        with self.chronicle.audited(f"hold automatic syncs: {reason}", name):
            await (await self.office.get()).store.run(registry.pause, name, reason, now=clock.utc_now())
        service.note("automatic syncs held", reason)
        await self._standings.read()

    async def let_go(self, name: str) -> None:
        """Let automatic syncs of a router go on.

        Raises:
            BillingError: Billing's database cannot be written.
        """
        from mktui.billing import registry  # noqa: PLC0415 - loads the database

        service = self.service(name)
        with self.chronicle.audited("let automatic syncs go on", name):
            was_held = await (await self.office.get()).store.run(registry.resume, name)
        if was_held:
            service.note("automatic syncs go on", "")
        await self._standings.read()


async def _nobody() -> Office:
    raise BillingError("there is no billing to sync from")


@asynccontextmanager
async def open_fleet(
    setups: Iterable[RouterSetup],
    *,
    title: str = "",
    open_office: OpenOffice | None = None,
    sources: Sources | None = None,
    read_setup: ReadSetup | None = None,
    automatic: SyncOptions | None = None,
    on_event: Callable[[SeenEvent], None] = lambda _event: None,
    history: History | None = None,
    maintenance: MaintenancePlan | None = None,
    keeps_charts: bool = False,
) -> AsyncIterator[Fleet]:
    """Run all routers for the block. It returns at once; connections open in the background, and close at its end.

    ``automatic``: sync by these options on reconnect, by the clock, and when billing has changed. ``history``: where
    errors and changes are kept; it is closed at the end. ``maintenance``: what is done by itself at set times.
    ``keeps_charts``: charts and trends are kept in it too, and begin with what is there.
    """
    chronicle = Chronicle(history, keeps_steps=keeps_charts)
    office = LazyOffice(open_office or _nobody, sources)
    try:
        async with background() as tasks:
            members = Members(tasks, office, on_event, chronicle, automatic)
            for setup in setups:
                await members.start(setup)
            fleet = Fleet(title, members, office, read_setup, tasks, chronicle=chronicle)
            if maintenance is not None and maintenance.schedules:
                fleet.schedule.keep(maintenance)
            if history is not None and keeps_charts:
                tasks.start_soon(Recalling(history, chronicle, members.services).run, name="recalling")
            yield fleet
    finally:
        with anyio.CancelScope(shield=True):
            await office.close()
            if history is not None:
                await anyio.to_thread.run_sync(history.close)
