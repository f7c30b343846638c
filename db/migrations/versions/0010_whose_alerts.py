"""Whose an alert is, and which processes are alive: several may share one database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc, has_column

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "instances",
        sa.Column("instance", sa.String(length=255), nullable=False),
        sa.Column("heartbeat_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("instance"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    if not has_column(op.get_bind(), "alerts", "instance"):
        op.add_column("alerts", sa.Column("instance", sa.String(length=255)))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("alerts", "instance")
    op.drop_table("instances")
