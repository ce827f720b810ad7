"""What is on the router now: one print per managed menu, never from a cache. Unknown is not empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.errors import CommandTrapped
from mktui.sync.mapping import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row

_MARKS: Final = (".id", "name", "dynamic", "default", "builtin")


@dataclass(frozen=True, slots=True)
class Live:
    """The rows of each menu that could be read; ``unknown`` says why of each that could not."""

    rows: Mapping[str, tuple[Row, ...]] = field(repr=False)  # holds passwords
    unknown: Mapping[str, str] = field(default_factory=dict)


async def read_live(client: Client, menus: Iterable[str]) -> Live:
    """Print the menus.

    Raises:
        RouterError: The router cannot be asked: then nothing is known of any menu. A menu that the router refuses to
            print is *unknown* and the others go on.
    """
    rows: dict[str, tuple[Row, ...]] = {}
    unknown: dict[str, str] = {}
    for menu in menus:
        try:
            rows[menu] = tuple(await client.get(menu, (*_MARKS, *COLUMNS[menu]), max_age=0))
        except CommandTrapped as error:
            unknown[menu] = error.text
    return Live(rows, unknown)


def is_ours_to_touch(row: Row) -> bool:
    """Say whether a row may ever be changed: not one that the router made or came with."""
    return not any(row.get(mark) == "true" for mark in ("dynamic", "default", "builtin"))
