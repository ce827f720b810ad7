"""Every screen in every state, at every size, in both themes: as pictures, and the table of them is whole."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any, Final

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.screen import Screen

import mktui.tui
from mktui.tui.screens.columns import Picking
from mktui.tui.screens.config_pages import ConfigPages
from mktui.tui.screens.config_questions import Question
from mktui.tui.screens.field_form import FieldForm
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.log import LogScreen
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.tests import ScenarioView
from mktui.tui.screens.unsaved import Unsaved
from mktui.tui.screens.view import View
from tests.terminal import pictured_alerts, pictured_billing, pictured_questions, pictured_routers, pictured_schedule
from tests.terminal.pictured import SIZES, THEMES, Shown, State, taken

if TYPE_CHECKING:
    from tests.terminal.test_pictures import Compare

PARTS: Final = (pictured_routers, pictured_billing, pictured_alerts, pictured_schedule, pictured_questions)
SHOWN: Final = tuple(shown for part in PARTS for shown in part.SHOWN)
CANNOT: Final = {what: why for part in PARTS for what, why in part.CANNOT.items()}
BASES: Final = {View, Filterable, Sortable, LogScreen, FieldForm, ConfigPages, Question, Unsaved, Picking}
"""What screens have in common: none of them is opened itself."""
LATER: Final = {ScenarioView}
"""Below these the heights of a screen change, which Textual lays out only when the question is closed."""
EVERY: Final = pytest.mark.parametrize("shown", SHOWN, ids=str)


class Taken(App[str]):
    """A picture that was taken already, in the shape in which ``snap_compare`` takes one."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self._svg = svg

    def run(self, *_: object, **__: object) -> str:
        """Return the picture."""
        return self._svg


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")  # the first varies fastest: one way
@pytest.mark.parametrize("theme", THEMES)
@EVERY
def test_a_screen_in_a_state(snap_compare: Compare, shown: Shown, theme: str, size: tuple[int, int]) -> None:
    assert snap_compare(Taken(taken(shown, theme)[size].svg), terminal_size=size)


def screens() -> set[type[Screen[Any]]]:
    """Every class of a screen that the terminal has."""
    for module in pkgutil.walk_packages(mktui.tui.__path__, "mktui.tui."):
        importlib.import_module(module.name)
    found: set[type[Screen[Any]]] = {CommandPalette}
    waiting: list[type[Screen[Any]]] = [Screen]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found |= {each for each in below if each.__module__.startswith("mktui.tui.")}
    return found - BASES


def test_the_table_is_whole() -> None:
    there = {(each.screen, each.state) for each in SHOWN}
    wanted = {(screen, state) for screen in screens() for state in State}
    assert wanted - there - CANNOT.keys() == set(), "neither a picture nor a reason why there is none"
    assert there & CANNOT.keys() == set(), "a picture of what is said not to be"
    assert (there | CANNOT.keys()) - wanted == set(), "a screen that there is not"
    assert len(set(map(str, SHOWN))) == len(SHOWN)


@pytest.mark.parametrize("shown", [each for each in SHOWN if each.screen not in LATER], ids=str)
def test_a_screen_is_the_same_however_its_terminal_came_to_its_size(shown: Shown) -> None:
    dark, light = (taken(shown, theme) for theme in THEMES)  # the one grows, the other shrinks
    for size in SIZES:
        assert dark[size].text == light[size].text, size
