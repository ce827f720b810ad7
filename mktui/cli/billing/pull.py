"""``mktui billing pull``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import json_option
from mktui.cli.output import echo, print_json
from mktui.cli.sync.upkeep import changing_office
from mktui.services.sources import Sources

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.services.sources import Pulled
    from mktui.sync.run import Office


@click.command(epilog="\b\nExample:\n  mktui billing pull --json\n")
@json_option
@click.pass_context
def pull(context: click.Context, *, as_json: bool) -> None:
    """Read the databases of [[billing.sources]] into billing; each sync does the same before it plans."""

    async def work(office: Office, loaded: LoadedConfig, chronicle: Chronicle) -> list[Pulled]:
        if not loaded.config.billing.sources:
            fail(ExitCode.USAGE, f"{loaded.file}: there is no [[billing.sources]]")
        pulled = await Sources(loaded.config.billing).pull(office.store, is_forced=True)
        for each in pulled:
            if each.problem or each.added or each.changed or each.lost:
                chronicle.audit(
                    f"pull {each.source}", "", f"failed: {each.problem}" if each.problem else each.in_words()
                )
        return pulled

    pulled = changing_office(context, work)
    if as_json:
        print_json("mktui.billing.pull/1", sources=[
            {"source": each.source, "added": each.added, "changed": each.changed, "lost": each.lost,
             "rejected": list(each.rejected), "notes": list(each.notes), "problem": each.problem}
            for each in pulled
        ])  # fmt: skip
    for each in pulled:
        if each.problem or not as_json:
            echo(each.in_words(), err=bool(each.problem))
    if any(each.problem for each in pulled):
        context.exit(ExitCode.UNREACHABLE if all(each.problem for each in pulled) else ExitCode.PARTLY)
    context.exit(ExitCode.PARTLY if any(each.rejected for each in pulled) else ExitCode.DONE)
