"""Erasures whose bytes are still to be wiped from the file or the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "wipes",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("erased_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Drop it; what was still to be wiped stays where it is until something overwrites it."""
    op.drop_table("wipes")
