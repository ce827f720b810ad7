"""``/network-monitor``: the terminal in a browser, behind a session that a token opened.

textual-serve brings the browser's half and has no lock of its own: page and WebSocket are both checked here. The
session is a cookie that no script reads and no other site sends, and it opens nothing but this: the API takes tokens.
"""

from __future__ import annotations

import html
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import anyio
import textual_serve
from aiohttp import web

from mktui import clock
from mktui.monitor.audit import Actor
from mktui.web.bodies import body_of
from mktui.web.door import recognise
from mktui.web.problems import Refused
from mktui.web.tab import MESSAGE_BYTES, Program, bounded, run_tab
from mktui.web.tokens import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.web.gate import Gate
    from mktui.web.metrics import Served
    from mktui.web.options import HttpOptions, Terminal
    from mktui.web.tokens import Session

HOME: Final = "/network-monitor"
COOKIE: Final = "mktui"
_PAGES: Final = Path(__file__).parent / "pages"
_THEIRS: Final = Path(textual_serve.__file__).parent / "static"
_STATIC: Final = {
    "textual.js": _THEIRS / "js" / "textual.js",
    "xterm.css": _THEIRS / "css" / "xterm.css",
    "roboto-mono.ttf": _THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf",
    "roboto-mono-italic.ttf": _THEIRS / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf",
    "monitor.css": _PAGES / "monitor.css",
    "monitor.js": _PAGES / "monitor.js",
}
_HEARTBEAT: Final = 15.0


class Monitor:
    """Pages, sessions and tabs. ``title`` tells the fleet's name."""

    def __init__(
        self, options: HttpOptions, terminal: Terminal, gate: Gate, served: Served, title: Callable[[], str]
    ) -> None:
        self._settings = options.settings
        self._has_tls = options.tls is not None
        self._terminal = terminal
        self._gate = gate
        self._served = served
        self._title = title
        self._sessions = Sessions(options.settings.session_hours * 3600)
        self._tabs: dict[anyio.CancelScope, Session] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered, and by what."""
        return [
            web.get("/", self._lead_home),
            web.get(HOME, self._page),
            web.post(f"{HOME}/login", self._log_in),
            web.post(f"{HOME}/logout", self._log_out),
            web.get(f"{HOME}/ws", self._socket, allow_head=False),
            web.get(f"{HOME}/static/{{name}}", self._static),
        ]

    async def end(self, _app: web.Application) -> None:
        """End every tab: the server ends."""
        for scope in list(self._tabs):
            scope.cancel()

    async def _lead_home(self, _request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": HOME})

    async def _page(self, request: web.Request) -> web.Response:
        if self._session(request) is None:
            return self._login_page()
        if self._is_full():
            return _html("full.html", HTTPStatus.SERVICE_UNAVAILABLE, title=self._title(), tabs=str(len(self._tabs)))
        size = request.query.get("fontsize", "")
        socket = f"{'wss' if self._is_secure(request) else 'ws'}://{request.headers['Host']}{HOME}/ws"
        return _html(
            "terminal.html", title=self._title(), socket=socket,
            font_size=size if size.isascii() and size.isdecimal() and 6 <= int(size[:3]) <= 72 else "16",
        )  # fmt: skip

    async def _log_in(self, request: web.Request) -> web.Response:
        _check_own_page(request)
        form = parse_qs((await body_of(request, "application/x-www-form-urlencoded")).decode("utf-8", "replace"))
        token = self._gate.known(form.get("token", [""])[0].strip())
        if token is None:
            self._gate.refusals.heard(request, HTTPStatus.UNAUTHORIZED, "nobody has this token")
            return self._login_page("Nobody has this token.")
        response = _go(HOME)
        response.set_cookie(
            COOKIE, self._sessions.begin(token, clock.now()), path=HOME, httponly=True, samesite="Strict",
            secure=self._is_secure(request), max_age=int(self._settings.session_hours * 3600),
        )  # fmt: skip
        return response

    async def _log_out(self, request: web.Request) -> web.Response:
        _check_own_page(request)
        session = self._sessions.end(request.cookies.get(COOKIE, ""))
        for scope, holder in list(self._tabs.items()):
            if holder is session:
                scope.cancel()
        response = _go(HOME)
        response.del_cookie(COOKIE, path=HOME)
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        _check_own_page(request)
        session = self._session(request)
        if session is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, f"no session: log in at {HOME} first")
        if self._is_full():
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "all terminals are taken")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=MESSAGE_BYTES)
        with anyio.CancelScope() as scope:
            self._tabs[scope] = session
            self._served.tabs = len(self._tabs)
            try:
                await socket.prepare(request)
                token = session.token
                with self._terminal(Actor(token.name, f"browser {request.remote or 'nowhere'}"), token.role) as launch:
                    left = session.expires_at - clock.now()
                    await run_tab(Program(launch, socket), socket, lasts=left, size=_size(request))
            finally:
                del self._tabs[scope]
                self._served.tabs = len(self._tabs)
        with anyio.move_on_after(2):
            await socket.close()
        return socket

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = _STATIC.get(request.match_info["name"])
        if path is None:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such file")
        return web.FileResponse(path, headers={"Cache-Control": "public, max-age=3600"})

    def _session(self, request: web.Request) -> Session | None:
        session = self._sessions.find(request.cookies.get(COOKIE, ""), clock.now())
        if session is not None:
            recognise(request)
        return session

    def _is_full(self) -> bool:
        return len(self._tabs) >= self._settings.tabs

    def _is_secure(self, request: web.Request) -> bool:
        """TLS ends here, or at a proxy before us: then the browser's own word for its page says so."""
        return self._has_tls or request.headers.get("Origin", "").startswith("https://") or (
            request.headers.get("X-Forwarded-Proto") == "https"
        )  # fmt: skip

    def _login_page(self, problem: str = "") -> web.Response:
        response = _html("login.html", HTTPStatus.UNAUTHORIZED, title=self._title(), problem=problem)
        response.headers["WWW-Authenticate"] = 'Bearer realm="mktui"'
        return response


def _check_own_page(request: web.Request) -> None:
    """The gate has refused other sites' pages; here somebody's page it must be: a browser always says its Origin."""
    if "Origin" not in request.headers:
        raise Refused(HTTPStatus.FORBIDDEN, "only a page of this host may ask this: there is no Origin")


def _size(request: web.Request) -> tuple[int, int]:
    given = [request.query.get(name, "") for name in ("width", "height")]
    width, height = (int(each) if each.isascii() and each.isdecimal() and len(each) < 6 else 0 for each in given)
    return bounded(width or 80, height or 24)


def _go(place: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": place})


def _html(page: str, status: HTTPStatus = HTTPStatus.OK, **words: str) -> web.Response:
    text = Template((_PAGES / page).read_text(encoding="utf-8"))
    body = text.substitute({name: html.escape(word) for name, word in words.items()})
    connect = f"'self' {words['socket']}" if "socket" in words else "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "  # xterm.js styles
        f"img-src 'self' data:; connect-src {connect}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return web.Response(text=body, status=status, content_type="text/html", headers={"Content-Security-Policy": policy})
