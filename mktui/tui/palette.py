"""The theme's colours as Rich styles, for text inside tables and lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles by what they mean."""

    variables: Mapping[str, str]
    is_stale: bool = False
    """What is shown is old: nothing has a colour of its own."""

    def state(self, status: str) -> str:
        """Return the style of a health status."""
        return self.style(f"state-{status}")

    @property
    def quiet(self) -> str:
        """The style of what matters less."""
        return self.style("quiet")

    @property
    def plain(self) -> str:
        """The style of what has no colour, as long as it is not old."""
        return self.quiet if self.is_stale else ""

    @property
    def accent(self) -> str:
        """The one accent."""
        return self.style("accent")

    def style(self, name: str) -> str:
        """Return a theme variable as a Rich colour, whatever the theme says it is; "" is the terminal's own."""
        return _rich(self.variables.get("quiet" if self.is_stale else name, ""))


@lru_cache
def _rich(value: str) -> str:
    """Return a colour by the name that Rich knows; what is no colour, like ``auto 87%``, is the terminal's own."""
    try:
        colour = Color.parse(value)
    except ColorParseError:
        return ""
    if colour.ansi is not None:
        return "" if colour.ansi < 0 else colour.hex.removeprefix("ansi_")
    return colour.with_alpha(1).hex.lower()
