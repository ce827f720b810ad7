"""Ends the sessions of those who may no longer connect: only ours, only confirmed, slowly, and never of who has paid.

A cookie goes before its session, or the device logs straight in again. RADIUS sessions are not ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui.billing.records import WaitingKick
from mktui.core.pool.job import Priority
from mktui.errors import CommandTrapped
from mktui.sync.mapping import server_of
from mktui.sync.mirror import NO_MENU
from mktui.sync.options import Kick
from mktui.sync.plan import Action

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from mktui.billing.records import JournalRow
    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row

    IsWanted = Callable[[WaitingKick], Awaitable[bool]]
    """Whether billing, asked now, still wants a session ended."""
    OnDone = Callable[[WaitingKick], Awaitable[None]]

_PPP: Final = "/ppp/secret"
_HOTSPOT: Final = "/ip/hotspot/user"
_SETTING: Final = frozenset({Action.SET, Action.ENABLE})
_LOSSES: Final = frozenset({Action.DISABLE, Action.EXPIRE, Action.DELETE})


def wanted_kicks(rows: Iterable[JournalRow], kick: Kick) -> list[WaitingKick]:
    """Return whose sessions are to be ended, of rows that the router has confirmed. ``rows`` bear their live names."""
    wanted = []
    for row in rows:
        if row.menu not in {_PPP, _HOTSPOT} or kick is Kick.NEVER:
            continue
        if row.action in _LOSSES:
            wanted.append(WaitingKick(row.menu, row.name, row.server, row.external_id, "inactive"))
        elif kick is Kick.CHANGED and row.action in _SETTING and "profile" in row.after:
            wanted.append(WaitingKick(row.menu, row.name, row.server, row.external_id, "changed"))
    return wanted


async def end_sessions(
    client: Client, kicks: Sequence[WaitingKick], is_wanted: IsWanted, on_done: OnDone, *, per_second: float
) -> int:
    """End sessions and return how many were. A menu that the router does not have has no sessions.

    Raises:
        RouterError: The router cannot be asked; who is still connected stays so, and still waits to be kicked.
    """
    ended = 0
    for menu in (_PPP, _HOTSPOT):
        named = [kick for kick in kicks if kick.menu == menu]
        if not named:
            continue
        sessions = await _sessions(client, menu)
        cookies = await _rows(client, "/ip/hotspot/cookie", ("user", "mac-address")) if menu == _HOTSPOT else []
        namesakes = await _namesakes(client, named) if menu == _HOTSPOT and sessions else frozenset()
        for kick in named:
            own = [row for row in sessions if _is_his(row, kick, namesakes)]
            if own and await is_wanted(kick):
                for row in own:
                    is_shared = any(name == kick.name for name, _ in namesakes)
                    his = [each for each in cookies if each.get("user") == kick.name
                           and (not is_shared or each.get("mac-address") == row.get("mac-address"))]  # fmt: skip
                    await _end(client, menu, row, his)
                    ended += 1
                    await anyio.sleep(1 / per_second)
            await on_done(kick)
    return ended


async def _end(client: Client, menu: str, session: Row, cookies: list[Row]) -> None:
    if menu == _HOTSPOT:
        for cookie in cookies:
            await _remove(client, "/ip/hotspot/cookie", cookie)
        await _remove(client, "/ip/hotspot/active", session)
    else:
        await _remove(client, "/ppp/active", session)


async def _remove(client: Client, menu: str, row: Row) -> None:
    try:
        await client.remove(menu, row[".id"], priority=Priority.CRITICAL)
    except CommandTrapped as error:
        if "no such item" not in error.text:  # it has ended by itself
            raise


async def _namesakes(client: Client, kicks: Sequence[WaitingKick]) -> frozenset[tuple[str, str]]:
    """Return name and server of the hotspot users who bear a name of these, and are somebody else."""
    rows = await _rows(client, _HOTSPOT, ("name", "server"))
    own = {(kick.name, kick.server) for kick in kicks}
    names = {kick.name for kick in kicks}
    found = {(row.get("name", ""), server_of(_HOTSPOT, row)) for row in rows if row.get("name") in names}
    return frozenset(found - own)


def _is_his(row: Row, kick: WaitingKick, namesakes: frozenset[tuple[str, str]]) -> bool:
    if row.get("radius") == "true":
        return False
    if kick.menu == _PPP:
        return row.get("name") == kick.name
    server = row.get("server", "")
    if row.get("user") != kick.name or (kick.server == "" and (kick.name, server) in namesakes):
        return False  # a user of one server comes before the one of all
    return kick.server in {"", server}


async def _sessions(client: Client, menu: str) -> list[Row]:
    if menu == _PPP:
        return await _rows(client, "/ppp/active", ("name", "service", "radius"))
    return await _rows(client, "/ip/hotspot/active", ("user", "server", "mac-address", "radius"))


async def _rows(client: Client, path: str, columns: tuple[str, ...]) -> list[Row]:
    try:
        return list(await client.get(path, (".id", *columns), max_age=0))
    except CommandTrapped as error:
        if NO_MENU not in error.text:  # a right is missing: whoever is connected cannot be seen
            raise
        return []
