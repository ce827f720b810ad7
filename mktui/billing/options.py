"""Where billing lives and what is read into it. Imports nothing heavy: a configuration is loaded without a database."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from mktui.billing.kinds import Kind
from mktui.billing.sources.queries import check_query
from mktui.letters import check_name

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def default_file() -> Path:
    """Return where billing's own database is kept."""
    return Path(platformdirs.user_state_dir("mktui")) / "billing.db"


class SourceKind(enum.StrEnum):
    """How a source's database is read."""

    SQL = "sql"
    """By queries that are given."""
    PHPNUXBILL = "phpnuxbill"
    FREERADIUS = "freeradius"


class SourceOptions(BaseModel):
    """One ``[[billing.sources]]`` of a configuration: somebody else's database, only ever read."""

    model_config = _FROZEN

    name: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(check_name)] = Field(
        description="what it is called here; unique"
    )
    kind: SourceKind = Field(default=SourceKind.SQL, description="sql (your own queries), phpnuxbill, freeradius")
    url: SecretStr = Field(
        description="its database: mariadb://USER:PASSWORD@HOST/NAME, postgresql://..., sqlite:///FILE"
    )
    profiles_query: str = Field(
        default="", description="kind sql: one SELECT whose columns are called as a profile's fields"
    )
    subscribers_query: str = Field(
        default="", description="kind sql: one SELECT whose columns are called as a subscriber's fields"
    )
    complete: bool = Field(default=False, description="it holds everything: what is not in it is gone")
    service: Kind = Field(default=Kind.PPP, description="kind freeradius: what its users are, ppp or hotspot")
    default_profile: str = Field(default="", description="kind freeradius: the profile of who is in no group")
    timeout: float = Field(
        default=30.0, gt=0, le=3600, description="a query is given up after this", json_schema_extra={"unit": "s"}
    )

    @field_validator("profiles_query", "subscribers_query")
    @classmethod
    def _only_reads(cls, query: str) -> str:
        if query:
            check_query(query)
        return query

    @model_validator(mode="after")
    def _queries_belong_to_sql(self) -> SourceOptions:
        has_queries = bool(self.profiles_query or self.subscribers_query)
        if self.kind is SourceKind.SQL and not has_queries:
            raise ValueError("kind sql needs profiles_query, subscribers_query or both")
        if self.kind is not SourceKind.SQL and has_queries:
            raise ValueError(f"kind {self.kind} has queries of its own: leave them out, or say kind sql")
        return self


class BillingOptions(BaseModel):
    """The ``[billing]`` of a configuration."""

    model_config = _FROZEN

    database: SecretStr = Field(
        default=SecretStr(""),
        description="URL: sqlite:///FILE, postgresql://..., mariadb://...; empty: a file of its own",
    )
    timezone: str = Field(default="UTC", description="where a date without a time ends its day")
    sources: tuple[SourceOptions, ...] = Field(default=(), description="databases that are read into billing")

    @model_validator(mode="after")
    def _names_are_alone(self) -> BillingOptions:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError("two sources have one name")
        return self

    @property
    def url(self) -> str:
        """The database's URL, with its password."""
        return self.database.get_secret_value() or f"sqlite:///{default_file()}"
