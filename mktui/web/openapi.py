"""The OpenAPI 3.1 document, made from the tables of endpoints and from the models that answer."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic.json_schema import models_json_schema

from mktui.web.endpoints import CHANGES, HEALTHY, METRICS, OPENAPI, READS, READY, Change, Read
from mktui.web.models import Probe
from mktui.web.problems import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from pydantic import BaseModel

Json = dict[str, Any]  # Any: JSON

_REFUSALS: Final = {
    400: "It was asked wrongly.", 401: "No token, or one that nobody has.", 403: "The token's role is not enough, or "
    "another site asks.", 404: "There is no such router.", 406: "It cannot be had in the form that Accept wants.",
    408: "The body did not come.", 409: "It cannot be done now.", 413: "The body is too long.",
    415: "The body is no JSON.", 429: "Asked too often; Retry-After says when again.", 503: "It cannot be done now.",
}  # fmt: skip
_OPEN: Final[list[Json]] = [{}]


def document() -> Json:
    """Return the document."""
    answered: list[type[BaseModel]] = [*(each.answer for each in (*READS, *CHANGES)), Probe, Problem]
    used: list[tuple[type[BaseModel], Literal["serialization", "validation"]]] = [
        *((model, "serialization") for model in answered),
        *((each.order, "validation") for each in CHANGES),
    ]
    _, definitions = models_json_schema(used, ref_template=_TEMPLATE, by_alias=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mktui", "version": version("mktui"),
            "description": "Routers as mktui serve sees them. Times are seconds; null is what nobody can know yet.",
        },
        "security": [{"token": []}],
        "paths": {
            **{each.path: {"get": _read(each)} for each in READS},
            **{each.path: {"post": _change(each)} for each in CHANGES},
            METRICS: {"get": _text("Everything for Prometheus.")},
            OPENAPI: {"get": _own()},
            HEALTHY: {"get": _probe("mktui runs.")},
            READY: {"get": _probe("Every router was reached, or found to be out of reach.", 503)},
        },
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


_TEMPLATE: Final = "#/components/schemas/{model}"


def _ref(name: str) -> Json:
    return {"$ref": _TEMPLATE.format(model=name)}


def _refusals(*statuses: int) -> Json:
    content = {PROBLEM_TYPE: {"schema": _ref(Problem.__name__)}}
    return {str(status): {"description": _REFUSALS[status], "content": content} for status in statuses}


def _answer(schema: Json, content_type: str = "application/json") -> Json:
    return {"200": {"description": "As asked.", "content": {content_type: {"schema": schema}}}}


def _read(read: Read) -> Json:
    router = {
        "name": "router", "in": "query", "description": "only this router",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64, "examples": ["edge-1"]},
    }  # fmt: skip
    return {
        "summary": _summary(read.answer.__doc__), "description": f"Role: {read.role}.", "operationId": _id(read.path),
        "parameters": [router],
        "responses": _answer(_ref(read.answer.__name__)) | _refusals(400, 401, 403, 404, 406, 429),
    }  # fmt: skip


def _change(change: Change) -> Json:
    return {
        "summary": change.summary, "description": f"Role: {change.role}.", "operationId": _id(change.path),
        "requestBody": {
            "required": True, "content": {"application/json": {"schema": _ref(change.order.__name__)}},
        },
        "responses": _answer(_ref(change.answer.__name__))
        | _refusals(400, 401, 403, 404, 406, 408, 409, 413, 415, 429, 503),
    }  # fmt: skip


def _text(summary: str) -> Json:
    return {
        "summary": summary, "operationId": "metrics",
        "responses": _answer({"type": "string"}, "text/plain") | _refusals(400, 401, 403, 406, 429),
    }  # fmt: skip


def _plain(summary: str, schema: Json, *refusals: int, open_to_all: bool) -> Json:
    found: Json = {"summary": summary, "responses": _answer(schema) | _refusals(400, 403, 406, *refusals)}
    return found | ({"security": _OPEN} if open_to_all else {})


def _own() -> Json:
    found = _plain("This document.", {"type": "object"}, 429, open_to_all=True)
    found["responses"]["304"] = {"description": "It is still the one of If-None-Match."}
    return found


def _probe(summary: str, *refusals: int) -> Json:
    return _plain(summary, _ref(Probe.__name__), *refusals, open_to_all=True)


def _summary(doc: str | None) -> str:
    return (doc or "").partition(": ")[2].partition("\n")[0].capitalize()


def _id(path: str) -> str:
    return path.rpartition("/")[2]
