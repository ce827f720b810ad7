"""What each role may do: one table, which HTTP and the control socket both obey. Pure.

A deed is called as it is in a request's ``do``. One that stands in no line needs the highest role: who adds a deed says
here whose it is.
"""

from __future__ import annotations

from typing import Final

from mktui.config.http import Role

_OF: Final = {
    Role.VIEWER: (
        "hello", "snapshot", "subscribe", "planning", "report", "chart", "watch billing", "errors", "changes", "find",
        "found", "books", "read billing", "reading", "lines", "tests",
    ),
    Role.OPERATOR: (
        "test", "reset", "isolate", "probe", "plan", "apply", "hold", "let go", "kick", "set active", "extend",
        "preview", "write", "set status", "extend all", "undo", "start test", "stop test", "save report",
        "silence", "unsilence", "run job",
    ),
    Role.ADMIN: (
        "run", "config", "save config", "try router", "save router", "start test with rows",
        "upload", "read file", "import",  # a screen in a browser reads files of the machine that serves
    ),
}  # fmt: skip
_NEEDED: Final = {deed: role for role, deeds in _OF.items() for deed in deeds}
_LEAVE_IT_ALONE: Final = frozenset({"test", "plan", "silence", "unsilence"})
"""What an operator does of a protected router as of any other: it changes nothing there."""


def needed(deed: str, *, is_protected: bool = False) -> Role:
    """Return the lowest role that may do it; ``is_protected``: to a router that is."""
    role = _NEEDED.get(deed, Role.ADMIN)
    return Role.ADMIN if is_protected and role is Role.OPERATOR and deed not in _LEAVE_IT_ALONE else role


def refusal(deed: str, who: str, role: Role, *, protected: str = "") -> str:
    """Return why somebody may not do it, "" when he may; ``protected``: the names of routers that are."""
    least = needed(deed, is_protected=bool(protected))
    if role.may(least):
        return ""
    why = f"{protected} {'are' if ', ' in protected else 'is'} protected: " if role.may(needed(deed)) else ""
    return f"{why}this needs the role {least}; {who} is {role}"
