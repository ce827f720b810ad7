"""What a source yields: rows that could be read, what is wrong with the others, and whether it is everything.

A row that could not be read must not be taken for absent: a source with one bad row is never complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mktui.billing.model import Profile, Subscriber

What: TypeAlias = Literal["profile", "subscriber"]
"""What a row is about."""
SECRET_FIELDS: Final = frozenset({"password"})
"""Fields whose values are in no error, no difference, no repr."""
CHANGED: Final = "(changed)"
"""Stands for a secret value wherever values are shown."""
SET: Final = "(set)"
"""The same where there was none before."""
_SHOWN: Final = 80
"""Characters of a value that an error shows."""
_ACCEPTABLE_PERCENT: Final = 80
"""A source with fewer rows than this part of what was accepted last is taken for cut."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong with one row. ``where`` is a line, or a row's number, as a person would find it."""

    where: str
    field: str
    value: str
    problem: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.field in SECRET_FIELDS:
            object.__setattr__(self, "value", "")
        elif len(self.value) > _SHOWN:
            object.__setattr__(self, "value", f"{self.value[:_SHOWN]}…")

    def __str__(self) -> str:
        what = f" {self.field}" if self.field else ""
        value = f" {self.value!r}" if self.value else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.where}:{what}{value}{':' if what or value else ''} {self.problem}{remedy}"


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Everything one source says.

    ``claims``: whoever gave it says it is everything; ``complete``: and it can be believed. ``covers`` is what it
    speaks of at all: a file of subscribers says nothing about profiles. Fields that a source did not give are not in
    a row's ``model_fields_set``: billing keeps its own. ``derived`` are external ids made from names.
    """

    complete: bool
    profiles: tuple[Profile, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    errors: tuple[RowError, ...] = ()
    notes: tuple[str, ...] = ()
    covers: frozenset[What] = frozenset({"profile", "subscriber"})
    claims: bool = False
    derived: frozenset[tuple[What, str]] = field(default=frozenset(), repr=False)
    places: Mapping[tuple[What, str], str] = field(default_factory=dict, repr=False)
    """(what, external id) -> where it stands in the source."""

    def place(self, what: What, external_id: str) -> str:
        """Return where a row stands in the source, for messages."""
        return self.places.get((what, external_id), external_id)

    @property
    def count(self) -> int:
        """How many rows could be read."""
        return len(self.profiles) + len(self.subscribers)


def why_incomplete(
    *, claims: bool, count: int, errors: int, counted: bool, accepted: int | None, needs_count: bool = True
) -> str:
    """Return why a source is not everything, in words; empty: it is complete.

    ``counted``: its own footer agrees with its rows. ``accepted``: how many rows were accepted last, None: it was never
    accepted. ``needs_count``: without a footer there must be a count to compare with, as a file may have been cut.
    """
    needs = accepted is None and needs_count
    reasons = (
        (not claims, "nobody has said that it holds everything"),
        (not count, "it has no rows"),
        (errors, f"{errors} of its rows could not be read"),
        (counted, ""),
        (needs, "it has no footer '# rows: N' and nothing was accepted from it before"),
        (
            count * 100 < (accepted or 0) * _ACCEPTABLE_PERCENT,
            f"it has {count} rows, less than {_ACCEPTABLE_PERCENT} % of the {accepted} accepted last",
        ),
    )
    return next((words for applies, words in reasons if applies), "")
