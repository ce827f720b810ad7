"""A theme that does not exist is not saved, by nobody; a file that names one already can be saved otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.config.save import look
from mktui.config.themes import own_folder, theme_names
from mktui.errors import ConfigError
from mktui.services.configuring import save_text
from tests.headless.programs import mktui_here

if TYPE_CHECKING:
    from pathlib import Path

OURS = ("ansi", "colour-blind", "high-contrast", "noc-dark", "noc-light")


def test_the_names_are_ours_and_the_operators_own() -> None:
    assert tuple(sorted(theme_names())) == OURS
    own_folder().mkdir(parents=True)
    (own_folder() / "a.toml").write_text('name = "mine"', encoding="utf-8")
    (own_folder() / "b.toml").write_text("no toml", encoding="utf-8")
    assert {*theme_names()} == {*OURS, "mine"}


@pytest.mark.parametrize("theme", ["nosuch", "nord"], ids=["none at all", "one of Textual's"])
def test_a_save_names_the_themes_there_are_and_writes_nothing(tmp_path: Path, theme: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"ui.theme: there is no theme '{theme}'.*noc-dark"):
        save_text(look(file), f'[ui]\ntheme = "{theme}"\n')
    assert file.read_text(encoding="utf-8") == ""


def test_a_file_that_names_one_already_is_saved_for_other_changes_and_told_by_check(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[ui]\ntheme = "nosuch"\n', encoding="utf-8")
    seen = look(file)
    assert save_text(seen, f"{seen.text}[pool]\nmax_size = 3\n").live == ("pool.max_size",)

    def run(*words: str) -> tuple[int, str]:
        ended = mktui_here("--config", file, "config", *words)
        return ended.code, ended.err

    code, told = run("check")
    assert (code, "there is no theme 'nosuch'" in told, "noc-light" in told) == (2, True, True)
    assert run("set", "pool.max_size", "4", "--yes")[0] == 0
    code, told = run("set", "ui.theme", "other", "--yes")
    assert (code, "there is no theme 'other'" in told) == (2, True)
    assert run("set", "ui.theme", "ansi", "--yes")[0] == 0
