"""What must be asked of the router before anything is planned for it: which box it is, and what time it believes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.core.protocol.values import parse_date
from mktui.errors import CommandTrapped

if TYPE_CHECKING:
    from mktui.core.client.client import Client

_NEVER_SET: Final = 2020
"""A router without a battery counts from 1970 until somebody sets its clock."""


async def read_serial(client: Client) -> str:
    """Return what tells this box from another; "" when it has nothing of the kind.

    Raises:
        RouterError: It cannot be asked.
    """
    for path, name in (("/system/routerboard", "serial-number"), ("/system/license", "software-id")):
        try:
            rows = await client.get(path, (name,), max_age=0)
        except CommandTrapped:
            continue
        if rows and rows[0].get(name):
            return rows[0][name]
    return ""


async def clock_ahead_of_router(client: Client) -> float | None:
    """Return by how many seconds we are ahead of the router; None when it keeps no time.

    Raises:
        RouterError: It cannot be asked.
    """
    try:
        rows = await client.get("/system/clock", ("date", "time", "gmt-offset"), max_age=0)
        there = parse_date(f"{rows[0]['date']} {rows[0]['time']}")
    except (CommandTrapped, LookupError, ValueError):
        return None
    if there.year < _NEVER_SET:
        return None
    offset = _offset(rows[0].get("gmt-offset", ""))
    return (clock.utc_now().replace(tzinfo=None) - (there - offset)).total_seconds()


async def asks_radius(client: Client) -> bool:
    """Say whether the router asks RADIUS who may connect by PPP: a secret of its own is consulted first, and hides it.

    Raises:
        RouterError: It cannot be asked.
    """
    try:
        rows = await client.get("/ppp/aaa", ("use-radius",), max_age=60)
    except CommandTrapped:
        return False
    return bool(rows) and rows[0].get("use-radius") in {"yes", "true"}


def _offset(text: str) -> timedelta:
    sign = -1 if text.startswith("-") else 1
    hours, _, minutes = text.lstrip("+-").partition(":")
    if not hours.isdecimal() or not minutes.isdecimal():
        return timedelta()
    return sign * timedelta(hours=int(hours), minutes=int(minutes))
