"""The ``[sync]`` of a configuration: what a sync may change in a day, what becomes of whom. Imports nothing heavy."""

from __future__ import annotations

import enum

from pydantic import BaseModel, ConfigDict, Field


class Kick(enum.StrEnum):
    """Whose running sessions are ended."""

    INACTIVE = "inactive"
    NEVER = "never"
    CHANGED = "changed"


class Absent(enum.StrEnum):
    """What becomes of a row whose subscriber is no longer in the source, when pruning was asked for."""

    DISABLE = "disable"
    DELETE = "delete"


class Limits(BaseModel):
    """How much may be done to a router in 24 hours, all runs together. Percents are of the rows that were ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delete_percent: float = Field(5, ge=0, le=100, description="Rows deleted in 24 h, percent of ours")
    delete_most: int = Field(50, ge=0, description="Rows deleted in 24 h, at most")
    disable_percent: float = Field(20, ge=0, le=100, description="Rows disabled in 24 h, percent of ours")
    update_percent: float = Field(30, ge=0, le=100, description="Rows changed in 24 h, percent of ours")
    readd_percent: float = Field(30, ge=0, le=100, description="Rows of ours added again in 24 h, percent of ours")
    expiry_percent: float = Field(60, ge=0, le=100, description="Expected expiries in 24 h, percent of ours")
    small: int = Field(40, ge=0, description="With fewer rows of ours than this, percents mean nothing")
    small_most: int = Field(2, ge=0, description="Rows deleted and disabled in 24 h then")
    clock_tolerance: float = Field(300, gt=0, description="Seconds our clock may differ from others")


class SyncOptions(BaseModel):
    """How billing reaches the routers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    automatic: bool = Field(False, description="Sync on reconnect, on the interval, and when billing changes")
    interval: float = Field(900, ge=0, description="Seconds between two automatic syncs; 0: never by the clock")
    debounce: float = Field(5, ge=0, description="Seconds of quiet in billing before a change is synced")
    prune: bool = Field(False, description="Automatic syncs may disable or delete who is no longer in the source")
    limits: Limits = Field(default_factory=Limits, description="How much may be done to a router in a day")
    kick: Kick = Field(Kick.INACTIVE, description="Whose sessions are ended: inactive, never, changed")
    kicks_per_second: float = Field(10, gt=0, description="Sessions ended in a second, at most")
    absent: Absent = Field(Absent.DISABLE, description="What pruning does: disable or delete")
    fallback_profile: str = Field("", description="Profile of those who are inactive and keep a little service")
    max_failures: int = Field(20, ge=1, description="Rows refused in a row that end a run")
    cpu_limit_percent: int = Field(85, ge=1, le=100, description="CPU load of a router over which a sync slows down")
