"""What is done to billing, in the words that the audit keeps, whoever does it by whatever way. Pure.

No value stands in them: any of them may be somebody's password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.billing.model import SubscriberStatus
    from mktui.billing.sources.preview import ImportPreview, RowChange

_STATUS: Final = {"active": "enable", "suspended": "suspend", "deleted": "delete"}


def of_rows(changes: Sequence[RowChange]) -> str:
    """Say which rows are changed, and of a single one which fields."""
    if len(changes) != 1:
        return f"change {len(changes)} rows of billing"
    change = changes[0]
    fields = "" if change.before is None else f": {', '.join(each.field for each in change.fields)}"
    return f"{'add' if change.before is None else 'change'} {change.what} {change.name}{fields}"


def of_status(status: SubscriberStatus, names: str) -> str:
    """Say that subscribers are suspended, enabled or deleted."""
    return f"{_STATUS.get(status.value, status.value)} {names}"


def of_file(name: str, shown: ImportPreview) -> str:
    """Say that a file is read into billing."""
    return f"import {name}: {len(shown.added)} added, {len(shown.changed)} changed"
