"""Alerts on screen: sorted, filtered, opened, silenced only after a question, and never by who only looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mktui.errors import ConfigError
from mktui.monitor.snapshot import AlertsState
from mktui.tui.screens.alerts import AlertsScreen
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.router import RouterScreen
from mktui.tui.silencing import LENGTHS, Silencing
from tests.terminal.driving import lines, look, notices, opened, press, text
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_alerts import CERRO, EDGE, PLAZA, RECEIVERS, SILENCE, WEST, alerts

pytestmark = pytest.mark.anyio


def services(state: AlertsState | None = None) -> RecordedServices:
    """The fleet with alerts."""
    return RecordedServices(replace(fleet(), alerts=state or alerts()))


def routers(app: object) -> list[str]:
    """The routers of the rows, in order."""
    screen = getattr(app, "screen", None)
    assert isinstance(screen, AlertsScreen)
    return [row.router for row in screen.table.all_rows]


async def test_what_fires_is_first_and_each_order_is_said() -> None:
    async with opened(services(replace(alerts(), alerts=(EDGE, WEST, PLAZA, CERRO)))) as (app, pilot):
        await press(pilot, "7")
        assert routers(app) == ["tower-cerro-alto", "hotspot-plaza", "edge-2", "tower-west"]
        assert "by state" in lines(app)[1]
        for word, first in (
            ("router", "edge-2"),
            ("rule", "edge-2"),
            ("time", "edge-2"),
            ("state", "tower-cerro-alto"),
        ):
            await press(pilot, "o")
            assert f"by {word}" in lines(app)[1]
            assert routers(app)[0] == first
        await press(pilot, "slash", *"silenced", "enter")
        assert routers(app) == ["tower-west"]
        await press(pilot, "enter")
        assert isinstance(app.screen, RouterScreen)


@pytest.mark.parametrize("key", LENGTHS)
async def test_it_is_silenced_for_as_long_as_was_chosen_and_nothing_before_that(key: str) -> None:
    asked = services()
    async with opened(asked) as (app, pilot):
        await press(pilot, "7", "M")
        assert isinstance(app.screen, Silencing)
        assert asked.alerts.silenced == []
        await press(pilot, key)
        assert asked.alerts.silenced == [("router_down", "tower-cerro-alto", LENGTHS[key][1], "on screen")]
        assert notices(app)[-1].message == "nothing is told of it"


async def test_every_alert_of_a_router_may_be_silenced_at_once_or_none_after_all() -> None:
    asked = services()
    async with opened(asked) as (app, pilot):
        await press(pilot, "7", "M", "r", "r")
        assert "Silence router_down of tower-cerro-alto?" in text(app)
        await press(pilot, "r")
        assert "Silence every alert of tower-cerro-alto?" in text(app)
        await press(pilot, "1")
        assert asked.alerts.silenced == [("", "tower-cerro-alto", timedelta(hours=1), "on screen")]
        await press(pilot, "M", "escape")
        assert len(asked.alerts.silenced) == 1
        assert notices(app)[-1].message == "it was left as it is"


async def test_the_silences_that_hold_an_alert_back_are_ended_after_a_question() -> None:
    other = replace(SILENCE, id="ffffff", router="edge-1")
    asked = services(AlertsState((WEST,), (SILENCE, other), RECEIVERS))
    async with opened(asked) as (app, pilot):
        await press(pilot, "7", "M")
        assert isinstance(app.screen, Confirm)
        assert "every rule of tower-west (mast is being replaced)" in " ".join(text(app).split())
        await press(pilot, "n")
        assert asked.alerts.ended == []
        await press(pilot, "M", "y")
        assert asked.alerts.ended == ["a1b2c3"]


async def test_who_only_looks_is_refused_and_a_failure_is_said() -> None:
    asked = services()
    async with opened(asked, read_only=True) as (app, pilot):
        await press(pilot, "7", "M")
        assert isinstance(app.screen, AlertsScreen)
        assert "refused, this is read-only" in notices(app)[-1].message
    asked.alerts.refuses = ConfigError("silences cannot be kept: no space left on device")
    async with opened(asked) as (app, pilot):
        await press(pilot, "7", "M", "1")
        assert "no space left on device" in notices(app)[-1].message


async def test_with_no_row_there_is_nothing_to_silence() -> None:
    async with opened(services(AlertsState())) as (app, pilot):
        await press(pilot, "7", "M")
        assert "there is no alert under the cursor" in notices(app)[-1].message
        assert "nothing is wrong" in text(app)


async def test_the_cursor_stays_on_its_alert_when_another_one_comes_or_its_texts_move() -> None:
    asked = services()
    async with opened(asked) as (app, pilot):
        await press(pilot, "7", "j")
        moved = replace(PLAZA, description="12 wait")
        new = replace(CERRO, router="edge-1")
        asked.recorded = replace(asked.recorded, alerts=AlertsState((new, CERRO, moved, WEST), (), RECEIVERS))
        await look(pilot)
        assert isinstance(app.screen, AlertsScreen)
        assert app.screen.table.current == moved


async def test_the_fleet_says_how_many_fire_and_that_somebody_could_not_be_told() -> None:
    async with opened(services()) as (app, pilot):
        assert "▲ 2 alerts, 1 receiver not told" in lines(app)[1]
        assert isinstance(app.services, RecordedServices)
        app.services.recorded = replace(fleet(), alerts=AlertsState((WEST, EDGE), (), RECEIVERS[:1]))
        await look(pilot)
        assert "▲" not in lines(app)[1]


async def test_what_to_do_where_nobody_is_told_is_read_whole_on_80_columns() -> None:
    async with opened(services(AlertsState())) as (app, pilot):
        await press(pilot, "7")
        (told,) = (line for line in lines(app) if "nobody is told" in line)
        assert told.endswith("add [[alerts.webhooks]] or [[alerts.hooks]]")
