"""The ``[monitor]`` of a configuration: what is kept of errors and changes, and how much. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:
    from pydantic.config import JsonDict


def default_file() -> Path:
    """Return where the history is kept: always a file of this machine."""
    return Path(platformdirs.user_state_dir("mktui")) / "monitor.db"


def _unit(unit: str) -> JsonDict:
    return {"unit": unit, "applies": "restart"}


class MonitorOptions(BaseModel):
    """How much history is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    history: bool = Field(
        default=True, description="keep errors, changes, charts and trends in a file", json_schema_extra=_unit("")
    )
    file: str = Field(
        default="", max_length=4096, description="where it is kept, from / or ~; empty: in your state directory",
        json_schema_extra=_unit(""),
    )  # fmt: skip
    error_days: int = Field(
        30, ge=1, le=3650, description="older errors are forgotten", json_schema_extra=_unit("days")
    )
    error_rows: int = Field(
        100_000, ge=100, le=10_000_000, description="most errors that are kept", json_schema_extra=_unit("rows")
    )
    audit_days: int = Field(
        730, ge=1, le=3650, description="older changes are forgotten", json_schema_extra=_unit("days")
    )
    audit_rows: int = Field(
        100_000, ge=100, le=10_000_000, description="most changes that are kept", json_schema_extra=_unit("rows")
    )
    figure_days: int = Field(
        400, ge=1, le=3650, description="older figures of the routers' hours are forgotten",
        json_schema_extra=_unit("days"),
    )  # fmt: skip
    figure_rows: int = Field(
        150_000, ge=100, le=10_000_000, description="most hours of routers that are kept",
        json_schema_extra=_unit("rows"),
    )  # fmt: skip
    step_rows: int = Field(
        250_000, ge=100, le=10_000_000, description="most points of charts and trends that are kept, a day at most",
        json_schema_extra=_unit("rows"),
    )  # fmt: skip
    size_mb: float = Field(
        64, ge=1, le=100_000, allow_inf_nan=False, description="the file's size; beyond it the oldest errors go",
        json_schema_extra=_unit("MB"),
    )  # fmt: skip

    @field_validator("file")
    @classmethod
    def _is_somewhere(cls, file: str) -> str:
        try:
            path = Path(file).expanduser()
        except RuntimeError:
            raise ValueError("there is no such user's home") from None
        if file and (not path.is_absolute() or not file.isprintable()):
            raise ValueError("must begin with / or ~: it is for every program that is started here")
        return file

    @property
    def path(self) -> Path:
        """The file, named or not; it need not be there."""
        return Path(self.file).expanduser() if self.file else default_file()
