"""Where billing lives. Imports nothing heavy: a configuration is loaded without a database."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr


def default_file() -> Path:
    """Return where billing's own database is kept."""
    return Path(platformdirs.user_state_dir("mktui")) / "billing.db"


class BillingOptions(BaseModel):
    """The ``[billing]`` of a configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: SecretStr = Field(
        default=SecretStr(""),
        description="URL of the database: sqlite:///FILE, postgresql://..., mariadb://...; empty: an own file",
    )
    timezone: str = Field(default="UTC", description="Where a date without a time ends its day")

    @property
    def url(self) -> str:
        """The database's URL, with its password."""
        return self.database.get_secret_value() or f"sqlite:///{default_file()}"
