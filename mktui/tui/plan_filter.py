"""Finds rows of a plan or a report by what they say. A row is put into words once, however much is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.sync.plan import Change
from mktui.sync.report import RowReport
from mktui.sync.wording import menu_name, what_changes
from mktui.tui.plan_rows import Finding, Hint, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.tui.plan_rows import PlanRow


class PlanFilter:
    """The rows that pass. A group's head and its hint are shown with the first of its rows that is."""

    def __init__(self) -> None:
        self._rows: Sequence[PlanRow] = ()
        self._texts: list[str] = []

    def of(self, rows: Sequence[PlanRow], passes: Callable[[str], bool]) -> Sequence[PlanRow]:
        """Return those of ``rows`` whose text passes."""
        if rows is not self._rows:
            self._rows, self._texts = rows, [in_words(row) for row in rows]
        found: list[PlanRow] = []
        heads: list[PlanRow] = []
        for row, text in zip(rows, self._texts, strict=True):
            if isinstance(row, Outcome):
                heads = [row]
            elif isinstance(row, Hint):
                heads.append(row)
            elif passes(text):
                found += [*heads, row] if isinstance(row, RowReport) else [row]
                heads = [] if isinstance(row, RowReport) else heads
        return found


def in_words(row: PlanRow) -> str:
    """Return everything of a row that somebody may look for; a group's rows speak for its head."""
    words: tuple[str, ...] = ()
    match row:
        case Change():
            words = (
                row.action.value,
                menu_name(row.menu),
                row.menu,
                row.name,
                row.external_id,
                what_changes(row),
                row.reason,
            )
        case RowReport():
            words = (row.status.value, row.error, row.text, in_words(row.change))
        case Finding():
            words = (row.kind, row.reason, *(f"{menu_name(each.menu)} {each.name}" for each in row.rows))
        case _:
            pass
    return " ".join(words)
