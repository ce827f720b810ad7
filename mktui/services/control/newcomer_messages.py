"""What a running mktui may be asked about a router that is not there yet. Pure.

Its password is typed by a person: it is in no repr, and in no refusal.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr

from mktui.config.newcomer import Keep, Newcomer
from mktui.core.connection.options import TlsMode  # noqa: TC001 - pydantic reads the annotations
from mktui.services.control.request import Name, Text, Write


class Wanted(BaseModel):
    """A router as it was typed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    host: Name
    port: Name = ""
    username: Name
    password: SecretStr = SecretStr("")
    tls: TlsMode = "off"
    fingerprint: Name = ""
    ca_file: Text = ""
    keep: Keep = Keep.FILE
    where: Text = ""

    def typed(self) -> Newcomer:
        """Return it as a form holds it."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Newcomer(**fields | {"password": self.password.get_secret_value()})

    @staticmethod
    def sent(newcomer: Newcomer) -> dict[str, str]:
        """Return a form's router as it is sent."""
        fields = {name: str(getattr(newcomer, name)) for name in Wanted.model_fields}
        return fields | {"keep": newcomer.keep.value}


class TryRouter(Write):
    """Test a router as it was typed; each step is told as it ends."""

    do: Literal["try router"]
    newcomer: Wanted


class SaveRouter(Write):
    """Save it in the file that was seen, and start it; ``digest`` None: there was no file."""

    do: Literal["save router"]
    newcomer: Wanted
    digest: Name | None
    modified_ns: int


OfNewcomer = TryRouter | SaveRouter
