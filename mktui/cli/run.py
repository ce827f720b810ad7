"""``mktui run``: one command on one router."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import pool_events
from mktui.cli.everywhere import begin_to_change
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import FiniteRange, json_option, loaded_config
from mktui.cli.output import complain, print_json, print_rows, say, say_if_lost
from mktui.cli.unbroken import unbroken, was_done, was_withdrawn
from mktui.core.client.client import open_client
from mktui.core.pool.effects import Effect, effect_of
from mktui.core.pool.job import Priority
from mktui.core.protocol.sentences import Command
from mktui.errors import CircuitOpen, MktuiError, OutcomeUnknown
from mktui.services.by_hand import sent_by_hand
from mktui.services.console import endless
from mktui.services.start import chosen_routers, setup_of

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.core.client.client import Client
    from mktui.core.pool.actions import PoolEvent
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
@click.option("--timeout", type=FiniteRange(0.001, 86_400), help="Seconds for everything.")
@json_option
@click.pass_context
def run(
    context: click.Context, *, router: str, path: str, words: tuple[str, ...], timeout: float | None, as_json: bool
) -> None:
    """Run one command and print its rows. A write is sent at most once."""
    attributes, query = _split(words)
    loaded, command = loaded_config(context), Command(path, attributes, query)
    if why := endless(command):
        fail(ExitCode.USAGE, why)
    if effect_of(command) is not Effect.READ:
        begin_to_change(path)
    (chosen,) = chosen_routers(loaded, [router])
    sending = _Sending(router, command)
    try:
        with sent_by_hand(chosen, command, loaded.config.monitor, say):
            sending.carry_out(loaded, timeout)
    except OutcomeUnknown as error:
        if as_json:
            print_json("mktui.run/1", router=router, path=path, outcome="unknown", rows=[])
        if not sending.is_interrupted:
            raise
        complain(error)
    else:
        _show(sending, as_json=as_json)
    if sending.is_interrupted:
        raise KeyboardInterrupt


def _show(sending: _Sending, *, as_json: bool) -> None:
    """Print what came; of a write that it was done, also where nothing can be printed."""
    router, path = sending.router, sending.command.path
    if as_json:
        print_json("mktui.run/1", router=router, path=path, outcome="applied", rows=sending.rows)
    elif sending.rows:
        print_rows(sending.rows)
    if effect_of(sending.command) is not Effect.READ:
        say_if_lost(f"{router}: {path}: applied")


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


@dataclass(slots=True)
class _Sending:
    """One command on its way."""

    router: str
    command: Command
    rows: list[Row] = field(default_factory=list, repr=False)
    error: MktuiError | None = None
    is_over: bool = False
    is_withdrawn: bool = False
    is_interrupted: bool = False

    def carry_out(self, loaded: LoadedConfig, timeout: float | None) -> None:
        """Send it, and wait for its end.

        Raises:
            OutcomeUnknown: It is a write, it has left, and no answer came, or it was interrupted before.
        """
        try:
            anyio.run(self._run, loaded, timeout)
        except KeyboardInterrupt:
            self.is_interrupted = True
            if not self.is_over and (self.is_withdrawn or effect_of(self.command) is Effect.READ):
                raise
        if self.error is not None:
            raise self.error
        if not self.is_over:
            raise OutcomeUnknown(self.router, path=self.command.path, reason="interrupted before the answer came")

    async def _run(self, loaded: LoadedConfig, timeout: float | None) -> None:
        setup = await setup_of(loaded, chosen_routers(loaded, [self.router])[0])
        once = setup.pool.model_copy(update={"min_size": 1, "max_size": 1, "circuit_breaker_threshold": 1})
        tell = pool_events()

        def hear(event: PoolEvent) -> None:
            self.is_withdrawn = self.is_withdrawn or was_withdrawn(event)
            self.is_over = self.is_over or was_done(event)
            tell(event)

        async with open_client(setup.options, once, connect=setup.connect, on_event=hear) as client:
            send = partial(self._send, client, timeout)
            await (send() if effect_of(self.command) is Effect.READ else unbroken(client, send))

    async def _send(self, client: Client, timeout: float | None) -> None:
        command = self.command
        try:
            self.rows = await client.run(
                command.path, command.attributes, where=command.query, priority=Priority.HIGH, timeout=timeout
            )
        except CircuitOpen as error:  # one try is all there is: say what happened, not what the breaker makes of it
            self.error = client.last_error or error
        except MktuiError as error:
            self.error = error
        self.is_over = True
