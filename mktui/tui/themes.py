"""Themes from files: checked before the screen sees them, since a bad value would end it. A broken one is reported.

A value is checked by what its name says it is: a colour, or the style of a text. Textual's stylesheets put it where
such a value belongs, and nowhere else; a name that neither they nor we know is no variable.

Ours come with mktui; an operator's own are in ``themes`` beside his configuration, and win over ours of the same name.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.design import ColorSystem
from textual.theme import Theme

from mktui.config.themes import own_folder, theme_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from textual.app import App

NEEDED = ("state-healthy", "state-warning", "state-critical", "state-offline", "quiet")
"""The variables that are ours: colours that cover what is behind them, since they are those of single letters."""
KNOWN: Final = frozenset(
    {*NEEDED, *(name for ansi in (False, True) for name in ColorSystem("#000000", ansi=ansi).generate())}
)
"""The variables there are."""
_UNSAID_BY_ANSI: Final = {
    "ansi-background": "ansi_default", "ansi-foreground": "ansi_default",
    "surface-active": "ansi_default", "foreground-disabled": "ansi_default",
}  # fmt: skip
"""What stylesheets ask for and Textual forgets to give a theme of the terminal's own colours."""


def _colour(text: str) -> Color:
    try:
        return Color.parse(text.strip())
    except ColorParseError:
        raise ValueError(f"{text!r} is no colour") from None


def _opaque(text: str) -> str:
    colour = _colour(text)
    if colour.a < 1:
        raise ValueError(f"{text!r} lets through what is behind it; colours here are opaque")
    return colour.hex


def _variable(name: str, text: str) -> str:
    """Return a variable's value as stylesheets take it.

    Raises:
        ValueError: There is no such variable, or it is no value for it.
    """
    if name not in KNOWN:
        raise ValueError("there is no such variable")
    if not name.endswith("-style"):
        return _opaque(text) if name in NEEDED else _colour(text).hex
    words = text.split()
    try:
        Style.parse(text)
    except StyleSyntaxError:
        words = []
    if not words or not VALID_STYLE_FLAGS.issuperset(words):
        raise ValueError(f"{text!r} is no style of a text, like bold, reverse, not underline or none")
    return " ".join(words)


Colour = Annotated[str, AfterValidator(_opaque)]


class ThemeFile(BaseModel):
    """What a theme's file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    dark: bool
    primary: Colour
    secondary: Colour
    accent: Colour
    foreground: Colour
    background: Colour
    surface: Colour
    panel: Colour
    success: Colour
    warning: Colour
    error: Colour
    variables: dict[str, str]

    @field_validator("variables")
    @classmethod
    def _are_known(cls, variables: dict[str, str]) -> dict[str, str]:
        checked = {}
        for name, text in variables.items():
            try:
                checked[name] = _variable(name, text)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return checked


def load_themes(files: Iterable[Path] | None = None) -> tuple[list[Theme], list[str]]:
    """Return the themes that can be used, and one line for each file that cannot, or that takes another one's place."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for file in theme_files() if files is None else files:
        try:
            theme = _load(file)
        except (OSError, ValueError) as error:
            problems.append(f"{file}: {_first_line(error)}")
            continue
        if theme.name in themes:
            problems.append(f"{file}: takes the place of the theme {theme.name} that was there before it")
        themes[theme.name] = theme
    return list(themes.values()), problems


class OwnThemes:
    """An operator's own themes: seen to change while he writes them."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        """Those that can be used, with ours: what Textual has of its own is none."""
        self._seen = self._look()

    def have_changed(self) -> bool:
        """Say whether a file has come, gone or changed since this was last asked."""
        before, self._seen = self._seen, self._look()
        return before != self._seen

    def take(self, app: App[None]) -> list[str]:
        """Give an app all themes there are; return what is wrong with files, a line each."""
        themes, problems = load_themes()
        self.names = tuple(each.name for each in themes)
        for each in themes:
            app.register_theme(each)
        return problems

    def take_changed(self, app: App[None]) -> list[str]:
        """Do so when a file has changed, and paint the app anew."""
        if not self.have_changed():
            return []
        problems = self.take(app)
        app.refresh_css(animate=False)
        return problems

    @staticmethod
    def _look() -> dict[Path, int]:
        found = {}
        for file in own_folder().glob("*.toml"):
            with suppress(OSError):  # it is just being replaced
                found[file] = file.stat().st_mtime_ns
        return found


def _load(file: Path) -> Theme:
    read = ThemeFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    missing = [name for name in NEEDED if name not in read.variables]
    if missing:
        raise ValueError(f"variables.{missing[0]} is missing")
    is_ansi = read.background.startswith("ansi_")
    variables = _UNSAID_BY_ANSI | read.variables if is_ansi else read.variables
    return Theme(
        name=read.name, dark=read.dark, primary=read.primary, secondary=read.secondary, accent=read.accent,
        foreground=read.foreground, background=read.background, surface=read.surface, panel=read.panel,
        success=read.success, warning=read.warning, error=read.error, variables=variables, ansi=is_ansi,
    )  # fmt: skip


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in details['loc'])}: {details['msg'].removeprefix('Value error, ')}"
    return str(error).partition("\n")[0]
