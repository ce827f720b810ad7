"""Every theme can be read by the eyes it is made for, and a broken theme file harms nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from rich.color import Color as RichColour
from rich.color import ColorSystem, ColorType
from textual.color import Color

from mktui import resources
from mktui.tui.app import ControlRoom
from mktui.tui.themes import NEEDED, load_themes
from tests.terminal.driving import lines, notices, opened, settle
from tests.terminal.recorded import RecordedServices
from tests.terminal.terminals import on_a_pty

if TYPE_CHECKING:
    from pathlib import Path

    from textual.theme import Theme

THEMES: Final = {theme.name: theme for theme in load_themes()[0]}
MEASURED: Final = [
    pytest.param(
        theme,
        id=name,
        marks=[pytest.mark.skip(reason="its colours are the terminal's own")] if name == "ansi" else [],
    )
    for name, theme in THEMES.items()
]
TEXTS: Final = ("foreground", "accent", *NEEDED)
GROUNDS: Final = ("background", "panel")
"""Tables and texts stand on the one; top lines, keys, questions and the row under the cursor on the other."""


def luminance(colour: Color) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = (value / 255 for value in colour.rgb)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio, 1 to 21, as WCAG 2.2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colour(theme: Theme, name: str) -> Color:
    """A theme's colour by the name that its file gives it."""
    return Color.parse(theme.variables[name] if name in theme.variables else getattr(theme, name))


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#767676"), Color.parse("#ffffff")) == pytest.approx(4.54, abs=0.005)


def test_every_shipped_theme_loads_under_the_name_of_its_file() -> None:
    themes, problems = load_themes()
    assert problems == []
    assert {theme.name for theme in themes} == {file.stem for file in resources.files("themes", ".toml")}
    assert {"noc-dark", "noc-light", "ansi", "high-contrast", "colour-blind"} <= set(THEMES)


@pytest.mark.parametrize("theme", MEASURED)
def test_text_is_legible_on_every_ground_it_stands_on(theme: Theme) -> None:
    least = 7.0 if theme.name == "high-contrast" else 4.5
    ratios = {
        (text, ground): contrast(colour(theme, text), colour(theme, ground)) for text in TEXTS for ground in GROUNDS
    }
    pale = {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least}
    assert not pale


@pytest.mark.anyio
@pytest.mark.parametrize("name", THEMES)
async def test_the_row_under_the_cursor_is_seen_in_every_theme(name: str) -> None:
    async with opened(theme=name) as (app, _):
        assert app.theme == name
        table = app.screen.query_one("#routers")
        strips = app.screen._compositor.render_strips()
        under, other = (strips[table.region.y + row] for row in (1, 2))
        end = table.size.width - 1
        looks = [strip.crop(end, end + 1)._segments[0].style for strip in (under, other)]
        assert looks[0] is not None
        assert looks[1] is not None
        assert (looks[0].bgcolor, looks[0].reverse) != (looks[1].bgcolor, looks[1].reverse)


@pytest.mark.parametrize("theme", MEASURED)
def test_the_cursor_is_seen_where_there_are_256_colours(theme: Theme) -> None:
    grounds = [RichColour.parse(colour(theme, name).hex).downgrade(ColorSystem.EIGHT_BIT) for name in GROUNDS]
    assert grounds[0] != grounds[-1], "tmux and many an SSH client have no more"


@pytest.mark.realtime
@pytest.mark.parametrize("term", ["linux", "xterm"])
def test_the_cursor_is_seen_where_there_are_16_colours(term: str) -> None:
    with on_a_pty("-m", "tests.terminal.wire_app", "thrifty", "20", "0", term=term) as terminal:
        terminal.until(lambda: b"edge-010" in terminal.output)
        assert re.search(rb"\x1b\[[0-9;]*\b7\b[0-9;]*m edge-000", terminal.output)


@pytest.mark.anyio
async def test_the_ansi_theme_uses_the_terminals_own_colours() -> None:
    async with opened(theme="ansi") as (app, _):
        styles = [part.style for strip in app.screen._compositor.render_strips() for part in strip if part.style]
        used = {colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
        assert [str(colour) for colour in used if colour.type is ColorType.TRUECOLOR] == []


@pytest.mark.anyio
async def test_a_state_is_a_glyph_and_a_word_never_colour_alone() -> None:
    async with opened(theme="ansi") as (app, _):
        for word in ("● 2 healthy", "◐ 1 warning", "○ 2 offline"):
            assert word in lines(app)[0]


GOOD: Final = (resources.folder("themes") / "noc-dark.toml").read_text(encoding="utf-8")
BROKEN: Final = {
    "no toml": ("name = ", "name ="),
    "no colour": ('"#c9d1d6"', '"#c9d1d"'),
    "a colour is missing": ('primary = "#6fa8c9"\n', ""),
    "a key nobody knows": ('name = "noc-dark"', 'name = "noc-dark"\nshiny = true'),
    "a state without its colour": ('state-warning = "#e0b050"\n', ""),
    "a variable that is no colour": ('quiet = "#86949c"', "quiet = 7"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_theme_is_one_line_that_names_the_file_and_the_others_load(kind: str, tmp_path: Path) -> None:
    before, after = BROKEN[kind]
    assert before in GOOD
    broken, good = tmp_path / "mine.toml", tmp_path / "other.toml"
    broken.write_text("name =" if kind == "no toml" else GOOD.replace(before, after), encoding="utf-8")
    good.write_text(GOOD.replace("noc-dark", "other"), encoding="utf-8")
    themes, problems = load_themes([broken, good])
    assert [theme.name for theme in themes] == ["other"]
    (problem,) = problems
    assert problem.startswith(f"{broken}: ")
    assert "\n" not in problem


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["no utf-8", "not there"])
def test_a_theme_that_cannot_be_read_is_one_line_too(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    themes, problems = load_themes([file])
    assert themes == []
    assert len(problems) == 1
    assert str(file) in problems[0]


@pytest.mark.anyio
async def test_a_theme_that_is_not_there_is_said_and_the_screen_opens_all_the_same() -> None:
    async with opened(theme="no-such") as (app, _):
        assert "isp-north" in lines(app)[0]
        (told,) = notices(app)
        assert told.severity == "warning"
        assert "no-such" in told.message
        assert "noc-dark" in told.message


@pytest.mark.anyio
async def test_every_theme_that_the_palette_offers_can_be_chosen() -> None:
    offered = set(ControlRoom(RecordedServices()).available_themes)
    assert set(THEMES) <= offered
    async with opened() as (app, pilot):
        for name in sorted(offered):
            app.theme = name
            await settle(pilot)
            assert app._exception is None, name
