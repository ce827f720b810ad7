"""Files on the router: ``/file``, ``/export``, ``/import`` and backups. No file of this machine is used.

Sizes are bytes. ``contents`` is a column only of small files; longer ones are read in pieces (``/file/read``, 7.13+).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.sentences import Command
from mktui.core.protocol.values import version_key
from mktui.simulator import by_hand, refusals, script, verbs
from mktui.simulator.desk import SECRETS, Answer
from mktui.simulator.refusals import Refusal
from mktui.simulator.rows import blank_row
from mktui.simulator.tables import TableRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mktui.simulator.desk import Desk
    from mktui.simulator.tables import Table

_INLINE_BYTES: Final = {6: 4096, 7: 61_440}
"""The longest file whose contents are a column, by major version."""
_WRITABLE_BYTES: Final = 61_440
_PIECE_BYTES: Final = 32_768
_READ_SINCE: Final = (7, 13)
_FIRST: Final = ("/interface", "/ip/pool", "/ip/hotspot/profile", "/ip/hotspot/user/profile", "/ppp/profile",
                 "/user/group", "/ip/hotspot")  # fmt: skip
"""Menus whose rows others name: an export says them first, or it could not be imported."""
_NOT_CONFIGURATION: Final = frozenset({
    "/file", "/log", "/user/active", "/ppp/active", "/ip/hotspot/active", "/ip/hotspot/host", "/system/resource",
    "/system/clock", "/system/health",
})  # fmt: skip
"""Menus that no backup holds: what is so now, not what was configured."""
_WHOLE: Final = re.compile("[0-9]{1,20}")
_NEVER_SAID: Final = frozenset({"numbers", "date", "time", "last-logged-in"})


def hold(desk: Desk, name: str, contents: str, kind: str = "") -> TableRow:
    """Write a file, over one of the same name."""
    table = desk.tables["/file"]
    old = table.find(name)
    if old is not None:
        table.remove(old)
    size = len(_bytes(contents))
    kind = kind or ("script" if name.endswith(".rsc") else ".txt file" if name.endswith(".txt") else "file")
    values = {"name": name, "type": kind, "size": str(size), "creation-time": desk.date}
    if size <= _INLINE_BYTES[min(7, version_key(desk.profile.version)[0])] and kind != "backup":
        values["contents"] = contents
    row = table.add(values)
    row.kept = contents
    return row


def add(desk: Desk, command: Command) -> Answer:
    """``/file/add``: refused when there is one of that name."""
    name = command.attributes.get("name", "")
    if not name:
        raise refusals.missing("name")
    if desk.tables["/file"].find(name) is not None:
        raise Refusal("failure: file already exists", refusals.GENERAL)
    return Answer(done={"ret": hold(desk, name, _short(command)).row_id})


def change(desk: Desk, command: Command) -> Answer:
    """``/file/set``: another name, other contents."""
    row = _file(desk, command.attributes.get(".id") or command.attributes.get("numbers", ""))
    if "contents" in command.attributes:
        contents = _short(command)
        desk.tables["/file"].change(row, {"contents": contents, "size": str(len(_bytes(contents)))})
        row.kept = contents
    if "name" in command.attributes:
        desk.tables["/file"].change(row, {"name": command.attributes["name"]})
    return Answer()


def read(desk: Desk, command: Command) -> Answer:
    """``/file/read``: a piece of a file, by bytes."""
    given = command.attributes
    if version_key(desk.profile.version) < _READ_SINCE:
        raise refusals.no_such_command()
    contents = _bytes(_file(desk, given.get("file", "")).kept)
    offset, length = _number(given, "offset", 0), _number(given, "chunk-size", _PIECE_BYTES)
    if not 0 < length <= _PIECE_BYTES:
        raise refusals.out_of_range("chunk-size", 1, _PIECE_BYTES)
    piece = contents[offset : offset + length].decode("utf-8", "surrogateescape")
    return Answer([TableRow({"data": piece})])


def export(desk: Desk, command: Command) -> Answer:
    """``/export`` of everything, or of the menu it is said in, into ``file=``. Without a file nothing comes of it."""
    name = command.attributes.get("file", "")
    if name:
        menus = None
        if command.menu:
            menus = [path for path in by_hand.menus() if f"{path}/".startswith(f"{command.menu}/")]
        text = export_text(desk, menus, frozenset(command.attributes))
        hold(desk, name if name.endswith(".rsc") else f"{name}.rsc", text)
    return Answer()


def export_text(desk: Desk, menus: list[str] | None, words: frozenset[str]) -> str:
    """Return the configuration as a script. ``words``: ``terse``, ``verbose``, ``show-sensitive``, as given."""
    version = desk.profile.version
    head = [f"# {desk.date} by RouterOS {version}", f"# software id = {by_hand.LICENSE['software-id']}", "#",
            f"# model = {desk.profile.board}", f"# serial number = {desk.profile.serial}"]  # fmt: skip
    shows = "sensitive" in desk.policies and (
        "show-sensitive" in words or (version_key(version) < (7,) and "hide-sensitive" not in words)
    )
    lines = []
    wanted = menus if menus is not None else by_hand.menus()
    for path in sorted(wanted, key=lambda path: _FIRST.index(path) if path in _FIRST else 99):
        said = list(_said(desk, path, words, frozenset() if shows else SECRETS))
        title = path.lstrip("/").replace("/", " ")
        if said and "terse" in words:
            lines += [f"/{title} {line}" for line in said]
        elif said:
            lines += [f"/{title}", *said]
    return "\r\n".join([*head, *lines, ""]).replace("\r\n", "\n").replace("\n", "\r\n")


def run(desk: Desk, command: Command) -> Answer:
    """``/import``: a script, up to its first error. ``dry-run`` (with ``verbose``) only reads it."""
    given = command.attributes
    if "dry-run" in given and "verbose" not in given:
        raise Refusal("dry-run requires verbose", refusals.ARGUMENT)
    contents = _file(desk, given.get("file-name", "")).kept
    try:
        for statement in script.parse(contents):
            if "dry-run" not in given:
                _obey(desk, statement)
    except script.ScriptError as error:
        raise Refusal(str(error), refusals.SCRIPTING) from None
    return Answer()


def save_backup(desk: Desk, command: Command) -> Answer:
    """``/system/backup/save``: everything but what the router makes itself, into ``name=``."""
    name = command.attributes.get("name") or desk.profile.name
    hold(desk, f"{name}.backup", "\0" * 40_000, "backup")
    desk.backups[f"{name}.backup"] = {
        path: [row.copy() for row in table if not row.is_fixed]
        for path, table in desk.tables.items() if path not in _NOT_CONFIGURATION
    }  # fmt: skip
    return Answer()


def load_backup(desk: Desk, command: Command) -> Answer:
    """``/system/backup/load``: every menu as it was; the router restarts after it."""
    name = command.attributes.get("name", "")
    if "password" not in command.attributes:
        raise refusals.missing("password")
    kept = desk.backups.get(name) or desk.backups.get(f"{name}.backup")
    if kept is None:
        raise Refusal("failure: backup file not found", refusals.GENERAL)
    for path, rows in kept.items():
        made_by_router = [row for row in desk.tables[path] if row.is_fixed]
        desk.tables[path].restore([*(row.copy() for row in rows), *made_by_router])
    return Answer()


def _said(desk: Desk, path: str, words: frozenset[str], hidden: frozenset[str]) -> Iterator[str]:
    facts = by_hand.menu(path)
    if facts is None or not desk.schema.has_command(path, "export"):
        return
    settable = set(facts.arguments.get("add", {})) | set(facts.arguments.get("set", {}))
    said = settable - hidden - _NEVER_SAID
    blank = blank_row(path)
    for row in desk.tables[path]:
        if row.is_fixed:
            continue
        usual = {} if "verbose" in words else blank if row.born is None else row.born
        values = {name: _yes_no(value) for name, value in row.values.items()
                  if name in said and value != usual.get(name)}  # fmt: skip
        verb, target = _how(row, is_single=facts.is_single)
        if target:
            values.pop("name", None)
        if values:
            yield script.say(verb, target, values, terse="terse" in words)


def _how(row: TableRow, *, is_single: bool) -> tuple[str, str]:
    if is_single:
        return "set", ""
    if row.born is not None:
        return "set", f"[ find name={script.quote(row.values.get('name', ''))} ]"
    return "add", ""


def _obey(desk: Desk, statement: script.Statement) -> None:
    if not desk.schema.has_menu(statement.menu):
        raise script.ScriptError(f"bad command name {statement.menu[1:]} (line {statement.line} column 2)")
    values = dict(statement.values)
    table = desk.tables[statement.menu]
    if statement.verb == "add" or (statement.where is None and not statement.row):
        verbs.perform(desk, Command(f"{statement.menu}/{statement.verb}", values))
        return
    named = [statement.row] if statement.where is None else list(_found(table, statement.where))
    for row_id in named:
        verbs.perform(desk, Command(f"{statement.menu}/{statement.verb}", {".id": row_id, **values}))


def _found(table: Table, where: Mapping[str, str]) -> Iterator[str]:
    for row in list(table):
        if all(_yes_no(row.values.get(name, "")) == _yes_no(value) for name, value in where.items()):
            yield row.row_id


def _yes_no(value: str) -> str:
    return {"true": "yes", "false": "no"}.get(value, value)


def _file(desk: Desk, name: str) -> TableRow:
    if not name:
        raise refusals.missing("file-name")
    row = desk.tables["/file"].find(name)
    if row is None:
        raise refusals.no_such_item()
    return row


def _short(command: Command) -> str:
    contents = command.attributes.get("contents", "")
    if len(_bytes(contents)) > _WRITABLE_BYTES:
        raise Refusal("failure: contents too long", refusals.GENERAL)
    return contents


def _number(given: Mapping[str, str], name: str, usual: int) -> int:
    text = given.get(name, str(usual))
    if not _WHOLE.fullmatch(text):
        raise refusals.invalid_value(name)
    return int(text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
