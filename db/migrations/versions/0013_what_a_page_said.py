"""A digest of the page's entry that a row repeats, so that a pass over unchanged users reads nothing else of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import has_column

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """It is asked first whether it is there: MariaDB commits each statement, and a start may be killed in between."""
    if not has_column(op.get_bind(), "users", "page_digest"):
        op.add_column("users", sa.Column("page_digest", sa.BigInteger()))


def downgrade() -> None:
    """Drop it; the next pass then reads every row."""
    op.drop_column("users", "page_digest")
