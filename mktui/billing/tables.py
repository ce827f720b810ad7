"""The tables of billing's database, the same on SQLite, PostgreSQL and MariaDB; integrity is the database's business.

Names compare byte for byte on all of them. Times are kept in UTC and come back aware.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

from mktui.billing.model import Kind, OnInactive, SubscriberStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Dialect

NAME: Final = 128
_BYTEWISE: Final[dict[str, Any]] = {  # Any: what each dialect takes
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_0900_bin",
    "mysql_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",  # "ana" and "ana " are two
    "mariadb_engine": "InnoDB",
}

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)  # fmt: skip


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware moment in, the same aware moment out, to the microsecond."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:  # Any: a dialect's own type
        """Keep microseconds where that has to be asked for."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Write UTC without a zone."""
        del dialect
        return None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Read UTC."""
        del dialect
        return None if value is None else value.replace(tzinfo=dt.UTC)


_BYTES: Final = {0xDC00 + byte: 0x10FF00 + byte for byte in range(0x80, 0x100)}
"""A byte of a router's name that is no character -> what stands for it here: no database keeps half a character."""
_BYTES_BACK: Final = {kept: byte for byte, kept in _BYTES.items()}


class RouterText(TypeDecorator[str]):
    """A text as a router may show it, bytes that are no characters included, and the same text out."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write what every database can keep."""
        del dialect
        return value if value is None or value.isascii() else value.translate(_BYTES)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Read the router's bytes."""
        del dialect
        return value if value is None or value.isascii() else value.translate(_BYTES_BACK)


def _text(length: int = NAME, **more: Any) -> sa.Column[str]:  # Any: what Column takes
    return sa.Column(RouterText(length), nullable=False, **more)


def _count(default: int = 0) -> sa.Column[int]:
    return sa.Column(sa.BigInteger, nullable=False, server_default=str(default))


def _among(column: str, values: Iterable[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _named(**columns: sa.Column[Any]) -> list[sa.Column[Any]]:
    for name, column in columns.items():
        column.name = column.key = name
    return list(columns.values())


_PROFILE_COUNTS: Final = (
    "rate_down_bps", "rate_up_bps", "burst_down_bps", "burst_up_bps", "burst_threshold_down_bps",
    "burst_threshold_up_bps", "burst_time_s", "session_timeout_s", "idle_timeout_s", "price_minor", "validity_s",
)  # fmt: skip

profiles = sa.Table(
    "profiles", metadata,
    *_named(
        external_id=_text(primary_key=True), name=_text(), kind=_text(16),
        **{name: _count() for name in _PROFILE_COUNTS},
        priority=_count(8), shared_sessions=_count(1),
        pool=_text(server_default=""), local_address=_text(server_default=""), address_list=_text(server_default=""),
        parent_queue=_text(server_default=""), rate_limit_raw=_text(256, server_default=""),
        enabled=sa.Column(sa.Boolean, nullable=False, server_default=sa.true()), revision=_count(),
    ),
    sa.UniqueConstraint("kind", "name"),
    _among("kind", Kind),
    *(sa.CheckConstraint(f"{name} >= 0", name=name) for name in _PROFILE_COUNTS),
    sa.CheckConstraint("priority BETWEEN 1 AND 8", name="priority"),
    sa.CheckConstraint("shared_sessions >= 1", name="shared_sessions"),
    **_BYTEWISE,
)  # fmt: skip

subscribers = sa.Table(
    "subscribers", metadata,
    *_named(
        external_id=_text(primary_key=True), username=_text(), password=_text(256), kind=_text(16), profile=_text(),
        status=_text(16), on_inactive=_text(32), valid_until=sa.Column(UtcDateTime),
        static_ip=_text(64, server_default=""), mac=_text(32, server_default=""),
        ppp_service=_text(32, server_default="pppoe"), hotspot_server=_text(server_default="all"),
        quota_bytes=_count(), quota_uptime_s=_count(), comment=_text(1024, server_default=""),
        protect=sa.Column(sa.Boolean, nullable=False, server_default=sa.false()), revision=_count(),
    ),
    sa.UniqueConstraint("kind", "username", "hotspot_server"),
    sa.ForeignKeyConstraint(["kind", "profile"], ["profiles.kind", "profiles.name"], onupdate="CASCADE"),
    # no check of kind here: its profile's is checked, and MariaDB allows none beside a cascade
    _among("status", SubscriberStatus), _among("on_inactive", OnInactive),
    sa.CheckConstraint("quota_bytes >= 0", name="quota_bytes"),
    sa.CheckConstraint("quota_uptime_s >= 0", name="quota_uptime_s"),
    **_BYTEWISE,
)  # fmt: skip

subscriber_routers = sa.Table(
    "subscriber_routers", metadata,
    sa.Column("external_id", sa.String(NAME), sa.ForeignKey("subscribers.external_id", ondelete="CASCADE"),
              primary_key=True),
    sa.Column("router", sa.String(NAME), primary_key=True),
    **_BYTEWISE,
)  # fmt: skip

registry = sa.Table(
    "registry", metadata,
    *_named(
        router=_text(primary_key=True), menu=_text(64, primary_key=True), external_id=_text(primary_key=True),
        name=_text(), server=_text(server_default=""), applied=sa.Column(sa.JSON, nullable=False),
        applied_at=sa.Column(UtcDateTime, nullable=False), valid_until=sa.Column(UtcDateTime),
        known_since=sa.Column(UtcDateTime),
    ),
    sa.UniqueConstraint("router", "menu", "name", "server"),
    **_BYTEWISE,
)  # fmt: skip

runs = sa.Table(
    "runs", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    *_named(
        router=_text(index=True), begun_at=sa.Column(UtcDateTime, nullable=False),
        finished_at=sa.Column(UtcDateTime), cause=_text(64), owned=_count(),
        summary=sa.Column(sa.JSON, nullable=False),
    ),
    **_BYTEWISE,
)  # fmt: skip

journal = sa.Table(
    "journal", metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    *_named(
        menu=_text(64), name=_text(), server=_text(server_default=""), external_id=_text(), action=_text(16),
        before=sa.Column(sa.JSON, nullable=False), after=sa.Column(sa.JSON, nullable=False), state=_text(16),
        error=_text(64, server_default=""), text=_text(1024, server_default=""), took_ms=sa.Column(sa.Float),
        at=sa.Column(UtcDateTime, nullable=False),
    ),
    **_BYTEWISE,
)  # fmt: skip

outbox = sa.Table(
    "outbox", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    *_named(
        external_id=_text(), what=_text(16), revision=_count(), old_name=_text(server_default=""),
        at=sa.Column(UtcDateTime, nullable=False),
    ),
    **_BYTEWISE,
)  # fmt: skip

outbox_positions = sa.Table(
    "outbox_positions", metadata, *_named(router=_text(primary_key=True), position=_count()), **_BYTEWISE
)

settled_edits = sa.Table(
    "settled_edits", metadata,
    *_named(
        router=_text(primary_key=True), what=_text(16, primary_key=True), external_id=_text(primary_key=True),
        position=_count(),
    ),
    **_BYTEWISE,
)  # fmt: skip

kicks = sa.Table(
    "kicks", metadata,
    *_named(
        router=_text(primary_key=True), menu=_text(64, primary_key=True), name=_text(primary_key=True),
        server=_text(primary_key=True, server_default=""), external_id=_text(), cause=_text(16),
        at=sa.Column(UtcDateTime, nullable=False),
    ),
    **_BYTEWISE,
)  # fmt: skip

known_boxes = sa.Table(
    "known_boxes", metadata,
    *_named(router=_text(primary_key=True), serial=_text(), at=sa.Column(UtcDateTime, nullable=False)),
    **_BYTEWISE,
)  # fmt: skip

leases = sa.Table(
    "leases", metadata,
    *_named(
        router=_text(primary_key=True), owner=_text(64), host=_text(), pid=_count(), fence=_count(),
        heartbeat_at=sa.Column(UtcDateTime, nullable=False), expires_at=sa.Column(UtcDateTime, nullable=False),
    ),
    **_BYTEWISE,
)  # fmt: skip

sources = sa.Table(
    "accepted_sources", metadata,
    *_named(name=_text(primary_key=True), row_count=_count(), at=sa.Column(UtcDateTime, nullable=False)),
    **_BYTEWISE,
)  # fmt: skip

origins = sa.Table(
    "origins", metadata,
    *_named(
        what=_text(16, primary_key=True), external_id=_text(primary_key=True), source=_text(),
        missing_since=sa.Column(UtcDateTime),
    ),
    **_BYTEWISE,
)  # fmt: skip

paused = sa.Table(
    "paused_routers", metadata,
    *_named(router=_text(primary_key=True), reason=_text(256), at=sa.Column(UtcDateTime, nullable=False)),
    **_BYTEWISE,
)  # fmt: skip

meta = sa.Table("meta", metadata, *_named(name=_text(64, primary_key=True), value=_text(256)), **_BYTEWISE)
