"""The first schema."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from mktui.billing.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BYTEWISE: Final[dict[str, Any]] = {  # Any: what each dialect takes
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_0900_bin",
    "mysql_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",  # "ana" and "ana " are two
    "mariadb_engine": "InnoDB",
}


def upgrade() -> None:
    """Create every table."""
    _accepted_sources()
    _kicks()
    _known_boxes()
    _leases()
    _meta()
    _origins()
    _outbox()
    _outbox_positions()
    _paused_routers()
    _profiles()
    _registry()
    _runs()
    _journal()
    _subscribers()
    _subscriber_routers()


def downgrade() -> None:
    """Drop every table."""
    op.drop_table("subscriber_routers")
    op.drop_table("subscribers")
    op.drop_table("journal")
    op.drop_table("runs")
    op.drop_table("registry")
    op.drop_table("profiles")
    op.drop_table("paused_routers")
    op.drop_table("outbox_positions")
    op.drop_table("outbox")
    op.drop_table("origins")
    op.drop_table("meta")
    op.drop_table("leases")
    op.drop_table("known_boxes")
    op.drop_table("kicks")
    op.drop_table("accepted_sources")


def _accepted_sources() -> None:
    op.create_table(
        "accepted_sources",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("row_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accepted_sources")),
        **_BYTEWISE,
    )


def _kicks() -> None:
    op.create_table(
        "kicks",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("menu", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), server_default="", nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("router", "menu", "name", "server", name=op.f("pk_kicks")),
        **_BYTEWISE,
    )


def _known_boxes() -> None:
    op.create_table(
        "known_boxes",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("serial", sa.String(length=128), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("router", name=op.f("pk_known_boxes")),
        **_BYTEWISE,
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=128), nullable=False),
        sa.Column("pid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("router", name=op.f("pk_leases")),
        **_BYTEWISE,
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
        **_BYTEWISE,
    )


def _origins() -> None:
    op.create_table(
        "origins",
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("missing_since", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("what", "external_id", name=op.f("pk_origins")),
        **_BYTEWISE,
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("old_name", sa.String(length=128), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        **_BYTEWISE,
    )


def _outbox_positions() -> None:
    op.create_table(
        "outbox_positions",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("router", name=op.f("pk_outbox_positions")),
        **_BYTEWISE,
    )


def _paused_routers() -> None:
    op.create_table(
        "paused_routers",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=256), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("router", name=op.f("pk_paused_routers")),
        **_BYTEWISE,
    )


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("rate_down_bps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rate_up_bps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("burst_down_bps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("burst_up_bps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("burst_threshold_down_bps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("burst_threshold_up_bps", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("burst_time_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("session_timeout_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("idle_timeout_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("price_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("validity_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default="8", nullable=False),
        sa.Column("shared_sessions", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("pool", sa.String(length=128), server_default="", nullable=False),
        sa.Column("local_address", sa.String(length=128), server_default="", nullable=False),
        sa.Column("address_list", sa.String(length=128), server_default="", nullable=False),
        sa.Column("parent_queue", sa.String(length=128), server_default="", nullable=False),
        sa.Column("rate_limit_raw", sa.String(length=256), server_default="", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('ppp', 'hotspot')", name=op.f("ck_profiles_kind")),
        sa.CheckConstraint("burst_down_bps >= 0", name=op.f("ck_profiles_burst_down_bps")),
        sa.CheckConstraint("burst_threshold_down_bps >= 0", name=op.f("ck_profiles_burst_threshold_down_bps")),
        sa.CheckConstraint("burst_threshold_up_bps >= 0", name=op.f("ck_profiles_burst_threshold_up_bps")),
        sa.CheckConstraint("burst_time_s >= 0", name=op.f("ck_profiles_burst_time_s")),
        sa.CheckConstraint("burst_up_bps >= 0", name=op.f("ck_profiles_burst_up_bps")),
        sa.CheckConstraint("idle_timeout_s >= 0", name=op.f("ck_profiles_idle_timeout_s")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_profiles_price_minor")),
        sa.CheckConstraint("priority BETWEEN 1 AND 8", name=op.f("ck_profiles_priority")),
        sa.CheckConstraint("rate_down_bps >= 0", name=op.f("ck_profiles_rate_down_bps")),
        sa.CheckConstraint("rate_up_bps >= 0", name=op.f("ck_profiles_rate_up_bps")),
        sa.CheckConstraint("session_timeout_s >= 0", name=op.f("ck_profiles_session_timeout_s")),
        sa.CheckConstraint("shared_sessions >= 1", name=op.f("ck_profiles_shared_sessions")),
        sa.CheckConstraint("validity_s >= 0", name=op.f("ck_profiles_validity_s")),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_profiles_kind_name")),
        **_BYTEWISE,
    )


def _registry() -> None:
    op.create_table(
        "registry",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("menu", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), server_default="", nullable=False),
        sa.Column("applied", sa.JSON(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.Column("known_since", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("router", "menu", "external_id", name=op.f("pk_registry")),
        sa.UniqueConstraint("router", "menu", "name", "server", name=op.f("uq_registry_router_menu_name_server")),
        **_BYTEWISE,
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("owned", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        **_BYTEWISE,
    )
    op.create_index(op.f("ix_runs_router"), "runs", ["router"])


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("menu", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("server", sa.String(length=128), server_default="", nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=64), server_default="", nullable=False),
        sa.Column("text", sa.String(length=1024), server_default="", nullable=False),
        sa.Column("took_ms", sa.Float(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_journal_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "ordinal", name=op.f("pk_journal")),
        **_BYTEWISE,
    )


def _subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("on_inactive", sa.String(length=32), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.Column("static_ip", sa.String(length=64), server_default="", nullable=False),
        sa.Column("mac", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ppp_service", sa.String(length=32), server_default="pppoe", nullable=False),
        sa.Column("hotspot_server", sa.String(length=128), server_default="all", nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quota_uptime_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("comment", sa.String(length=1024), server_default="", nullable=False),
        sa.Column("protect", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "on_inactive IN ('disable', 'fallback profile', 'remove')", name=op.f("ck_subscribers_on_inactive")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'expired', 'deleted')", name=op.f("ck_subscribers_status")
        ),
        sa.CheckConstraint("quota_bytes >= 0", name=op.f("ck_subscribers_quota_bytes")),
        sa.CheckConstraint("quota_uptime_s >= 0", name=op.f("ck_subscribers_quota_uptime_s")),
        sa.ForeignKeyConstraint(
            ["kind", "profile"],
            ["profiles.kind", "profiles.name"],
            name=op.f("fk_subscribers_kind_profile"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint(
            "kind", "username", "hotspot_server", name=op.f("uq_subscribers_kind_username_hotspot_server")
        ),
        **_BYTEWISE,
    )


def _subscriber_routers() -> None:
    op.create_table(
        "subscriber_routers",
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_id"],
            ["subscribers.external_id"],
            name=op.f("fk_subscriber_routers_external_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("external_id", "router", name=op.f("pk_subscriber_routers")),
        **_BYTEWISE,
    )
