"""``mktui capture``: a router recorded without anybody's name in it, to be replayed by ``mktui simulate --from``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli import completing
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import loaded_config
from mktui.cli.output import echo_document, say
from mktui.cli.progress import shown_progress
from mktui.services.capture import SAMPLE
from mktui.services.capture import capture as record
from mktui.services.start import chosen_routers, setup_of

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.simulator.recorded import Capture

_EPILOG = """\b
Examples:
  mktui capture edge-1                            to edge-1.capture.json
  mktui capture edge-1 -o odd-router.json --rows 20
  mktui capture edge-1 -o - | less                looked at first
  mktui simulate --from edge-1.capture.json       replayed

Nothing is written on the router: one session, one print at a time, a pause after each. Names, passwords, addresses,
MACs, serial numbers and comments are replaced, each by the same one everywhere. Look at the file before you send it.
"""


@click.command(epilog=_EPILOG)
@click.argument("router", shell_complete=completing.routers)
@click.option("-o", "--output", type=click.Path(dir_okay=False, allow_dash=True), help="File; - is standard output.")
@click.option("--rows", type=click.IntRange(1, 1000), default=SAMPLE, show_default=True, help="Most rows of a menu.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.pass_context
def capture(context: click.Context, *, router: str, output: str | None, rows: int, force: bool) -> None:
    """Record a router for whoever has to understand it: version, menus, sample rows, refusals, timing."""
    file = output or f"{router.replace('/', '_')}.capture.json"
    if file != "-" and not force and Path(file).exists():
        fail(ExitCode.USAGE, f"{file} is there already (--force replaces it)")
    taken = anyio.run(_record, loaded_config(context), router, rows)
    text = json.dumps(taken.to_json(), ensure_ascii=False, indent=1) + "\n"
    if file == "-":
        echo_document(text, nl=False)
    else:
        _write(Path(file), text)
    found = sum(len(each.rows) for each in taken.menus)
    say(f"{found} rows of {sum(not each.refusal for each in taken.menus)} menus, RouterOS {taken.version or 'unknown'}"
        + ("" if file == "-" else f"; wrote {file}: look at it before you send it"))  # fmt: skip


async def _record(loaded: LoadedConfig, router: str, rows: int) -> Capture:
    setup = await setup_of(loaded, chosen_routers(loaded, [router])[0])
    progress = [0, 0]

    def hear(done: int, of: int) -> None:
        progress[:] = done, of

    async with shown_progress(lambda: (progress[1], progress[0], 0), before="connecting …"):
        return await record(setup, sample=rows, on_progress=hear)


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        fail(ExitCode.USAGE, f"{file}: {(error.strerror or 'cannot be written').lower()}")
