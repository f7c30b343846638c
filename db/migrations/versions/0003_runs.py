"""Runs, and the ids that each of their pages listed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc, long_text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("instance", sa.String(length=255)),
        sa.Column("asked_by", sa.String(length=64)),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("heartbeat_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc()),
        sa.Column("since", sa.BigInteger()),
        sa.Column("next_cursor", sa.Text()),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("checkpoint_at", Utc()),
        sa.Column("expected", sa.Integer()),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("drift", sa.Integer(), nullable=False),
        sa.Column("unreadable", sa.Integer(), nullable=False),
        sa.Column("nameless", sa.Integer(), nullable=False),
        sa.Column("absent", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("run_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("runs_of_a_workspace", "runs", ["team_id", "state"], if_not_exists=True)
    op.create_table(
        "run_pages",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ids", long_text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("run_pages")
    op.drop_table("runs")
