"""One who is connected: who he is, what he may do, and what his requests do to the fleet. Knows no socket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mktui import clock
from mktui.core.protocol.sentences import Command
from mktui.errors import ConfigError, ControlRefused, NotAccepted
from mktui.monitor.audit import acting_as
from mktui.monitor.recording import PICTURES
from mktui.services.control import charts
from mktui.services.control import messages as asked
from mktui.services.control.billing_messages import OfBilling
from mktui.services.control.forms import FORMS, fingerprint
from mktui.services.control.gate import as_seen, saved_as_told, stepped, welcome
from mktui.services.control.newcomer_messages import OfNewcomer
from mktui.services.control.stability_messages import OfStability
from mktui.services.control.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.billing.model import Subscriber
    from mktui.monitor.audit import Actor
    from mktui.monitor.silences import Silence
    from mktui.services.control.credentials import Credentials
    from mktui.services.control.till import Tills
    from mktui.services.fleet import Fleet

    OnStep = Callable[[Any], Awaitable[None]]  # Any: JSON
    _ToRouter = asked.Run | asked.Reset | asked.Isolate | asked.Probe | asked.Hold | asked.LetGo
    _OfCustomer = asked.Find | asked.Found | asked.SetActive | asked.Extend | asked.Kick
    _OfConfiguration = asked.ConfigText | asked.SaveConfig | asked.SilenceAlerts | asked.UnsilenceAlerts | asked.RunJob
    _OfSync = asked.StartPlan | asked.PlanOf | asked.StartSync | asked.ReportOf

_STALE = "billing or the router have changed, or somebody else has planned: nothing was written, this is the plan now"


class Visitor:
    """Answers one connection."""

    def __init__(self, fleet: Fleet, credentials: Credentials, tills: Tills) -> None:
        self.credentials = credentials
        self.desk = fleet.desk()
        self._fleet = fleet
        self._tills = tills
        self._till = tills.of("")
        self._trials = Trials(fleet)

    @property
    def actor(self) -> Actor:
        """Who he is."""
        return self.credentials.actor

    def leave(self) -> None:
        """He has left."""
        self._trials.leave()
        self._till.leave()

    async def do(self, request: asked.Request, on_step: OnStep) -> Any:  # Any: JSON
        """Do what is asked, in his name, and return the answer.

        Raises:
            MktuiError: It cannot be done, or he may not.
        """
        with acting_as(self.actor):
            self.credentials.check(request, self._fleet)
            if isinstance(request, OfBilling):
                return await self._till.done(request)
            if isinstance(request, OfStability):
                return await self._trials.done(request)
            if isinstance(request, OfNewcomer):
                return await welcome(self._fleet, request, on_step)
            return await self._done(request, on_step)

    async def _done(self, request: asked.Request, on_step: OnStep) -> Any:  # Any: JSON
        """Do it: each kind of request has its group, and each group its table."""
        match request:
            case asked.Test():
                self._fleet.service(request.router)
                return await stepped(lambda tell: self._fleet.test(request.router, on_step=tell), on_step)
            case asked.Run() | asked.Reset() | asked.Isolate() | asked.Probe() | asked.Hold() | asked.LetGo():
                return await self._to_router(request)
            case asked.Find() | asked.Found() | asked.SetActive() | asked.Extend() | asked.Kick():
                return await self._of_customer(request)
            case asked.StartPlan() | asked.PlanOf() | asked.StartSync() | asked.ReportOf():
                return self._of_sync(request)
            case (
                asked.ConfigText() | asked.SaveConfig() | asked.SilenceAlerts() | asked.UnsilenceAlerts()
                | asked.RunJob()
            ):  # fmt: skip
                return await self._of_configuration(request)
            case _:
                return self._of_fleet(request)

    def _of_fleet(self, request: asked.Request) -> Any:  # Any: JSON
        fleet = self._fleet
        match request:
            case asked.Hello():
                return self._hello(request)
            case asked.SnapshotNow():
                return PICTURES.plain(fleet.snapshot())
            case asked.WatchBilling():
                return fleet.watch_billing()
            case asked.ChartOf():
                service = fleet.service(request.router)
                return charts.told(service.percentiles.steps(clock.now()), is_whole=service.has_past)
            case asked.Errors():
                fleet.watch_errors()
                return FORMS.plain(fleet.errors())
            case asked.Changes():
                fleet.watch_changes()
                return FORMS.plain(fleet.changes())
            case _:  # a subscription is the connection's business
                raise ControlRefused("ProtocolError", f"{request.do} cannot be answered here")

    async def _to_router(self, request: _ToRouter) -> Any:  # Any: JSON
        fleet, router = self._fleet, request.router
        match request:
            case asked.Run():
                command = Command(request.path, request.attributes, request.query)
                return FORMS.plain(await fleet.console.run(router, command))
            case asked.Reset():
                await fleet.reset(router)
            case asked.Isolate():
                await fleet.isolate(router)
            case asked.Probe():
                await fleet.probe(router)
            case asked.Hold():
                await fleet.hold(router, request.reason)
            case asked.LetGo():
                await fleet.let_go(router)
        return None

    async def _of_alerts(self, request: asked.SilenceAlerts | asked.UnsilenceAlerts) -> Silence:
        desk = self._fleet.alerts
        if isinstance(request, asked.UnsilenceAlerts):
            return await desk.unsilence(request.silence)
        return await desk.silence(request.rule, request.router, timedelta(seconds=request.seconds), request.why)

    async def _of_configuration(self, request: _OfConfiguration) -> Any:  # Any: JSON
        match request:
            case asked.RunJob():
                return await self._fleet.schedule.run(request.job)
            case asked.ConfigText():
                return FORMS.plain(await self._fleet.config_text())
            case asked.SaveConfig():
                return await self._save(request)
            case _:
                return FORMS.plain(await self._of_alerts(request))

    def _hello(self, request: asked.Hello) -> Any:  # Any: JSON
        his = self.credentials
        his.greet(request)
        if request.screen:
            self._till = self._tills.of(request.screen)
        told = {"who": his.actor.who, "role": his.role.value, "may_write": his.may_write}
        return told | {"title": self._fleet.title, "routers": list(self._fleet.names)}

    async def _save(self, request: asked.SaveConfig) -> Any:  # Any: JSON
        now = await self._fleet.config_text()
        if now is None:
            raise ConfigError("there is no file to save")
        return saved_as_told(
            await self._fleet.save_config(as_seen(request.digest, request.modified_ns, now), request.text)
        )

    async def _of_customer(
        self, request: asked.Find | asked.Found | asked.SetActive | asked.Extend | asked.Kick
    ) -> Any:
        match request:
            case asked.Find():
                return self.desk.look_for(request.name)
            case asked.Found():
                return FORMS.plain(self.desk.search)
            case asked.Kick():
                return await self.desk.kick(request.name, request.router)
            case asked.SetActive():
                subscriber = await self._subscriber(request.external_id)
                return FORMS.plain(await self.desk.set_active(subscriber, is_active=request.is_active))
            case asked.Extend():
                subscriber = await self._subscriber(request.external_id)
                return FORMS.plain(await self.desk.extend(subscriber, request.days))

    async def _subscriber(self, external_id: str) -> Subscriber:
        from mktui.billing import ledger  # noqa: PLC0415 - loads the database

        found = await (await self._fleet.office.get()).store.run(ledger.find_subscriber, external_id)
        if found is None:
            raise NotAccepted("he is gone from billing")
        return found

    def _of_sync(self, request: _OfSync) -> Any:  # Any: JSON
        fleet, router = self._fleet, request.router
        fleet.service(router)
        match request:
            case asked.StartPlan():
                return fleet.start_plan(router, request.wish.order())
            case asked.PlanOf():
                return FORMS.plain(fleet.plan_of(router))
            case asked.ReportOf():
                return FORMS.plain(fleet.last_report(router))
            case asked.StartSync():
                return self._start_sync(request)

    def _start_sync(self, request: asked.StartSync) -> None:
        """Begin a sync; of a plan only when that is the one that is looked at here too."""
        fleet, router, order = self._fleet, request.router, request.wish.order()
        looked_at = fleet.plan_of(router)
        plan = looked_at.plan if looked_at is not None else None
        if not request.saved:
            fleet.start_sync(router, order)
        elif plan is None or fingerprint(plan) != request.saved:
            fleet.start_plan(router, order, because=_STALE)
        else:
            fleet.start_sync(router, replace(order, saved=plan))
