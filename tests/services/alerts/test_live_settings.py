"""What is saved of ``[alerts]`` is gone by at the next look: rules, times, receivers; and pairs stay pairs."""

from __future__ import annotations

import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.config.load import load
from mktui.monitor.alerts import Settings
from mktui.services.alerts import sending, watching
from mktui.services.alerts.watching import Alerting
from mktui.services.start import open_configured
from tests.services.alerts.lives import SECOND, Calendar, Drawer, Routers, Somebody, assert_pairs, plan
from tests.wiring import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.services.alerts.plan import AlertPlan

pytestmark = pytest.mark.anyio
NOTHING = Settings({}, dt.timedelta(hours=4), 0 * SECOND)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    """Time stands still until it is told otherwise; a receiver that failed would be tried again after an hour."""
    found = Calendar()
    monkeypatch.setattr(clock, "utc_now", found)
    monkeypatch.setattr(sending, "wait_after", lambda _failures: 3600)
    monkeypatch.setattr(watching, "LOOK", 0.01)
    return found


@asynccontextmanager
async def alive(routers: Routers, made: AlertPlan) -> AsyncIterator[Alerting]:
    """Look for alerts, and tell of them, for the block."""
    async with anyio.create_task_group() as tasks:
        alerting = Alerting(routers, made, lambda _text: None)
        tasks.start_soon(alerting.run)
        yield alerting
        tasks.cancel_scope.cancel()


def told(somebody: Somebody) -> list[tuple[str, str]]:
    """What he heard: status and router."""
    return [each[:2] for each in somebody.heard]


async def test_an_alert_whose_rule_went_is_resolved_and_one_whose_rule_came_fires(calendar: Calendar) -> None:
    routers, noc = Routers({"a"}), Somebody()
    made = plan([noc], Drawer())
    async with alive(routers, made) as alerting:
        await until(lambda: told(noc) == [("firing", "a")])
        assert alerting.take(replace(made, settings=NOTHING)) == ""
        await until(lambda: told(noc) == [("firing", "a"), ("resolved", "a")])
        calendar.now += 2 * dt.timedelta(hours=1)
        alerting.take(made)
        await until(lambda: len(noc.heard) == 3)
    assert_pairs(noc.of("a"))


async def test_a_longer_wait_holds_what_has_not_fired_and_a_shorter_one_lets_it_fire(calendar: Calendar) -> None:
    del calendar
    routers, noc = Routers({"a"}), Somebody()
    made = plan([noc], Drawer())
    patient = replace(made, settings=replace(made.settings, waits={"router_down": dt.timedelta(hours=1)}))
    async with alive(routers, patient) as alerting:
        await until(lambda: len(alerting.state.alerts) == 1)
        assert noc.heard == []
        alerting.take(made)
        await until(lambda: told(noc) == [("firing", "a")])


async def test_a_receiver_that_comes_hears_what_the_others_know_and_one_that_went_nothing_more(
    calendar: Calendar,
) -> None:
    routers, old, new, drawer = Routers({"a"}), Somebody("old"), Somebody("new"), Drawer()
    made = plan([old], drawer)
    async with alive(routers, made) as alerting:
        await until(lambda: told(old) == [("firing", "a")])
        alerting.take(replace(made, receivers=(new,)))
        await until(lambda: told(new) == [("firing", "a")])
        routers.down.clear()
        calendar.now += 5 * SECOND
        await until(lambda: told(new) == [("firing", "a"), ("resolved", "a")])
        await until(lambda: set(drawer.read()[0].boxes) == {"new"})
        assert [each.name for each in alerting.state.receivers] == ["new"]
    assert told(old) == [("firing", "a")]


async def test_a_receiver_that_was_mended_is_told_at_once_what_waited_for_it(calendar: Calendar) -> None:
    del calendar
    routers, wrong, right = Routers({"a"}), Somebody("noc", [False] * 1000), Somebody("noc")
    made = plan([wrong], Drawer())
    async with alive(routers, made) as alerting:
        await until(lambda: wrong.tries == 1)
        alerting.take(replace(made, receivers=(right,)))
        await until(lambda: told(right) == [("firing", "a")])
    assert wrong.tries == 1


async def test_who_waits_for_another_one_that_tells_says_that_it_sees_nothing_of_it_yet(calendar: Calendar) -> None:
    del calendar
    routers, noc, drawer = Routers({"a"}), Somebody(), Drawer()
    drawer.claim = lambda: "mktui serve"  # type: ignore[method-assign]  # somebody else is there
    made = plan([noc], drawer)
    async with alive(routers, made) as alerting:
        await until(lambda: alerting.state.problem != "")
        assert "mktui serve tells of alerts" in alerting.take(replace(made, settings=NOTHING))
        drawer.claim = lambda: ""  # type: ignore[method-assign]  # as above
        await until(lambda: alerting.state.problem == "")
        assert alerting.state.alerts == ()
    assert noc.heard == []


async def test_a_save_in_a_fleet_that_runs_reaches_its_alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.01)
    file = tmp_path / "config.toml"
    file.write_text('[alerts]\nsteady = 1\n\n[[alerts.hooks]]\nname = "noc"\ncommand = ["true"]\n', encoding="utf-8")
    async with open_configured(load(file), may_be_empty=True, tells_alerts=lambda _text: None) as fleet:
        assert fleet.alerting is not None
        alerting = fleet.alerting
        await until(lambda: [each.name for each in alerting.state.receivers] == ["noc"] and not alerting.state.problem)
        await until(lambda: len(alerting.couriers) == 1)
        seen = await fleet.config_text()
        assert seen is not None
        added = '\n[alerts.rules]\nrouter_down = "off"\n\n[[alerts.hooks]]\nname = "sms"\ncommand = ["true"]\n'
        saved = await fleet.save_config(seen, seen.text + added)
        assert saved.later == ()
        assert set(saved.live) == {"alerts.rules.router_down", "alerts.hooks.sms.name", "alerts.hooks.sms.command"}
        assert saved.problems == ()
        await until(lambda: [each.name for each in alerting.state.receivers] == ["noc", "sms"])
        off = await fleet.save_config(saved.seen, saved.seen.text.replace("steady = 1", "enabled = false"))
        assert off.later == ("alerts.enabled",), "who looks at all is found out at the start"
