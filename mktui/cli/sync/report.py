"""``mktui sync report``: a run, row by row, as the journal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mktui.billing import journal
from mktui.cli import completing
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import json_option
from mktui.cli.output import print_json, print_table
from mktui.cli.sync.upkeep import in_office
from mktui.services.start import chosen_routers
from mktui.sync.report import hint_for
from mktui.sync.wording import MENUS

if TYPE_CHECKING:
    from mktui.billing.records import JournalRow, RunRecord
    from mktui.config.load import LoadedConfig
    from mktui.sync.run import Office

_EPILOG = """\b
Examples:
  mktui sync report edge-1           its last runs
  mktui sync report edge-1 17        one of them, row by row
  mktui sync report edge-1 17 --failed --json
"""


@click.command(epilog=_EPILOG)
@click.argument("router", shell_complete=completing.routers)
@click.argument("run", type=click.IntRange(1), required=False)
@click.option("--failed", is_flag=True, help="Only rows that were not applied.")
@json_option
@click.pass_context
def report(context: click.Context, *, router: str, run: int | None, failed: bool, as_json: bool) -> None:
    """Show the runs of a router, or what one of them did: action, fields, outcome, the router's words, milliseconds."""

    async def work(office: Office, loaded: LoadedConfig) -> tuple[list[RunRecord], list[JournalRow]]:
        chosen_routers(loaded, [router])
        if run is None:
            return await office.store.run(journal.runs_of, router), []
        found = await office.store.run(journal.find_run, run)
        if found is None or found.router != router:
            return [], []
        return [found], await office.store.run(journal.rows_of, run)

    runs, rows = in_office(context, work)
    if run is not None and not runs:
        fail(ExitCode.USAGE, f"{router} has no run {run}: mktui sync report {router} lists them")
    if failed:
        rows = [row for row in rows if row.state != "applied"]
    if as_json:
        print_json("mktui.sync.report/1", router=router, runs=[_run_record(each) for each in runs],
                   rows=[_row_record(row) for row in rows])  # fmt: skip
    elif run is None:
        print_table(("RUN", "BEGUN", "CAUSE", "PLANNED", "APPLIED", "FAILED", "HELD", "SECONDS"), map(_run_line, runs))
    else:
        print_table(("ACTION", "MENU", "NAME", "STATE", "MS", "FIELDS", "TEXT"), map(_row_line, rows))


def _run_record(run: RunRecord) -> dict[str, Any]:  # Any: JSON
    return {
        "run": run.id, "router": run.router, "begun_at": run.begun_at.isoformat(), "cause": run.cause,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None, "owned": run.owned, **run.summary,
    }  # fmt: skip


def _row_record(row: JournalRow) -> dict[str, Any]:  # Any: JSON
    return {
        "ordinal": row.ordinal, "menu": row.menu, "name": row.name, "server": row.server,
        "external_id": row.external_id, "action": row.action, "fields": sorted(row.after), "status": row.state.value,
        "error": row.error, "text": row.text, "hint": hint_for(row.text), "took_ms": row.took_ms,
    }  # fmt: skip


def _run_line(run: RunRecord) -> tuple[str, ...]:
    figures = (str(run.summary.get(name, "–")) for name in ("planned", "applied", "failed", "held", "seconds"))
    return (str(run.id), f"{run.begun_at:%Y-%m-%d %H:%M:%S}", run.cause, *figures)


def _row_line(row: JournalRow) -> tuple[str, ...]:
    took = "–" if row.took_ms is None else f"{row.took_ms:.0f}"
    fields = ", ".join(sorted(row.after)) or "–"
    return (row.action, MENUS.get(row.menu, row.menu), row.name, row.state.value, took, fields, row.text or "–")
