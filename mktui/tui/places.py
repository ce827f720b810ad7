"""The screens that a key of their own opens, from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.tui.screens.alerts import AlertsScreen
from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.changes import ChangesScreen
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.schedule import ScheduleScreen
from mktui.tui.screens.sync import SyncScreen
from mktui.tui.screens.tests import TestsScreen

if TYPE_CHECKING:
    from mktui.tui.screens.view import View

SCREENS: Final[dict[str, type[View]]] = {
    "syncs": SyncScreen, "error_log": ErrorsScreen, "tests": TestsScreen, "billing": BillingScreen,
    "config": ConfigScreen, "alerts": AlertsScreen, "schedule": ScheduleScreen, "changes": ChangesScreen,
}  # fmt: skip
"""Action -> what it opens."""
