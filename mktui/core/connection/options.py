"""Where a router is and how to log in. Frozen; the password is never shown."""

from __future__ import annotations

import codecs
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

API_PORT: Final = 8728
API_TLS_PORT: Final = 8729

TlsMode = Literal["off", "verify", "pin", "anonymous"]


def check_encoding(name: object) -> str:
    """Return a text encoding's proper name.

    Raises:
        ValueError: There is no such encoding, or it is none for texts.
    """
    try:
        "a".encode(str(name))
        return codecs.lookup(str(name)).name
    except (LookupError, UnicodeError, TypeError):
        known = "usual ones are utf-8, cp1250, cp1251, cp1252"
        raise ValueError(f"no text encoding is called {name!r}; {known}") from None


class RouterOptions(BaseModel):
    """One router's address and login. A wrong value raises pydantic's ValidationError."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=64, description="what you call it; unique")
    host: str = Field(min_length=1, max_length=255, description="host name or address")
    port: int | None = Field(None, ge=1, le=65535, description="API port; 8728, or 8729 with TLS, when left out")
    username: str = Field("admin", min_length=1, description="the API user")
    password: SecretStr = Field(SecretStr(""), description="its password")
    tls: TlsMode = Field("off", description="off, verify (certificate), pin (fingerprint), anonymous (no certificate)")
    fingerprint: str = Field("", description="the certificate's SHA-256 for tls = pin")
    ca_file: str = Field("", description="the authority's certificate for tls = verify; the system's when left out")
    encoding: Annotated[str, BeforeValidator(check_encoding)] = Field(
        "utf-8", description="how texts are written that RouterOS keeps as bytes"
    )

    @property
    def port_in_use(self) -> int:
        """The port that is really used."""
        return self.port or (API_PORT if self.tls == "off" else API_TLS_PORT)

    @property
    def address(self) -> str:
        """``host:port`` for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port_in_use}"
