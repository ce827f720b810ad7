"""``mktui alerts silence``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui import clock
from mktui.cli import completing
from mktui.cli.alerts.listing import silence_record
from mktui.cli.errors import Since
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import echo, print_json, say
from mktui.monitor.audit import present_actor
from mktui.services.alerts import silencing
from mktui.services.alerts.keeping import AlertFile, file_of
from mktui.services.by_hand import kept_chronicle

if TYPE_CHECKING:
    from datetime import timedelta

_EPILOG = """\b
Examples:
  mktui alerts silence --router edge-1 --for 2h --why "being replaced"
  mktui alerts silence --rule clock_skew --for 7d
  mktui alerts silence --rule 'sync_*' --router 'tower-*' --for 30m

Without a rule: of every rule; without a router: of every router. * stands for any text. What has fired already is still
resolved; mktui alerts unsilence ends it sooner.

Exit code: 0 done, 2 no rule or router is called so.
"""


@click.command(epilog=_EPILOG)
@click.option("--rule", default="", metavar="RULE", shell_complete=completing.alert_rules, help="Of this rule alone.")
@click.option("--router", default="", metavar="NAME", shell_complete=completing.routers, help="Of this router alone.")
@click.option("--for", "length", type=Since(), required=True, help="How long: 30m, 2h, 7d.")
@click.option("--why", default="", help="Shown to whoever looks.")
@json_option
@click.pass_context
def silence(context: click.Context, *, rule: str, router: str, length: timedelta, why: str, as_json: bool) -> None:
    """Tell nothing of a rule, of a router, or of both, for a while."""
    loaded = loaded_config(context)
    silencing.check(rule, router, [each.name for each in loaded.config.routers], length)
    with kept_chronicle(loaded.config.monitor, say) as chronicle:
        made = silencing.add(
            AlertFile(file_of(loaded.file)), clock.utc_now(), length, rule=rule, router=router, why=why,
            who=present_actor().who,
        )  # fmt: skip
        chronicle.audit(f"silence {made.in_words()} until {made.ends_at:%Y-%m-%d %H:%M} UTC", router)
    if as_json:
        print_json("mktui.silence/1", silence=silence_record(made))
    else:
        until = f"{made.ends_at.astimezone():%Y-%m-%d %H:%M}"
        echo(f"{made.id}: nothing is told of {made.in_words()} until {until}")
