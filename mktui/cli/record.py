"""``mktui record``: what is seen, kept in a file."""

from __future__ import annotations

import gzip
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

import anyio
import click

from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.looking import known, looking
from mktui.cli.options import FiniteRange, loaded_config, routers_argument
from mktui.cli.output import say
from mktui.monitor.recording import line_of
from mktui.services.demo import open_demo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.monitor.snapshot import Snapshot

    Now = Callable[[], Awaitable[Snapshot]]

_EPILOG = """\b
Examples:
  mktui record night.ndjson.gz                 until ctrl+c
  mktui record hour.ndjson.gz edge-1 --seconds 3600
  mktui record --demo demo.ndjson --seconds 60
  mktui replay night.ndjson.gz --speed 60      an hour in a minute

When an mktui runs already, what it sees is recorded, and no router has more sessions for it.
No password and no customer's name is in it, but names and addresses of routers are.
"""


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@routers_argument
@click.option("--seconds", type=FiniteRange(0.5), help="How long; default: until ctrl+c.")
@click.option("--every", type=FiniteRange(0.5, 3600), default=2.0, show_default=True, help="Seconds apart.")
@click.option("--demo", "is_demo", is_flag=True, help="Three simulated routers instead of the configuration's.")
@click.option("--force", is_flag=True, help="Replace a recording that is there.")
@click.pass_context
def record(
    context: click.Context, *, file: Path, routers: tuple[str, ...], seconds: float | None, every: float,
    is_demo: bool, force: bool,
) -> None:  # fmt: skip
    """Keep a picture of the fleet every two seconds, gzipped when the file's name ends with .gz."""
    if file.is_file() and not force:
        fail(ExitCode.USAGE, f"{file} is there already (--force replaces it)")
    try:
        anyio.run(_record, None if is_demo else context, routers, file, seconds, every)
    except OSError as error:
        fail(ExitCode.USAGE, f"{file}: {(error.strerror or 'cannot be written').lower()}")


def _opened(file: Path) -> IO[str]:
    """Open it, its owner's alone, for JSON: what of a router's words is no text is written as JSON's own escapes."""
    file.touch(mode=0o600)
    if file.suffix == ".gz":
        return gzip.open(file, "wt", encoding="utf-8", errors="backslashreplace")
    return file.open("w", encoding="utf-8", errors="backslashreplace")


async def _record(
    context: click.Context | None, routers: tuple[str, ...], file: Path, seconds: float | None, every: float
) -> None:
    async with AsyncExitStack() as stack:
        now = await _demo(stack) if context is None else await _looking(stack, context, routers)
        lines = stack.enter_context(_opened(file))  # not before: what cannot be looked at empties no file
        if sys.stderr.isatty():
            say("recording; ctrl+c ends it")
        with anyio.move_on_after(seconds if seconds is not None else float("inf")):
            number = 0
            while True:
                number += 1
                await anyio.to_thread.run_sync(lines.write, line_of(await now(), number))
                await anyio.to_thread.run_sync(lines.flush)
                await anyio.sleep(every)


async def _looking(stack: AsyncExitStack, context: click.Context, routers: tuple[str, ...]) -> Now:
    """Look as the mktui that runs does, when one runs: then no router has more sessions for it."""
    return (await stack.enter_async_context(looking(loaded_config(context), routers))).now


async def _demo(stack: AsyncExitStack) -> Now:
    fleet = await stack.enter_async_context(open_demo(on_event=stack.enter_context(open_log())))
    await known(fleet)

    async def now() -> Snapshot:
        return fleet.snapshot()

    return now
