"""JSON and metrics: each request checked, answered from the snapshot, or handed to the fleet and audited."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web
from pydantic import ValidationError

from mktui.errors import ConfigError, ConnectFailed
from mktui.monitor.audit import acting_as
from mktui.services.rights import refusal
from mktui.web import metrics, models
from mktui.web.answers import Body, is_settled
from mktui.web.bodies import body_of
from mktui.web.endpoints import HEALTHY, METRICS, OPENAPI, READS, READY, RESET, TEST, Read, as_json
from mktui.web.gate import actor
from mktui.web.openapi import document
from mktui.web.problems import Refused, validation_words
from mktui.web.refusals import Tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp.typedefs import Handler

    from mktui.web.answers import Answers
    from mktui.web.gate import Gate
    from mktui.web.options import Watched
    from mktui.web.tokens import Token

JSON: Final = "application/json"
Order = TypeVar("Order", models.TestOrder, models.ResetOrder)


class Api:
    """The endpoints of one fleet."""

    def __init__(
        self, fleet: Watched, gate: Gate, answers: Answers, shown: metrics.Metrics, *, may_write: bool
    ) -> None:
        self._fleet = fleet
        self._gate = gate
        self._answers = answers
        self._metrics = shown
        self._may_write = may_write
        self._document = json.dumps(document(), ensure_ascii=False).encode()
        self._etag = f'"{hashlib.sha256(self._document).hexdigest()[:32]}"'
        self._under_way: set[tuple[str, str]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered, and by what."""
        return [
            *(web.get(read.path, self._reader(read)) for read in READS),
            web.post(TEST.path, self._test),
            web.post(RESET.path, self._reset),
            web.get(METRICS, self._show_metrics),
            web.get(OPENAPI, self._show_document),
            web.get(HEALTHY, self._healthy),
            web.get(READY, self._ready),
        ]

    def _reader(self, read: Read) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            self._gate.admit(request, read.deed)
            _check_accept(request, JSON)
            router = _parameters(request, "router").get("router", "")
            if router or "router" in request.query:
                self._check_router(router)
            return _packed(request, await self._answers.body(read.path, router, read.text), JSON)

        return handler

    async def _show_metrics(self, request: web.Request) -> web.Response:
        self._gate.admit(request, "snapshot")
        _check_accept(request, "text/plain")
        _parameters(request)
        body = await self._answers.body(METRICS, "", self._metrics.text)
        return _packed(request, body, metrics.CONTENT_TYPE)

    async def _show_document(self, request: web.Request) -> web.Response:
        _check_accept(request, JSON)
        _parameters(request)
        headers = {"ETag": self._etag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == self._etag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return web.Response(body=self._document, content_type=JSON, headers=headers)

    async def _healthy(self, request: web.Request) -> web.Response:
        _check_accept(request, JSON)
        _parameters(request)
        return _answer(models.Probe(status="healthy"))

    async def _ready(self, request: web.Request) -> web.Response:
        _check_accept(request, JSON)
        _parameters(request)
        if not is_settled(self._answers.snapshot()):
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "some routers were not reached yet", {"Retry-After": "1"})
        return _answer(models.Probe(status="ready"))

    async def _test(self, request: web.Request) -> web.Response:
        token = self._gate.admit(request, TEST.deed)
        order = await _order(request, models.TestOrder)
        self._check_router(order.router)
        with self._alone("test", order.router), acting_as(actor(token, request)):
            report = await self._fleet.test(order.router)
        return _answer(models.TestAnswer.model_validate(report))

    async def _reset(self, request: web.Request) -> web.Response:
        token = self._gate.admit(request, RESET.deed)
        order = await _order(request, models.ResetOrder)
        self._check_router(order.router)
        who = actor(token, request)
        self._check_change(token, order, Tried(who, RESET.deed, order.router))
        with self._alone("reset", order.router), acting_as(who):
            try:
                await self._fleet.reset(order.router)
            except ConfigError as error:
                raise Refused(HTTPStatus.CONFLICT, f"nothing was reset: {error}") from None
            except ConnectFailed as error:
                raise Refused(HTTPStatus.CONFLICT, str(error)) from None
        verdict = f"the connections of {order.router} are replaced, one at a time, and it answers"
        return _answer(models.ResetAnswer(router=order.router, verdict=verdict))

    def _check_router(self, name: str) -> None:
        if name not in self._fleet.names:
            raise Refused(HTTPStatus.NOT_FOUND, f"no router is called so; there are: {', '.join(self._fleet.names)}")

    def _check_change(self, token: Token, order: models.ResetOrder, tried: Tried) -> None:
        if not self._may_write:
            raise Refused(HTTPStatus.FORBIDDEN, "this mktui is read-only", tried=tried)
        router = self._fleet.snapshot().router(order.router)
        if router is None or not router.is_protected:
            return
        if why := refusal(RESET.deed, token.name, token.role, protected=order.router):
            raise Refused(HTTPStatus.FORBIDDEN, why, tried=tried)
        if order.confirm != order.router:
            raise Refused(HTTPStatus.CONFLICT, f"{order.router} is protected: say its name again as confirm")

    @contextmanager
    def _alone(self, what: str, router: str) -> Iterator[None]:
        """Let one of a kind be done to a router at a time: each test opens a session on it."""
        if (what, router) in self._under_way:
            raise Refused(HTTPStatus.CONFLICT, f"a {what} of {router} is under way already", {"Retry-After": "1"})
        self._under_way.add((what, router))
        try:
            yield
        finally:
            self._under_way.discard((what, router))


async def _order(request: web.Request, kind: type[Order]) -> Order:
    """Read a body.

    Raises:
        Refused: It is none, or not right.
    """
    _check_accept(request, JSON)
    _parameters(request)
    body = await body_of(request, JSON)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, validation_words(error.errors(include_input=False))) from None


def _parameters(request: web.Request, *known: str) -> dict[str, str]:
    for name in request.query:
        if name not in known or len(request.query.getall(name)) > 1:
            wanted = f"only {known[0]}, once" if known else "none is taken here"
            raise Refused(HTTPStatus.BAD_REQUEST, f"a parameter in the address that is not known: {wanted}")
    return dict(request.query)


def _check_accept(request: web.Request, offered: str) -> None:
    wanted = request.headers.getall("Accept", ["*/*"])
    for each in ",".join(wanted).split(","):
        name, *details = (part.strip().lower() for part in each.split(";"))
        is_wanted = not any(part.startswith("q=") and _is_zero(part[2:]) for part in details)
        if is_wanted and name in {"", "*/*", offered, f"{offered.partition('/')[0]}/*"}:
            return
    raise Refused(HTTPStatus.NOT_ACCEPTABLE, f"this is {offered}, and Accept does not want it")


def _is_zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False


def _packed(request: web.Request, body: Body, content_type: str) -> web.Response:
    headers = {"Content-Type": content_type, "Vary": "Accept-Encoding"}
    accepted = [each.strip().lower() for each in request.headers.get("Accept-Encoding", "").split(",")]
    wants_it = any(
        each.partition(";")[0].strip() == "gzip" and not _is_zero(each.partition("q=")[2] or "1") for each in accepted
    )
    if body.packed is not None and wants_it:
        return web.Response(body=body.packed, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=body.plain, headers=headers)


def _answer(answer: models.Answer) -> web.Response:
    return web.Response(body=as_json(answer), content_type=JSON)
