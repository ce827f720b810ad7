"""``mktui sync status``: the last run of each router, what is pending, who is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mktui import clock
from mktui.billing.standing import standing
from mktui.cli.options import json_option, routers_argument
from mktui.cli.output import print_json, print_table
from mktui.cli.sync.upkeep import in_office
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from mktui.billing.standing import Standing
    from mktui.config.load import LoadedConfig
    from mktui.sync.run import Office

Record = dict[str, Any]  # Any: JSON
_HEADER = ("ROUTER", "LAST RUN", "RUN", "APPLIED", "FAILED", "DEFERRED", "HELD", "PENDING", "OURS", "AUTOMATIC")


@click.command(epilog="\b\nExample:\n  mktui sync status --json\n")
@routers_argument
@json_option
@click.pass_context
def status(context: click.Context, *, routers: tuple[str, ...], as_json: bool) -> None:
    """Say of each router when it was synced, how that went, and what has changed in billing since; asks no router."""

    async def work(office: Office, loaded: LoadedConfig) -> list[Record]:
        names = [router.name for router in chosen_routers(loaded, routers)]
        found = [await office.store.run(standing, name, now=clock.utc_now()) for name in names]
        return [_record(each) | {"automatic": office.options.automatic} for each in found]

    records = in_office(context, work)
    if as_json:
        print_json("mktui.sync.status/1", routers=records)
    else:
        print_table(_HEADER, [_row(record) for record in records])


def _record(found: Standing) -> Record:
    last, holder = found.last, found.holder
    return {
        "router": found.router,
        "run": last.id if last else None,
        "begun_at": last.begun_at.isoformat() if last else None,
        "finished_at": last.finished_at.isoformat() if last and last.finished_at else None,
        "cause": last.cause if last else "",
        "summary": {key: value for key, value in last.summary.items() if key != "findings"} if last else {},
        "pending": found.pending,
        "unknown_rows": found.unknown_rows,
        "owned": found.owned,
        "paused": found.paused,
        "running": f"process {holder.pid} on {holder.host}" if holder else None,
    }


def _row(record: Record) -> tuple[str, ...]:
    summary = record["summary"]
    when = (record["finished_at"] or record["begun_at"] or "never")[:19].replace("T", " ")
    figures = [str(summary.get(name, "–")) for name in ("applied", "failed", "deferred", "held")]
    automatic = record["running"] or ("on" if record["automatic"] else "off")
    if record["paused"] is not None:
        automatic = f"paused: {record['paused']}"
    return (
        record["router"], when, str(record["run"] or "–"), *figures, str(record["pending"]), str(record["owned"]),
        automatic,
    )  # fmt: skip
