"""Which themes there are, by their names: ours, and the operator's own. What is in them only the screen judges."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from mktui import resources
from mktui.config.settings import value_of
from mktui.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    from mktui.config.settings import Raw


def own_folder() -> Path:
    """Return where an operator's own themes are looked for."""
    return Path(platformdirs.user_config_dir("mktui")) / "themes"


def theme_files() -> list[Path]:
    """Return the files of all themes, ours first."""
    return [*resources.files("themes", ".toml"), *sorted(own_folder().glob("*.toml"))]


def theme_names() -> tuple[str, ...]:
    """Return the names that these files give their themes; a file that cannot be read has none. Blocks."""
    found: dict[str, None] = {}
    for file in theme_files():
        try:
            name = tomllib.loads(file.read_text(encoding="utf-8")).get("name")
        except (OSError, ValueError):
            continue
        if isinstance(name, str):
            found[name] = None
    return tuple(found)


def theme_problem(raw: Raw, known: Collection[str], file: Path | None = None) -> ConfigError | None:
    """Return what is wrong with the theme that a configuration names; None: it is there, or none is named."""
    theme = value_of(raw, ("ui", "theme"))
    if not isinstance(theme, str) or theme in known:
        return None
    return ConfigError(
        f"there is no theme {theme!r}", file=file, key="ui.theme", remedy=f"there are: {', '.join(known)}"
    )
