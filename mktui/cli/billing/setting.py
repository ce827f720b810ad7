"""``mktui billing set``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from mktui.billing import ledger
from mktui.billing.history import named
from mktui.cli.billing.editing import (
    cells_of,
    fields_argument,
    password_option,
    show_change,
    what_argument,
    write_row,
)
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.sync.upkeep import changing_office

if TYPE_CHECKING:
    from mktui.billing.sources.preview import RowChange
    from mktui.billing.sources.rows import What
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office

_EPILOG = """\b
Examples:
  mktui billing set profile gold rate_down_bps=50M
  mktui billing set subscriber ana profile=silver valid_until=2026-12-31
  mktui billing set subscriber ana username=ana.lopez      he keeps his row on the routers
"""


@click.command("set", epilog=_EPILOG)
@what_argument
@click.argument("name")
@fields_argument
@password_option
@click.pass_context
def setting(context: click.Context, *, what: str, name: str, fields: tuple[str, ...], password_stdin: bool) -> None:
    """Change fields of a profile or of a subscriber; an empty VALUE takes one away."""
    kind = cast("What", what)
    given = cells_of(kind, fields, password_stdin=password_stdin)
    if not given:
        fail(ExitCode.USAGE, "give at least one FIELD=VALUE")

    async def work(office: Office, loaded: LoadedConfig, chronicle: Chronicle) -> RowChange | None:
        return await write_row(office, loaded, chronicle, kind, await _known(office, kind, name) | given)

    show_change(changing_office(context, work), name)


async def _known(office: Office, what: What, name: str) -> dict[str, str]:
    """Return what must be said of a row so that it is the one that is meant."""
    found = await (_profiles(office, name) if what == "profile" else _subscribers(office, name))
    if not found:
        fail(ExitCode.USAGE, f"no {what} is called {name}: mktui billing list {what}s shows them")
    if len(found) > 1:
        fail(ExitCode.USAGE, f"{len(found)} {what}s are called {name}: import a CSV with external_id")
    return found[0]


async def _profiles(office: Office, name: str) -> list[dict[str, str]]:
    return [
        {"external_id": each.external_id, "name": each.name, "kind": each.kind.value}
        for each in await office.store.run(ledger.read_profiles) if each.name == name
    ]  # fmt: skip


async def _subscribers(office: Office, name: str) -> list[dict[str, str]]:
    return [
        {"external_id": each.external_id, "username": each.username, "profile": each.profile, "kind": each.kind.value}
        for each in (await office.store.run(named, name)).subscribers
    ]
