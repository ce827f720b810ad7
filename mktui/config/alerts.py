"""The ``[alerts]`` of a configuration: what is worth waking somebody for, and who is told. Imports nothing heavy.

Words of a rule: ``2 min``, ``at once``, ``off``; behind a comma, ``repeat 1 h`` where it is to be told again sooner, or
later, than all others. ``repeat never``: once.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from mktui.config.secrets import SOURCE_SCHEMA, SecretSource, parse_source
from mktui.core.connection.options import Name  # noqa: TC001 - pydantic reads the annotation

if TYPE_CHECKING:
    from pydantic.config import JsonDict

_STRICT = ConfigDict(
    frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, hide_input_in_errors=True,
    allow_inf_nan=False,
)  # fmt: skip
_TIME: Final = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?(s|min|h)")
_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}
_LONGEST: Final = dt.timedelta(days=30)
_NEVER: Final = dt.timedelta(days=36500)
_EXAMPLES: Final = "2 min, at once, or off; with , repeat 1 h behind it to be told again sooner"


class Timing(NamedTuple):
    """For how long something must be so before it is told; after how long it is told again, None: as all others."""

    wait: dt.timedelta
    repeat: dt.timedelta | None = None


def parse(words: str) -> Timing | None:
    """Read a rule's words; None: it is off.

    Raises:
        ValueError: They say nothing; says what would be right.
    """
    said, has_repeat, again = (part.strip() for part in words.strip().lower().partition(","))
    if (said, has_repeat) == ("off", ""):
        return None
    wait = dt.timedelta(0) if said == "at once" else _duration(said)
    first, _, length = again.partition(" ")
    repeat = _NEVER if length == "never" else _duration(length) if has_repeat else None
    if wait is None or (has_repeat and (first != "repeat" or not repeat)):
        raise ValueError(f"{words!r} is no time: {_EXAMPLES}")
    return Timing(wait, repeat)


def _duration(words: str) -> dt.timedelta | None:
    found = _TIME.fullmatch(words)
    length = dt.timedelta(seconds=float(found[1]) * _SECONDS[found[2]]) if found is not None else None
    return length if length is not None and length <= _LONGEST else None


def check_url(url: str) -> SplitResult:
    """Return the parts of a webhook's address.

    Raises:
        ValueError: It is none; says why, and never what stands in it: there may be a secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no address: https://HOST/PATH") from None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or not is_plain:
        raise ValueError("is no address: https://HOST/PATH, without blanks")
    return parts


def _unit(unit: str) -> JsonDict:
    return {"unit": unit, "applies": "live"}


def _check_address(given: object) -> SecretSource:
    source = parse_source(given)
    if source.kind == "plain":
        check_url(str(source.value))
    return source


_Source = Annotated[SecretSource, BeforeValidator(parse_source), WithJsonSchema(SOURCE_SCHEMA)]


class AlertRules(BaseModel):
    """For how long each must be so before somebody is told: ``2 min``, ``at once``, ``off``."""

    model_config = _STRICT
    APPLIES: ClassVar = "live"

    router_down: str = Field("2 min", description="no connection of the router answers; who isolates it knows")
    breaker_open: str = Field("2 min", description="its circuit is open")
    pool_exhausted: str = Field("2 min", description="commands wait for a free slot")
    sync_pending: str = Field("15 min", description="billing's changes are not on it; who holds its syncs knows")
    failed_rows: str = Field("at once", description="rows failed in its last sync")
    guard_refusal: str = Field("at once", description="a guard holds changes back")
    clock_skew: str = Field("at once", description="two clocks disagree: nobody is cut off meanwhile")
    password_unverifiable: str = Field("at once", description="it hides its passwords: they cannot be compared")
    early_warning: str = Field("5 min", description="a figure rises, and will reach its limit")

    @field_validator("*")
    @classmethod
    def _is_a_time(cls, words: str) -> str:
        parse(words)
        return words

    @property
    def timings(self) -> dict[str, Timing]:
        """The rules that are on."""
        said = {name: parse(words) for name, words in self}
        return {name: timing for name, timing in said.items() if timing is not None}


class ReceiverConfig(BaseModel):
    """Somebody who is told."""

    model_config = _STRICT
    APPLIES: ClassVar = "live"

    name: Name = Field(description="what you call it; unique")


class WebhookConfig(ReceiverConfig):
    """One ``[[alerts.webhooks]]``: who is told over HTTP, in the form that Alertmanager sends."""

    url: Annotated[SecretSource, BeforeValidator(_check_address), WithJsonSchema(SOURCE_SCHEMA)] = Field(
        description='its address: "https://...", { env = }, { file = } or { command = [ ] }; USER:PASSWORD@ is sent'
    )
    token: _Source = Field(
        SecretSource("plain", ""), description='sent with each message: "text", { env = }, { file = }'
    )
    token_header: str = Field(
        "Authorization", pattern=r"^[A-Za-z0-9-]{1,64}$", description="header of the token; Authorization: as Bearer"
    )
    ca_file: str = Field("", max_length=4096, description="the authority's certificate; empty: those of the system")
    timeout: float = Field(
        10, ge=0.1, le=120, description="for one message, from its name's lookup to the answer",
        json_schema_extra=_unit("s"),
    )  # fmt: skip


def _words(given: object) -> object:
    """TOML has arrays; a configuration is frozen."""
    if isinstance(given, str):
        raise ValueError('must be words: ["/etc/mktui/tell", "noc"]; in a form, with every quotation mark closed')  # noqa: TRY004 - pydantic's
    return tuple(given) if isinstance(given, list) else given


class HookConfig(ReceiverConfig):
    """One ``[[alerts.hooks]]``: a program that is told; no shell reads its words."""

    command: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        min_length=1, description='the program and its arguments: ["/etc/mktui/tell", "noc"]'
    )
    timeout: float = Field(
        30, ge=0.1, le=600, description="it, and what it has started, is ended after this",
        json_schema_extra=_unit("s"),
    )  # fmt: skip

    @field_validator("command")
    @classmethod
    def _can_be_run(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not words[0] or any("\0" in word for word in words):
            raise ValueError("must begin with a program, and no word has a zero byte")
        return words


class AlertConfig(BaseModel):
    """``[alerts]``: what is worth waking somebody for, and who is told."""

    model_config = _STRICT
    APPLIES: ClassVar = "live"

    enabled: bool = Field(
        True, description="look for what is wrong; without receivers it is only shown",
        json_schema_extra={"applies": "restart"},
    )  # fmt: skip
    rules: AlertRules = Field(default_factory=AlertRules, description="for how long each must be so")
    repeat_hours: float = Field(
        4, gt=0, le=720, description="what is still so is told again after this", json_schema_extra=_unit("h")
    )
    steady: float = Field(
        60, ge=0, le=86400, description="away for so long before it counts as resolved; longer each time it comes back",
        json_schema_extra=_unit("s"),
    )  # fmt: skip
    failed_rows: int = Field(1, ge=1, description="fewer failed rows are not told", json_schema_extra=_unit("rows"))
    pending_rows: int = Field(1, ge=1, description="fewer pending rows are not told", json_schema_extra=_unit("rows"))
    likely_only: bool = Field(True, description="early warnings that are only possible are not told")
    external_url: str = Field("", max_length=2048, description="sent along: where somebody looks; empty: nothing")
    max_waiting: int = Field(
        1000, ge=1, le=100_000, description="most that waits for one receiver; then pairs that are over are left out",
        json_schema_extra=_unit("notices"),
    )  # fmt: skip
    webhooks: tuple[WebhookConfig, ...] = Field((), strict=False, description="who is told over HTTP")
    hooks: tuple[HookConfig, ...] = Field((), strict=False, description="which programs are told")

    @property
    def receivers(self) -> tuple[WebhookConfig | HookConfig, ...]:
        """Everybody who is told."""
        return (*self.webhooks, *self.hooks)
