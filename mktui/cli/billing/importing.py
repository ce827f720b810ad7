"""``mktui billing import``: a CSV file, after it was shown what it would change."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from mktui.billing.sources.csv_file import layout_of
from mktui.billing.sources.zones import zone
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import json_option
from mktui.cli.output import echo, print_json, print_table, say, say_if_lost
from mktui.cli.sync.asking import confirmed
from mktui.cli.sync.upkeep import changing_office
from mktui.errors import SourceUnreadable
from mktui.services import deeds
from mktui.services.columns import remember, remembered
from mktui.services.editing import content_of, preview_csv, write_shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.layout import Layout
    from mktui.billing.sources.preview import ImportPreview, RowChange
    from mktui.billing.sources.rows import What
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office

_MOST = 50
_EPILOG = """\b
Examples:
  mktui billing import profiles plans.csv
  mktui billing import subscribers customers.csv --map 'Login=username' --map 'Phone=-'
  mktui billing import subscribers customers.csv --complete --yes

Columns are called as the fields are (mktui billing export shows them); --map 'Theirs=ours' for others, and
'Theirs=-' for one to pass over: the error names them, with a guess. What was said is remembered for the next file with
the same header. Commas, semicolons and tabs between columns, UTF-8 and Windows-1252 are told apart. A last line
'# rows: 123' lets a cut file be told.
"""


def _mapping(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    mapped = {}
    for value in values:
        theirs, equals, ours = value.rpartition("=")
        if not equals or not theirs or not ours:
            raise click.BadParameter(f"{value!r} is no 'Their column=our field'")
        mapped[theirs] = ours
    return mapped


@click.command("import", epilog=_EPILOG)
@click.argument("what", type=click.Choice(["profiles", "subscribers"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, callback=_mapping, metavar="THEIRS=OURS", help="Name a column.")
@click.option("--complete", is_flag=True, help="The file has everybody: who is not in it is gone (see sync --prune).")
@click.option("--source", default="csv", show_default=True, help="Name of this source, when there are several.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def importing(
    context: click.Context,
    *,
    what: str,
    file: Path,
    mapped: dict[str, str],
    complete: bool,
    source: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Read a CSV file into billing: shown first, row by row; a row that cannot be is told, and the others go in."""
    kind = cast("What", what.removesuffix("s"))
    content = _content(file)
    if not yes and not sys.stdin.isatty() and not as_json:
        echo("mktui: nobody is here to confirm: this only shows what would be done; --yes does it", err=True)

    with _named(file):
        layout = layout_of(content, kind)
    columns, written = _with_remembered(kind, layout, mapped)

    async def work(
        office: Office, loaded: LoadedConfig, chronicle: Chronicle
    ) -> tuple[ImportPreview, ImportOutcome | None]:
        name, local = f"{source}:{kind}", zone(loaded.config.billing.timezone)
        with _named(file):
            shown = await preview_csv(
                office.store, content, kind, local=local, source=name, mapped=columns, claims=complete
            )
        if not as_json:
            say(f"{file}: {written}")
            _show(shown, file)
        is_wanted = yes or (sys.stdin.isatty() and await _confirmed(shown))
        if not is_wanted:
            return shown, None
        with chronicle.audited(deeds.of_file(file.name, shown), ""):
            outcome = await write_shown(office.store, shown, source=name)
        if columns:
            remember(kind, layout.header, columns)
        return shown, outcome

    shown, outcome = changing_office(context, work)
    if as_json:
        print_json("mktui.billing.import/1", **_record(layout, columns, shown, outcome))
    elif outcome is not None:
        echo(_in_words(outcome))
    if outcome is not None:
        say_if_lost(_in_words(outcome))
    rejected = outcome.rejected if outcome is not None else shown.rejected
    context.exit(ExitCode.PARTLY if rejected else ExitCode.DONE)


def _in_words(outcome: ImportOutcome) -> str:
    lost = f", {outcome.lost} no longer in the file" if outcome.lost else ""
    return (
        f"{outcome.added} added, {outcome.changed} changed, {outcome.unchanged} as they were, "
        f"{len(outcome.rejected)} rejected{lost}"
    )


def _content(file: Path) -> bytes:
    try:
        return content_of(file)
    except SourceUnreadable as error:
        fail(ExitCode.USAGE, str(error))


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Let an error about what is in a file say which one it is."""
    try:
        yield
    except SourceUnreadable as error:
        error.source = error.source or str(file)
        raise


def _with_remembered(kind: What, layout: Layout, given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return which field each column is, as was said of the last file with this header and as is said now; in words."""
    known = {theirs: ours for theirs, ours in remembered(kind, layout.header).items() if theirs not in given}
    told = ", ".join(f"{theirs!r} is {ours}" for theirs, ours in known.items())
    words = f"; as for the last file with this header, {told} (--map says otherwise)" if told else ""
    return {**known, **given}, f"{layout}{words}"


async def _confirmed(shown: ImportPreview) -> bool:
    count = len(shown.added) + len(shown.changed)
    if not count:
        return False
    question = f"Write {count} rows into billing?"
    return await confirmed(question)


def _show(shown: ImportPreview, file: Path) -> None:
    for note in shown.rows.notes:
        echo(f"note: {file}: {note}", err=True)
    for error in shown.rejected:
        echo(f"rejected: {file}, {error}", err=True)
    rows = [_line("+", each) for each in shown.added] + [_line("~", each) for each in shown.changed]
    if rows:
        print_table(("", "NAME", "WHAT"), rows[:_MOST])
    if len(rows) > _MOST:
        echo(f"… and {len(rows) - _MOST} more")
    echo(
        f"{len(shown.added)} to add, {len(shown.changed)} to change, {shown.unchanged} as they are, "
        f"{len(shown.rejected)} rejected, {len(shown.missing)} in billing and not in the file"
    )


def _line(glyph: str, change: RowChange) -> tuple[str, ...]:
    shown = [
        f"{field.field} {f'{field.before} → ' if field.before else ''}{field.after or '(none)'}"
        for field in change.fields if field.field not in {"username", "name", "external_id"} or change.before
    ]  # fmt: skip
    return (glyph, change.name, ", ".join(shown))


def _record(
    layout: Layout, mapped: Mapping[str, str], shown: ImportPreview, outcome: ImportOutcome | None
) -> dict[str, object]:
    def changes(rows: tuple[RowChange, ...]) -> list[dict[str, object]]:
        return [
            {"where": each.where, "external_id": each.external_id, "name": each.name,
             "fields": [{"field": one.field, "before": one.before, "after": one.after} for one in each.fields]}
            for each in rows
        ]  # fmt: skip

    rejected = outcome.rejected if outcome is not None else shown.rejected
    return {
        "encoding": layout.encoding, "delimiter": layout.delimiter, "mapped": dict(mapped),
        "written": outcome is not None, "complete": shown.complete, "notes": list(shown.rows.notes),
        "added": changes(shown.added), "changed": changes(shown.changed), "unchanged": shown.unchanged,
        "missing": [{"external_id": each.external_id, "name": each.name} for each in shown.missing],
        "rejected": [{"where": each.where, "field": each.field, "value": each.value, "problem": each.problem,
                      "remedy": each.remedy} for each in rejected],
    }  # fmt: skip
