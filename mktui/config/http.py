"""The ``[http]`` of a configuration: where ``mktui serve`` listens, and who may ask what. Imports nothing heavy."""

from __future__ import annotations

import enum
import hashlib
import ipaddress
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from mktui.config.secrets import SOURCE_SCHEMA, SecretSource, parse_source
from mktui.core.connection.options import Host, Name  # noqa: TC001 - pydantic reads the annotation

if TYPE_CHECKING:
    from pydantic.config import JsonDict

_STRICT = ConfigDict(
    frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, hide_input_in_errors=True,
    allow_inf_nan=False,
)  # fmt: skip
HASHED: Final = "sha256:"
"""How a token begins of which the file holds only the digest."""


class Role(enum.StrEnum):
    """What a token may do; ``services/rights.py`` says it of each deed. Each may what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Say whether this role is enough."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address; any name but localhost is taken for one of a network."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


TOKEN_LENGTH: Final = 20
"""Letters that a token must have: nobody guesses it, however often he is let try."""


def _check_token(given: object) -> SecretSource:
    source = parse_source(given)
    if source.kind == "plain":
        text = str(source.value)
        digest = text.removeprefix(HASHED)
        if text.startswith(HASHED) and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
            raise ValueError(f"{HASHED} is followed by 64 hex digits: printf %s TOKEN | sha256sum")
        if len(text) < TOKEN_LENGTH:
            raise ValueError(too_short())
    return source


def too_short() -> str:
    """Say what is wrong with a short token."""
    return f"a token has at least {TOKEN_LENGTH} letters: openssl rand -hex 32 makes a good one"


def digest_of(token: str) -> str:
    """Return what a file may hold instead of a token."""
    return HASHED + hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def is_hashed(source: SecretSource) -> bool:
    """Say whether the file holds only a token's digest."""
    return source.kind == "plain" and str(source.value).startswith(HASHED)


def _role(given: object) -> object:
    return Role(given) if isinstance(given, str) and given in list(Role) else given


def _unit(unit: str) -> JsonDict:
    return {"unit": unit, "applies": "restart"}


class TokenConfig(BaseModel):
    """One ``[[http.tokens]]``: who may ask over HTTP."""

    model_config = _STRICT

    name: Name = Field(description="whose it is; stands in the audit; unique")
    role: Annotated[Role, BeforeValidator(_role)] = Field(
        Role.VIEWER, description="viewer looks, operator tests, resets, syncs, changes customers, admin does everything"
    )
    token: Annotated[SecretSource, BeforeValidator(_check_token), WithJsonSchema(SOURCE_SCHEMA)] = Field(
        description='the token: { env = }, { file = }, { keyring = }, { command = [ ] }, or its digest, "sha256:..."',
        json_schema_extra={"digest": True},
    )


class HttpConfig(BaseModel):
    """``[http]``: what ``mktui serve`` answers over HTTP. Without tokens it does not listen."""

    model_config = _STRICT

    certificate: str = Field("", description="file of the TLS certificate, with those of its issuers; empty: no TLS")
    private_key: str = Field("", description="file of its key; empty: it stands in the certificate's file")
    insecure: bool = Field(False, description="listen beyond this machine without TLS")
    host: Host = Field("127.0.0.1", description="address to listen at")
    port: int = Field(8780, ge=0, le=65535, description="port to listen at; 0: any that is free")
    names: str = Field("", description="host names by which browsers reach it, with blanks between")
    requests_per_second: float = Field(
        50, ge=1, le=100_000, description="of one token, and of one address; twice as many at once",
        json_schema_extra=_unit("1/s"),
    )  # fmt: skip
    max_connections: int = Field(
        200,
        ge=4,
        le=10_000,
        description="most at once; half for those of one address without a token",
        json_schema_extra=_unit("connections"),
    )
    tabs: int = Field(4, ge=0, le=50, description="most terminals in browsers at once", json_schema_extra=_unit("tabs"))
    session_hours: float = Field(
        12, ge=0.1, le=720, description="a browser has to log in again after this", json_schema_extra=_unit("h")
    )
    tokens: tuple[TokenConfig, ...] = Field((), strict=False, description="who may ask")

    @field_validator("private_key")
    @classmethod
    def _has_a_certificate(cls, given: str, others: ValidationInfo) -> str:
        if given and not others.data.get("certificate"):
            raise ValueError("it needs certificate")
        return given

    @field_validator("host")
    @classmethod
    def _is_safe(cls, given: str, others: ValidationInfo) -> str:
        if not is_loopback(given) and not others.data.get("certificate") and not others.data.get("insecure"):
            raise ValueError(
                f"{given!r} is reached from outside, and tokens would travel in the clear: give certificate and "
                "private_key, or say insecure = true"
            )
        return given
