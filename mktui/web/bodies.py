"""What a request brings: read whole or not at all, within its time, and only in the form that is taken."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import anyio

from mktui.web.problems import Refused

if TYPE_CHECKING:
    from aiohttp import web

BODY_BYTES: Final = 16 * 1024
"""Longest body; an order is a router's name. The application refuses a longer one."""
PATIENCE: Final = 10.0
"""Seconds within which a body has come."""


async def body_of(request: web.Request, content_type: str) -> bytes:
    """Read a body.

    Raises:
        Refused: It is of another kind, is packed, or does not come.
    """
    if request.content_type != content_type or "Content-Encoding" in request.headers:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body has to be {content_type}, and not packed")
    try:
        with anyio.fail_after(PATIENCE):
            return await request.read()
    except TimeoutError:
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, "the body did not come", {"Connection": "close"}) from None
