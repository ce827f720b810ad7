"""Each setting can be edited, each wrong value is refused beside its field, and saved is only what was looked at."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final

import pytest
from textual.widgets import Input

from mktui.config.alerts import AlertRules
from mktui.config.draft import Edit, applied
from mktui.config.load import problems_of
from mktui.config.presets import PRESETS
from mktui.config.settings import Kind, Setting, sections, value_of
from mktui.errors import ConfigError
from mktui.tui.config_form import pages
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import Discard, SaveChanges
from mktui.tui.screens.fleet import FleetScreen
from tests.terminal.driving import lines, notices, only, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_configs import TEXT, with_file

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio
RAW: Final = tomllib.loads(TEXT)
ALL: Final = {setting.dotted: setting for section in sections(RAW) for setting in section.settings}
TYPED: Final = {Kind.FLAG, Kind.CHOICE}
"""These are never typed: no value can be wrong."""
RIGHT: Final = {
    "billing.sources.phpnuxbill.profiles_query": "", "billing.sources.phpnuxbill.subscribers_query": "",
    "routers.edge-1.encoding": "cp1251", "routers.hotspot-plaza.encoding": "cp1251",
    "billing.timezone": "Europe/Prague", "http.host": "::1", "http.private_key": "",
    "maintenance.self_check": "hourly", "monitor.file": "~/monitor.db",
    "maintenance.pool_reset": "sunday 04:00 on edge-*", "maintenance.sync": "monday, thursday 02:15",
    "serve.socket": "/run/noc.sock", "ui.theme": "ansi",
    **{f"alerts.rules.{rule}": "30 s, repeat 1 h" for rule in AlertRules.model_fields},
}  # fmt: skip
"""Where not every text will do. Queries are only for sources of kind sql, a key only for a certificate."""
WRONG: Final = {
    Kind.INTEGER: ("x", "-1", "1.5"),
    Kind.NUMBER: ("x", "-1", "inf"),
    Kind.PASSWORD: ("{ env = ", "{ key = 1 }"),
    Kind.WORDS: ("tell 'noc", "''"),
}
WRONG_OF: Final = {
    "http.host": ("0.0.0.0", "x" * 300),  # noqa: S104 - refused
    "monitor.file": ("monitor.db",),
    "ui.theme": ("nosuch", "nord"),
    "serve.socket": ("noc.sock", "/" + "x" * 120),
}
NO_WRONG_TEXT: Final = frozenset({
    "username", "fingerprint", "ca_file", "database", "url", "timezone", "fallback_profile",
    "default_profile", "certificate", "names", "external_url",
})  # fmt: skip
"""Texts that the model takes as they are."""


async def go_to(app: ControlRoom, pilot: Pilot[None], setting: Setting) -> None:
    """Open a setting's page and put the cursor on it."""
    screen = app.screen
    assert isinstance(screen, ConfigScreen)
    assert screen._draft is not None
    page = next(page for page in pages(screen._draft).values() if setting in page.settings)
    screen._go(page.key)
    screen.table.go_to(setting.dotted)
    await press(pilot)


async def write(app: ControlRoom, pilot: Pilot[None], value: str) -> None:
    """Edit the setting under the cursor; what is typed is judged, and then taken."""
    await press(pilot, "enter")
    app.screen.query_one("#value", Input).value = value
    await press(pilot)


def raw(app: ControlRoom) -> dict[str, object]:
    """The draft."""
    assert isinstance(app.screen, ConfigScreen)
    assert app.screen._draft is not None
    return app.screen._draft.raw


def row_of(app: ControlRoom, name: str) -> str:
    """The line of a setting."""
    return next(line for line in lines(app) if line[2:].startswith(f"{name} "))


def right_value(setting: Setting) -> str:
    """A value that is right for a setting, and another than it has."""
    now = value_of(RAW, setting.key)
    if setting.kind in {Kind.INTEGER, Kind.NUMBER}:
        for number in (4, 2, 1, 60, 5000):
            if number != (setting.default if now is None else now) and not problems_of(
                applied(RAW, [Edit(setting.key, number)])
            ):
                return str(number)
    return RIGHT.get(setting.dotted, "another")


@pytest.mark.parametrize("section", sections(RAW), ids=lambda section: section.title)
async def test_every_setting_of_the_model_can_be_edited(section: object) -> None:
    async with opened(with_file(), size=(120, 50)) as (app, pilot):
        await press(pilot, "6")
        for setting in section.settings:  # type: ignore[attr-defined]  # a section
            await go_to(app, pilot, setting)
            before = raw(app)
            if setting.kind in TYPED:
                await press(pilot, "enter")
            elif value := right_value(setting):
                await write(app, pilot, value)
                assert "✗" not in text(app), text(app)
                await press(pilot, "enter")
            else:
                continue
            assert raw(app) != before, setting
            await press(pilot, "u")
            assert raw(app) == before


@pytest.mark.parametrize("dotted", [key for key, setting in ALL.items() if setting.kind not in TYPED])
async def test_each_wrong_value_is_refused_beside_its_field(dotted: str) -> None:
    setting = ALL[dotted]
    wrong = WRONG.get(setting.kind, ())
    if setting.dotted in WRONG_OF:
        wrong = WRONG_OF[setting.dotted]
    elif setting.name == "private_key":
        wrong = ("key.pem",)
    elif setting.name in {"name", "host"}:
        wrong = ("", "x" * 300, " 10.0.0.1")
    elif setting.name == "encoding":
        wrong = ("klingon",)
    elif setting.key[:2] == ("alerts", "rules"):
        wrong = ("soon", "2 min, repeat 0 s")
    elif setting.key[0] == "maintenance":
        wrong = ("sometimes", "daily 25:00", "hourly on nowhere-*")
    elif setting.name.endswith("_query"):
        wrong = ("delete from customers",)
    assert wrong or setting.name in NO_WRONG_TEXT
    async with opened(with_file(), size=(120, 50)) as (app, pilot):
        await press(pilot, "6")
        await go_to(app, pilot, setting)
        before = raw(app)
        for value in wrong:
            await write(app, pilot, value)
            page = app.screen._open_page()  # type: ignore[attr-defined]  # the configuration's
            line = row_of(app, page.name_of(setting))
            assert "✗" in line, (value, text(app))
            assert " 1 error · not saved" in lines(app)[0]
            await press(pilot, "enter")
            assert raw(app) == before, "it was refused"
            await press(pilot, "escape")
            assert "✗" not in text(app)


async def test_what_is_between_two_settings_may_be_mended_at_the_other() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6", "enter", "j", "enter", "2", "enter")
        assert "✗ max_size (2) must be" in row_of(app, "max_size")
        assert "1 change · 1 error · not saved" in lines(app)[0]
        await press(pilot, "ctrl+s")
        assert "not saved: pool.max_size" in notices(app)[-1].message
        await press(pilot, "k", "enter", "1", "enter")
        assert "2 changes · not saved" in lines(app)[0]


async def test_saving_shows_the_difference_then_saves_and_says_what_applies_when() -> None:
    services = with_file()
    async with opened(services, size=(100, 40)) as (app, pilot):
        await press(pilot, "6", "enter", "j", "enter", "6", "enter", "escape")
        for key, value in (("routers.hotspot-plaza.port", "8729"), ("monitor.error_days", "87")):
            await go_to(app, pilot, ALL[key])
            await write(app, pilot, value)
            await press(pilot, "enter", "escape")
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, SaveChanges)
        differences = ("8 → 6   live", "– → 8729   live", "→ 87   on restart")
        for told in ("Save 3 changes to config.toml?", "~ pool.max_size", *differences):
            assert told in text(app)
        await press(pilot, "n")
        assert services.asked == []
        await press(pilot, "ctrl+s", "y")
        assert services.asked == [("save", "config.toml")]
        assert lines(app)[0].endswith(" saved")
        assert (
            notices(app)[-1].message
            == "applied: pool.max_size, routers.hotspot-plaza.port\nfrom the next start on: monitor.error_days"
        )
    [saved] = services.saves
    changed = [line for line in saved.splitlines() if line not in TEXT.splitlines()]
    size = "max_size = 6                    # max-sessions of /ip/service is 20"
    assert sorted(filter(None, changed)) == sorted((size, "port = 8729", "[monitor]", "error_days = 87"))


async def test_no_secret_is_on_the_screen_and_what_is_typed_over_one_is_masked() -> None:
    services = with_file()
    async with opened(services, size=(120, 50)) as (app, pilot):
        seen = []
        await press(pilot, "6")
        for dotted in ("billing.database", "billing.sources.phpnuxbill.url", "routers.hotspot-plaza.password"):
            await go_to(app, pilot, ALL[dotted])
            await press(pilot, "enter")
            assert app.screen.query_one("#value", Input).value == ""
            seen.append(text(app))
            await press(pilot, *"swordfish")
            seen.append(text(app))
            await press(pilot, "enter", "ctrl+s")
            seen.append(text(app))
            await press(pilot, "n")
        assert "swordfish" not in "".join(seen)
        assert "hunter" not in "".join(seen)
        await press(pilot, "ctrl+s", "y")
    assert services.saves[0].count("swordfish") == 3


async def test_a_secret_that_nobody_types_over_stays() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6")
        await go_to(app, pilot, ALL["routers.hotspot-plaza.password"])
        await press(pilot, "enter", "enter")
        assert lines(app)[0].endswith(" saved")
        assert "applies at once" in text(app)


async def test_a_source_is_typed_in_sight_and_shown_by_where_it_comes_from() -> None:
    async with opened(with_file(), size=(120, 50)) as (app, pilot):
        await press(pilot, "6")
        await go_to(app, pilot, ALL["routers.hotspot-plaza.password"])
        await write(app, pilot, '{ env = "PW" }')
        assert '{ env = "PW" }' in text(app)
        await press(pilot, "enter")
        assert "•••••• from env PW" in row_of(app, "password")


async def test_leaving_with_unsaved_changes_asks() -> None:
    async with opened(with_file()) as (app, pilot):
        for leave in ("escape", "1", "2", "q"):
            await press(pilot, "6", "enter", "j", "enter", "6", "enter", "escape", leave)
            assert isinstance(app.screen, Discard), leave
            await press(pilot, "n")
            assert "1 change" in lines(app)[0]
            await press(pilot, leave, "y")
            assert not isinstance(app.screen, ConfigScreen | Discard), leave
        await press(pilot, "1", "6", "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_escape_leaves_the_field_then_the_page_then_the_screen() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6", "j", "j", "enter", "enter", "x", "escape")
        assert lines(app)[0].endswith(" saved")
        assert "Config › billing" in lines(app)[1]
        await press(pilot, "escape")
        assert lines(app)[1].startswith(" Config  ")
        assert isinstance(app.screen, ConfigScreen)
        assert app.screen.table.current == "billing"
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_presets_come_one_after_the_other_and_undo_takes_each_back() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6")
        seen = []
        for _ in range(4):
            seen.append(lines(app)[1].split()[-1])
            await press(pilot, "L")
        assert seen == ["production", "development", "default", "production"]
        assert set(seen) == set(PRESETS)
        await press(pilot, "u", "u", "u", "u")
        assert lines(app)[0].endswith(" saved")
        await press(pilot, "u")
        assert notices(app)[-1].message == "nothing to undo"


async def test_edit_opens_at_the_router_under_the_cursor() -> None:
    async with opened(with_file()) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "e")
        assert "Config › routers › hotspot-plaza" in lines(app)[1]
        await press(pilot, "1", "enter", "e")
        assert "Config › routers › hotspot-plaza" in lines(app)[1]


async def test_read_only_refuses_to_save() -> None:
    services = with_file()
    async with opened(services, read_only=True) as (app, pilot):
        await press(pilot, "6", "enter", "j", "enter", "6", "enter", "ctrl+s")
        assert isinstance(app.screen, ConfigScreen)
        assert "read-only" in notices(app)[-1].message
    assert services.asked == []


async def test_a_save_that_is_refused_is_told_and_the_changes_stay() -> None:
    services = with_file()
    services.refuses = ConfigError("was changed underneath, and is left as it is")
    async with opened(services) as (app, pilot):
        await press(pilot, "6", "enter", "j", "enter", "6", "enter", "ctrl+s", "y")
        assert "changed underneath" in notices(app)[-1].message
        assert "1 change · not saved" in lines(app)[0]


async def test_a_theme_that_is_saved_is_worn_at_once() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6")
        await go_to(app, pilot, ALL["ui.theme"])
        await write(app, pilot, "noc-light")
        await press(pilot, "enter", "ctrl+s", "y")
        assert app.theme == "noc-light"


async def test_a_router_can_be_renamed_and_its_page_stays_open() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6")
        await go_to(app, pilot, ALL["routers.edge-1.name"])
        await write(app, pilot, "hotspot-plaza")
        assert "✗" in row_of(app, "name")
        await write(app, pilot, "edge-one")
        await press(pilot, "enter")
        assert "Config › routers › edge-one" in lines(app)[1]
        await press(pilot, "u")
        assert lines(app)[0].endswith(" saved")


async def test_the_demo_has_no_file_and_says_so() -> None:
    async with opened(RecordedServices()) as (app, pilot):
        await press(pilot, "6", "enter", "L", "u", "delete", "ctrl+s")
        assert "There is no configuration file here" in text(app)
        assert notices(app)[-1].message == "there is no file to save"


async def test_a_file_that_is_no_toml_is_said() -> None:
    async with opened(with_file("[pool\n")) as (app, pilot):
        await press(pilot, "6", "enter", "ctrl+s")
        assert "config.toml, line 1: no TOML" in text(app)
