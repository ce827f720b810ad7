"""Every theme can be read by the eyes it is made for, and a broken theme file harms nobody."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color as RichColour
from rich.color import ColorSystem, ColorType
from rich.style import Style
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

from mktui import resources
from mktui.config.themes import own_folder
from mktui.tui.app import ControlRoom
from mktui.tui.palette import Palette
from mktui.tui.style import STYLE
from mktui.tui.themes import KNOWN, NEEDED, ThemeFile, load_themes
from tests.terminal.driving import lines, look, notices, opened, press, settle
from tests.terminal.recorded import RecordedServices
from tests.terminal.terminals import on_a_pty

if TYPE_CHECKING:
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


# -- what mktui themes check accepts can be drawn with ----------------------------------------------------------------

_HEX = st.text("0123456789abcdefABCDEF", min_size=3, max_size=8).map("#{}".format)
_PART = st.integers(-5, 300)
_COLOURS = st.one_of(
    st.sampled_from(["ansi_default", "ansi_bright_red", "ansi_no", "crimson", "transparent", "auto 87%", ""]),
    _HEX,
    st.builds("rgb({},{},{})".format, _PART, _PART, _PART),
    st.builds("rgba({},{},{},{})".format, _PART, _PART, _PART, st.sampled_from(["0", "0.5", "1", "1.0"])),
    st.builds("hsl({},{}%,{}%)".format, _PART, _PART, _PART),
)  # fmt: skip
_VALUES = st.one_of(
    _COLOURS, st.sampled_from(["bold", "not bold", "b reverse", "none", "not", "not none", "red; width: 1", "initial"])
)
_BASE = tuple(sorted(set(ThemeFile.model_fields) - {"name", "dark", "variables"}))


def as_toml(said: dict[str, Any]) -> str:  # Any: what a theme's file may say
    """The text of a theme's file."""
    top = [f"{name} = {json.dumps(value)}" for name, value in said.items() if name != "variables"]
    return "\n".join(
        [*top, "[variables]", *(f"{name} = {json.dumps(text)}" for name, text in said["variables"].items())]
    )


@st.composite
def theme_texts(draw: st.DrawFn) -> str:
    """A theme's file with some of its values as an operator may write them."""
    said = tomllib.loads(GOOD) | {"name": "mine"}
    said |= draw(st.dictionaries(st.sampled_from(_BASE), _COLOURS, max_size=4))
    said["variables"] |= draw(st.dictionaries(st.sampled_from(NEEDED), _COLOURS, max_size=3))
    said["variables"] |= draw(st.dictionaries(st.sampled_from(sorted(KNOWN)), _VALUES, max_size=6))
    return as_toml(said)


def everything_drawn() -> tuple[str, ...]:
    """The stylesheets of every widget that is there by now, and what is said of all of them."""
    kinds: list[type[DOMNode]] = [DOMNode]
    for kind in kinds:
        kinds.extend(each for each in kind.__subclasses__() if each not in kinds)
    return (STYLE, *(css for kind in kinds if (css := kind.__dict__.get("DEFAULT_CSS", ""))))


@given(theme_texts())
def test_what_is_accepted_fits_every_stylesheet_and_every_text(text: str) -> None:
    with NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        themes, problems = load_themes([Path(file.name)])
    assert len(themes) + len(problems) == 1
    for theme in themes:
        variables = ControlRoom(RecordedServices()).get_theme_variable_defaults()
        variables |= theme.to_color_system().generate() | theme.variables
        sheet = Stylesheet(variables=variables)
        for css in everything_drawn():
            sheet.add_source(css)
        sheet.parse()
        for name in variables:
            Style.parse(Palette(variables).style(name))
            Style.parse(f"bold {Palette(variables, is_stale=True).style(name)}")


ODD: Final = {
    "hsl": ("quiet", "hsl(10,20%,30%)"),
    "a name": ("state-offline", "crimson"),
    "text style": ("block-cursor-text-style", "bold"),
    "see-through, where Textual takes it": ("block-hover-background", "rgba(1,2,3,0.5)"),
    "the terminal's own ground": ("background", "ansi_default"),
    "the terminal's own colour among others": ("primary", "ansi_blue"),
}
REFUSED: Final = {
    "a letter one sees through": ("quiet", "#12345678", "opaque"),
    "the same as rgba": ("state-offline", "rgba(200,2,3,0.5)", "opaque"),
    "a ground one sees through": ("background", "transparent", "opaque"),
    "a colour for a style": ("block-cursor-text-style", "red", "no style of a text"),
    "a style for a colour": ("link-color", "bold", "no colour"),
    "a name nobody knows": ("block-cursor-colour", "red", "no such variable"),
}


def said(name: str, value: str) -> str:
    """A whole theme's file that says one thing its own way."""
    whole = tomllib.loads(GOOD) | {"name": "mine"}
    (whole if name in whole else whole["variables"])[name] = value
    return as_toml(whole)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ODD)
async def test_every_screen_is_drawn_in_what_is_accepted_also_when_it_comes_while_one_looks(kind: str) -> None:
    own_folder().mkdir(parents=True)
    file = own_folder() / "mine.toml"
    file.write_text(GOOD.replace('name = "noc-dark"', 'name = "mine"'), encoding="utf-8")
    async with opened(theme="mine") as (app, pilot):
        file.write_text(said(*ODD[kind]), encoding="utf-8")
        os.utime(file, (1, 1))
        await look(pilot)
        assert [each.message for each in notices(app)] == []
        for key in ("2", "3", "4", "5", "6", "7", "c", "f", "escape", "1", "enter", "d", "escape", "s", "1", "n"):
            await press(pilot, key)
            assert (app.crash, app._exception) == (None, None), key


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_end_the_screen_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    name, value, why = REFUSED[kind]
    file = tmp_path / "mine.toml"
    file.write_text(said(name, value), encoding="utf-8")
    themes, (problem,) = load_themes([file])
    assert not themes
    assert name in problem
    assert why in problem


@pytest.mark.parametrize("theme", ["nosuch", "nord"], ids=["none at all", "one of Textual's"])
def test_a_file_that_names_a_theme_that_is_not_there_still_starts_and_says_so_in_a_line(theme: str) -> None:
    app = ControlRoom(RecordedServices(), theme=theme)
    (told,) = app._problems
    assert told.startswith(f"there is no theme {theme!r}; there are: ")
    assert set(told.partition("are: ")[2].split(", ")) == set(THEMES)
    assert app.theme != theme
