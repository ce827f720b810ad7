"""``mktui replay``: what was seen, on the same screens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import THRIFTY, FiniteRange, config_path, driver_option, has_screen, json_option
from mktui.cli.output import echo, print_json, print_table, say
from mktui.services.replay import load

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot

_EPILOG = """\b
Examples:
  mktui replay night.ndjson.gz
  mktui replay night.ndjson.gz --speed 60       an hour in a minute
  mktui replay night.ndjson.gz --summary        no screen: how long, which routers, how they were
"""


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--speed", type=FiniteRange(0.1, 10_000), default=1.0, show_default=True, help="Times as fast.")
@click.option("--summary", is_flag=True, help="Only say what is in it.")
@driver_option
@json_option
@click.pass_context
def replay(context: click.Context, *, file: Path, speed: float, summary: bool, driver: str, as_json: bool) -> None:
    """Show a recording on the screens that were recorded; nothing can be done to a router there."""
    is_shown = not (summary or as_json)
    if is_shown and not has_screen():
        fail(ExitCode.USAGE, "no terminal here that can be drawn on: see mktui replay FILE --summary")
    problems: list[str] = []
    pictures = load(file, problems.append)
    if not is_shown:
        for problem in problems:
            say(problem)
        _summarise(pictures, as_json=as_json, is_cut=bool(problems))
        return
    from mktui.cli.screen import run_replay_screen  # noqa: PLC0415 - loads the terminal

    config = config_path(context)
    context.exit(run_replay_screen(config, pictures, speed=speed, notices=problems, driver=driver or THRIFTY))


def _summarise(pictures: list[Snapshot], *, as_json: bool, is_cut: bool) -> None:
    first, last = pictures[0], pictures[-1]
    seconds = (last.at - first.at).total_seconds()
    found: dict[str, dict[str, int]] = {}
    for picture in pictures:
        for router in picture.routers:
            seen = found.setdefault(router.name, {})
            seen[router.health.status.value] = seen.get(router.health.status.value, 0) + 1
    if as_json:
        print_json("mktui.replay/1", begun_at=first.at.isoformat(), seconds=seconds, pictures=len(pictures),
                   routers=found, is_cut=is_cut)  # fmt: skip
        return
    echo(f"{len(pictures)} pictures from {first.at:%Y-%m-%d %H:%M:%S} over {seconds:.0f} s")
    states = ("healthy", "warning", "critical", "offline")
    rows = [(name, *(str(counts.get(state, 0)) for state in states)) for name, counts in found.items()]
    print_table(("ROUTER", *(state.upper() for state in states)), rows)
