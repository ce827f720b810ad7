"""``mktui run``: one command on one router."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import pool_events
from mktui.cli.everywhere import refuse_if_read_only
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import print_json, print_rows, say
from mktui.core.client.client import open_client
from mktui.core.pool.effects import Effect, effect_of
from mktui.core.pool.job import Priority
from mktui.core.protocol.sentences import Command
from mktui.errors import CircuitOpen
from mktui.services.by_hand import sent_by_hand
from mktui.services.start import chosen_routers, setup_of

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.core.protocol.sentences import Row

_EPILOG = """\b
Examples:
  mktui run edge-1 /system/identity/print
  mktui run edge-1 /ppp/secret/print .proplist=name,profile '?service=pppoe'
  mktui run edge-1 /ppp/secret/add name=ana password=... profile=gold
"""


@click.command(epilog=_EPILOG, context_settings={"ignore_unknown_options": True})
@click.argument("router", shell_complete=completing.routers)
@click.argument("path", shell_complete=completing.paths)
@click.argument("words", nargs=-1, metavar="[NAME=VALUE | ?QUERY]...")
@click.option("--timeout", type=click.FloatRange(0.001, 86_400), help="Seconds for everything.")
@json_option
@click.pass_context
def run(
    context: click.Context, *, router: str, path: str, words: tuple[str, ...], timeout: float | None, as_json: bool
) -> None:
    """Run one command and print its rows. A write is sent at most once."""
    attributes, query = _split(words)
    loaded, command = loaded_config(context), Command(path, attributes, query)
    if effect_of(command) is not Effect.READ:
        refuse_if_read_only(path)
    (chosen,) = chosen_routers(loaded, [router])
    with sent_by_hand(chosen, command, loaded.config.monitor, say):
        rows = anyio.run(_run, loaded, router, command, timeout)
    if as_json:
        print_json("mktui.run/1", router=router, path=path, rows=rows)
    elif rows:
        print_rows(rows)


def _split(words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    attributes: dict[str, str] = {}
    for word in words:
        if word.startswith("?"):
            continue
        name, equals, value = word.removeprefix("=").partition("=")
        if not name or not equals:
            fail(ExitCode.USAGE, f"{word!r} is neither NAME=VALUE nor ?QUERY")
        attributes[name] = value
    return attributes, tuple(word for word in words if word.startswith("?"))


async def _run(loaded: LoadedConfig, name: str, command: Command, timeout: float | None) -> list[Row]:
    setup = await setup_of(loaded, chosen_routers(loaded, [name])[0])
    once = setup.pool.model_copy(update={"min_size": 1, "max_size": 1, "circuit_breaker_threshold": 1})
    async with open_client(setup.options, once, connect=setup.connect, on_event=pool_events()) as client:
        try:
            return await client.run(
                command.path, command.attributes, where=command.query, priority=Priority.HIGH, timeout=timeout
            )
        except CircuitOpen as error:  # one try is all there is: say what happened, not what the breaker makes of it
            raise client.last_error or error from None
