"""Who is let in: the checks that stand before every answer, and the shape of every refusal.

In this order: the Host names us; the address does not ask too often; another site's page does not ask; a token is
shown, does not ask too often, and has the role. A token goes into no log, no address and no answer.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from mktui import clock
from mktui.errors import MktuiError
from mktui.monitor.audit import Actor, acting_as
from mktui.services.log import write_crash
from mktui.services.rate import RateLimit, neighbourhood
from mktui.services.rights import refusal
from mktui.web import tokens
from mktui.web.door import being_answered, recognise
from mktui.web.endpoints import HEALTHY, READY
from mktui.web.origins import is_our_host, is_our_origin
from mktui.web.problems import Refused, of_http_error, problem_response
from mktui.web.refusals import TOLD, Refusals, Tried

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from mktui.services.chronicle import Chronicle
    from mktui.web.metrics import Served
    from mktui.web.options import HttpOptions
    from mktui.web.tokens import Token

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer would make the login form's Origin "null"
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="mktui"'}


class Gate:
    """The checks of one server."""

    def __init__(self, options: HttpOptions, served: Served, chronicle: Chronicle) -> None:
        rate = options.settings.requests_per_second
        self._tokens = options.tokens
        self._names = frozenset(options.settings.names.lower().split())
        self._by_address = RateLimit(rate, 2 * rate)
        self._by_token = RateLimit(rate, 2 * rate)
        self._served = served
        self._chronicle = chronicle
        self.refusals = Refusals(options.on_refused)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check what is true of every request, and turn every refusal into a problem."""
        try:
            with being_answered(request):
                response = await self._let_in(request, handler)
        except Refused as refused:
            self._remember(request, refused)
            response = problem_response(refused.status, refused.detail, refused.headers)
        except web.HTTPException as error:
            response = error if error.status < HTTPStatus.BAD_REQUEST else of_http_error(error)
        except MktuiError as error:
            response = problem_response(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except Exception as error:  # noqa: BLE001 - the last wall: a bug is told in one line, its traceback goes to a file
            write_crash(error)
            response = problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, f"a bug in mktui: {type(error).__name__}")
        self._served.requests[request.method if request.method in _METHODS else "other", str(response.status)] += 1
        return response

    def _remember(self, request: web.Request, refused: Refused) -> None:
        """Keep who was refused: a change in the audit, and everything that somebody may not in the log."""
        tried = refused.tried
        if tried is not None:
            with acting_as(tried.actor):
                self._chronicle.refused(tried.deed, tried.router, refused.detail)
        if refused.status in TOLD:
            self.refusals.heard(request, refused.status, refused.detail, who=tried.actor.who if tried else "")

    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_our_host(request.headers.get("Host", ""), self._names):
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "this host name is not known here; [http] names lists those by which it may be called",
            )
        if request.path not in {HEALTHY, READY}:  # whoever asks whether we live is never told to wait
            self._count(self._by_address, neighbourhood(request.remote or ""))
        origin = request.headers.get("Origin")
        if origin is not None and not is_our_origin(origin, request.headers["Host"]):
            raise Refused(HTTPStatus.FORBIDDEN, "a page of another site asks; only pages of this host may")
        return await handler(request)

    def admit(self, request: web.Request, deed: str) -> Token:
        """Return whose token a request shows, who may do this.

        Raises:
            Refused: None, an unknown one, one that asks too often, or one whose role is not enough.
        """
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Refused(HTTPStatus.UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN", _CHALLENGE)
        token = self.known(secret.strip())
        if token is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "nobody has this token", _CHALLENGE)
        self._count(self._by_token, token.name)
        if why := refusal(deed, token.name, token.role):
            raise Refused(HTTPStatus.FORBIDDEN, why, tried=Tried(actor(token, request), deed))
        recognise(request)
        return token

    def known(self, secret: str) -> Token | None:
        """Return whose token it is."""
        return tokens.find(self._tokens, tokens.digest_of(secret))

    @staticmethod
    def _count(limit: RateLimit, key: str) -> None:
        wait = limit.wait(key, clock.now())
        if wait:
            seconds = str(max(1, math.ceil(wait)))
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "asked too often", {"Retry-After": seconds})


def actor(token: Token, request: web.Request) -> Actor:
    """Return who asks, and from where, for the audit."""
    return Actor(token.name, f"http {request.remote or 'nowhere'}")


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


async def give_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put on every answer what keeps browsers from harm; a page that needs more has said so already."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "mktui"
