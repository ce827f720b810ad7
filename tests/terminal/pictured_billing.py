"""Screens of billing: how routers stand with it, plans and reports, its rows and their form, a file, a customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mktui.billing.sources.csv_file import read_csv
from mktui.billing.sources.importing import ImportOutcome
from mktui.billing.sources.preview import preview
from mktui.services.billing import Reading
from mktui.sync.report import Report
from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.customer import CustomerScreen
from mktui.tui.screens.importing import ImportScreen
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.row import RowView
from mktui.tui.screens.sync import SyncScreen
from tests.terminal.billing_driving import filled, under
from tests.terminal.driving import press
from tests.terminal.pictured import Shown, State, keys
from tests.terminal.pictured_routers import lost, starting
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_billing import BOOKS, EMPTY, RecordedBilling
from tests.terminal.recorded_customers import ASKING, AT
from tests.terminal.recorded_syncs import FAILED, IN_STEP, READING, ROUTER, planned, report, with_sync, writing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from textual.pilot import Pilot

    from mktui.billing.sources.rows import What
    from mktui.services.planning import Planning
    from tests.terminal.pictured import Reasons

NORMAL, BARE, LOADING, ERROR, OFFLINE = State
LOCKED: Final = "billing database billing.db: another program is writing to it"
DAMAGED: Final = "billing database /var/lib/mktui/billing.db: the file is damaged (restore a backup)"
FILE: Final = Path("/srv/billing/people.csv")
LINES: Final = b"""external_id,username,profile,status
c-0412,ana,silver,active
n-1,eva,gold,active
n-2,tom,platinum,active
n-3,ben,gold,sleeping
n-4,rosa,silver,active
"""
MANY: Final = LINES + b"".join(b"m-%d,casa-%d,gold,active\n" % (number, number) for number in range(800))
UNCHANGED: Final = b"external_id,username,profile,status\nc-0412,ana,gold,active\nc-0020,pedro,gold,suspended\n"


def synced(ready: Planning | None = None, **facts: object) -> Callable[[], RecordedServices]:
    """The recorded fleet, with a plan for whoever asks for one of hotspot-plaza."""
    plans = {} if ready is None else {ROUTER: ready}
    return lambda: RecordedServices(will_plan=dict(plans), **facts)  # type: ignore[arg-type]  # facts of the services


def lost_plan() -> RecordedServices:
    """A plan that was looked at when the connection went."""
    return lost(will_plan={ROUTER: planned()})


def unread(problem: str = "", *, is_lost: bool = False, minutes: float | None = None) -> RecordedServices:
    """Billing that cannot be read; ``minutes``: it could be, so long ago."""
    services = lost() if is_lost else RecordedServices()
    old = None if minutes is None else replace(BOOKS, read_at=AT - timedelta(minutes=minutes))
    services.billing.books, services.billing.problem = old, problem
    return services


def nobody() -> RecordedServices:
    """Billing without a row."""
    services = RecordedServices()
    services.billing.books = EMPTY
    return services


@dataclass
class OneFile(RecordedBilling):
    """Billing that has read a file, as far as it is."""

    ready: Reading | None = None

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        del file, what, mapped
        self.reading = self.ready


def filed(content: bytes | None = LINES, *, is_lost: bool = False, **facts: object) -> Callable[[], RecordedServices]:
    """A file of subscribers as it was read; None: it is not yet."""
    shown = None
    if content is not None:
        shown = preview(BOOKS.profiles, BOOKS.subscribers, read_csv(content, "subscriber", local=UTC))
    ready = Reading(FILE, "subscriber", shown, **facts)  # type: ignore[arg-type]  # facts of a reading
    if ready.is_writing:
        ready = replace(ready, written=ready.total // 2, begun_at=AT - timedelta(seconds=4))

    def made() -> RecordedServices:
        services = lost() if is_lost else RecordedServices()
        services.billing = OneFile(services._note, ready=ready)
        return services

    return made


def written() -> RecordedServices:
    """A file that was written, but for its bad lines."""
    services = filed()()
    assert isinstance(services.billing, OneFile)
    ready = services.billing.ready
    assert ready is not None
    assert ready.shown is not None
    outcome = ImportOutcome(2, 1, ready.shown.unchanged, ready.shown.rejected)
    services.billing.ready = replace(ready, outcome=outcome, written=ready.total)
    return services


def asking() -> RecordedServices:
    """Routers that have not all answered yet."""
    services = RecordedServices()
    services.customers.asking = ASKING
    return services


async def mistyped(pilot: Pilot[None]) -> None:
    """Type a date that there is not."""
    await press(pilot, "5")
    await under(pilot, "carmen")
    await press(pilot, "e")
    await filled(pilot, "comment", "moved house")
    screen = pilot.app.screen
    assert isinstance(screen, FormScreen)
    screen.table.go_to("valid_until")
    await press(pilot, "enter")
    screen.box.value = "2026-13-01"
    await press(pilot)


def form_of(name: str, *pressed: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Open the form of a subscriber."""

    async def way(pilot: Pilot[None]) -> None:
        await press(pilot, "5")
        await under(pilot, name)
        await press(pilot, "e", *pressed)

    return way


PLAN: Final = keys("s", filtered="plaza")
IMPORT: Final = keys("5", "I", *"people.csv", "enter")
UNREADABLE: Final = replace(FAILED, problem=f"billing cannot be read: {LOCKED}")
SHOWN: Final = (
    Shown(SyncScreen, NORMAL, keys("2", "j")),
    Shown(SyncScreen, BARE, keys("2"), lambda: RecordedServices(replace(fleet(), routers=()))),
    Shown(SyncScreen, LOADING, keys("2"), starting),
    Shown(SyncScreen, ERROR, keys("2", "j"), lambda: RecordedServices(
        replace(with_sync(ROUTER, failed=3), billing_problem=LOCKED))),
    Shown(SyncScreen, OFFLINE, keys("2"), lost),
    Shown(PlanScreen, NORMAL, PLAN, synced(planned())),
    Shown(PlanScreen, NORMAL, keys("2", *"jjj", "enter"), synced(recorded=writing(), plans={ROUTER: planned()}),
          which="writing"),
    Shown(PlanScreen, NORMAL, keys("2", *"jj", "enter"), synced(reports={ROUTER: report()}), which="report"),
    Shown(PlanScreen, BARE, PLAN, synced(planned(IN_STEP))),
    Shown(PlanScreen, BARE, keys("2", *"jj", "enter"),
          synced(reports={ROUTER: Report(ROUTER, 0, (), 0, 0.41, run=18)}), which="report"),
    Shown(PlanScreen, LOADING, PLAN, synced(READING)),
    Shown(PlanScreen, ERROR, PLAN, synced(UNREADABLE)),
    Shown(PlanScreen, OFFLINE, PLAN, synced(FAILED)),
    Shown(PlanScreen, OFFLINE, PLAN, lost_plan, which="connection-lost"),
    Shown(RowView, NORMAL, keys("s", *"jjjjj", "enter", filtered="plaza"), synced(planned())),
    Shown(RowView, ERROR, keys("2", *"jj", "enter", "enter"), synced(reports={ROUTER: report()})),
    Shown(BillingScreen, NORMAL, keys("5", "j", "space")),
    Shown(BillingScreen, NORMAL, keys("5", "tab"), which="profiles"),
    Shown(BillingScreen, BARE, keys("5"), nobody),
    Shown(BillingScreen, LOADING, keys("5"), unread),
    Shown(BillingScreen, ERROR, keys("5"), lambda: unread(DAMAGED)),
    Shown(BillingScreen, ERROR, keys("5"), lambda: unread(LOCKED, minutes=10), which="locked"),
    Shown(BillingScreen, OFFLINE, keys("5"), lost),
    Shown(FormScreen, NORMAL, form_of("carmen")),
    Shown(FormScreen, NORMAL, keys("5", "tab", "e"), which="profile"),
    Shown(FormScreen, BARE, keys("5", "N")),
    Shown(FormScreen, ERROR, mistyped),
    Shown(FormScreen, OFFLINE, form_of("carmen"), lost),
    Shown(ImportScreen, NORMAL, IMPORT, filed()),
    Shown(ImportScreen, NORMAL, IMPORT, written, which="report"),
    Shown(ImportScreen, BARE, IMPORT, filed(UNCHANGED)),
    Shown(ImportScreen, LOADING, IMPORT, filed(None)),
    Shown(ImportScreen, LOADING, IMPORT, filed(MANY, is_writing=True), which="writing"),
    Shown(ImportScreen, ERROR, IMPORT, filed(None, problem=f"{FILE}: permission denied")),
    Shown(ImportScreen, OFFLINE, IMPORT, filed(is_lost=True)),
    Shown(CustomerScreen, NORMAL, keys("f", *"ana", "enter")),
    Shown(CustomerScreen, BARE, keys("f", *"anna", "enter")),
    Shown(CustomerScreen, LOADING, keys("f", *"ana", "enter"), asking),
    Shown(CustomerScreen, ERROR, keys("f", *"pedro", "enter")),
    Shown(CustomerScreen, OFFLINE, keys("f", *"luis-03", "enter")),
)  # fmt: skip
CANNOT: Final[Reasons] = {
    (FormScreen, LOADING): "it opens with a row that was read already",
    (RowView, BARE): "it opens on a row", (RowView, LOADING): "it opens on a row that is there",
    (RowView, OFFLINE): "a row of a plan says what was read of the router, and nothing newer",
}  # fmt: skip
