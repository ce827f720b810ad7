"""Who pays for what: frozen profiles and subscribers. The database comes beside this module, never into it.

Rates in bit/s, times in seconds and UTC, sizes in bytes, money in integer minor units.
"""

from __future__ import annotations

import enum
import ipaddress
import unicodedata
from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from mktui.billing.kinds import Kind

__all__ = ["Kind", "OnInactive", "Profile", "Subscriber", "SubscriberStatus"]


class SubscriberStatus(enum.StrEnum):
    """What billing says of a customer."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    DELETED = "deleted"


class OnInactive(enum.StrEnum):
    """What a customer who may not connect becomes on the router."""

    DISABLE = "disable"
    FALLBACK_PROFILE = "fallback profile"
    REMOVE = "remove"


def _name(text: str) -> str:
    """Names compare byte for byte after NFC."""
    name = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        raise ValueError("has a control character")
    return name


def _ipv4(text: str) -> str:
    return str(ipaddress.IPv4Address(text)) if text else text


Name = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_name)]
Rate = Annotated[int, Field(ge=0, le=10**12)]
Seconds = Annotated[int, Field(ge=0)]

_FROZEN = ConfigDict(frozen=True, extra="forbid")


def _field(default: Any, description: str, unit: str, **bounds: int) -> Any:  # Any: as pydantic's own Field
    """Return a field that says what it means and in what it is counted."""
    return Field(default, description=description, json_schema_extra={"unit": unit}, ge=bounds.get("ge"))


class Profile(BaseModel):
    """What is sold. ``rate_*`` are the customer's: down is what he downloads; 0 means no limit."""

    model_config = _FROZEN

    external_id: str = Field(min_length=1, description="its id in your own books; never changes")
    name: Name = Field(description="what it is called, here and on the routers")
    kind: Kind = Field(Kind.PPP, description="how its customers connect")
    rate_down_bps: Rate = _field(0, "what he downloads at most; 0: no limit", "bit/s")
    rate_up_bps: Rate = _field(0, "what he uploads at most; 0: no limit", "bit/s")
    burst_down_bps: Rate = _field(0, "download for a short while; 0: none", "bit/s")
    burst_up_bps: Rate = _field(0, "upload for a short while; 0: none", "bit/s")
    burst_threshold_down_bps: Rate = _field(0, "below this average a download may burst", "bit/s")
    burst_threshold_up_bps: Rate = _field(0, "below this average an upload may burst", "bit/s")
    burst_time_s: Seconds = _field(0, "over which that average is taken", "s")
    priority: int = Field(8, ge=1, le=8, description="of its queue: 1 is served first, 8 last")
    session_timeout_s: Seconds = _field(0, "a session is ended after this; 0: never", "s")
    idle_timeout_s: Seconds = _field(0, "a silent session is ended after this; 0: never", "s")
    shared_sessions: int = Field(1, ge=1, description="hotspot: how often one name may be online")
    pool: str = Field("", description="the router's pool that addresses come from")
    local_address: str = Field("", description="ppp: the router's own address in a session")
    address_list: str = Field("", description="firewall list that its customers are put on")
    parent_queue: str = Field("", description="queue that theirs stand under")
    price_minor: int = _field(0, "what it costs, in hundredths: 1250 is 12.50", "1/100", ge=0)
    validity_s: Seconds = _field(0, "how long it lasts once sold; 0: it does not say", "s")
    rate_limit_raw: str = Field("", description="the router's own rate-limit text, instead of all rates")
    enabled: bool = Field(default=True, description="it is sold; no: syncs do not bring it to routers")

    @model_validator(mode="after")
    def _raw_is_exclusive(self) -> Profile:
        if self.rate_limit_raw and (self.rate_down_bps or self.rate_up_bps):
            raise ValueError("rate_limit_raw stands alone: leave rate_down_bps and rate_up_bps out")
        return self


class Subscriber(BaseModel):
    """A customer. ``routers`` empty: every router."""

    model_config = _FROZEN

    external_id: str = Field(min_length=1, description="his id in your own books; never changes")
    username: Name = Field(description="the name he logs in with")
    password: SecretStr = Field(SecretStr(""), description="what he logs in with; what is there is never shown")
    kind: Kind = Field(Kind.PPP, description="how he connects")
    profile: Name = Field(description="what he has bought: the name of a profile of his kind")
    routers: tuple[str, ...] = Field((), description="where he may connect; empty: on every router")
    status: SubscriberStatus = Field(SubscriberStatus.ACTIVE, description="only who is active may connect")
    on_inactive: OnInactive = Field(OnInactive.DISABLE, description="what his row becomes when he may not")
    valid_until: datetime | None = Field(None, description="he is paid until then; a date: the end of it")
    static_ip: Annotated[str, AfterValidator(_ipv4)] = Field("", description="the address he always gets")
    mac: str = Field("", description="the only device he may use")
    ppp_service: str = Field("pppoe", description="ppp: pppoe, l2tp, ... or any")
    hotspot_server: str = Field("all", description="hotspot: the server he may use, or all")
    quota_bytes: int = _field(0, "hotspot: what he may move in all; 0: no limit", "bytes", ge=0)
    quota_uptime_s: Seconds = _field(0, "hotspot: how long he may be online in all; 0: no limit", "s")
    comment: str = Field("", description="a note for people; it stays in billing")
    protect: bool = Field(default=False, description="changed by hand only after his name was typed")

    def may_connect(self, now: datetime) -> bool:
        """Say whether he has paid and is not suspended at ``now``."""
        if self.status is not SubscriberStatus.ACTIVE:
            return False
        return self.valid_until is None or now < self.valid_until
