"""``mktui billing list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mktui import clock
from mktui.billing import ledger, origins
from mktui.billing.model import SubscriberStatus
from mktui.cli.options import json_option
from mktui.cli.output import print_json, print_table
from mktui.cli.sync.upkeep import in_office

if TYPE_CHECKING:
    from mktui.billing.model import Profile, Subscriber
    from mktui.config.load import LoadedConfig
    from mktui.sync.run import Office

_EPILOG = """\b
Examples:
  mktui billing list                        subscribers
  mktui billing list profiles --json
  mktui billing list --status suspended --profile gold
"""


@click.command("list", epilog=_EPILOG)
@click.argument("what", type=click.Choice(["subscribers", "profiles"]), default="subscribers")
@click.option("--status", type=click.Choice([status.value for status in SubscriberStatus]), help="Only these.")
@click.option("--profile", help="Only who has this profile.")
@click.option("--name", "part", help="Only names that have this in them.")
@json_option
@click.pass_context
def listing(
    context: click.Context, *, what: str, status: str | None, profile: str | None, part: str | None, as_json: bool
) -> None:
    """List subscribers, or profiles. Passwords are never shown."""
    if what == "profiles":
        _show_profiles(in_office(context, _profiles), part, as_json=as_json)
        return
    rows, gone = in_office(context, _subscribers)
    chosen = [
        each for each in rows
        if (status is None or each.status == status) and (profile is None or each.profile == profile)
        and (part is None or part in each.username)
    ]  # fmt: skip
    if as_json:
        records = [_record(each) | {"missing_from_source": each.external_id in gone} for each in chosen]
        print_json("mktui.billing.subscribers/1", subscribers=records)
    else:
        header = ("NAME", "KIND", "PROFILE", "STATUS", "PAID UNTIL", "ROUTERS", "ID")
        print_table(header, [_row(each, gone) for each in chosen])


async def _profiles(office: Office, _loaded: LoadedConfig) -> tuple[Profile, ...]:
    return await office.store.run(ledger.read_profiles)


async def _subscribers(office: Office, _loaded: LoadedConfig) -> tuple[tuple[Subscriber, ...], frozenset[str]]:
    gone = await office.store.run(origins.missing)
    return await office.store.run(ledger.read_subscribers), frozenset(name for what, name in gone if what != "profile")


def _record(row: Profile | Subscriber) -> dict[str, Any]:  # Any: JSON
    return row.model_dump(mode="json", exclude={"password"})


def _row(subscriber: Subscriber, gone: frozenset[str]) -> tuple[str, ...]:
    status = subscriber.status.value
    if status == "active" and not subscriber.may_connect(clock.utc_now()):
        status = "expired"
    if subscriber.external_id in gone:
        status += ", gone from its source"
    until = f"{subscriber.valid_until:%Y-%m-%d %H:%M}" if subscriber.valid_until else "–"
    return (
        subscriber.username, subscriber.kind.value, subscriber.profile, status, until,
        ", ".join(subscriber.routers) or "all", subscriber.external_id,
    )  # fmt: skip


def _show_profiles(profiles: tuple[Profile, ...], part: str | None, *, as_json: bool) -> None:
    chosen = [each for each in profiles if part is None or part in each.name]
    if as_json:
        print_json("mktui.billing.profiles/1", profiles=[_record(each) for each in chosen])
        return
    print_table(
        ("NAME", "KIND", "DOWN", "UP", "SESSION", "POOL", "ON", "ID"),
        [
            (each.name, each.kind.value, each.rate_limit_raw or _rate(each.rate_down_bps), _rate(each.rate_up_bps),
             f"{each.session_timeout_s} s" if each.session_timeout_s else "–", each.pool or "–",
             "yes" if each.enabled else "no", each.external_id)
            for each in chosen
        ],
    )  # fmt: skip


def _rate(bps: int) -> str:
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if bps >= factor:
            return f"{bps / factor:g}{unit}"
    return str(bps) if bps else "–"
