"""The form for a new router: what is typed is tested as it stands, nothing is saved unasked, nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from mktui.config.newcomer import Keep
from mktui.errors import ConfigError
from mktui.tui.app import ControlRoom
from mktui.tui.screens.add import AddScreen
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import Discard
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.new_questions import Pin, SaveRouter
from tests.terminal.driving import lines, notices, opened, press, text
from tests.terminal.pictured_routers import TYPED
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_configs import with_file
from tests.terminal.recorded_newcomers import PRINT, SEEN, RecordedNewcomers

pytestmark = pytest.mark.anyio


async def test_what_was_typed_is_tested_and_saved_as_it_was_typed() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, *TYPED, "ctrl+t")
        assert "✓ tested: ^s saves it" in lines(app)[0]
        assert "hunter2" not in text(app)
        assert services.newcomers.saved == []
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, SaveRouter)
        assert "▲" not in text(app)
        await press(pilot, "y")
        assert isinstance(app.screen, FleetScreen)
        assert [told.title for told in notices(app)] == ["edge-9"]
    (saved,) = services.newcomers.saved
    assert [saved] == services.newcomers.tested
    assert (saved.name, saved.host, saved.username, saved.password) == ("edge-9", "10.0.0.9", "mktui", "hunter2")
    assert (saved.keep, saved.where) == (Keep.FILE, "/etc/mktui/passwords/edge-9")


async def test_what_was_changed_since_its_test_counts_as_untested() -> None:
    async with opened() as (app, pilot):
        await press(pilot, *TYPED, "ctrl+t", "x")
        assert "changed since its test" in lines(app)[0]
        await press(pilot, "ctrl+s")
        assert "It was not tested as it stands" in text(app)


async def test_a_router_whose_test_failed_is_saved_after_a_warning() -> None:
    services = RecordedServices(newcomers=RecordedNewcomers(fails="silent"))
    async with opened(services) as (app, pilot):
        await press(pilot, *TYPED, "ctrl+t", "ctrl+s")
        assert "Its test failed" in text(app)
        await press(pilot, "n")
        assert isinstance(app.screen, AddScreen)
        assert services.newcomers.saved == []
        await press(pilot, "ctrl+s", "y")
    assert len(services.newcomers.saved) == 1


async def test_a_certificate_that_nobody_vouches_for_can_be_pinned_by_a_person() -> None:
    services = RecordedServices(newcomers=RecordedNewcomers(fails="certificate"))
    async with opened(services) as (app, pilot):
        await press(pilot, *TYPED, "tab", "right", "ctrl+t")
        assert isinstance(app.screen, Pin)
        assert PRINT[:32] in text(app)
        await press(pilot, "n")
        assert services.newcomers.tested[-1].tls == "verify"
        await press(pilot, "ctrl+t", "y")
        assert "✓ tested" in lines(app)[0]
    assert (services.newcomers.tested[-1].tls, services.newcomers.tested[-1].fingerprint) == ("pin", PRINT)


async def test_what_is_wrong_is_neither_tested_nor_saved_and_the_cursor_goes_there() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "n", *"10.0.0.9", "tab", "ctrl+u", *"edge-1", "tab", *"x", "ctrl+t")
        assert isinstance(app.focused, Input)
        assert app.focused.id == "name"
        assert "another router's name already" in text(app)
        assert "a number from 1 to 65535" in text(app)
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, AddScreen)
    assert services.newcomers.tested == services.newcomers.saved == []


async def test_nothing_is_complained_of_before_it_was_typed() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "n")
        assert "✗" not in text(app)


async def test_what_was_typed_is_forgotten_only_after_a_question() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "n", "escape")
        assert isinstance(app.screen, FleetScreen)
        await press(pilot, *TYPED, "escape")
        assert isinstance(app.screen, Discard)
        await press(pilot, "n")
        assert isinstance(app.screen, AddScreen)
        assert "edge-9" in text(app)
        await press(pilot, "escape", "y")
        assert isinstance(app.screen, FleetScreen)


async def test_a_save_that_is_refused_keeps_the_form() -> None:
    refused = ConfigError("was changed underneath, and is left as it is", file=Path("/etc/mktui/config.toml"))
    services = RecordedServices(newcomers=RecordedNewcomers(refuses=refused))
    async with opened(services) as (app, pilot):
        await press(pilot, *TYPED, "ctrl+s", "y")
        assert isinstance(app.screen, AddScreen)
        assert "changed underneath" in notices(app)[-1].message


async def test_what_somebody_else_has_saved_meanwhile_is_read_and_said_beside_its_field() -> None:
    refused = ConfigError("was changed underneath, and is left as it is", file=Path("/etc/mktui/config.toml"))
    newcomers = RecordedNewcomers(refuses=refused)
    async with opened(RecordedServices(newcomers=newcomers)) as (app, pilot):
        await press(pilot, *TYPED)
        newcomers.seen = replace(SEEN, text=f'{SEEN.text}\n[[routers]]\nname = "edge-9"\nhost = "10.9.9.9"\n')
        await press(pilot, "ctrl+s", "y")
        (line,) = (each for each in lines(app) if each.split()[:1] == ["name"])
        assert "✗ is another router's name" in line
        newcomers.refuses = None
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, AddScreen), "it is not asked to save what cannot be"
        assert newcomers.saved == []


async def test_what_is_refused_of_a_single_field_stands_beside_it_until_it_is_another() -> None:
    refused = ConfigError("is edge-1 already", key="routers.edge-9.host")
    newcomers = RecordedNewcomers(refuses=refused)
    async with opened(RecordedServices(newcomers=newcomers)) as (app, pilot):
        await press(pilot, *TYPED, "ctrl+s", "y")
        assert "✗ is edge-1 already" in next(each for each in lines(app) if each.startswith(" address"))
        await press(pilot, "end", "9")
        assert "already" not in next(each for each in lines(app) if each.startswith(" address"))


async def test_read_only_adds_nothing() -> None:
    async with opened(read_only=True) as (app, pilot):
        await press(pilot, "n")
        assert isinstance(app.screen, FleetScreen)
        assert "read-only" in notices(app)[-1].message


async def test_without_a_file_it_can_be_tested_and_is_not_saved() -> None:
    services = RecordedServices(newcomers=RecordedNewcomers(None))
    async with opened(services) as (app, pilot):
        await press(pilot, *TYPED, "ctrl+t", "ctrl+s")
        assert isinstance(app.screen, AddScreen)
        assert "no configuration file here" in notices(app)[-1].message
    assert len(services.newcomers.tested) == 1


async def test_the_first_start_opens_the_form_and_esc_leads_to_an_empty_fleet_that_says_how_to_go_on() -> None:
    app = ControlRoom(RecordedServices(replace(fleet(), routers=())), is_first=True)
    app.animation_level = "none"
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot)
        assert "Welcome to mktui." in text(app)
        await press(pilot, "escape")
        assert all(part in text(app) for part in ("no router yet", "n    adds one"))


async def test_a_router_is_taken_out_in_the_configuration_and_only_a_save_does_it() -> None:
    services = with_file()
    async with opened(services) as (app, pilot):
        await press(pilot, "6", "G", "k", "delete", "y")
        assert isinstance(app.screen, ConfigScreen)
        assert "hotspot-plaza is taken out once you save" in notices(app)[-1].message
        assert services.saves == []
        await press(pilot, "ctrl+s")
        assert "routers.hotspot-plaza.host" in text(app)
        await press(pilot, "y")
    assert "hotspot-plaza" not in services.saves[0]
    assert "# isp-north, since 2019" in services.saves[0]
