"""What a save would do to routers that are protected: moved, given another login, laid open, or left out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.config.draft import is_same
from mktui.config.settings import names, value_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from mktui.config.draft import Draft
    from mktui.config.settings import Raw

_GUARDED: Final = ("host", "port", "username", "password", "tls", "fingerprint", "ca_file", "protected")
"""What a protected router is reached by, and that it is one."""


def protected_in(raw: Raw) -> frozenset[str]:
    """Return the routers that a configuration protects."""
    known = names(raw, ("routers",))
    return frozenset(name for name in known if value_of(raw, ("routers", name, "protected")) is True)


def endangered(draft: Draft, running: Collection[str]) -> dict[str, str]:
    """Return each protected router that a save would touch, and what of it, in words.

    ``running``: the protected ones of those that run, whatever a file says of them by now. One that was taken out as
    a whole was asked for then.
    """
    left = {*names(draft.raw, ("routers",))}
    taken_out = {edit.key[1] for edit in draft.edits if edit.key[:-1] == ("routers",)} - left
    found = {}
    for name in names(draft.base, ("routers",)):
        if name not in {*protected_in(draft.base), *running} or name in taken_out:
            continue
        words = ", ".join(_changed(draft, name)) if name in left else "name"
        if words:
            found[name] = words
    return found


def _changed(draft: Draft, name: str) -> list[str]:
    key = ("routers", name)
    return [
        each for each in _GUARDED if not is_same(value_of(draft.base, (*key, each)), value_of(draft.raw, (*key, each)))
    ]
