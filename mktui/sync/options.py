"""The ``[sync]`` of a configuration: what a sync may change in a day, what becomes of whom. Imports nothing heavy."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pydantic.config import JsonDict


class Kick(enum.StrEnum):
    """Whose running sessions are ended."""

    INACTIVE = "inactive"
    NEVER = "never"
    CHANGED = "changed"


class Absent(enum.StrEnum):
    """What becomes of a row whose subscriber is no longer in the source, when pruning was asked for."""

    DISABLE = "disable"
    DELETE = "delete"


def _unit(unit: str, applies: str = "live") -> JsonDict:
    """What the next sync reads applies live; automatic syncs are begun with the program."""
    return {"unit": unit, "applies": applies}


class Limits(BaseModel):
    """How much may be done to a router in 24 hours, all runs together. Percents are of the rows that were ours."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    delete_percent: float = Field(5, ge=0, le=100, description="rows deleted in a day", json_schema_extra=_unit("%"))
    delete_most: int = Field(50, ge=0, description="and never more than these", json_schema_extra=_unit("rows"))
    disable_percent: float = Field(20, ge=0, le=100, description="rows disabled in a day", json_schema_extra=_unit("%"))
    update_percent: float = Field(30, ge=0, le=100, description="rows changed in a day", json_schema_extra=_unit("%"))
    readd_percent: float = Field(
        30, ge=0, le=100, description="rows of ours that were gone, added again", json_schema_extra=_unit("%")
    )
    expiry_percent: float = Field(
        60, ge=0, le=100, description="customers disabled at an end known a day before", json_schema_extra=_unit("%")
    )
    small: int = Field(
        40, ge=0, description="with fewer rows of ours, percents mean nothing", json_schema_extra=_unit("rows")
    )
    small_most: int = Field(2, ge=0, description="deletes and disables in a day then", json_schema_extra=_unit("rows"))
    clock_tolerance: float = Field(
        300, gt=0, description="our clock may differ from others by this", json_schema_extra=_unit("s")
    )


class SyncOptions(BaseModel):
    """How billing reaches the routers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    automatic: bool = Field(
        False,
        description="sync on reconnect, by the clock, and when billing changes",
        json_schema_extra=_unit("", "restart"),
    )
    interval: float = Field(
        900,
        ge=0,
        description="between two automatic syncs; 0: never by the clock",
        json_schema_extra=_unit("s", "restart"),
    )
    debounce: float = Field(
        5, ge=0, description="quiet in billing before a change is synced", json_schema_extra=_unit("s", "restart")
    )
    prune: bool = Field(
        False,
        description="automatic syncs may take away who is no longer in the source",
        json_schema_extra=_unit("", "restart"),
    )
    absent: Absent = Field(
        Absent.DISABLE, description="what pruning does: disable or delete", json_schema_extra=_unit("")
    )
    kick: Kick = Field(
        Kick.INACTIVE, description="whose sessions are ended: inactive, never, changed", json_schema_extra=_unit("")
    )
    kicks_per_second: float = Field(
        10, gt=0, le=1000, description="sessions ended in a second", json_schema_extra=_unit("1/s")
    )
    fallback_profile: str = Field(
        "",
        description="billing's profile for who is inactive and keeps a little service",
        json_schema_extra=_unit(""),
    )
    max_failures: int = Field(
        20, ge=1, description="rows refused in a row that stop a run", json_schema_extra=_unit("rows")
    )
    cpu_limit_percent: int = Field(
        85, ge=1, le=100, description="CPU load of a router over which a sync waits", json_schema_extra=_unit("%")
    )
    limits: Limits = Field(default_factory=Limits, description="how much may be done to a router in a day")
