"""How hard one router may be leaned on: the settings of its pool. Frozen; times in seconds.

The one source for these facts: the configuration file, its checks, the form on screen, ``--help`` and the README's
table all come from this model. Defaults are the original improvement plan's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from pydantic.config import JsonDict


def _unit(unit: str) -> JsonDict:
    """Every pool setting applies live, through a rolling reset."""
    return {"unit": unit, "applies": "live"}


Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class PoolOptions(BaseModel):
    """The pool's settings. A wrong value raises pydantic's ValidationError."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    min_size: int = Field(2, ge=1, le=50, description="connections kept open", json_schema_extra=_unit("connections"))
    max_size: int = Field(
        5, ge=1, le=50, description="most connections at once", json_schema_extra=_unit("connections")
    )
    acquire_timeout: Seconds = Field(10.0, description="longest wait for a free slot", json_schema_extra=_unit("s"))
    idle_timeout: Seconds = Field(
        300.0, description="an unused connection above min_size is closed after this", json_schema_extra=_unit("s")
    )
    max_lifetime: SecondsOrZero = Field(
        0.0, description="a connection older than this is replaced, 0 for never", json_schema_extra=_unit("s")
    )
    health_check_interval: Seconds = Field(
        30.0, description="a connection silent for this long is asked for a sign of life", json_schema_extra=_unit("s")
    )
    circuit_breaker_threshold: int = Field(
        5, ge=1, le=1000, description="failures in a row that open the circuit", json_schema_extra=_unit("")
    )
    circuit_breaker_timeout: Seconds = Field(
        60.0, description="first break before the router is probed; doubles up to 10 min", json_schema_extra=_unit("s")
    )
    retry_attempts: int = Field(
        3, ge=0, le=20, description="times a failed read is tried again", json_schema_extra=_unit("")
    )
    retry_delay: Seconds = Field(1.0, description="longest pause before the first retry", json_schema_extra=_unit("s"))
    max_retry_delay: Seconds = Field(10.0, description="longest pause before any retry", json_schema_extra=_unit("s"))
    connection_timeout: Seconds = Field(
        15.0, description="connect and login must be done by then", json_schema_extra=_unit("s")
    )
    command_timeout: Seconds = Field(30.0, description="an answer must have come by then", json_schema_extra=_unit("s"))
    enable_batching: bool = Field(
        True, description="commands that are ready together travel together", json_schema_extra=_unit("")
    )
    batch_size: int = Field(
        10,
        ge=1,
        le=1000,
        description="most commands in one write",
        json_schema_extra=_unit("commands"),
    )
    batch_timeout: SecondsOrZero = Field(
        0.1, description="longest wait for a batch to fill", json_schema_extra=_unit("s")
    )
    max_in_flight: int = Field(
        8,
        ge=1,
        le=64,
        description="most commands under way on one connection",
        json_schema_extra=_unit("commands"),
    )
    adaptive_in_flight: bool = Field(
        True, description="start at 2 in flight and learn from the router's answers", json_schema_extra=_unit("")
    )
    max_waiting: int = Field(
        1000,
        ge=1,
        le=1_000_000,
        description="most commands that may wait",
        json_schema_extra=_unit("commands"),
    )
    balance: Literal["least_loaded", "weighted_round_robin"] = Field(
        "least_loaded", description="which connection takes the next command", json_schema_extra=_unit("")
    )
    max_commands_per_second: float = Field(
        0.0,
        ge=0,
        le=100_000,
        allow_inf_nan=False,
        description="spare the router: most commands a second, 0 for no limit",
        json_schema_extra=_unit("1/s"),
    )
    slow_response: Seconds = Field(0.5, description="a slower answer is worth a warning", json_schema_extra=_unit("s"))
    auth_retry: SecondsOrZero = Field(
        900.0, description="pause after a refused login, 0 to wait for a person", json_schema_extra=_unit("s")
    )
    cache_ttl: SecondsOrZero = Field(
        30.0, description="how long a read may be answered from memory", json_schema_extra=_unit("s")
    )

    @property
    def longest(self) -> float:
        """Seconds that a command may take in all when its caller says nothing."""
        return self.acquire_timeout + self.command_timeout

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if self.max_size < self.min_size:
            raise ValueError(f"max_size ({self.max_size}) must be at least min_size ({self.min_size})")
        if self.max_retry_delay < self.retry_delay:
            raise ValueError(
                f"max_retry_delay ({self.max_retry_delay:g} s) must be at least retry_delay ({self.retry_delay:g} s)"
            )
        return self
