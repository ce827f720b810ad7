"""What stands on the table when a command is carried out, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.simulator import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mktui.core.protocol.sentences import Row
    from mktui.simulator.profile import RouterProfile
    from mktui.simulator.refusals import Refusal
    from mktui.simulator.schema import VersionedSchema
    from mktui.simulator.tables import Table, TableRow

    Backup = Mapping[str, Sequence[TableRow]]
    """The rows of each menu."""

SECRETS: Final = frozenset({"password", "otp-secret", "totp-secret", "ipsec-secret", "secret"})
"""Columns that only a user with the policy ``sensitive`` sees."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows to print with the columns asked for, and what ``!done`` carries."""

    rows: Sequence[TableRow] = ()
    columns: tuple[str, ...] = ()
    done: Row = field(default_factory=dict)
    is_print: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Desk:
    """What a verb may touch: the tables, the version's schema, the time, and who asks."""

    tables: dict[str, Table]
    schema: VersionedSchema
    now: float
    policies: frozenset[str]
    date: str
    removed: Callable[[str, TableRow], None]
    """Told of each row a user removes: a session ends, for example."""
    profile: RouterProfile
    backups: dict[str, Backup]
    """What each backup file holds."""

    def no_such_menu(self, path: str) -> Refusal:
        """Return how this router says that there is no such menu; a directory that only holds menus has no commands."""
        if self.schema.is_directory(path):
            return refusals.no_such_command()
        if not self.profile.names_unknown_paths:
            return refusals.no_such_menu()
        parts = path.split("/")[1:]
        known = sum(self.schema.is_directory("/" + "/".join(parts[: end + 1])) for end in range(len(parts)))
        return refusals.no_such_directory(parts[min(known, len(parts) - 1)])

    @property
    def hidden(self) -> frozenset[str]:
        """Columns that who asks may not see: without the policy ``sensitive`` they are left out, not refused."""
        return frozenset() if "sensitive" in self.policies else SECRETS
