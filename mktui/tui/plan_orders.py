"""A plan's or a report's rows in another order. A report's groups stay together: its rows are sorted inside of them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from mktui.sync.plan import Change
from mktui.sync.report import RowReport
from mktui.sync.wording import menu_name
from mktui.tui.plan_rows import Finding, Hint, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.tui.plan_rows import PlanRow

    Key = Callable[[PlanRow], tuple[str, ...]]


def in_order(rows: Sequence[PlanRow], order: str, *, is_reversed: bool) -> Sequence[PlanRow]:
    """Return rows in one of ``ORDERS``; equal ones stay as they were."""
    if order == USUAL and not is_reversed:
        return rows
    found: list[PlanRow] = []
    for part, members in groupby(rows, _part):
        if part is Outcome:
            found += members
        elif order == USUAL:
            found += reversed(list(members))
        else:
            found += sorted(members, key=ORDERS[order], reverse=is_reversed)
    return tuple(found)


def _part(row: PlanRow) -> type[object]:
    """Return what may not be mixed with its neighbours: heads stay heads, results stay among themselves."""
    if isinstance(row, (Outcome, Hint)):
        return Outcome
    return RowReport if isinstance(row, RowReport) else Change


def _facts(row: PlanRow) -> tuple[str, str, str]:
    """Return action, menu and name of a row, as they are shown."""
    match row:
        case RowReport():
            return _facts(row.change)
        case Change():
            return row.action.value, menu_name(row.menu), row.name.casefold()
        case Finding():
            menus = {menu_name(each.menu) for each in row.rows}
            name = row.rows[0].name.casefold() if len(row.rows) == 1 else ""  # as shown: a group has no name
            return row.kind, menus.pop() if len(menus) == 1 else "", name
        case _:
            return "", "", ""


def _by_action(row: PlanRow) -> tuple[str, ...]:
    return _facts(row)


def _by_menu(row: PlanRow) -> tuple[str, ...]:
    _, menu, name = _facts(row)
    return menu, name


def _by_name(row: PlanRow) -> tuple[str, ...]:
    return (_facts(row)[2],)


USUAL: Final = "trouble"
ORDERS: Final[dict[str, Key]] = {
    USUAL: lambda _row: (), "action": _by_action, "menu": _by_menu, "name": _by_name,
}  # fmt: skip
"""What rows can be sorted by; the first is how they come."""
