"""What is on the router now: one print per managed menu, never from a cache. Unknown is not empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from mktui.errors import CommandTrapped, RouterError
from mktui.sync.mapping import COLUMNS, NAMING_PROFILES, PROFILE_MENUS, SUBSCRIBER_MENUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row

_MARKS: Final = (".id", "name", "dynamic", "default", "builtin")
NO_MENU: Final = "no such command"
"""A package that is not installed: nothing there names anything."""


@dataclass(frozen=True, slots=True)
class Live:
    """The rows of each menu that could be read; ``unknown`` says why of each that could not."""

    rows: Mapping[str, tuple[Row, ...]] = field(repr=False)  # holds passwords
    unknown: Mapping[str, str] = field(default_factory=dict)

    def users_of_profile(self, menu: str, name: str) -> int | None:
        """Count the rows, ours or not, that name a profile; None: not all of them could be read."""
        users = 0
        subscribers = SUBSCRIBER_MENUS[next(kind for kind, path in PROFILE_MENUS.items() if path == menu)]
        for path, attribute in ((subscribers, "profile"), *NAMING_PROFILES[menu].items()):
            if path not in self.rows:
                is_not_there = path != subscribers and NO_MENU in self.unknown.get(path, "")
                if not is_not_there:  # not read, or refused
                    return None
                continue
            users += sum(row.get(attribute, "default") == name for row in self.rows[path])
        return users


async def read_live(client: Client, menus: Iterable[str]) -> Live:
    """Print the menus.

    Raises:
        RouterError: The router cannot be asked: then nothing is known of any menu. A menu that the router refuses to
            print is *unknown* and the others go on.
    """
    rows: dict[str, tuple[Row, ...]] = {}
    unknown: dict[str, str] = {}
    failed: list[RouterError] = []

    async def read(menu: str) -> None:
        columns = COLUMNS.get(menu) or tuple(naming[menu] for naming in NAMING_PROFILES.values() if menu in naming)
        try:
            rows[menu] = tuple(await client.get(menu, (*_MARKS, *columns), max_age=0))
        except CommandTrapped as error:
            unknown[menu] = error.text
        except RouterError as error:
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        for menu in menus:
            tasks.start_soon(read, menu)
    if failed:
        raise failed[0]
    return Live(rows, unknown)


def is_ours_to_touch(row: Row) -> bool:
    """Say whether a row may ever be changed: not one that the router made or came with."""
    return not any(row.get(mark) == "true" for mark in ("dynamic", "default", "builtin"))
