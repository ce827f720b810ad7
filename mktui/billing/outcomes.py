"""What became of changes to billing, as whoever asked for them is told. Pure: no database is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mktui.billing.sources.preview import RowChange
    from mktui.billing.sources.rows import RowError


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What writing a source did."""

    added: int
    changed: int
    unchanged: int
    rejected: tuple[RowError, ...]
    lost: int = 0
    """Rows that this source once had, and has no longer: known only when it is complete."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of several rows. ``refused``: name or id -> why."""

    changes: tuple[RowChange, ...]
    refused: Mapping[str, str]
