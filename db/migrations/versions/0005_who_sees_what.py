"""Who may come in and who sees what: e-mail keys, tags in the search text, hidden users, ended sessions, tokens."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.derive import email_key_of
from db.dialects import TABLE_OPTIONS, Utc, exact_text, has_column
from db.records import User
from db.words import search_text_of

revision = "0005"
down_revision = "0004"

_SLICE = 1000
_SEARCHED = ("real_name", "display_name", "name", "title", "email", "phone", "is_forgotten")


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    new: tuple[sa.Column[Any], ...] = (
        sa.Column("email_key", exact_text(255), nullable=False, server_default=sa.text("''")),
        sa.Column("hidden_at", Utc()),
        sa.Column("contact_dropped_at", Utc()),
    )
    for column in new:
        if not has_column(op.get_bind(), "users", column.name):
            op.add_column("users", column)
    op.create_index("users_by_email", "users", ["email_key"], if_not_exists=True)
    op.create_table(
        "ended_sessions",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("ended_at", Utc(), nullable=False),
        sa.Column("forget_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", "session_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("ended_sessions_in_time", "ended_sessions", ["forget_at"], if_not_exists=True)
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("team_id", sa.String(length=64)),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc()),
        sa.Column("last_used_at", Utc()),
        sa.Column("revoked_at", Utc()),
        sa.PrimaryKeyConstraint("token_id"),
        sa.UniqueConstraint("digest"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _derive_anew(op.get_bind())


def downgrade() -> None:
    """Drop them; the search text is made anew by the next change of each user."""
    op.drop_table("api_tokens")
    op.drop_table("ended_sessions")
    op.drop_index("users_by_email", "users")
    for column in ("contact_dropped_at", "hidden_at", "email_key"):
        op.drop_column("users", column)


def _derive_anew(connection: sa.Connection) -> None:
    """Write what is derived from each row in its new form, a slice at a time: there may be a million of them."""
    names = ("team_id", "id", *_SEARCHED, "search_text", "email_key")
    users = sa.table("users", *(sa.column(name) for name in names))
    write = (
        sa.update(users)
        .where(users.c.team_id == sa.bindparam("key_team_id"), users.c.id == sa.bindparam("key_id"))
        .values(search_text=sa.bindparam("words"), email_key=sa.bindparam("key_email"))
    )
    columns = [users.c[name] for name in ("team_id", "id", *_SEARCHED)]
    # A workspace at a time: a comparison of two columns as one makes MariaDB read from the beginning for each slice.
    for team_id in connection.scalars(sa.select(users.c.team_id).distinct()).all():
        of_team = sa.select(*columns).where(users.c.team_id == team_id).order_by(users.c.id).limit(_SLICE)
        last = ""
        while rows := connection.execute(of_team.where(users.c.id > last)).all():
            connection.execute(write, [_derived(row) for row in rows])
            last = rows[-1].id


def _derived(row: sa.Row[Any]) -> dict[str, str]:
    user = User(team_id=row.team_id, id=row.id, **{name: getattr(row, name) for name in _SEARCHED})
    email = None if user.is_forgotten else user.email
    return {
        "key_team_id": row.team_id,
        "key_id": row.id,
        "words": search_text_of(user),
        "key_email": email_key_of(email),
    }
