"""Who somebody at the socket is, and what he may. He begins with the kernel's word for him; from there he only loses.

Knows no socket, and does nothing.
"""

from __future__ import annotations

import pwd
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mktui.config.http import Role
from mktui.errors import ControlRefused
from mktui.monitor.audit import Actor
from mktui.services.control.badges import Badges
from mktui.services.control.messages import RunJob
from mktui.services.control.stability_messages import StartTest
from mktui.services.rights import refusal

if TYPE_CHECKING:
    from mktui.services.control.messages import Hello, Request
    from mktui.services.fleet import Fleet


def user_name(uid: int) -> str:
    """Return a user's name; one that has none is called by his number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who the kernel says is at the other end; ``pid`` 0: it does not say."""

    uid: int
    pid: int = 0


class Credentials:
    """Of one connection. ``may_write`` False: nothing is changed for him, whatever his role."""

    def __init__(self, peer: Peer, *, may_write: bool, badges: Badges | None = None) -> None:
        self.may_write = may_write
        self.role = Role.ADMIN  # the kernel lets nobody in but him whose everything here is, and root
        self.actor = Actor(user_name(peer.uid), f"attached, pid {peer.pid}" if peer.pid else "attached")
        self._badges = badges or Badges()
        self._has_badge = False

    def greet(self, hello: Hello) -> None:
        """Take in what he says of himself; who shows a void badge only looks from now on.

        Raises:
            ControlRefused: His badge is void.
        """
        self._give_up(hello.role)
        if hello.badge:
            badge = self._badges.find(hello.badge)
            self._give_up(badge.role if badge is not None else Role.VIEWER)
            if badge is None:
                raise ControlRefused("Role", "hello: this badge is void: whose it was has left")
            self.actor, self._has_badge = badge.actor, True
        elif hello.origin and not self._has_badge:
            self.actor = replace(self.actor, origin=f"attached, {' '.join(hello.origin.split())}")

    def check(self, request: Request, fleet: Fleet) -> None:
        """Let nothing be asked that he may not; it is kept that he tried.

        Raises:
            ControlRefused: He may not.
        """
        deed, router = _deed_of(request)
        if request.is_write and not self.may_write:
            fleet.chronicle.refused(deed, router, "read-only")
            raise ControlRefused("ReadOnly", f"{deed}: refused, this is read-only")
        protected = ", ".join(_protected(request, router, fleet))
        why = refusal(deed, self.actor.who, self.role, protected=protected)
        if why:
            fleet.chronicle.refused(deed, router, why)
            raise ControlRefused("Role", f"{deed}: {why}")

    def _give_up(self, role: Role) -> None:
        """Be allowed what a role may, and no more than before."""
        self.role = min(self.role, role, key=list(Role).index)
        self.may_write = self.may_write and self.role is not Role.VIEWER


def _protected(request: Request, router: str, fleet: Fleet) -> tuple[str, ...]:
    """Return the protected routers that it is done to."""
    if isinstance(request, RunJob):
        return fleet.schedule.protected_by(request.job)
    return (router,) if router in fleet.names and fleet.service(router).setup.is_protected else ()


def _deed_of(request: Request) -> tuple[str, str]:
    """Return what is to be done, as the table of rights calls it, and to which router."""
    if isinstance(request, StartTest):
        return ("start test with rows" if request.rows else "start test"), request.target
    return request.do, getattr(request, "router", "")
