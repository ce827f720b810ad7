"""What could not be done, in one shape: RFC 9457's problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from mktui.web.refusals import Tried

PROBLEM_TYPE = "application/problem+json"


class Problem(BaseModel):
    """An answer that is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field("about:blank", description="always about:blank: the status says what kind it is")
    title: str = Field(description="the status in words")
    status: int = Field(ge=400, le=599, description="the status")
    detail: str = Field(description="what was wrong, and what would be right")


class Refused(Exception):
    """A request that gets a problem for an answer. ``tried``: the change that somebody wanted who may not."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None, *, tried: Tried | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.tried = status, detail, headers or {}, tried


def problem_response(status: int, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """Return a problem as an answer."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return web.Response(
        status=status, body=problem.model_dump_json().encode(), content_type=PROBLEM_TYPE, headers=headers
    )


def of_http_error(error: web.HTTPException) -> web.Response:
    """Return aiohttp's own refusals in our shape; what they say beside it (Allow) stays."""
    details: dict[int, str] = {
        404: "there is nothing here; /openapi.json lists what there is",
        405: f"only {error.headers.get('Allow', '')} here".replace(",", ", "),
        413: "the body is too long",
    }
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return problem_response(error.status, details.get(error.status, error.reason or "it cannot be done"), headers)


def validation_words(errors: list[Any]) -> str:  # Any: pydantic's ErrorDetails
    """Say what is wrong with a body; nothing that stood in it is repeated."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg'].removeprefix('Value error, ')}"
        for each in errors[:5]
    )
