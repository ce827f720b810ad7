"""``mktui sync adopt``: rows that are on a router and not ours become ours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import echo, print_json, print_table, say, say_if_lost
from mktui.cli.sync.asking import confirmed
from mktui.cli.sync.showing import code_of_reports, show_report, totals_in_words
from mktui.services.adoption import carry_out_adoption, preview_adoption
from mktui.services.start import open_configured
from mktui.sync.wording import MENUS

if TYPE_CHECKING:
    from mktui.billing.sources.importing import ImportOutcome
    from mktui.config.load import LoadedConfig
    from mktui.services.adoption import AdoptionPreview
    from mktui.sync.report import Report

_MOST = 100
_EPILOG = """\b
Examples:
  mktui sync adopt edge-1                  everybody there: shown, then asked
  mktui sync adopt edge-1 ana luis         these two, and the profiles they need
  mktui sync adopt edge-1 boss             a conflict of a plan: billing has him too, the row becomes ours

A row is taken over as it stands: only mktui's mark is added to its comment. The next plan shows what billing wants
otherwise.
"""


@click.command(epilog=_EPILOG)
@click.argument("router", shell_complete=completing.routers)
@click.argument("names", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def adopt(context: click.Context, *, router: str, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Make rows of a router billing's and ours."""
    preview, done = anyio.run(_adopt, loaded_config(context), router, names, yes, as_json)
    if as_json:
        print_json("mktui.sync.adopt/1", **_record(preview, done))
    elif done is not None:
        outcome, report = done
        echo(_in_words(outcome))
        show_report(report)
    if done is None:
        context.exit(ExitCode.DONE)
    outcome, report = done
    say_if_lost(f"{_in_words(outcome)}; {totals_in_words(report)}")
    code = code_of_reports([report])
    context.exit(ExitCode.PARTLY if code is ExitCode.DONE and outcome.rejected else code)


def _in_words(outcome: ImportOutcome) -> str:
    return f"billing: {outcome.added} added, {outcome.changed} changed, {len(outcome.rejected)} rejected"


async def _adopt(
    loaded: LoadedConfig, router: str, names: tuple[str, ...], yes: bool, as_json: bool
) -> tuple[AdoptionPreview, tuple[ImportOutcome, Report] | None]:
    with open_log() as on_event:
        async with open_configured(loaded, names=[router], on_event=on_event, keeps_history=True, say=say) as fleet:
            preview = await preview_adoption(fleet, router, frozenset(names), loaded.config.billing.timezone)
            if not as_json:
                _show(preview)
            if not yes and not sys.stdin.isatty():
                say("nobody is here to confirm: this only shows what would be done; --yes does it")
                return preview, None
            unknown = frozenset(names) - _found(preview)
            if unknown:
                why = [f"cannot be adopted: {error}" for error in preview.shown.rejected if as_json]
                fail(
                    ExitCode.USAGE,
                    *why,
                    f"{router} has no row that could be adopted called {', '.join(sorted(unknown))}",
                )
            question = f"Make these rows of {router} billing's and ours?"
            if not yes and not await confirmed(question):
                return preview, None
            return preview, await carry_out_adoption(fleet, preview)


def _found(preview: AdoptionPreview) -> frozenset[str]:
    shown = preview.shown
    named = {each.name for each in (*shown.added, *shown.changed)} | {each.name for each in preview.adoption.clashes}
    return frozenset(named)


def _show(preview: AdoptionPreview) -> None:
    rows: list[tuple[str, ...]] = [
        ("+", each.what, each.name, ", ".join(f"{one.field} {one.after}" for one in each.fields))
        for each in preview.shown.added
    ]
    rows += [("!", MENUS.get(each.menu, each.menu), each.name, each.problem) for each in preview.adoption.clashes]
    if rows:
        print_table(("", "WHAT", "NAME", "HOW"), rows[:_MOST])
    for error in preview.shown.rejected[:_MOST]:
        echo(f"cannot be adopted: {error}", err=True)
    echo(
        f"{preview.router}: {len(preview.shown.added)} would be new in billing, {len(preview.adoption.clashes)} are "
        f"there already, {len(preview.shown.rejected)} cannot be adopted, {len(preview.adoption.skipped)} passed over"
    )


def _record(preview: AdoptionPreview, done: tuple[ImportOutcome, Report] | None) -> dict[str, object]:
    return {
        "router": preview.router, "written": done is not None,
        "new": [{"what": each.what, "name": each.name, "external_id": each.external_id}
                for each in preview.shown.added],
        "clashes": [{"menu": each.menu, "name": each.name, "external_id": each.external_id, "problem": each.problem,
                     "same": each.same} for each in preview.adoption.clashes],
        "rejected": [str(error) for error in preview.shown.rejected],
        "skipped": [{"menu": menu, "name": name, "why": why} for menu, name, why in preview.adoption.skipped],
        "report": done[1].to_json() if done is not None else None,
    }  # fmt: skip
