"""Which button ends a run, and who wishes that it ends: a press may reach another process than the run's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import has_column

revision = "0012"
down_revision = "0011"

_COLUMNS = {"ticket_id": 64, "cancel_asked_by": 64}


def upgrade() -> None:
    """Each step looks whether it was made: MariaDB commits each, so a start killed in the middle must go on."""
    for name, length in _COLUMNS.items():
        if not has_column(op.get_bind(), "runs", name):
            op.add_column("runs", sa.Column(name, sa.String(length=length)))


def downgrade() -> None:
    """Drop them."""
    for name in _COLUMNS:
        op.drop_column("runs", name)
