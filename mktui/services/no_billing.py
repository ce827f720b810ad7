"""Where there is no billing to look at: in a recording of routers that once were."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NoReturn

from mktui.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mktui.billing.model import Subscriber, SubscriberStatus
    from mktui.billing.several import Changed
    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.preview import ImportPreview
    from mktui.billing.sources.rows import What


class NoBilling:
    """Says why there is nothing to see, and refuses whatever would change something."""

    can_edit = False
    books = None
    reading = None
    local = dt.UTC
    last_done = ""
    so_far = ""

    def __init__(self, why: str = "this is a recording: it holds routers, and no billing") -> None:
        self.problem = why

    def watch(self) -> None:
        """There is nothing to read."""

    async def refresh(self) -> None:
        """There is nothing to read."""

    async def preview(self, what: What, cells: Mapping[str, str]) -> ImportPreview:
        """Nothing can be changed."""
        del cells
        self._refuse(what)

    async def write(self, shown: ImportPreview) -> ImportOutcome:
        """Nothing can be changed."""
        del shown
        self._refuse("billing")

    async def set_status(self, subscribers: Sequence[Subscriber], status: SubscriberStatus) -> Changed:
        """Nothing can be changed."""
        del subscribers
        self._refuse(status.value)

    async def extend(self, subscribers: Sequence[Subscriber], days: int) -> Changed:
        """Nothing can be changed."""
        del subscribers, days
        self._refuse("extend")

    async def undo(self) -> str:
        """Nothing was changed."""
        self._refuse("undo")

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        """Nothing can be read into it."""
        del what, mapped
        self._refuse(file.name)

    def import_file(self) -> None:
        """Nothing can be written."""
        self._refuse("import")

    def _refuse(self, what: str) -> NoReturn:
        raise WrongUse(f"{what}: {self.problem}")
