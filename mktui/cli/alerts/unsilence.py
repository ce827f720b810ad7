"""``mktui alerts unsilence``."""

from __future__ import annotations

import click

from mktui import clock
from mktui.cli.options import loaded_config
from mktui.cli.output import echo, say
from mktui.services.alerts import silencing
from mktui.services.alerts.keeping import AlertFile, file_of
from mktui.services.by_hand import kept_chronicle

_EPILOG = """\b
Examples:
  mktui alerts unsilence a1b2c3        by the name that mktui alerts list shows
  mktui alerts unsilence --all

Exit code: 0 done, 2 there is no such silence, and none was ended.
"""


@click.command(epilog=_EPILOG)
@click.argument("silences", nargs=-1, metavar="[SILENCE]...")
@click.option("--all", "is_all", is_flag=True, help="Every one.")
@click.pass_context
def unsilence(context: click.Context, *, silences: tuple[str, ...], is_all: bool) -> None:
    """End silences: what still fires is told."""
    if bool(silences) == is_all:
        raise click.UsageError("which? name silences, or say --all")
    loaded = loaded_config(context)
    with kept_chronicle(loaded.config.monitor, say) as chronicle:
        file = AlertFile(file_of(loaded.file))
        for ended in silencing.end(file, clock.utc_now(), None if is_all else silences):
            chronicle.audit(f"end the silence of {ended.in_words()}", ended.router)
            echo(f"{ended.id}: {ended.in_words()} may be told again")
