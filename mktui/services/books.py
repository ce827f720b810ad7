"""Where profiles and subscribers come from. The database will be one such source; the demo's books are another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mktui.billing.model import Profile, Subscriber


@dataclass(frozen=True, slots=True)
class Books:
    """All profiles and subscribers of one moment."""

    profiles: tuple[Profile, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing to sync from."""
        return not self.profiles and not self.subscribers
