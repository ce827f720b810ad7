"""``mktui alerts test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli import completing
from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import cell, print_json, print_table, styled
from mktui.errors import ConfigError
from mktui.services.alerts.plan import receiver_of
from mktui.services.alerts.trying import try_receivers

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.alerts.telling import Receiver
    from mktui.services.alerts.trying import Tried

_EPILOG = """\b
Examples:
  mktui alerts test                 every receiver
  mktui alerts test noc --json      one, for a script

What is sent says that it is a test: the rule is mktui_test, and what has fired is resolved at once.

Exit code: 0 all have taken both, 5 some have, 3 none has; 2 there is no such receiver, or none at all.
"""
_WIDEST = 80


@click.command(epilog=_EPILOG)
@click.argument("receivers", nargs=-1, metavar="[RECEIVER]...", shell_complete=completing.receivers)
@json_option
@click.pass_context
def test(context: click.Context, *, receivers: tuple[str, ...], as_json: bool) -> None:
    """Tell each receiver of a test that fires, and that it is over."""
    loaded = loaded_config(context)
    found = anyio.run(try_receivers, _chosen(loaded, receivers), loaded.config.alerts.external_url)
    if as_json:
        print_json("mktui.alerts-test/1", receivers=[
            {"name": each.name, "kind": each.kind, "ok": each.ok, "took": list(each.took), "problem": each.problem}
            for each in found
        ])  # fmt: skip
    else:
        print_table(("RECEIVER", "KIND", "ANSWER"), map(_row, found))
    taken = sum(each.ok for each in found)
    context.exit(ExitCode.DONE if taken == len(found) else ExitCode.PARTLY if taken else ExitCode.UNREACHABLE)


def _chosen(loaded: LoadedConfig, names: tuple[str, ...]) -> tuple[Receiver, ...]:
    known = {each.name: each for each in loaded.config.alerts.receivers}
    if not known:
        raise ConfigError(
            "nobody is told of alerts", file=loaded.file, key="alerts",
            remedy="sample_configs/alerts.toml shows [[alerts.webhooks]] and [[alerts.hooks]]",
        )  # fmt: skip
    for name in names:
        if name not in known:
            there = f"there are: {', '.join(known)}"
            raise ConfigError(f"no receiver is called {name!r}", file=loaded.file, remedy=there)
    return tuple(receiver_of(known[name]) for name in dict.fromkeys(names or known))


def _row(tried: Tried) -> tuple[str, ...]:
    if tried.problem:
        answer = styled(f"✗ not taken: {cell(tried.problem, widest=_WIDEST)}", fg="red")
    else:
        times = ", ".join(f"{seconds * 1000:.0f} ms" for seconds in tried.took)
        answer = styled(f"● both taken: {times}", fg="green")
    return cell(tried.name), tried.kind, answer
