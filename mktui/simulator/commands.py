"""Which function a command is for: the few that stand alone, and the many that belong to a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.simulator import files, refusals, verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.protocol.sentences import Command
    from mktui.simulator.desk import Answer, Desk

_EXPORT: Final = frozenset({"file", "compact", "terse", "verbose", "hide-sensitive", "show-sensitive"})

_ALONE: Final[dict[str, tuple[Callable[[Desk, Command], Answer], str, frozenset[str]]]] = {
    "/export": (files.export, "read", _EXPORT),
    "/import": (files.run, "write", frozenset({"file-name", "verbose", "dry-run", "from-line"})),
    "/file/add": (files.add, "write", frozenset({"name", "contents", "type"})),
    "/file/set": (files.change, "write", frozenset({"name", "contents", ".id", "numbers"})),
    "/file/read": (files.read, "read", frozenset({"file", "offset", "chunk-size"})),
    "/system/backup/save": (files.save_backup, "write", frozenset({"name", "password", "dont-encrypt", "encryption"})),
    "/system/backup/load": (files.load_backup, "write", frozenset({"name", "password"})),
}
"""Path -> what carries it out, the policy it needs, the arguments it takes."""


def _has_export(desk: Desk, path: str) -> bool:
    """Say whether a menu, or a directory of menus, can be exported."""
    if desk.schema.has_menu(path):
        return desk.schema.has_command(path, "export")
    return desk.schema.is_directory(path)


def execute(desk: Desk, command: Command) -> Answer:
    """Carry out one command.

    Raises:
        Refusal: The router says no; nothing was changed by the part that was refused.
    """
    alone = _ALONE.get(command.path)
    if alone is None:
        if command.verb == "export" and _has_export(desk, command.menu):
            alone = files.export, "read", _EXPORT
        else:
            return verbs.perform(desk, command)
    carry_out, policy, known = alone
    if policy not in desk.policies:
        raise refusals.not_permitted()
    unknown = next((name for name in command.attributes if name not in known), None)
    if unknown is not None:
        raise refusals.unknown_parameter(unknown)
    return carry_out(desk, command)
