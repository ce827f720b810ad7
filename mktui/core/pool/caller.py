"""Who asks: a few words for what is being done, which every command of it carries to where slow ones are shown.

A context variable: tasks that are begun in a block, and reads that are shared, inherit it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CALLER: Final[ContextVar[str]] = ContextVar("caller", default="")


@contextmanager
def asked_by(caller: str) -> Iterator[None]:
    """Let the commands of the block be asked by ``caller``: ``a sync``, ``a command by hand``."""
    token = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(token)


def caller() -> str:
    """Return who asks now; "" when nobody has said it."""
    return _CALLER.get()
