"""What a configuration can say. Frozen; checked as a whole; units and limits live in the options it embeds."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema, model_validator

from mktui.billing.options import BillingOptions
from mktui.config.alerts import AlertConfig
from mktui.config.http import HttpConfig
from mktui.config.maintenance import MaintenanceOptions
from mktui.config.secrets import SOURCE_SCHEMA, SecretSource, parse_source
from mktui.config.serve import ServeConfig
from mktui.core.connection.options import Host, Name, RouterOptions, TlsMode, UserName, check_encoding, check_pin
from mktui.core.pool.options import PoolOptions
from mktui.monitor.options import MonitorOptions
from mktui.sync.options import SyncOptions

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)
_LIVE: Final[dict[str, Any]] = {"applies": "live"}  # Any: JSON
_KEY: Final = {"type": "string", "minLength": 1}
_KEYS_SCHEMA: Final[dict[str, Any]] = {  # Any: JSON
    "type": "object",
    "additionalProperties": {"oneOf": [_KEY, {"type": "array", "items": _KEY, "minItems": 1}]},
}


class RouterConfig(BaseModel):
    """One ``[[routers]]``: its address, its login, and where its pool differs from ``[pool]``."""

    model_config = _STRICT

    name: Name = Field(description="what you call it; unique", json_schema_extra=_LIVE)
    host: Host = Field(description="host name or address", json_schema_extra=_LIVE)
    port: int | None = Field(
        None, ge=1, le=65535, description="API port; 8728, or 8729 with TLS, when left out", json_schema_extra=_LIVE
    )
    username: UserName = Field("admin", description="the API user", json_schema_extra=_LIVE)
    password: Annotated[SecretSource, BeforeValidator(parse_source), WithJsonSchema(SOURCE_SCHEMA)] = Field(
        SecretSource("plain", ""),
        description='its password: "text", { env = }, { file = }, { keyring = } or { command = [ ] }',
        json_schema_extra=_LIVE,
    )
    tls: TlsMode = Field("off", description="off, verify, pin, anonymous", json_schema_extra=_LIVE)
    fingerprint: str = Field("", description="the certificate's SHA-256, for tls = pin", json_schema_extra=_LIVE)
    ca_file: str = Field("", description="the authority's certificate, for tls = verify", json_schema_extra=_LIVE)
    encoding: Annotated[str, BeforeValidator(check_encoding)] = Field(
        "utf-8", description="how its texts are written", json_schema_extra=_LIVE
    )
    protected: bool = Field(False, description="dangerous actions ask for its name", json_schema_extra=_LIVE)
    pool: dict[str, Any] = Field(default_factory=dict, description="pool settings of this router alone")  # Any: TOML

    @model_validator(mode="after")
    def _pin_has_a_fingerprint(self) -> Self:
        check_pin(self.tls, self.fingerprint)
        return self

    def options(self, password: SecretStr) -> RouterOptions:
        """Return what the core needs, with the password resolved."""
        return RouterOptions(
            name=self.name, host=self.host, port=self.port, username=self.username, password=password,
            tls=self.tls, fingerprint=self.fingerprint, ca_file=self.ca_file, encoding=self.encoding,
        )  # fmt: skip


class UiConfig(BaseModel):
    """``[ui]``: the terminal."""

    model_config = _STRICT

    theme: str = Field("noc-dark", description="a theme's name", json_schema_extra={"applies": "live"})


class Config(BaseModel):
    """A whole configuration."""

    model_config = _STRICT

    pool: PoolOptions = Field(default_factory=PoolOptions, description="settings of every router's pool")
    routers: list[RouterConfig] = Field([], description="the routers")
    ui: UiConfig = Field(default_factory=UiConfig, description="the terminal")
    billing: BillingOptions = Field(default_factory=BillingOptions, description="where billing lives")
    sync: SyncOptions = Field(default_factory=SyncOptions, description="what a sync may do")
    keys: Annotated[Any, WithJsonSchema(_KEYS_SCHEMA)] = Field(  # Any: TOML; the screen judges it, and goes on without
        default_factory=dict, description="an action's own keys"
    )
    monitor: MonitorOptions = Field(default_factory=MonitorOptions, description="what is kept of errors and changes")
    maintenance: MaintenanceOptions = Field(
        default_factory=MaintenanceOptions, description="what is done by itself, and when"
    )
    alerts: AlertConfig = Field(
        default_factory=AlertConfig, description="what is worth waking somebody for, and who is told"
    )
    http: HttpConfig = Field(default_factory=HttpConfig, description="what serve answers over HTTP")
    serve: ServeConfig = Field(default_factory=ServeConfig, description="where the one that runs is asked")

    def pool_for(self, router: RouterConfig) -> PoolOptions:
        """Return a router's pool settings: ``[pool]``, and its own on top."""
        return PoolOptions.model_validate(self.pool.model_dump() | router.pool)
