"""Alerts and their silences, and the columns of a file that somebody has to name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mktui.monitor.snapshot import AlertsState
from mktui.services.billing import Reading
from mktui.services.editing import see_columns
from mktui.tui.screens.alerts import AlertsScreen
from mktui.tui.screens.columns import ColumnsView, FieldPick
from mktui.tui.silencing import Silencing
from tests.terminal.pictured import Shown, State, keys
from tests.terminal.pictured_routers import lost
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_alerts import RECEIVERS, SILENCE, alerts
from tests.terminal.recorded_billing import RecordedBilling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mktui.billing.sources.rows import What
    from tests.terminal.pictured import Reasons

NORMAL, EMPTY, LOADING, ERROR, OFFLINE = State
OTHER_TELLS: Final = replace(alerts(), problem="pid 4711 tells of alerts; this one takes over when it ends")
MANY: Final = replace(
    alerts(),
    receivers=tuple(replace(RECEIVERS[number % 2], name=f"receiver-{number}") for number in range(9)),
    silences=tuple(replace(SILENCE, id=str(number), router=f"tower-{number}") for number in range(9)),
)
CUSTOMERS: Final = (
    "Kunden-Nr.;Customer name;Pass;Paket;Gültig bis;Telefon\n"
    "n-1;eva.méndez;hush-1;gold;2027-01-31;0171 5550001\n"
    "n-2;tom;hush-2;silver;2027-02-28;0171 5550002\n"
).encode("cp1252")
FILE: Final = ("5", "I", *"kunden.csv", "enter")


def telling(state: AlertsState | None) -> Callable[[], RecordedServices]:
    """The fleet with these alerts."""
    return lambda: RecordedServices(replace(fleet(), alerts=state))


def lost_alerts() -> RecordedServices:
    """What was seen of them 95 s ago."""
    services = lost()
    services.recorded = replace(services.recorded, alerts=alerts())
    return services


@dataclass
class OtherColumns(RecordedBilling):
    """Billing that is given a file of somebody else's."""

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        seen = see_columns(CUSTOMERS, what, mapped)
        self.reading = Reading(Path("/home/ana") / file.name, what, layout=seen.layout, mapped=seen.mapped)


def with_columns() -> RecordedServices:
    """Services with such a file."""
    services = RecordedServices()
    services.billing = OtherColumns(services._note)
    return services


SHOWN: Final = (
    Shown(AlertsScreen, NORMAL, keys("7"), telling(alerts())),
    Shown(AlertsScreen, NORMAL, keys("7"), telling(MANY), which="many"),
    Shown(AlertsScreen, EMPTY, keys("7"), telling(AlertsState(receivers=RECEIVERS[:1]))),
    Shown(AlertsScreen, EMPTY, keys("7"), telling(None), which="unwatched"),
    Shown(AlertsScreen, ERROR, keys("7"), telling(OTHER_TELLS)),
    Shown(AlertsScreen, OFFLINE, keys("7"), lost_alerts),
    Shown(Silencing, NORMAL, keys("7", "M", "r"), telling(alerts())),
    Shown(ColumnsView, NORMAL, keys(*FILE), with_columns),
    Shown(ColumnsView, ERROR, keys(*FILE, "a"), with_columns),
    Shown(FieldPick, NORMAL, keys(*FILE, "j", "enter"), with_columns),
)
_ASKED: Final = {
    EMPTY: "it is asked of something that is there", LOADING: "it waits for nobody but its answer",
    OFFLINE: "what it is about is on the screen below it",
}  # fmt: skip
CANNOT: Final[Reasons] = {
    **{(screen, state): why for screen in (Silencing, ColumnsView, FieldPick) for state, why in _ASKED.items()},
    (Silencing, ERROR): "its answers are keys that cannot be wrong",
    (FieldPick, ERROR): "what can be picked is what there is",
    (AlertsScreen, LOADING): "what is known of alerts is in the picture of the fleet from the first on",
}
