"""What earlier tests have left on a real router: found at each start, and removed by a test that may write.

A row whose run may still be under way is left alone. On this machine it is not: whoever has rows on a router holds the
lock of those who write to it, and so do we while we remove some. Of another machine nobody knows; there the router
forgets a row by itself, ten minutes after it was added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.errors import BillingError, LeaseLost, MktuiError
from mktui.stability import own_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from mktui.core.client.client import Client


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Rows of earlier tests: ``removed`` now, still there (``left``), or of a test that may be ``running`` yet."""

    removed: int = 0
    left: int = 0
    running: int = 0
    problem: str = ""
    """Why those that are still there could not be removed, when that was tried; "": it was not allowed."""

    def words(self, router: str) -> str:
        """Return what there was, what became of it, and what to do; "" when there was nothing."""
        told = []
        if self.removed:
            told.append(f"removed {_rows(self.removed)} that an earlier test had left")
        if self.left and self.problem:
            told.append(f"could not remove {_rows(self.left)} that an earlier test has left: {self.problem}")
        elif self.left:
            told.append(
                f"an earlier test has left {_rows(self.left)} there; the router forgets such rows within ten minutes, "
                f"and mktui stability-test {router} --yes removes them now"
            )
        if self.running:
            told.append(
                f"left {_rows(self.running)} alone, of a test that may be under way elsewhere; the router forgets such "
                "rows within ten minutes"
            )
        return f"{router}: {'; '.join(told)}" if told else ""


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


async def clear(
    client: Client, home: str, writing: Callable[[], AbstractAsyncContextManager[None]], *, may_remove: bool
) -> Leftovers:
    """Look for what runs of this ``home`` have left, and remove it when that is allowed.

    ``writing`` makes us the only one of this home who writes to the router.

    Raises:
        RouterError: The router could not be asked.
    """
    if not (found := await own_rows.marked(client)):
        return Leftovers()
    try:
        async with writing():
            found = await own_rows.marked(client)  # again: the one who wrote until now may have removed his
            dead = [row_id for row_id, mark in found if own_rows.is_of(mark, home)]
            others = len(found) - len(dead)
            if not dead or not may_remove:
                return Leftovers(left=len(dead), running=others)
            problem = ""
            try:
                await own_rows.remove(client, dead)
            except MktuiError as error:
                problem = str(error)
            left = sum(own_rows.is_of(mark, home) for _, mark in await own_rows.marked(client))
            return Leftovers(len(dead) - left, left, others, problem)
    except LeaseLost:
        return Leftovers(running=len(found))
    except BillingError as error:
        return Leftovers(left=len(found), problem=str(error))
