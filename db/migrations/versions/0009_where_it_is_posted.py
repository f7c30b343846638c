"""Where alerts and digests are posted, and the messages that tell of alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "places",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("channel_id", sa.String(length=64)),
        sa.Column("posted_at", Utc()),
        sa.PrimaryKeyConstraint("team_id", "purpose"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "alert_posts",
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("ts", sa.String(length=32)),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "team_id", "channel_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("alert_posts")
    op.drop_table("places")
