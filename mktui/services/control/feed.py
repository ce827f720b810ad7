"""Pictures of a fleet as what has changed since the last one: a fleet of hundreds over a thin link. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mktui.errors import ControlError
from mktui.monitor.recording import PICTURES
from mktui.monitor.snapshot import RouterSnapshot, Snapshot

if TYPE_CHECKING:
    from mktui.services.control.wire import Document

_ODD = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Feed:
    """Remembers what one reader has been told."""

    def __init__(self) -> None:
        self._told: Document = {}

    def news(self, snapshot: Snapshot) -> Document:
        """Return what he has to be told of a picture: of each router the fields that are new."""
        changed: Document = {}
        now: Document = {}
        for router in snapshot.routers:
            fields = PICTURES.plain(router)
            before = self._told.get(router.name, {})
            now[router.name] = fields
            new = {name: value for name, value in fields.items() if name not in before or before[name] != value}
            if new:
                changed[router.name] = new
        self._told = now
        return {
            "at": PICTURES.plain(snapshot.at), "title": snapshot.title, "billing_problem": snapshot.billing_problem,
            "order": [router.name for router in snapshot.routers], "routers": changed,
        }  # fmt: skip


class Picture:
    """The other end: puts the picture together again."""

    def __init__(self) -> None:
        self._fields: dict[str, Document] = {}
        self._routers: dict[str, RouterSnapshot] = {}

    def take(self, news: Any) -> Snapshot:  # Any: JSON
        """Return the picture after news.

        Raises:
            ControlError: They are no such news: the other side is of another version.
        """
        try:
            return self._taken(news)
        except _ODD:
            raise ControlError("the mktui that serves is of another version: what it tells is not understood") from None

    def _taken(self, news: Document) -> Snapshot:
        for name, new in news["routers"].items():
            fields = self._fields[name] = self._fields.get(name, {}) | new
            router = PICTURES.record(fields)
            if not isinstance(router, RouterSnapshot):
                raise TypeError(name)
            self._routers[name] = router
        order = news["order"]
        self._fields = {name: self._fields[name] for name in order}
        self._routers = {name: self._routers[name] for name in order}
        at = PICTURES.record(news["at"])
        return Snapshot(at, news["title"], tuple(self._routers.values()), news["billing_problem"])
