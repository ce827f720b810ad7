"""What the screen needs of the services: a fleet, or a recording of one. Nothing here waits for a router."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.monitor.percentiles import Chart
    from mktui.monitor.records import Audited, ErrorLog
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.configuring import Saved
    from mktui.services.planning import Planning
    from mktui.sync.order import Order
    from mktui.sync.report import Report
    from mktui.tui.desks import Alerts, Billing, Consoles, Customers, Newcomers, Schedule, Stability


class Services(Protocol):
    """Actions in, frozen pictures out."""

    @property
    def customers(self) -> Customers:
        """Where one customer is looked for."""

    @property
    def billing(self) -> Billing:
        """Where all of them are."""

    @property
    def newcomers(self) -> Newcomers:
        """Where a router is added."""

    @property
    def console(self) -> Consoles:
        """Where a router is asked by hand."""

    @property
    def stability(self) -> Stability:
        """Where stability is tested."""

    @property
    def alerts(self) -> Alerts:
        """Where alerts are silenced."""

    @property
    def schedule(self) -> Schedule:
        """Where scheduled jobs are run now."""

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""

    def chart(self, name: str) -> Chart:
        """Return a router's percentiles over time."""

    async def test(self, name: str, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        """Test a router."""

    async def reset(self, name: str) -> None:
        """Replace a router's connections."""

    async def config_text(self) -> Seen | None:
        """Return the configuration's file as it is now; None: there is none."""

    async def save_config(self, seen: Seen, text: str) -> Saved:
        """Save the configuration, and apply at once what can be."""

    async def isolate(self, name: str) -> None:
        """Ask a router nothing more."""

    async def probe(self, name: str) -> None:
        """Let a router back in."""

    def start_plan(self, name: str, order: Order | None = None) -> None:
        """Begin to plan; the plan is made whether or not the screen stays."""

    def plan_of(self, name: str) -> Planning | None:
        """Return the plan that is looked at, or how far it is; None: there is none, or it was carried out."""

    def start_sync(self, name: str, order: Order | None = None) -> None:
        """Bring a router into step; it goes on when the screen is left."""

    def last_report(self, name: str) -> Report | None:
        """Return what became of each row of the last run."""

    def errors(self) -> ErrorLog:
        """Return the error log as far as it is known; the same object as long as nothing is new."""

    def watch_errors(self) -> None:
        """Read the error log soon."""

    def changes(self) -> tuple[Audited, ...]:
        """Return who changed what, the newest first; the same object as long as nothing is new."""

    def watch_changes(self) -> None:
        """Read the changes soon."""

    def watch_billing(self) -> None:
        """Ask billing soon how the routers stand."""

    async def hold(self, name: str, reason: str) -> None:
        """Let no automatic sync touch a router."""

    async def let_go(self, name: str) -> None:
        """Let a router's automatic syncs go on."""
