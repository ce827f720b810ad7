"""An operator's own keys: right ones work and are shown, wrong ones are said with their line, never fatal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.lines import LineFinder
from mktui.tui.actions import ACTIONS, by_id
from mktui.tui.app import ControlRoom
from mktui.tui.keymap import Keymap, keymap_of, shown
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.modals import Help, TestView
from tests.headless.programs import mktui_here
from tests.terminal.driving import fleet_is_shown, lines, notices, opened, press, routers, text
from tests.terminal.recorded import RecordedServices

TEXT = '# mine\n[keys]\ntest = "Z"\npaus = "x"\n'


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"tset": "Z"}, "keys.tset: is no action (did you mean test?)"),
        ({"frobnicate": "Z"}, "keys.frobnicate: is no action (mktui keys lists them)"),
        ({"test": "hyper+x"}, "keys.test: 'hyper+x' is no key"),
        ({"test": "ctrl+ctrl+x"}, "keys.test: 'ctrl+ctrl+x' is no key"),
        ({"test": ""}, "keys.test: '' is no key"),
        ({"test": []}, "keys.test: must be a key, or a list of keys"),
        ({"test": 7}, "keys.test: must be a key, or a list of keys"),
        ({"test": "ctrl+c"}, "keys.test: 'ctrl+c' cannot be given away: it is the terminal's"),
        ({"test": "ctrl+backslash"}, "keys.test: 'ctrl+backslash' cannot be given away: it ends what hangs"),
        ({"test": "R"}, "keys.test: R is reset too (give one of the two another key)"),
        ({"test": "Z", "sync": "Z"}, "keys.sync: Z is test too"),
        ({"undo": "L"}, "keys.undo: L is preset too on config"),
        ("Z", "keys: must be a table"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_clear_line_and_mktuis_own_keys_stay(keys: Any, told: str) -> None:  # Any: TOML
    keymap = keymap_of(keys)
    (problem, *_) = keymap.problems
    assert told in str(problem)
    assert "\n" not in str(problem)
    assert keymap.actions is ACTIONS


def test_a_key_may_do_another_thing_on_another_screen_and_two_may_be_swapped() -> None:
    assert keymap_of({"undo": "R"}).problems == ()
    assert keymap_of({"test": "R", "reset": "t"}).problems == ()


def test_the_line_of_a_problem_is_told() -> None:
    keymap = keymap_of({"test": "Z", "paus": "x"}, Path("config.toml"), LineFinder(TEXT))
    assert [str(problem) for problem in keymap.problems] == [
        "config.toml, line 4: keys.paus: is no action (did you mean pause?)"
    ]


def test_mktuis_own_keys_pass_its_own_check() -> None:
    every = {action.id: action.keys.split(",") for action in ACTIONS}
    assert keymap_of(every) == Keymap()
    assert {action.id: shown(action.keys.split(",")[0]) for action in ACTIONS} == {a.id: a.shown for a in ACTIONS}


@given(keys=st.dictionaries(st.sampled_from([action.id for action in ACTIONS]), st.text(max_size=8), max_size=4))
def test_whatever_is_written_there_a_keymap_is_clear_or_refused(keys: dict[str, str]) -> None:
    keymap = keymap_of(keys)
    for one in keymap.actions:
        for other in keymap.actions:
            if one is not other and one.where & other.where:
                assert not set(one.keys.split(",")) & set(other.keys.split(","))
    assert (keymap.actions is ACTIONS) or not keymap.problems


@pytest.mark.anyio
async def test_own_keys_work_the_old_ones_do_not_and_all_that_names_keys_names_these() -> None:
    keymap = keymap_of({"test": ["Z", "f5"], "config": "ctrl+e", "undo": "U", "help": "h", "span": "i"})
    assert keymap.problems == ()
    services = RecordedServices()
    app = ControlRoom(services, keymap=keymap)
    app.animation_level = "none"
    async with app.run_test(size=(80, 60), notifications=True) as pilot:
        await fleet_is_shown(pilot)
        assert "h help" in lines(app)[-1]
        assert "Z test" in lines(app)[-1]
        await press(pilot, "t", "6")
        assert services.asked == []
        for key in ("Z", "f5"):
            await press(pilot, key)
            assert isinstance(app.screen, TestView), key
            await press(pilot, "escape")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "test (Z)" in titles
        assert "config (^e)" in titles
        await press(pilot, "h")
        assert isinstance(app.screen, Help)
        assert "  Z  test " in text(app)
        await press(pilot, "escape", "G", "enter")
        assert "i larger" in text(app)
        await press(pilot, "ctrl+e")
        assert isinstance(app.screen, ConfigScreen)


@pytest.mark.anyio
async def test_a_broken_keymap_is_said_on_the_screen_and_its_own_keys_work() -> None:
    app = ControlRoom(RecordedServices(), keymap=keymap_of({"tset": "Z"}))
    app.animation_level = "none"
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await fleet_is_shown(pilot)
        assert "your keys are not used: configuration: keys.tset: is no action" in notices(app)[0].message
        await press(pilot, "t")
        assert isinstance(app.screen, TestView)


def test_the_command_lists_and_checks_them(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\ntest = "Z"\n', encoding="utf-8")
    listed = mktui_here("--config", file, "keys")
    assert listed.code == 0
    assert any(line.split()[:2] == ["test", "Z"] for line in listed.out.splitlines())
    assert mktui_here("--config", file, "keys", "--check").code == 0
    document = mktui_here("--config", file, "keys", "--json").document
    assert {each["action"] for each in document["keys"]} == {action.id for action in ACTIONS}
    file.write_text(TEXT, encoding="utf-8")
    for command in (("keys", "--check"), ("config", "check")):
        ended = mktui_here("--config", file, *command)
        assert ended.code == 2, command
        assert "config.toml, line 4: keys.paus: is no action" in ended.complaint
    broken = mktui_here("--config", file, "keys")
    assert broken.code == 0
    assert "your keys are not used" in broken.complaint
    assert any(line.split()[:2] == ["test", by_id("test").shown] for line in broken.out.splitlines())


@pytest.mark.anyio
async def test_a_filter_is_left_by_esc_whatever_goes_back() -> None:
    async with opened(keymap=keymap_of({"back": "ctrl+b"})) as (app, pilot):
        every = routers(app)
        await press(pilot, "slash", *"plaza")
        assert "esc leave it" in text(app)
        assert routers(app) != every
        await press(pilot, "escape")
        assert routers(app) == every
