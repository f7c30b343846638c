"""Alerts, each an episode; and what a run found different, by field."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc, has_column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("team_id", sa.String(length=64)),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("until", Utc()),
        sa.PrimaryKeyConstraint("alert_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("alerts_in_time", "alerts", ["since"], if_not_exists=True)
    if not has_column(op.get_bind(), "runs", "drift_fields"):
        op.add_column("runs", sa.Column("drift_fields", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("runs", "drift_fields")
    op.drop_table("alerts")
