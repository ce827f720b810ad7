"""Edits that a router has, one by one: beside those that it has not yet."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BYTEWISE: Final[dict[str, Any]] = {  # Any: what each dialect takes
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_0900_bin",
    "mysql_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
}


def upgrade() -> None:
    """Create the table; what stands in the outbox is pending or not as before."""
    op.create_table(
        "settled_edits",
        sa.Column("router", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("router", "what", "external_id", name=op.f("pk_settled_edits")),
        **_BYTEWISE,
    )


def downgrade() -> None:
    """Drop it: what a router has of what was changed since its last whole run is pending again."""
    op.drop_table("settled_edits")
