"""Who pays for what: frozen profiles and subscribers. The database comes beside this module, never into it.

Rates in bit/s, times in seconds and UTC, sizes in bytes, money in integer minor units.
"""

from __future__ import annotations

import enum
import ipaddress
import unicodedata
from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated

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


class Profile(BaseModel):
    """What is sold. ``rate_*`` are the customer's: down is what he downloads; 0 means no limit."""

    model_config = _FROZEN

    external_id: str = Field(min_length=1)
    name: Name
    kind: Kind = Kind.PPP
    rate_down_bps: Rate = 0
    rate_up_bps: Rate = 0
    burst_down_bps: Rate = 0
    burst_up_bps: Rate = 0
    burst_threshold_down_bps: Rate = 0
    burst_threshold_up_bps: Rate = 0
    burst_time_s: Seconds = 0
    priority: int = Field(8, ge=1, le=8)
    session_timeout_s: Seconds = 0
    idle_timeout_s: Seconds = 0
    shared_sessions: int = Field(1, ge=1)
    pool: str = ""
    local_address: str = ""
    address_list: str = ""
    parent_queue: str = ""
    price_minor: int = Field(0, ge=0)
    validity_s: Seconds = 0
    rate_limit_raw: str = ""
    enabled: bool = True

    @model_validator(mode="after")
    def _raw_is_exclusive(self) -> Profile:
        if self.rate_limit_raw and (self.rate_down_bps or self.rate_up_bps):
            raise ValueError("rate_limit_raw stands alone: leave rate_down_bps and rate_up_bps out")
        return self


class Subscriber(BaseModel):
    """A customer. ``routers`` empty: every router."""

    model_config = _FROZEN

    external_id: str = Field(min_length=1)
    username: Name
    password: SecretStr = SecretStr("")
    kind: Kind = Kind.PPP
    profile: Name
    routers: tuple[str, ...] = ()
    status: SubscriberStatus = SubscriberStatus.ACTIVE
    on_inactive: OnInactive = OnInactive.DISABLE
    valid_until: datetime | None = None
    static_ip: Annotated[str, AfterValidator(_ipv4)] = ""
    mac: str = ""
    ppp_service: str = "pppoe"
    hotspot_server: str = "all"
    quota_bytes: int = Field(0, ge=0)
    quota_uptime_s: Seconds = 0
    comment: str = ""
    protect: bool = False

    def may_connect(self, now: datetime) -> bool:
        """Say whether he has paid and is not suspended at ``now``."""
        if self.status is not SubscriberStatus.ACTIVE:
            return False
        return self.valid_until is None or now < self.valid_until
