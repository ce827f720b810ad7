"""Options that several commands share."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mktui.cli import completing
from mktui.cli.everywhere import wish

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig


class FiniteRange(click.FloatRange):
    """A number within bounds, and one: click's own takes "nan" for any."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # Any: click's
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        return number if math.isfinite(number) else self.fail(f"{value!r} is no number", param, ctx)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
THRIFTY: Final = "thrifty"
driver_option = click.option(
    "--driver", type=click.Choice([THRIFTY, "stock"]), default=THRIFTY, show_default=True,
    help="How the screen is written: only what has changed, or all as Textual does.",
)  # fmt: skip
form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "ndjson"]),
    help="How it is printed; ndjson: an object a line.",
)
routers_argument = click.argument("routers", nargs=-1, metavar="[ROUTER]...", shell_complete=completing.routers)


def has_screen() -> bool:
    """Say whether a terminal is there that can be drawn on: not a pipe, and not one that only knows lines.

    A browser's is a pipe to Textual's driver of the web, which whoever serves it names in the environment.
    """
    if "TEXTUAL_DRIVER" in os.environ:
        return True
    return sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}


def loaded_config(context: click.Context) -> LoadedConfig:
    """Load the configuration that ``--config`` names, or the user's own. Its warnings are for ``config check``.

    Raises:
        ConfigError: It is not there or not right.
    """
    from mktui.config.load import load  # noqa: PLC0415 - help and completion need no configuration

    return load(config_path(context))


def default_config_path() -> Path:
    """Return the user's own configuration file; it need not be there."""
    import platformdirs  # noqa: PLC0415 - as above

    return Path(platformdirs.user_config_dir("mktui")) / "config.toml"


def config_path(_context: click.Context) -> Path:
    """Return the file that ``--config`` names, or the user's own; it need not be there."""
    given = wish("config_file")
    return Path(given) if given else default_config_path()


def form_of(form: str | None, *, as_json: bool) -> str:
    """Return ``table``, ``json`` or ``ndjson``: what ``--format`` or ``--json`` says.

    Raises:
        UsageError: They say different things.
    """
    if as_json and form not in {None, "json"}:
        raise click.UsageError(f"--json and --format {form}: one of them")
    return "json" if as_json else form or "table"
