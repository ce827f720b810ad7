"""How RouterOS says no: its own texts, with the categories it gives them (MikroTik's manual and recorded replies)."""

from __future__ import annotations

MISSING, ARGUMENT, INTERRUPTED, SCRIPTING, GENERAL, TTY = 0, 1, 2, 3, 4, 6


class Refusal(Exception):
    """A ``!trap`` on its way out."""

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.message, self.category = message, category


def no_such_item() -> Refusal:
    """No row has this id or name."""
    return Refusal("no such item", MISSING)


def no_such_command() -> Refusal:
    """The menu exists, the command does not."""
    return Refusal("no such command", MISSING)


def no_such_menu() -> Refusal:
    """The menu does not exist."""
    return Refusal("no such command prefix", MISSING)


def no_such_directory(name: str) -> Refusal:
    """A part of the path does not exist, as 7.23 was heard to say it."""
    return Refusal(f"no such command or directory ({name})", MISSING)


def unknown_parameter(name: str) -> Refusal:
    """The command has no such argument."""
    return Refusal(f"unknown parameter {name}", ARGUMENT)


def no_match(name: str) -> Refusal:
    """The value is none of those possible, or names a row that is not there."""
    return Refusal(f"input does not match any value of {name}", ARGUMENT)


def ambiguous(name: str) -> Refusal:
    """The value is the beginning of several."""
    return Refusal(f"ambiguous value of {name}, more than one possible value matches input", ARGUMENT)


def invalid_value(name: str) -> Refusal:
    """The value cannot be read."""
    return Refusal(f"invalid value for argument {name}", ARGUMENT)


def out_of_range(name: str, low: int, high: int) -> Refusal:
    """The number is too small or too big."""
    return Refusal(f"value of {name} out of range ({low}..{high})", ARGUMENT)


def missing(name: str) -> Refusal:
    """A required argument was not given."""
    return Refusal(f"missing value(s) of argument(s) {name}", ARGUMENT)


def interrupted() -> Refusal:
    """The command was cancelled."""
    return Refusal("interrupted", INTERRUPTED)


def not_permitted() -> Refusal:
    """The user's group lacks a policy."""
    return Refusal("not enough permissions (9)")


def duplicate(path: str) -> Refusal:
    """The name is taken."""
    texts = {
        "/ppp/secret": "failure: secret with the same name already exists",
        "/ppp/profile": "failure: profile with the same name already exists",
        "/ip/hotspot/user": "failure: already have user with this name for this server",
    }
    kind = path.rpartition("/")[2]
    return Refusal(texts.get(path, f"failure: {kind} with the same name already exists"), GENERAL)


def fixed_row() -> Refusal:
    """The row was made by the router itself."""
    return Refusal("failure: can not change dynamic or default item", GENERAL)
