"""Where a router is and how to log in. Frozen; the password is never shown."""

from __future__ import annotations

import codecs
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from mktui.letters import check_address, check_line, check_name

API_PORT: Final = 8728
API_TLS_PORT: Final = 8729

_ASCII: Final = "".join(map(chr, range(32, 127)))

TlsMode = Literal["off", "verify", "pin", "anonymous"]
Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(check_name)]
Host = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(check_address)]
UserName = Annotated[str, Field(min_length=1), AfterValidator(check_line)]


def check_encoding(name: object) -> str:
    """Return a text encoding's proper name.

    Raises:
        ValueError: There is no such encoding, or it is none for texts.
    """
    try:
        if _ASCII.encode(str(name)) != _ASCII.encode():
            raise LookupError(name)  # noqa: TRY301 - the protocol's own words are ASCII: no UTF-16, no EBCDIC
        return codecs.lookup(str(name)).name
    except (LookupError, UnicodeError, TypeError):
        known = "usual ones are utf-8, cp1250, cp1251, cp1252"
        raise ValueError(f"no text encoding is called {name!r}; {known}") from None


def check_pin(tls: TlsMode, fingerprint: str) -> None:
    """Check that a pinned router has something to pin.

    Raises:
        ValueError: It has no SHA-256.
    """
    plain = plain_fingerprint(fingerprint)
    if tls == "pin" and (len(plain) != 64 or set(plain) - set("0123456789abcdef")):
        raise ValueError('tls = "pin" needs fingerprint, the SHA-256 of the certificate as 64 hex digits')


def plain_fingerprint(text: str) -> str:
    """Return a fingerprint as plain lower-case hex, however it was written: with colons, blanks, capitals."""
    return "".join(letter for letter in text.lower() if letter not in ": -")


class RouterOptions(BaseModel):
    """One router's address and login. A wrong value raises pydantic's ValidationError."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Name = Field(description="what you call it; unique")
    host: Host = Field(description="host name or address")
    port: int | None = Field(None, ge=1, le=65535, description="API port; 8728, or 8729 with TLS, when left out")
    username: UserName = Field("admin", description="the API user")
    password: SecretStr = Field(SecretStr(""), description="its password")
    tls: TlsMode = Field("off", description="off, verify (certificate), pin (fingerprint), anonymous (no certificate)")
    fingerprint: str = Field("", description="the certificate's SHA-256 for tls = pin")
    ca_file: str = Field("", description="the authority's certificate for tls = verify; the system's when left out")
    encoding: Annotated[str, BeforeValidator(check_encoding)] = Field(
        "utf-8", description="how texts are written that RouterOS keeps as bytes"
    )

    @model_validator(mode="after")
    def _pin_has_a_fingerprint(self) -> Self:
        check_pin(self.tls, self.fingerprint)
        return self

    @property
    def port_in_use(self) -> int:
        """The port that is really used."""
        return self.port or (API_PORT if self.tls == "off" else API_TLS_PORT)

    @property
    def address(self) -> str:
        """``host:port`` for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port_in_use}"
