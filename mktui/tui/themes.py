"""Themes from files: checked before the screen sees them, since a bad colour would end it. A broken one is reported."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from textual.color import Color, ColorParseError
from textual.theme import Theme

from mktui import resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NEEDED = ("state-healthy", "state-warning", "state-critical", "state-offline", "quiet")


def _colour(text: str) -> str:
    try:
        Color.parse(text)
    except ColorParseError:
        raise ValueError(f"{text!r} is no colour") from None
    return text


Colour = Annotated[str, AfterValidator(_colour)]


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
    variables: dict[str, Colour]


def load_themes(files: Iterable[Path] | None = None) -> tuple[list[Theme], list[str]]:
    """Return the themes that can be used, and one line for each file that cannot."""
    themes: list[Theme] = []
    problems: list[str] = []
    for file in resources.files("themes", ".toml") if files is None else files:
        try:
            themes.append(_load(file))
        except (OSError, ValueError) as error:
            problems.append(f"{file}: {_first_line(error)}")
    return themes, problems


def _load(file: Path) -> Theme:
    read = ThemeFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    missing = [name for name in NEEDED if name not in read.variables]
    if missing:
        raise ValueError(f"variables.{missing[0]} is missing")
    return Theme(
        name=read.name, dark=read.dark, primary=read.primary, secondary=read.secondary, accent=read.accent,
        foreground=read.foreground, background=read.background, surface=read.surface, panel=read.panel,
        success=read.success, warning=read.warning, error=read.error, variables=dict(read.variables),
        ansi=read.background.startswith("ansi_"),
    )  # fmt: skip


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in details['loc'])}: {details['msg'].removeprefix('Value error, ')}"
    return str(error).partition("\n")[0]
