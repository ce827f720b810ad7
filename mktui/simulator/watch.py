"""What somebody who listens hears of a menu's changes: as his query, his columns and his policies let him."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui.simulator import refusals, verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anyio.streams.memory import MemoryObjectReceiveStream

    from mktui.core.protocol.sentences import Command, Row
    from mktui.simulator.desk import Desk
    from mktui.simulator.tables import Table

_HELD_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Watch:
    """A menu and what is heard of it."""

    table: Table
    columns: tuple[str, ...]
    hidden: frozenset[str]
    passes: Callable[[Row], bool]
    dead_word: str
    hides_removals: bool

    def shown(self, row: Row) -> Row | None:
        """Return what is heard of a changed row; None: nothing. That a row is gone is heard whatever was asked."""
        if ".dead" in row:
            return None if self.hides_removals else row | {".dead": self.dead_word}
        if not self.passes(row):
            return None
        return {name: row[name] for name in self.columns or row if name in row and name not in self.hidden}

    @contextmanager
    def hearing(self) -> Iterator[MemoryObjectReceiveStream[Row]]:
        """Hear changes for the block. Who does not read them hears no more after some time."""
        send, receive = anyio.create_memory_object_stream[dict[str, str]](_HELD_ROWS)

        def hear(row: Row) -> None:
            try:
                send.send_nowait(row)
            except anyio.WouldBlock:  # who changes rows must not suffer for it
                send.close()
            except anyio.ClosedResourceError:
                pass

        stop = self.table.listen(hear)
        try:
            with send, receive:
                yield receive
        finally:
            stop()


def watch(desk: Desk, command: Command) -> Watch:
    """Return what a ``listen``, or a ``print`` that follows, will hear.

    Raises:
        Refusal: The router says no.
    """
    table = verbs.admit(desk, command)
    if not desk.schema.has_command(command.menu, "print"):
        raise refusals.no_such_command()
    return Watch(
        table,
        verbs.columns(command),
        desk.hidden,
        verbs.asked(command),
        desk.profile.dead_word,
        command.menu in desk.profile.hides_removals,
    )
