"""An operator's own keys in the form: pressed or typed, refused beside their field, saved and worn at once."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from textual.events import Key
from textual.widgets import Input

from mktui.tui.actions import ACTIONS
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import SaveChanges
from mktui.tui.screens.modals import Help, TestView
from tests.headless.programs import mktui_here
from tests.terminal.driving import lines, notices, opened, press, text
from tests.terminal.recorded_configs import TEXT, with_file

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio
OWN = f'{TEXT}\n[keys]                          # my hands\nreset = "ctrl+r"                # as before\n'


async def at(app: ControlRoom, pilot: Pilot[None], action: str) -> ConfigScreen:
    """Open the page of keys at an action."""
    screen = app.screen
    assert isinstance(screen, ConfigScreen)
    if screen._page != ("keys",):
        screen.table.go_to("keys")
        await press(pilot, "enter")
    screen.table.go_to(f"keys.{action}")
    await press(pilot)
    return screen


def row(app: ControlRoom, action: str) -> str:
    """The line of an action."""
    return next(line for line in lines(app) if line[2:].startswith(f"{action} "))


def given(app: ControlRoom) -> object:
    """What ``[keys]`` would say."""
    assert isinstance(app.screen, ConfigScreen)
    assert app.screen._draft is not None
    return app.screen._draft.raw.get("keys", {})


async def test_every_action_has_a_row_with_its_key_and_its_default() -> None:
    async with opened(with_file(OWN), size=(120, 100)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "reset")
        assert row(app, "reset").split()[:2] == ["reset", "ctrl+r"]
        assert row(app, "reset").endswith(" R")
        assert row(app, "help").split()[1:3] == ["?", "f1"]
        assert {action.id for action in ACTIONS} <= {line[2:].split(" ")[0] for line in lines(app) if line[2:]}
        assert "default R" in text(app)


@pytest.mark.parametrize(
    ("keys", "toml"),
    [
        (("W",), "W"), (("f5",), "f5"), (("ctrl+r",), "ctrl+r"), (("pageup",), "pageup"), (tuple("ctrl+r"), "ctrl+r"),
        (("W", " ", "f5"), ["W", "f5"]), (("!",), "!"), ((" ",), "space"),
        (("delete",), "delete"),
        (tuple("pageup"), "pageup"),
    ],
    ids=str,
)  # fmt: skip
async def test_a_key_is_pressed_or_its_name_is_typed(keys: tuple[str, ...], toml: object) -> None:
    async with opened(with_file(), size=(120, 40)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "silence")
        await press(pilot, "enter", *keys)
        assert isinstance(app.screen, ConfigScreen), "a key that is being given away does nothing else"
        assert "✗" not in row(app, "silence"), text(app)
        await press(pilot, "enter")
        assert given(app) == {"silence": toml}
        assert row(app, "silence").startswith("~ ")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("R", "R is reset too"), ("hyper+x", "'hyper+x' is no key"), ("nokey", "'nokey' is no key"),
        ("ctrl+c", "'ctrl+c' cannot be given away"), ("W R", "R is reset too"), ("ctrl+s", ""),
    ],
)  # fmt: skip
async def test_a_key_that_is_none_or_is_anothers_is_refused_beside_its_field(typed: str, told: str) -> None:
    async with opened(with_file(), size=(150, 40)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "test")
        await press(pilot, "enter")
        app.screen.query_one("#value", Input).value = typed
        await press(pilot)
        if not told:  # it saves, but not where test is
            assert "✗" not in row(app, "test")
            return
        assert f"✗ {told}" in row(app, "test")
        assert "1 error · not saved" in lines(app)[0]
        await press(pilot, "enter")
        assert given(app) == {}, "it was refused"
        await press(pilot, "escape")
        assert "✗" not in text(app)


async def test_a_clash_is_told_at_the_key_that_is_typed_though_the_other_comes_first() -> None:
    async with opened(with_file(f'{TEXT}\n[keys]\nsync = "W"\n'), size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "test")
        await press(pilot, "enter", "W")
        assert "✗ W is test too" in row(app, "test") or "✗ W is sync too" in row(app, "test")
        await press(pilot, "enter")
        assert given(app) == {"sync": "W"}


async def test_a_saved_key_is_worn_at_once_and_comments_stay() -> None:
    services = with_file(OWN)
    async with opened(services, size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "test")
        await press(pilot, "enter", "W", "enter")
        await at(app, pilot, "config")
        await press(pilot, "enter", "ctrl+e", "enter", "ctrl+s")
        assert isinstance(app.screen, SaveChanges)
        for told in ("~ keys.test", "t (default) → W   live", "6 (default) → ctrl+e   live"):
            assert told in text(app)
        await press(pilot, "y")
        assert notices(app)[-1].message == "applied: keys.test, keys.config"
        await press(pilot, "escape", "escape", "t", "6")
        assert not isinstance(app.screen, TestView | ConfigScreen)
        assert "W test" in lines(app)[-1]
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        assert "  W  test " in text(app)
        await press(pilot, "escape", "W")
        assert isinstance(app.screen, TestView)
        await press(pilot, "escape", "ctrl+e")
        assert isinstance(app.screen, ConfigScreen)
        await press(pilot, "escape", "ctrl+p")
        assert not isinstance(app.screen, ConfigScreen)
        assert type(app.screen).__name__ == "CommandPalette"
    assert all(comment in services.saves[-1] for comment in ("# my hands", "# as before", "# an old board"))
    assert tomllib.loads(services.saves[-1])["keys"] == {"reset": "ctrl+r", "test": "W", "config": "ctrl+e"}


async def test_delete_gives_an_action_its_default_back_live() -> None:
    services = with_file(OWN)
    async with opened(services, size=(120, 60)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "reset")
        await press(pilot, "delete")
        assert given(app) == {}
        await press(pilot, "ctrl+s", "y", "escape", "escape", "R")
        assert "reset" in text(app).lower()
        assert type(app.screen).__name__ == "Confirm"
    assert tomllib.loads(services.saves[-1]).get("keys", {}) == {}


@pytest.mark.parametrize(
    ("broken", "at_row", "told"),
    [
        ('[keys]\ntset = "W"\n', "tset", "is no action"), ('[keys]\ntest = "R"\n', "test", "R is reset too"),
        ("keys = 7\n", "keys", "must be a table"), ("[keys]\ntest = 7\n", "test", "must be a key"),
    ],
)  # fmt: skip
async def test_what_a_file_says_wrong_is_told_at_its_row_and_delete_mends_it(
    broken: str, at_row: str, told: str
) -> None:
    services = with_file(broken + TEXT if broken.startswith("keys") else f"{TEXT}\n{broken}")
    async with opened(services, size=(120, 90)) as (app, pilot):
        await press(pilot, "6", "enter", "j", "enter", "6", "enter", "ctrl+s")
        assert "not saved: keys" in notices(app)[-1].message
        assert f"✗ {told}" in row(app, at_row), text(app)
        await press(pilot, "delete", "ctrl+s", "y")
    assert tomllib.loads(services.saves[-1]).get("keys", {}) == {}
    assert tomllib.loads(services.saves[-1])["pool"]["max_size"] == 6


def test_the_command_sets_a_key_and_refuses_one_that_is_anothers(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n", encoding="utf-8")
    refused = mktui_here("--config", file, "config", "set", "--yes", "keys.test", "R")
    assert refused.code == 2
    assert "keys.test: R is reset too" in refused.complaint
    assert file.read_text(encoding="utf-8") == "# mine\n"
    assert "no setting is called 'key.test'" in mktui_here("--config", file, "config", "set", "key.test", "W").complaint
    unknown = mktui_here("--config", file, "config", "set", "--yes", "keys.tset", "W")
    assert "keys.tset: is no action (did you mean test?)" in unknown.complaint
    assert mktui_here("--config", file, "config", "set", "--yes", "keys.test", "W f5").code == 0
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {"keys": {"test": ["W", "f5"]}}


def test_keys_that_cannot_be_used_hold_up_no_other_setting_of_the_command(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\ntest = "R"\n', encoding="utf-8")
    assert mktui_here("--config", file, "config", "set", "--yes", "pool.max_size", "6").code == 0
    assert tomllib.loads(file.read_text(encoding="utf-8"))["pool"] == {"max_size": 6}
    assert mktui_here("--config", file, "config", "set", "--yes", "keys.sync", "W").code == 2
    assert mktui_here("--config", file, "config", "set", "--yes", "--unset", "keys.test").code == 0


@pytest.mark.parametrize(
    ("pressed", "wanted"),
    [
        (("alt+x",), "alt+x"), (("f5", "ctrl+r"), "ctrl+r"), (("ctrl+r", "alt+x", "f5"), "f5"), (("f5", "x"), "x"),
        (("f5", " ", "ctrl+r"), "f5 ctrl+r"), (("f5", " ", "f6", "f7"), "f5 f7"), (("f", "5"), "f5"),
    ],
    ids=" ".join,
)  # fmt: skip
async def test_a_key_that_is_pressed_takes_the_place_of_the_one_before_it(
    pressed: tuple[str, ...], wanted: str
) -> None:
    async with opened(with_file(), size=(120, 100)) as (app, pilot):
        await press(pilot, "6")
        await at(app, pilot, "reset")
        await press(pilot, "enter")
        for key in pressed:
            if key == "alt+x":  # as a terminal tells it: with a letter
                app.screen.query_one("#value", Input).post_message(Key("alt+x", "x"))
                await press(pilot)
            else:
                await press(pilot, key)
        assert app.screen.query_one("#value", Input).value == wanted
