"""Sign-in links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "signins",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("spent_at", Utc()),
        sa.PrimaryKeyConstraint("digest"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("signins_in_time", "signins", ["expires_at"], if_not_exists=True)
    op.create_index("signins_of_a_user", "signins", ["team_id", "user_id"], if_not_exists=True)


def downgrade() -> None:
    """Drop the links; whoever is signed in stays so."""
    op.drop_table("signins")
