"""What each menu's commands do to its table. Plain functions: a command in, an answer or a Refusal out; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.simulator import by_hand, checks, refusals
from mktui.simulator.desk import Answer, Desk
from mktui.simulator.query import compile_query
from mktui.simulator.refusals import Refusal
from mktui.simulator.rows import blank_row, policies, said_by_router

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.protocol.sentences import Command, Row
    from mktui.simulator.tables import Table, TableRow

_SELECTORS: Final = frozenset({".id", "numbers"})
READING: Final = frozenset({"print", "get", "find", "listen", "getall", "recursive-print", "export"})
_SESSIONS: Final = frozenset({"/ppp/active", "/ip/hotspot/active", "/ip/hotspot/host", "/ip/hotspot/cookie"})
_NAMED_FREELY: Final = frozenset(
    {"/log", "/ppp/active", "/ip/hotspot/active", "/user/active", "/ip/firewall/address-list"}
)


def perform(desk: Desk, command: Command) -> Answer:
    """Carry out one command of a menu.

    Raises:
        Refusal: The router says no; nothing was changed by the part that was refused.
    """
    carry_out = _VERBS.get(command.verb)
    if carry_out is None and desk.schema.has_menu(command.menu):
        raise refusals.no_such_command()
    table = admit(desk, command)
    assert carry_out is not None, "admitted"
    if table.refresh is not None:
        table.refresh(desk.now)
    return carry_out(desk, table, command)


def admit(desk: Desk, command: Command) -> Table:
    """Return the table that a command is for.

    Raises:
        Refusal: The version has no such menu, command or argument, or the user may not.
    """
    menu, verb = command.menu, command.verb
    if not desk.schema.has_menu(menu):
        raise desk.no_such_menu(menu)
    if not desk.schema.has_command(menu, verb):
        raise refusals.no_such_command()
    if ("read" if verb in READING else "write") not in desk.policies:
        raise refusals.not_permitted()
    unknown = desk.schema.unknown_argument(menu, verb, list(command.attributes))
    if unknown is not None:
        raise refusals.unknown_parameter(unknown)
    return desk.tables[menu]


def _print(desk: Desk, table: Table, command: Command) -> Answer:
    attributes = command.attributes
    passes = asked(command)
    rows = [row for row in table if passes(row.values)] if command.query else list(table)
    if ".id" in attributes:
        wanted = {table.find(text) for text in attributes[".id"].split(",")}
        rows = [row for row in rows if row in wanted]
    if "count-only" in attributes:
        return Answer(done={"ret": str(len(rows))})
    return Answer(rows, columns(command), is_print=True, hidden=desk.hidden)


def asked(command: Command) -> Callable[[Row], bool]:
    """Return the test that a command's query makes of a row.

    Raises:
        Refusal: It is no query.
    """
    try:
        return compile_query(command.menu, command.query)
    except ValueError as error:
        raise Refusal(str(error), refusals.ARGUMENT) from None


def columns(command: Command) -> tuple[str, ...]:
    """Return the attributes a command asks for, each once; none: all of them."""
    wanted = command.attributes.get(".proplist") or command.attributes.get("proplist", "")
    return tuple(dict.fromkeys(name for name in wanted.split(",") if name))


def _get(desk: Desk, table: Table, command: Command) -> Answer:
    row = _selected(table, command, ("number", ".id", "numbers"))[0]
    name = command.attributes.get("value-name")
    hidden = desk.hidden
    if name is None:
        text = ";".join(f"{key}={value}" for key, value in row.values.items() if key not in hidden)
        return Answer(done={"ret": text})
    readable = desk.schema.readable(table.path)
    if readable is not None and name not in readable and name != ".id":
        raise refusals.unknown_parameter(name)
    return Answer(done={"ret": "" if name in hidden else row.values.get(name, "")})


def _find(_desk: Desk, table: Table, command: Command) -> Answer:
    passes = asked(command)
    return Answer(done={"ret": ";".join(row.row_id for row in table if passes(row.values))})


def _add(desk: Desk, table: Table, command: Command) -> Answer:
    given = {name: value for name, value in command.attributes.items() if name not in {"place-before", "copy-from"}}
    facts = by_hand.menu(table.path)
    assert facts is not None
    source = command.attributes.get("copy-from")
    base: Row = {}
    if source is not None:
        origin = table.find(source)
        if origin is None:
            raise refusals.no_such_item()
        base = {name: value for name, value in origin.values.items() if name not in facts.read_only | {".id"}}
    for name in sorted(facts.required):
        if not given.get(name) and name not in base:
            raise refusals.missing(name)
    written = base | _normal(desk, table.path, given)
    blank = blank_row(table.path) | said_by_router(table.path, written, desk.profile.version)
    readable = desk.schema.readable(table.path)
    values = {name: value for name, value in blank.items() if readable is None or name in readable} | written
    _refuse_duplicate(table, values, None)
    before = _before(table, command.attributes.get("place-before", ""))
    row = table.add(_settled(table.path, values))
    if before is not None:
        table.move(row, before)
    _keep_password(table, row)
    return Answer(done={"ret": row.row_id})


def _set(desk: Desk, table: Table, command: Command) -> Answer:
    values = {name: value for name, value in command.attributes.items() if name not in _SELECTORS}
    rows = _selected(table, command)
    given = _normal(desk, table.path, values)
    changed = _settled(table.path, given)
    for row in rows:
        _refuse_fixed(row)
    for row in rows:
        if changed.keys() & {"name", "server"} or given.keys() != changed.keys():
            _refuse_duplicate(table, row.values | given, row)
        before = row.values.get("name", "")
        counted = said_by_router(table.path, row.values | changed, desk.profile.version) if "ranges" in changed else {}
        kept = {name: value for name, value in counted.items() if name in row.values}
        table.change(row, changed | kept, unset=given.keys() - changed.keys())
        _keep_password(table, row)
        after = row.values.get("name", "")
        if before != after:
            _rename_references(desk, table.path, before, after)
    return Answer()


def _settled(path: str, values: Row) -> Row:
    """Return values without those that stand for nothing: no comment, and the hotspot server that is all of them."""
    return {
        name: value for name, value in values.items()
        if (name, value) != ("comment", "") and (path, name, value) != ("/ip/hotspot/user", "server", "all")
    }  # fmt: skip


def _keep_password(table: Table, row: TableRow) -> None:
    """Take a user's password out of his row: no print ever shows it."""
    if table.path == "/user" and "password" in row.values:
        row.kept = row.values["password"]
        row.change({}, unset=("password",))


def _before(table: Table, destination: str) -> TableRow | None:
    found = table.find(destination) if destination else None
    if destination and found is None:
        raise refusals.no_such_item()
    return found


def _unset(_desk: Desk, table: Table, command: Command) -> Answer:
    name = command.attributes.get("value-name", "")
    facts = by_hand.menu(table.path)
    assert facts is not None
    if name not in facts.arguments.get("set", {}):
        raise refusals.unknown_parameter(name)
    if name in facts.required:
        raise refusals.no_match("value-name")
    for row in _selected(table, command):
        _refuse_fixed(row)
        default = blank_row(table.path).get(name)
        table.change(row, {} if default is None else {name: default}, unset=() if default is not None else (name,))
    return Answer()


def _remove(desk: Desk, table: Table, command: Command) -> Answer:
    rows = _selected(table, command)
    for row in rows:
        if row.values.get("default") == "true" or row.values.get("name") in _undeletable(table.path):
            raise refusals.fixed_row()
        if row.is_fixed and table.path not in _SESSIONS:
            raise refusals.fixed_row()
    for row in rows:
        table.remove(row)
        _rename_references(desk, table.path, row.values.get("name", ""), row.row_id)
        desk.removed(table.path, row)
    return Answer()


def _enable(_desk: Desk, table: Table, command: Command) -> Answer:
    return _flag(table, command, "false")


def _disable(_desk: Desk, table: Table, command: Command) -> Answer:
    return _flag(table, command, "true")


def _flag(table: Table, command: Command, disabled: str) -> Answer:
    for row in _selected(table, command):
        _refuse_fixed(row)
        table.change(row, {"disabled": disabled})
    return Answer()


def _comment(_desk: Desk, table: Table, command: Command) -> Answer:
    comment = command.attributes.get("comment", "")
    for row in _selected(table, command):
        _refuse_fixed(row)
        table.change(row, {"comment": comment} if comment else {}, unset=() if comment else ("comment",))
    return Answer()


def _move(_desk: Desk, table: Table, command: Command) -> Answer:
    before = _before(table, command.attributes.get("destination", ""))
    for row in _selected(table, command):
        if row is not before:
            table.move(row, before)
    return Answer()


def _reset(_desk: Desk, table: Table, command: Command) -> Answer:
    """Set attributes back to their defaults: the one that is named, or nothing."""
    name = command.attributes.get("value-name", "")
    default = blank_row(table.path).get(name)
    for row in _selected(table, command) if set(command.attributes) & _SELECTORS else []:
        _refuse_fixed(row)
        if name:
            table.change(row, {} if default is None else {name: default}, unset=() if default is not None else (name,))
    return Answer()


def _write_log(desk: Desk, table: Table, command: Command) -> Answer:
    table.add({"time": desk.date, "topics": f"script,{command.verb}", "message": command.attributes.get("message", "")})
    return Answer()


def _run_script(_desk: Desk, table: Table, command: Command) -> Answer:
    for row in _selected(table, command, (".id", "numbers", "number")):
        table.change(row, {"run-count": str(int(row.values.get("run-count", "0")) + 1)})
    return Answer()


def _log_out(desk: Desk, table: Table, command: Command) -> Answer:
    for row in _selected(table, command):
        desk.removed(table.path, row)
    return Answer()


def _accepted(_desk: Desk, _table: Table, _command: Command) -> Answer:
    """Do what leaves no trace in any table: an export to nowhere, a blinking light."""
    return Answer()


def _interactive(_desk: Desk, _table: Table, _command: Command) -> Answer:
    raise Refusal("interactive command, no terminal", refusals.TTY)


_ZERO: Final = dict.fromkeys(
    ("bytes-in", "bytes-out", "packets-in", "packets-out", "rx-byte", "tx-byte", "rx-packet", "tx-packet",
     "fp-rx-byte", "fp-tx-byte", "fp-rx-packet", "fp-tx-packet", "total-bytes", "total-packets"), "0",
) | {"bytes": "0/0", "packets": "0/0", "dropped": "0/0", "uptime": "0s"}  # fmt: skip
"""What counters show when they begin anew."""


def _reset_counters(_desk: Desk, table: Table, command: Command) -> Answer:
    rows = list(table) if command.verb == "reset-counters-all" else _selected(table, command)
    for row in rows:
        table.change(row, {name: value for name, value in _ZERO.items() if name in row.values})
    return Answer()


_VERBS: Final[dict[str, Callable[[Desk, Table, Command], Answer]]] = {
    "print": _print, "getall": _print, "get": _get, "find": _find, "add": _add, "set": _set, "unset": _unset,
    "remove": _remove, "enable": _enable, "disable": _disable, "comment": _comment, "move": _move,
    "reset-counters": _reset_counters, "reset-counters-all": _reset_counters, "recursive-print": _print,
    "reset": _reset, "blink": _accepted, "reset-html": _accepted, "login": _accepted,
    "make-binding": _accepted, "expire-password": _accepted, "edit": _interactive, "setup": _interactive,
    "info": _write_log, "warning": _write_log, "error": _write_log, "debug": _write_log, "run": _run_script,
    "request-logout": _log_out,
}  # fmt: skip


def _selected(table: Table, command: Command, names: tuple[str, ...] = (".id", "numbers")) -> list[TableRow]:
    """Return the rows a command names by id or name, several with commas; a menu that is one row needs none."""
    facts = by_hand.menu(table.path)
    if facts is not None and facts.is_single:
        return list(table)
    wanted = next((command.attributes[name] for name in names if name in command.attributes), "")
    if not wanted:
        raise refusals.missing("numbers")
    rows = [table.find(text) for text in wanted.split(",")]
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        raise refusals.no_such_item()
    return list(dict.fromkeys(found))


def _normal(desk: Desk, path: str, values: Row) -> Row:
    completes = desk.profile.completes_names
    made = {name: checks.normal(path, name, value, desk.tables, completes=completes) for name, value in values.items()}
    if path == "/user/group" and "policy" in made:
        made["policy"] = policies(frozenset(made["policy"].split(",")), desk.profile.version)
    return made


def _undeletable(path: str) -> frozenset[str]:
    if path == "/ppp/profile":
        return frozenset({"default", "default-encryption"})
    return frozenset({"default-trial"}) if path == "/ip/hotspot/user" else frozenset()


def _refuse_fixed(row: TableRow) -> None:
    if row.is_fixed:
        raise refusals.fixed_row()


def _refuse_duplicate(table: Table, values: Row, own: TableRow | None) -> None:
    """Names are unique in a menu; a hotspot user's per server, where ``all`` is one of them."""
    name = values.get("name")
    if name is None or table.path in _NAMED_FREELY:
        return
    server = values.get("server", "all")
    for other in table.named(name):
        if other is not own and other.values.get("server", "all") == server:
            raise refusals.duplicate(table.path)


def _rename_references(desk: Desk, path: str, before: str, after: str) -> None:
    """Rows that name a row show its new name, or its bare id once it is gone."""
    naming = [where for where, target in checks.REFERENCES.items() if target == path]
    if path == "/ip/pool":
        naming += list(checks.ADDRESS_OR_POOL)
    for menu, name in naming:
        table = desk.tables[menu]
        for row in [row for row in table if row.values.get(name) == before]:
            table.change(row, {name: after})
