"""A file that is here and is read into billing there: sent in pieces, shown line by line, written when it is wished.

A connection that is lost while it is written is waited for: what became of it is asked there, and never guessed.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui.billing.sources.preview import RowChange
from mktui.billing.sources.rows import RowError
from mktui.billing.sources.text_file import content_of
from mktui.errors import MktuiError, NobodyServes
from mktui.services.billing import Reading
from mktui.services.control.forms import heard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mktui.billing.sources.rows import What
    from mktui.services.control.asks import Asks

LOOK: Final = 0.3
"""Seconds between two questions how far it is."""
PIECE: Final = 600_000
"""Bytes that are sent at once: a request holds them in base64."""
UNKNOWN: Final = "The connection was lost while it was being written."
_NOT_BEGUN: Final = "the connection was lost before it was begun"


class AttachedFile:
    """One file at a time; the latest wins. ``on_written`` hears once what can be taken back now."""

    def __init__(self, fleet: Asks, tasks: TaskGroup, on_written: Callable[[str], Awaitable[None]]) -> None:
        self.reading: Reading | None = None
        self._fleet = fleet
        self._tasks = tasks
        self._on_written = on_written
        self._scope = anyio.CancelScope()

    def read(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        """Begin to read and send a file. ``mapped``: their column -> our field, as far as that was asked."""
        self._scope.cancel()
        self._scope = anyio.CancelScope()
        self.reading = Reading(file, what)
        self._tasks.start_soon(self._read, self.reading, mapped, self._scope, name=f"send {file.name}")

    def write(self) -> None:
        """Begin to write it, when it was shown."""
        reading = self.reading
        if reading is not None and reading.shown is not None and not reading.is_writing and reading.outcome is None:
            self.reading = replace(reading, is_writing=True, problem="")
            self._tasks.start_soon(self._write, self.reading, name=f"import {reading.file.name}")

    async def _read(self, reading: Reading, mapped: Mapping[str, str] | None, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                content = await anyio.to_thread.run_sync(content_of, reading.file)
                await self._send(content)
                await self._fleet.ask(
                    "read file", name=reading.file.name, what=reading.what, size=len(content), mapped=mapped
                )
                self.reading = await self._shown(reading)
            except MktuiError as error:
                self.reading = replace(reading, problem=" ".join(str(error).split()))

    async def _send(self, content: bytes) -> None:
        for at in range(0, max(1, len(content)), PIECE):
            piece = base64.b64encode(content[at : at + PIECE]).decode("ascii")
            await self._fleet.ask("upload", at=at, piece=piece)

    async def _shown(self, reading: Reading) -> Reading:
        while True:
            there, _ = await self._ask(reading)
            if there is None:
                return replace(reading, problem="who serves does not know of it any more: read it again")
            if there.problem or there.shown is not None or there.is_asking:
                break
            await anyio.sleep(LOOK)
        reading = replace(reading, layout=there.layout, mapped=there.mapped)
        if there.shown is None:
            return replace(reading, problem=there.problem)
        lines = await self._lines("shown")
        changes = [each for each in lines if isinstance(each, RowChange)]
        shown = replace(
            there.shown,
            rejected=tuple(each for each in lines if isinstance(each, RowError)),
            changed=tuple(each for each in changes if each.before is not None),
            added=tuple(each for each in changes if each.before is None),
        )
        return replace(reading, shown=shown)

    async def _write(self, reading: Reading) -> None:
        try:
            await self._fleet.ask("import")
        except NobodyServes:
            pass  # whether it has begun is asked when there is a connection again
        except MktuiError as error:
            self.reading = replace(reading, is_writing=False, problem=" ".join(str(error).split()))
            return
        try:
            self.reading, last_done = await self._followed(reading)
        except MktuiError as error:
            words = " ".join(str(error).split())
            self.reading = replace(reading, is_writing=False, problem=words, is_unsure=True)
        else:
            await self._on_written(last_done)

    async def _followed(self, reading: Reading) -> tuple[Reading, str]:
        """Return how it has ended."""
        while True:
            try:
                there, last_done = await self._ask(reading)
                if there is None:
                    return replace(reading, is_writing=False, problem=UNKNOWN, is_unsure=True), last_done
                if there.outcome is not None:
                    bad = await self._lines("outcome")
                    rejected = tuple(each for each in bad if isinstance(each, RowError))
                    outcome = replace(there.outcome, rejected=rejected)
                    return replace(reading, is_writing=False, written=there.written, outcome=outcome), last_done
                if not there.is_writing:
                    return replace(reading, is_writing=False, problem=there.problem or _NOT_BEGUN), last_done
                self.reading = replace(reading, written=there.written, begun_at=there.begun_at)
            except NobodyServes:
                pass  # it goes on there, whoever looks
            await anyio.sleep(LOOK)

    async def _ask(self, reading: Reading) -> tuple[Reading | None, str]:
        """Ask how far it is, and what can be taken back; None: it is not known there."""
        told = await self._fleet.ask("reading")
        there = heard(told["reading"]) if told is not None else None
        is_ours = isinstance(there, Reading) and there.file.name == reading.file.name
        return (there if is_ours else None), (str(told["last_done"]) if told is not None else "")

    async def _lines(self, of: str) -> list[RowChange | RowError]:
        lines: list[RowChange | RowError] = []
        while True:
            told = await self._fleet.ask("lines", of=of, at=len(lines))
            lines += heard(told["lines"])
            if not told["left"]:
                return lines
