"""``mktui review``: what the last weeks say about the settings."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from mktui import clock
from mktui.cli.errors import Since, asked
from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import json_option, loaded_config, routers_argument
from mktui.cli.output import echo, print_json
from mktui.monitor.review import ENOUGH
from mktui.monitor.review import review as review_of
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from mktui.monitor.history import Connection
    from mktui.monitor.hours import RouterHour
    from mktui.monitor.review import Advice, RouterReview

_EPILOG = """\b
Examples:
  mktui review                          the last 30 days, every router
  mktui review edge-1 --since 90d       one router's quarter
  mktui review --markdown > review.md   for a report
  mktui review --json                   for a script

It reads what an open control room has kept on this machine, and asks no router.
Exit code: 0 nothing to change, 1 something to change or a limit is near, 5 too little history for some routers.
"""


@click.command(epilog=_EPILOG)
@routers_argument
@click.option("--since", type=Since(), default="30d", show_default=True, help="How far back.")
@json_option
@click.option("--markdown", is_flag=True, help="As Markdown.")
@click.pass_context
def review(
    context: click.Context, *, routers: tuple[str, ...], since: timedelta, as_json: bool, markdown: bool
) -> None:
    """Say which settings the kept figures want changed, from what to what, why; and who is near a limit."""
    if as_json and markdown:
        raise click.UsageError("--json or --markdown, not both")
    loaded = loaded_config(context)
    pools = {each.name: loaded.config.pool_for(each) for each in chosen_routers(loaded, routers)}
    found = review_of(asked(loaded.config.monitor.path, partial(_hours, after=since)), pools)
    if as_json:
        print_json("mktui.review/1", since_seconds=since.total_seconds(), routers=[asdict(each) for each in found])
    else:
        for line in _as_markdown(found, since) if markdown else _as_text(found):
            echo(line)
    context.exit(_code(found))


def _hours(connection: Connection, *, after: timedelta) -> tuple[RouterHour, ...]:
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    return database.read_hours(connection, clock.utc_now() - after)


def _as_text(found: tuple[RouterReview, ...]) -> Iterator[str]:
    for number, each in enumerate(found):
        if number:
            yield ""
        yield f"{each.router}  {_judged(each)}"
        for advice in each.advices:
            yield f"  {advice.setting}  {_change(advice)}"
            yield from (f"      {line}" for line in advice.evidence)
            yield f"    why   {advice.why}"
        for limit in each.limits:
            yield f"  near its limit: {limit.text}"


def _as_markdown(found: tuple[RouterReview, ...], since: timedelta) -> Iterator[str]:
    yield f"# Review of the last {since.days or round(since.total_seconds() / 86_400, 1)} days"
    for each in found:
        yield f"\n## {each.router}\n\n{_judged(each).capitalize()}."
        if each.advices:
            yield "\n| setting | from | to | figures | why |\n|---|---|---|---|---|"
        for advice in each.advices:
            figures = "; ".join(advice.evidence)
            yield f"| `{advice.setting}` | {advice.now:.10g} | {advice.proposed:.10g} | {figures} | {advice.why} |"
        if each.limits:
            yield ""
        for limit in each.limits:
            yield f"- Near its limit: {limit.text}."


def _judged(each: RouterReview) -> str:
    seen = f"{each.hours:,.0f} hours seen"
    if not each.is_enough:
        return f"too little history: {seen}, {ENOUGH} are needed; the control room keeps it while it is open"
    return seen if each.advices or each.limits else f"{seen}, nothing to change"


def _change(advice: Advice) -> str:
    return f"{advice.now:.10g} → {advice.proposed:.10g}"


def _code(found: tuple[RouterReview, ...]) -> int:
    if any(each.advices or each.limits for each in found):
        return ExitCode.NO
    return ExitCode.DONE if all(each.is_enough for each in found) else ExitCode.PARTLY
