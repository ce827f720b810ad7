"""What a shell offers behind the cursor: names out of the configuration's text. No network, no model, nothing heavy.

A configuration that is missing or broken offers nothing: whoever presses TAB wants no error.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mktui.cli.everywhere import wish_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click


def routers(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the names of routers."""
    found = _raw(context).get("routers", [])
    names = [each.get("name") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return _beginning((name for name in names if isinstance(name, str)), incomplete)


def receivers(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the names of who is told of alerts."""
    found = _raw(context).get("alerts", {})
    lists = [found.get(kind, []) for kind in ("webhooks", "hooks")] if isinstance(found, dict) else []
    rows = [each for rows in lists if isinstance(rows, list) for each in rows if isinstance(each, dict)]
    return _beginning((name for each in rows if isinstance(name := each.get("name"), str)), incomplete)


def alert_rules(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the rules of alerts."""
    from mktui.config.alerts import AlertRules  # noqa: PLC0415 - loads the models

    return _beginning(AlertRules.model_fields, incomplete)


def paths(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer RouterOS menus a step at a time, and the commands of a menu that is written out."""
    from mktui.core.protocol import schema  # noqa: PLC0415 - its facts are a big file

    menu = incomplete.rpartition("/")[0]
    depth = incomplete.count("/")
    below = {"/".join(path.split("/")[: depth + 1]) for path in schema.menus() if path.startswith(incomplete)}
    found = schema.menu(menu) if menu else None
    commands = [f"{menu}/{verb}" for verb in (found.commands if found is not None else ())]
    return _beginning(sorted(below | set(commands)), incomplete)


def settings(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the keys of settings, and for the value of one that has a closed list, its values."""
    from mktui.config.settings import find, sections  # noqa: PLC0415 - loads the models

    before: list[str] = list(context.params.get("pairs") or ())
    raw = _raw(context)
    if len(before) % 2:
        if before[-1] == "ui.theme":
            return _beginning(_themes(), incomplete)
        setting = find(raw, before[-1])
        return _beginning(setting.choices if setting is not None else (), incomplete)
    return _beginning((each.dotted for section in sections(raw) for each in section.settings), incomplete)


def _themes() -> list[str]:
    from mktui.config.themes import theme_names  # noqa: PLC0415 - asked for seldom

    return sorted(theme_names())


def _raw(context: click.Context) -> dict[str, Any]:  # Any: TOML
    from mktui.cli.options import default_config_path  # noqa: PLC0415 - asked for seldom

    file = Path(wish_of(context, "config_file") or default_config_path()).expanduser()
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
