"""Alerts on an attached screen: seen as they are there, silenced there, in the name of who asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mktui.config.load import load
from mktui.errors import ConfigError, ControlRefused
from mktui.services.alerts import watching
from mktui.services.alerts.plan import plan_of
from mktui.services.control import attached as attaching
from mktui.tui.words import alerts as in_words
from tests.services.control.houses import CONFIG, house
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.monitor.snapshot import AlertsState
    from mktui.tui.services import Services

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
RULES = "[alerts]\nsteady = 0\n[alerts.rules]\nrouter_down = 'at once'\nbreaker_open = 'off'\n"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "EVERY", 0.2)
    monkeypatch.setattr(watching, "LOOK", 0.05)


def state(fleet: Services) -> AlertsState:
    """What the screen sees."""
    found = fleet.snapshot().alerts
    assert found is not None
    return found


async def test_what_fires_there_is_seen_and_silenced_from_here(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.fleet.config_file.write_text(CONFIG + RULES, encoding="utf-8")  # type: ignore[union-attr]  # it has one
        at.fleet.watch_alerts(plan_of(load(tmp_path / "config.toml")), at.said.append)
        at.router.faults.is_down = True
        at.router.drop_sessions()
        async with at.attached(origin="10.0.0.7") as fleet:
            screen: Services = fleet
            await until(lambda: [each.rule for each in state(screen).firing] == ["router_down"])
            assert in_words(screen.snapshot().alerts) == "▲ 1 alert"
            made = await screen.alerts.silence("router_down", "edge-*", timedelta(hours=1), "a mast")
            await until(lambda: state(screen).alerts[0].state == "silenced")
            assert [(each.id, each.why) for each in state(screen).silences] == [(made.id, "a mast")]
            ended = await screen.alerts.unsilence(made.id)
            assert ended.id == made.id
            await until(lambda: state(screen).alerts[0].state == "firing")
            with pytest.raises(ConfigError, match="no silence is called"):
                await screen.alerts.unsilence(made.id)
            with pytest.raises(ConfigError, match="no router is called 'edge-9'"):
                await screen.alerts.silence("", "edge-9", timedelta(hours=1))
    done = [(origin, what) for _, origin, what, _ in at.audit() if "silence" in what]
    assert [what.partition(" until")[0] for _, what in done] == [
        "silence router_down of edge-*", "end the silence of router_down of edge-*",
    ]  # fmt: skip
    assert {origin for origin, _ in done} == {"attached, 10.0.0.7"}


async def test_who_only_looks_silences_nothing_and_where_nobody_looks_there_is_nothing_to_silence(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, may_write=False) as at, at.attached() as fleet:
        assert fleet.snapshot().alerts is None
        with pytest.raises(ControlRefused, match="read-only"):
            await fleet.alerts.silence("", "", timedelta(hours=1))
        with pytest.raises(ConfigError, match="nobody looks for alerts here"):
            await at.fleet.alerts.silence("", "edge-1", timedelta(hours=1))
