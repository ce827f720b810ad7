"""``mktui errors``: what went wrong, and what was changed by whom, as it is kept on this machine."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import click

from mktui import clock
from mktui.cli import completing
from mktui.cli.everywhere import wish
from mktui.cli.options import config_path, form_of, form_option, json_option
from mktui.cli.output import Lines, echo, print_json, print_table, say
from mktui.cli.records import audit_record, error_record
from mktui.config.load import load
from mktui.errors import ConfigError
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mktui.cli.records import Record
    from mktui.monitor.history import Connection
    from mktui.monitor.records import SeenError

T = TypeVar("T")
_UNITS: Final = {"m": 60, "h": 3600, "d": 86_400}
_MOST: Final = 1000
_LOOK: Final = 1.0
"""Seconds between two looks at the file."""
_EPILOG = """\b
Examples:
  mktui errors                                  the last day
  mktui errors --router edge-1 --since 7d       one router's week
  mktui errors --class CommandTimeout --json    one class, with counts by class, router, command and hour
  mktui errors --format ndjson | jq .text       a line each
  mktui errors --follow                         as it happens
  mktui errors audit --since 30d                who changed what, from where, and how it ended
  mktui errors --state /backup/monitor.db       of a file from somewhere else
"""

_AUDIT_EPILOG: Final = """\b
Examples:
  mktui errors audit --since 30d
  mktui errors audit --router edge-1 --json
"""


class Since(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """A span of time: 30m, 24h, 7d."""

    name = "30m|24h|7d"

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the span."""
        if isinstance(value, timedelta):
            return value
        number, unit = value[:-1], value[-1:]
        if not number.isdecimal() or unit not in _UNITS or int(number) * _UNITS[unit] > 3650 * 86_400:
            self.fail(f"{value!r} is no span of time: 30m, 24h or 7d", param, ctx)
        return timedelta(seconds=int(number) * _UNITS[unit])


_router = click.option("--router", default="", shell_complete=completing.routers, help="Only of this router.")
_since = click.option("--since", type=Since(), default="24h", show_default=True, help="How far back.")
_state = click.option(
    "--state", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="The file to read; else the one that the configuration names.",
)  # fmt: skip
_limit = click.option("--limit", type=click.IntRange(1, 100_000), default=_MOST, show_default=True, help="Most rows.")


@click.group(invoke_without_command=True, epilog=_EPILOG)
@_router
@_state
@click.option("--class", "kind", default="", help="Only of this class, such as CommandTimeout.")
@_since
@_limit
@json_option
@form_option
@click.option("--follow", is_flag=True, help="Go on: each as it is written, the oldest first, until ctrl+c.")
@click.pass_context
def errors(
    context: click.Context,
    *,
    router: str,
    state: Path | None,
    kind: str,
    since: timedelta,
    limit: int,
    as_json: bool,
    form: str | None,
    follow: bool,
) -> None:
    """What went wrong, the newest first; repeats are one row."""
    context.obj = state
    if context.invoked_subcommand is not None:
        return
    after, form, file = clock.utc_now() - since, form_of(form, as_json=as_json), state_file(context, state)
    if follow:
        if form == "json":
            raise click.UsageError("--follow has no end, and JSON is one document: --format ndjson", context)
        anyio.run(_follow, file, partial(_newest, router=router, kind=kind, limit=limit), after, form)
        return
    rows, counts = asked(file, partial(_read, router=router, kind=kind, since=after, limit=limit))
    if form == "json":
        print_json("mktui.errors/1", errors=rows, totals=counts)
    elif form == "ndjson":
        _print_lines("mktui.error/1", rows)
    elif rows:
        print_table(("TIME", "ROUTER", "CLASS", "COMMAND", "×", "TEXT"), [_row(row) for row in rows])
    else:
        say("nothing went wrong, as far as is kept")


@errors.command(epilog=_AUDIT_EPILOG)
@_router
@_state
@_since
@_limit
@json_option
@form_option
@click.pass_context
def audit(
    context: click.Context,
    *,
    router: str,
    state: Path | None,
    since: timedelta,
    limit: int,
    as_json: bool,
    form: str | None,
) -> None:
    """Who changed what, when, from where, on which router, and how it ended."""
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    question = partial(database.read_audit, router=router, since=clock.utc_now() - since, limit=limit)
    rows = [audit_record(each) for each in asked(state_file(context, state or context.obj), question)]
    form = form_of(form, as_json=as_json)
    if form == "json":
        print_json("mktui.audit/1", changes=rows)
    elif form == "ndjson":
        _print_lines("mktui.change/1", rows)
    elif rows:
        cells = [
            (_time(row["at"]), *(row[name] for name in ("router", "what", "outcome", "who", "from"))) for row in rows
        ]
        print_table(("TIME", "ROUTER", "WHAT", "OUTCOME", "WHO", "FROM"), cells)
    else:
        say("nothing was changed, as far as is kept")


def state_file(context: click.Context, state: Path | None = None) -> Path:
    """Return the file that is named, or the configuration's; without a configuration where one is kept anyhow.

    Raises:
        ConfigError: The configuration cannot be used, so that nobody knows which file it means.
    """
    path = config_path(context)
    if state is not None or not (path.exists() or wish("config_file")):
        return state or MonitorOptions().path
    try:
        return load(path).config.monitor.path
    except ConfigError as error:
        error.remedy = "; ".join(filter(None, (error.remedy, "--state FILE needs no configuration")))
        raise


def asked(file: Path, question: Callable[[Connection], T]) -> T:
    """Ask a file.

    Raises:
        HistoryUnavailable: It cannot be read.
    """
    history = History(file, MonitorOptions())
    try:
        return history.ask(question).result()
    finally:
        history.close()


def _read(
    connection: Connection, *, router: str, kind: str, since: datetime, limit: int
) -> tuple[list[Record], dict[str, Any]]:  # Any: JSON
    from mktui.monitor import database  # noqa: PLC0415 - loads the database
    from mktui.monitor.records import per_hour, totals  # noqa: PLC0415 - with it

    found = database.read_errors(connection, router=router, kind=kind, since=since, limit=limit)
    counts = tuple(
        each
        for each in database.read_counts(connection, since)
        if router in {"", each.router} and kind in {"", each.kind}
    )
    sums: dict[str, Any] = {f"by_{by}": dict(totals(counts, by)) for by in ("kind", "router", "command")}  # Any: JSON
    sums["by_class"] = sums.pop("by_kind")
    return [error_record(each) for each in found], sums | {"per_hour": per_hour(counts, clock.utc_now())}


async def _follow(file: Path, question: Callable[..., tuple[SeenError, ...]], since: datetime, form: str) -> None:
    """Print errors as they are written; one that is repeated is told again, with its count."""
    history, lines = History(file, MonitorOptions()), Lines()
    told: dict[SeenError, None] = {}
    try:
        while True:
            asking = history.ask(partial(question, since=since))
            for each in reversed(await anyio.to_thread.run_sync(asking.result)):
                if each not in told:
                    told[each] = None
                    _print_one(error_record(each), form, lines)
                    since = max(since, each.latest)
            told = {each: None for each in told if each.latest >= since}
            await anyio.sleep(_LOOK)
    finally:
        history.close()


def _newest(connection: Connection, *, router: str, kind: str, limit: int, since: datetime) -> tuple[SeenError, ...]:
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    return database.read_errors(connection, router=router, kind=kind, since=since, limit=limit)


def _print_one(row: Record, form: str, lines: Lines) -> None:
    if form == "ndjson":
        lines.print("mktui.error/1", row)
    else:
        echo("  ".join(_row(row)))


def _print_lines(schema: str, rows: list[Record]) -> None:
    lines = Lines()
    for row in rows:
        lines.print(schema, row)


def _row(row: Record) -> tuple[str, ...]:
    times = f"{row['repeats']}" if row["repeats"] > 1 else ""
    return _time(row["last_at"]), row["router"], row["class"], row["command"] or "–", times, row["text"]


def _time(moment: str) -> str:
    return moment[:19].replace("T", " ")
