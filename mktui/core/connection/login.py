"""Both logins as one conversation without I/O: a generator yields what to say and is sent how it was answered.

RouterOS 6.43 and later take name and password at once. Older ones answer with a challenge (``=ret=``, 32 hex digits),
and so does a modern command met by an old router: a plain login answered with ``=ret=`` means: fall back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from librouteros.login import encode_password

from mktui.core.protocol.sentences import Command
from mktui.errors import LoginRefused, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Generator

    from mktui.core.protocol.session import Call


def conversation(router: str, username: str, password: str) -> Generator[Command, Call, None]:
    """Yield the login's commands; is sent each ended ``Call``; returns when the router said yes.

    Raises:
        LoginRefused: Wrong user or password; the text is the router's.
        ProtocolError: The challenge is none, or an old router is given a password that its login cannot carry.
    """
    answer = yield Command("/login", {"name": username, "password": password})
    _check(answer, router, username)
    if answer.ret is None:
        return
    answer = yield Command("/login", {"name": username, "response": _response(answer.ret, password)})
    _check(answer, router, username)


def _check(answer: Call, router: str, username: str) -> None:
    if answer.traps:
        raise LoginRefused(router, username=username, text=answer.traps[0].message)


def _response(challenge: str, password: str) -> str:
    try:
        response: str = encode_password(challenge, password)
    except UnicodeEncodeError:
        raise ProtocolError("this router's login (before RouterOS 6.43) takes ASCII passwords only") from None
    except ValueError:
        raise ProtocolError("the login's challenge is no hexadecimal text") from None
    return response
