"""The theme's colours as Rich styles, for text inside tables and lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        """Return a theme variable as a Rich colour; the terminal's own colours have other names there."""
        value = self.variables.get("quiet" if self.is_stale else name, "")
        return value.removeprefix("ansi_").replace("default", "") if value.startswith("ansi_") else value
