"""Who sits here, and from where: what is written beside each change that is made to a router."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.monitor.records import Audited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """A user of this machine, and the way he came."""

    who: str
    origin: str

    def __str__(self) -> str:
        return f"{self.who} ({self.origin})"

    def did(self, what: str, router: str, outcome: str, at: datetime) -> Audited:
        """Return what is kept of something he did."""
        return Audited(at, self.who, self.origin, what, router, " ".join(outcome.split()))


_ACTING: Final[ContextVar[Actor | None]] = ContextVar("acting", default=None)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Let what is done in the block, and by tasks that begin in it, be somebody's who sits elsewhere."""
    token = _ACTING.set(actor)
    try:
        yield
    finally:
        _ACTING.reset(token)


def acting() -> Actor | None:
    """Return who acts, when it is not who runs this program."""
    return _ACTING.get()


def present_actor(environment: Mapping[str, str] | None = None) -> Actor:
    """Return who runs this program: by sudo, he who called it; over SSH, the address he came from."""
    found = os.environ if environment is None else environment
    user = _user()
    caller = found.get("SUDO_USER", "")
    who = f"{caller} (as {user})" if caller and caller != user else user
    return Actor(who, _origin(found))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _origin(environment: Mapping[str, str]) -> str:
    terminal = _terminal()
    if over_ssh := environment.get("SSH_CONNECTION", "").split():
        return " ".join(filter(None, (f"ssh {over_ssh[0]}", terminal)))
    return terminal or "no terminal"


def _terminal() -> str:
    for stream in (sys.stdin, sys.stdout):
        try:
            return os.ttyname(stream.fileno()).removeprefix("/dev/")
        except (OSError, ValueError, AttributeError):
            continue
    return ""
