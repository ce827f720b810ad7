"""``mktui themes`` as a shell sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui import resources
from mktui.config.themes import own_folder
from mktui.tui.themes import OwnThemes, load_themes
from tests.headless.programs import mktui

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ("ansi", "colour-blind", "high-contrast", "noc-dark", "noc-light")


def own(name: str, text: str) -> Path:
    own_folder().mkdir(parents=True, exist_ok=True)
    file = own_folder() / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return file


def noc_dark() -> str:
    [file] = [each for each in resources.files("themes", ".toml") if each.stem == "noc-dark"]
    return file.read_text(encoding="utf-8")


@pytest.mark.realtime
def test_the_themes_are_listed_with_those_of_ones_own() -> None:
    own("night", noc_dark().replace('name = "noc-dark"', 'name = "night"'))
    ended = mktui("themes", "list", "--json")
    assert ended.code == 0, ended.err
    assert {each["name"] for each in ended.document["themes"]} == {*SHIPPED, "night"}
    assert not ended.document["problems"]


@pytest.mark.realtime
def test_a_file_that_is_no_theme_is_told_with_what_is_wrong() -> None:
    wrong = own("wrong", noc_dark().replace('accent = "', 'accent = "no colour '))
    ended = mktui("themes", "check", wrong, next(iter(resources.files("themes", ".toml"))))
    assert ended.code == 2
    assert "is no colour" in ended.complaint
    assert str(wrong) in ended.complaint
    assert "can be used" in ended.out


def test_ones_own_theme_takes_the_place_of_ours_and_that_is_said() -> None:
    file = own("mine", noc_dark().replace("dark = true", "dark = false"))
    themes, problems = load_themes()
    assert not next(each for each in themes if each.name == "noc-dark").dark
    assert problems == [f"{file}: takes the place of the theme noc-dark that was there before it"]


def test_a_theme_is_seen_to_change() -> None:
    watched = OwnThemes()
    assert not watched.have_changed()
    file = own("mine", noc_dark())
    assert watched.have_changed()
    assert not watched.have_changed()
    file.unlink()
    assert watched.have_changed()
