"""Pictures of a fleet as what has changed since the last one: a fleet of hundreds over a thin link. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from mktui.monitor.recording import PICTURES
from mktui.monitor.snapshot import RouterSnapshot, Snapshot
from mktui.services.control.wire import other_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mktui.services.control.wire import Document

    Latency = tuple[float | None, ...]

_STEPS: Final = 5
"""Points that a chart may have gained between two pictures, to be told as such."""
_FIELDS: Final = tuple(field.name for field in fields(RouterSnapshot))
_OF_FLEET: Final = tuple(field.name for field in fields(Snapshot) if field.name not in {"routers", "lost_for"})
"""``lost_for`` is for the other end to know."""
_ALWAYS: Final = frozenset({"at", "title", "billing_problem"})
_ODD: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Feed:
    """Remembers what one reader has been told."""

    def __init__(self) -> None:
        self._told: dict[str, RouterSnapshot] = {}
        self._before: Snapshot | None = None

    def news(self, snapshot: Snapshot) -> Iterator[Document]:
        """Yield what he has to be told of a picture, router by router, and at last the whole: others may go first."""
        changed: Document = {}
        for router in snapshot.routers:
            new = self._changed(router)
            if new:
                changed[router.name] = new
            yield new
        self._told = {router.name: router for router in snapshot.routers}
        whole, self._before = self._of_fleet(snapshot), snapshot
        yield whole | {"order": [router.name for router in snapshot.routers], "routers": changed}

    def _of_fleet(self, snapshot: Snapshot) -> Document:
        """Return what is said of the fleet as a whole, and is new."""
        before = self._before
        return {
            name: PICTURES.plain(getattr(snapshot, name))
            for name in _OF_FLEET
            if name in _ALWAYS or before is None or getattr(snapshot, name) != getattr(before, name)
        }

    def _changed(self, router: RouterSnapshot) -> Document:
        """Return the fields that are new; all of them, with its class, of a router that is."""
        before = self._told.get(router.name)
        if before is None:
            whole: Document = PICTURES.plain(router)
            return whole
        new = {name: PICTURES.plain(now) for name in _FIELDS if (now := getattr(router, name)) != getattr(before, name)}
        if (tail := _tail(before.latency, router.latency)) is not None:
            new["latency"] = {"length": len(router.latency), "tail": tail}
        return new


def _tail(before: Latency, now: Latency) -> list[float | None] | None:
    """Return what has come to a chart that goes on: it is long, and most of it is known; None: it is another one."""
    for count in range(1, _STEPS + 1):
        kept = now[:-count]
        if kept and kept == before[-len(kept) :] and now != before:
            return list(now[-count:])
    return None


class Picture:
    """The other end: puts the picture together again."""

    def __init__(self) -> None:
        self._fields: dict[str, Document] = {}
        self._routers: dict[str, RouterSnapshot] = {}
        self._of_fleet: Document = {}

    def take(self, news: Any) -> Snapshot:  # Any: JSON
        """Return the picture after news.

        Raises:
            ControlRefused: They are no such news: the other side is of another version.
        """
        try:
            return self._taken(news)
        except _ODD:
            raise other_version() from None

    def _taken(self, news: Document) -> Snapshot:
        for name, new in news["routers"].items():
            before = self._fields.get(name, {})
            if isinstance(grown := new.get("latency"), dict):
                new["latency"] = [*before["latency"], *grown["tail"]][-grown["length"] :]
            fields = self._fields[name] = before | new
            router = PICTURES.record(fields)
            if not isinstance(router, RouterSnapshot):
                raise TypeError(name)
            self._routers[name] = router
        order = news["order"]
        self._fields = {name: self._fields[name] for name in order}
        self._routers = {name: self._routers[name] for name in order}
        self._of_fleet |= {name: PICTURES.record(news[name]) for name in _OF_FLEET if name in news}
        return Snapshot(routers=tuple(self._routers.values()), **self._of_fleet)
