"""Which rows billing wants on a router and it does not have: what was changed, and what its last run has not written.

The second is more than the first where nobody has changed anything: a customer whose time is over, a row that was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import ledger, tables
from mktui.billing.records import RowState

if TYPE_CHECKING:
    from mktui.billing.records import RunRecord


@dataclass(frozen=True, slots=True)
class Pending:
    """One router's. ``edited``: by what and external id; ``unwritten``: by menu and external id."""

    edited: frozenset[tuple[str, str]]
    unwritten: frozenset[tuple[str, str]]

    def __len__(self) -> int:
        """Count the rows: one that was edited and is not written yet is one."""
        return len(self.edited | {(_what(menu), external_id) for menu, external_id in self.unwritten})


def pending(connection: sa.Connection, router: str, last: RunRecord | None) -> Pending:
    """Return what is pending on a router. ``last``: its last run, ended, going on, or killed."""
    edited = frozenset((edit.what, edit.external_id) for edit in ledger.edits(connection, router))
    return Pending(edited, _unwritten(connection, last.id) if last is not None else frozenset())


def _unwritten(connection: sa.Connection, run: int) -> frozenset[tuple[str, str]]:
    table = tables.journal
    query = sa.select(table.c.menu, table.c.external_id).where(table.c.run == run, table.c.state != RowState.APPLIED)
    return frozenset((str(menu), str(external_id)) for menu, external_id in connection.execute(query))


def _what(menu: str) -> str:
    return "profile" if menu.endswith("/profile") else "subscriber"
