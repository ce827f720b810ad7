"""A router that somebody is adding: what was typed, what is wrong with it field by field, and what it is in a file.

Pure. The password is kept apart from where it will come from: it is tried as it was typed.
"""

from __future__ import annotations

import enum
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from mktui.config.draft import Edit, applied
from mktui.config.load import problems_of
from mktui.config.model import Config, RouterConfig
from mktui.config.settings import names, value_of
from mktui.core.connection.options import API_PORT, API_TLS_PORT, TlsMode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mktui.config.settings import Raw
    from mktui.core.pool.options import PoolOptions


class Keep(enum.Enum):
    """Where the password will come from at the next start."""

    FILE = "file"
    ENV = "env"
    COMMAND = "command"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a form holds, as it was typed. ``where``: the variable, file or command; a plain password has none."""

    name: str = ""
    host: str = ""
    port: str = ""
    username: str = "mktui"
    password: str = field(default="", repr=False)
    tls: TlsMode = "off"
    fingerprint: str = ""
    ca_file: str = ""
    keep: Keep = Keep.FILE
    where: str = ""

    @property
    def port_in_use(self) -> int:
        """The port that is meant, as far as it is a number."""
        return int(self.port) if self.port.strip().isdecimal() else self.usual_port

    @property
    def usual_port(self) -> int:
        """The port of the API when none is named."""
        return API_PORT if self.tls == "off" else API_TLS_PORT

    def edits(self) -> tuple[Edit, ...]:
        """Return what puts it into a configuration; defaults are not written down."""
        key = ("routers", self.name)
        given: dict[str, Any] = {"host": self.host, "port": _port(self.port),  # Any: TOML
                                 "username": self.username, "password": self.source(),
                                 "tls": self.tls if self.tls != "off" else None}  # fmt: skip
        if self.tls == "pin":
            given["fingerprint"] = self.fingerprint.strip()
        if self.tls == "verify" and self.ca_file.strip():
            given["ca_file"] = self.ca_file.strip()
        return tuple(Edit((*key, name), value) for name, value in given.items() if value is not None)

    def source(self) -> Any:  # Any: TOML
        """Return where the password comes from, as the file has it."""
        where = self.where.strip()
        if self.keep is Keep.PLAIN:
            return self.password
        if self.keep is Keep.COMMAND:
            return {"command": words_of(where)}
        return {self.keep.value: where}

    def config(self) -> RouterConfig:
        """Return it as a router; only when nothing is wrong with it."""
        return RouterConfig.model_validate(applied({}, self.edits())["routers"][0])


FIELDS: Final = ("name", "host", "port", "username", "password", "tls", "fingerprint", "ca_file", "keep", "where")


def errors_of(newcomer: Newcomer, raw: Raw) -> dict[str, str]:
    """Return what is wrong, each beside its field: with the router itself, and with what it would be among others."""
    found = _missing(newcomer)
    if newcomer.name in names(raw, ("routers",)):
        found["name"] = "is another router's name already"
    if newcomer.host.strip() and (other := _same_address(newcomer, raw)):
        found["host"] = f"is {other} already"
    found |= {key: text for key, text in _refused(newcomer).items() if key not in found}
    if newcomer.keep is Keep.COMMAND and "where" not in found and not words_of(newcomer.where):
        found["where"] = "a quotation mark is not closed"
    return found


def _missing(newcomer: Newcomer) -> dict[str, str]:
    found = {each: "must be given" for each in ("name", "host", "username") if not getattr(newcomer, each).strip()}
    if newcomer.keep is not Keep.PLAIN and not newcomer.where.strip():
        found["where"] = {
            Keep.ENV: "the name of a variable", Keep.FILE: "a path", Keep.COMMAND: "a program that prints it",
        }[newcomer.keep]  # fmt: skip
    if newcomer.keep is Keep.FILE and newcomer.where.strip() and newcomer.where.strip()[0] not in "/~":
        found["where"] = "a whole path, from / or ~"
    if newcomer.keep is Keep.ENV and (where := newcomer.where.strip()) and not _is_variable(where):
        found["where"] = f"{where!r} cannot be the name of a variable"
    return found


def _is_variable(text: str) -> bool:
    return text.isascii() and text.isidentifier()


def _same_address(newcomer: Newcomer, raw: Raw) -> str | None:
    """Return the router that has the same address: two pools on one box count its sessions twice."""
    for name in names(raw, ("routers",)):
        host = value_of(raw, ("routers", name, "host"))
        tls = value_of(raw, ("routers", name, "tls")) or "off"
        port = value_of(raw, ("routers", name, "port")) or (API_PORT if tls == "off" else API_TLS_PORT)
        if (str(host).lower(), port) == (newcomer.host.strip().lower(), newcomer.port_in_use):
            return name
    return None


def _refused(newcomer: Newcomer) -> dict[str, str]:
    """Return what the model says of it."""
    named = newcomer if newcomer.name.strip() else replace(newcomer, name="router")
    found: dict[str, str] = {}
    for problem in problems_of({"routers": applied({}, named.edits())["routers"]}):
        key = problem.key.rpartition(".")[2]
        beside = {"password": "where"}.get(
            key, key if key in FIELDS else "fingerprint"
        )  # between two settings: the pin
        found.setdefault(beside, "a number from 1 to 65535" if beside == "port" else problem.problem)
    return found


def _port(text: str) -> int | str | None:
    bare = text.strip()
    return (int(bare) if bare.isdecimal() else bare) if bare else None


def words_of(command: str) -> list[str]:
    """Return a command's words as a shell would cut them; none when a quotation mark is open."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def suggested_where(name: str, keep: Keep, folder: Path) -> str:
    """Return what the place of a router's password would usually be called."""
    plain = (
        "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in name.strip()).strip(".") or "router"
    )
    if keep is Keep.ENV:
        letters = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in plain)
        return f"MKTUI_{letters.upper()}_PASSWORD"
    if keep is Keep.FILE:
        return str(folder / "passwords" / plain)
    return ""


def suggested_name(host: str, taken: Iterable[str]) -> str:
    """Return a name for a host, one that is free."""
    base = host.strip().partition(".")[0] if not host.strip().replace(".", "").isdecimal() else host.strip()
    base = base[:48] or "router"
    known = set(taken)
    return next(name for name in (base, *(f"{base}-{number}" for number in range(2, 10_000))) if name not in known)


def pool_of(raw: Raw) -> PoolOptions:
    """Return the pool's settings that it would run with: those of ``[pool]``, as far as they are right."""
    try:
        return Config.model_validate({"pool": raw.get("pool", {})}).pool
    except ValidationError:
        return Config().pool
