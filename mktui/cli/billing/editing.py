"""Fields given as NAME=VALUE: read as a CSV's cells are, and written as an import is, with the same messages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mktui.billing import origins
from mktui.billing.sources.fields import COLUMNS
from mktui.billing.sources.zones import zone
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.output import echo
from mktui.errors import NotAccepted
from mktui.services import deeds
from mktui.services.books import source_warning
from mktui.services.editing import preview_row, write_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mktui.billing.sources.preview import RowChange
    from mktui.billing.sources.rows import What
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office

what_argument = click.argument("what", type=click.Choice(["profile", "subscriber"]))
fields_argument = click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
password_option = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


def cells_of(what: What, fields: tuple[str, ...], *, password_stdin: bool) -> dict[str, str]:
    """Return FIELD=VALUE words as cells. A password on the command line is seen by whoever lists processes."""
    cells: dict[str, str] = {}
    for number, word in enumerate(fields, 1):
        name, equals, value = word.partition("=")
        if not equals or not name:
            fail(ExitCode.USAGE, f"word {number} after the name is no FIELD=VALUE")  # it may be a password
        if name not in COLUMNS[what]:
            fail(ExitCode.USAGE, f"a {what} has no field {name!r}; there are {', '.join(COLUMNS[what])}")
        cells[name] = value
    if password_stdin:
        cells["password"] = sys.stdin.readline().rstrip("\r\n")
    return cells


async def write_row(
    office: Office, loaded: LoadedConfig, chronicle: Chronicle, what: What, cells: Mapping[str, str]
) -> RowChange | None:
    """Write one row; None: it was so already. Ends the program when it cannot be.

    Raises:
        NotAccepted: Somebody has changed it meanwhile, or a rule forbids it.
    """
    shown = await preview_row(office.store, what, cells, zone(loaded.config.billing.timezone))
    if shown.rejected:
        fail(ExitCode.USAGE, *[str(error) for error in shown.rejected])
    changes = (*shown.added, *shown.changed)
    if not changes:
        return None
    with chronicle.audited(deeds.of_rows(changes), ""):
        outcome = await write_shown(office.store, shown)
        if outcome.rejected:
            raise NotAccepted(f"{changes[0].name}: {outcome.rejected[0].problem}", remedy=outcome.rejected[0].remedy)
    await warn_of_source(office, loaded, changes[0].what, changes[0].external_id)
    return changes[0]


async def warn_of_source(office: Office, loaded: LoadedConfig, what: What, external_id: str) -> None:
    """Say on stderr that a change by hand will be written over, when it will be."""
    source = await office.store.run(origins.source_of, what, external_id)
    warning = source_warning(source, {each.name for each in loaded.config.billing.sources})
    if warning:
        echo(f"mktui: {warning}", err=True)


def show_change(change: RowChange | None, name: str) -> None:
    """Print what one row's change was."""
    if change is None:
        echo(f"{name}: nothing to change")
        return
    echo(f"{change.what} {change.name} ({change.external_id}): {'added' if change.before is None else 'changed'}")
    for field in change.fields:
        echo(f"  {field.field}  {f'{field.before} → ' if field.before else ''}{field.after or '(none)'}")
