"""Rows of our own on a real router: marked, in a list that no rule names, and forgotten by the router in ten minutes.

We remove them at the end; what a killed test has left is found at the next start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui.core.client.query import Key
from mktui.core.protocol.sentences import Command
from mktui.errors import CommandTrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.core.client.client import Client
    from mktui.stability.stage import Stage

MENU: Final = "/ip/firewall/address-list"
LIST: Final = "mktui-test"
"""The list's name, and how each mark begins."""
MOST: Final = 40
"""Rows that a test has on a router at once."""
TIDYING: Final = 5.0
"""Seconds that tidying up, or looking, may take; the router forgets the rows by itself if it does not come to that."""
_MISSING: Final = 0
"""The category of a trap that says: no such item."""


def mark_of(run: str) -> str:
    """Return what stands in the comment of each row of a run."""
    return f"{LIST}-{run}"


def is_of(mark: str, home: str) -> bool:
    """Say whether a run of this home has left a row."""
    return bool(home) and f"-{home}-" in mark


def adding(number: int, mark: str) -> Command:
    """Return the command that adds row ``number``. Its address is of the range that is kept for tests (RFC 2544).

    The router forgets such a row by itself: nothing of it is ever written to its flash.
    """
    high, low = divmod(number, 250)
    words = {"list": LIST, "address": f"198.18.{high % 250}.{low + 1}", "timeout": "00:10:00", "comment": mark}
    return Command(f"{MENU}/add", words)


async def marked(client: Client) -> list[tuple[str, str]]:
    """Return id and mark of every row of ours, whichever run has left it."""
    rows = await client.get(MENU, (".id", "comment"), Key("list") == LIST, max_age=0, timeout=TIDYING)
    return [(row[".id"], row["comment"]) for row in rows if row.get("comment", "").startswith(f"{LIST}-")]


async def remove(client: Client, ids: Iterable[str]) -> int:
    """Remove rows and return how many there were; one that is gone already is no error.

    Raises:
        RouterError: Some could not be removed.
    """
    outcomes = await client.execute_batch([Command(f"{MENU}/remove", {".id": row_id}) for row_id in ids])
    for outcome in outcomes:
        if isinstance(outcome.error, CommandTrapped) and outcome.error.category == _MISSING:
            continue
        outcome.unwrap()
    return sum(outcome.ok for outcome in outcomes)


async def tidy(stage: Stage, mark: str) -> int:
    """Remove the rows of one run over a connection of its own, also when it was cancelled; return how many are left."""
    with anyio.CancelScope(shield=True), anyio.move_on_after(TIDYING):
        async with stage.client(min_size=1, max_size=1) as client:
            await remove(client, [row_id for row_id, its in await marked(client) if its == mark])
            return sum(its == mark for _, its in await marked(client))
    return MOST
