"""What each living process says of itself, and the runs that are asked for where nobody makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc, has_column

revision = "0011"
down_revision = "0010"


def _said() -> tuple[sa.Column[object], ...]:
    """Make the columns anew each time: one belongs to one table. An older process beats without them."""
    return (
        sa.Column("role", sa.String(length=8)),
        sa.Column("started_at", Utc()),
        sa.Column("sockets", sa.Integer()),
        sa.Column("connections", sa.Integer()),
        sa.Column("sockets_wanted", sa.Integer()),
        sa.Column("connected_since", Utc()),
        sa.Column("app_id", sa.String(length=64)),
        sa.Column("heard_at", Utc()),
        sa.Column("trouble", sa.Text()),
        sa.Column("version", sa.String(length=64)),
        sa.Column("settings_marks", sa.Text()),
        sa.Column("refusal", sa.Text()),
    )


def upgrade() -> None:
    """Each step looks whether it was made: MariaDB commits each, so a start killed in the middle must go on."""
    for column in _said():
        if not has_column(op.get_bind(), "instances", column.name):
            op.add_column("instances", column)
    op.create_table(
        "wishes",
        sa.Column("wish_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.BigInteger()),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("wish_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("wishes")
    for column in _said():
        op.drop_column("instances", column.name)
