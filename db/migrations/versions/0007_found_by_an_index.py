"""Lists and searches by an index at any size: keys and traits of each row, custom fields as rows, and the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.derive import sort_key_of, traits_of, value_key_of
from db.dialects import TABLE_OPTIONS, build_search, drop_search, exact_text, has_column, key_part, number_rows
from db.records import User
from db.tables import ZONE_CHARS
from db.user_fields import values_of
from db.words import search_text_of

revision = "0007"
down_revision = "0006"

_SLICE = 1000
_READ = (
    "real_name", "display_name", "name", "title", "email", "phone", "tz", "is_custom_image", "is_forgotten", "fields",
    "hidden_at", "kind", "state",
)  # fmt: skip
_INDEXES: dict[str, list[str]] = {
    "users_by_name": ["kind", "state", "sort_key", "team_id", "id", "traits"],
    "users_by_arrival": ["kind", "state", "first_seen_at", "team_id", "id", "traits"],
    "users_by_change": ["kind", "state", "changed_at", "team_id", "id", "traits"],
    "users_by_title": ["kind", "state", "title_key", "sort_key", "team_id", "id", "traits", "tz", "joined_at"],
    "users_by_zone": ["kind", "state", "tz", "sort_key", "team_id", "id", "traits", "title_key", "joined_at"],
    "users_by_traits": ["kind", "state", "traits", "team_id", "id"],
    "users_by_joining": ["joined_at", "kind", "state", "title_key", "tz", "traits", "team_id", "id"],
}


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    new: tuple[sa.Column[Any], ...] = (
        sa.Column("title_key", exact_text(255), nullable=False, server_default=sa.text("''")),
        sa.Column("traits", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("status_emoji_url", sa.Text()),
    )
    for column in new:
        if not has_column(op.get_bind(), "users", column.name):
            op.add_column("users", column)
    op.create_table(
        "user_fields",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("field_id", sa.String(length=64), nullable=False),
        sa.Column("value_key", exact_text(255), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sort_key", exact_text(255), nullable=False),
        sa.Column("traits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "id", "field_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index(
        "user_fields_by_value",
        "user_fields",
        ["field_id", "kind", "state", "value_key", "sort_key", "team_id", "id", "traits"],
        if_not_exists=True,
    )
    for name in ("users_in_name_order", "users_by_kind_and_state"):
        op.drop_index(name, "users", if_exists=True)
    _derive_anew(op.get_bind())
    number_rows(op.get_bind())
    op.create_index("users_by_email", "users", ["email_key"], if_not_exists=True)
    for name, columns in _INDEXES.items():
        op.create_index(
            name, "users", columns, if_not_exists=True, **key_part("tz", ZONE_CHARS) if "tz" in columns else {}
        )
    build_search(op.get_bind())


def downgrade() -> None:
    """Drop them; the search text is made anew by the next change of each user. SQLite's rows keep their numbers."""
    drop_search(op.get_bind())
    for name in _INDEXES:
        op.drop_index(name, "users")
    op.create_index("users_in_name_order", "users", ["sort_key", "team_id", "id"])
    op.create_index("users_by_kind_and_state", "users", ["kind", "state"])
    op.drop_table("user_fields")
    for column in ("status_emoji_url", "traits", "title_key"):
        op.drop_column("users", column)


def _derive_anew(connection: sa.Connection) -> None:
    """Write what is derived from each row in its new form, a slice at a time: there may be a million of them."""
    derived = ("sort_key", "title_key", "traits", "search_text", "status_emoji_url")
    names = ("team_id", "id", *_READ, *derived, "status_emoji")
    columns = [sa.column(name, sa.JSON(none_as_null=True)) if name == "fields" else sa.column(name) for name in names]
    users = sa.table("users", *columns)
    # Slack has told of each emoji without our reading where its picture is. Unknown would be news to the next run.
    no_picture = sa.case((users.c.status_emoji.is_(None), None), else_="")
    write = (
        sa.update(users)
        .where(users.c.team_id == sa.bindparam("key_team_id"), users.c.id == sa.bindparam("key_id"))
        .values({name: sa.bindparam(f"new_{name}") for name in ("tz", *derived[:-1])})
        .values(status_emoji_url=no_picture)
    )
    read = [users.c[name] for name in ("team_id", "id", *_READ)]
    # A workspace at a time: a comparison of two columns as one makes MariaDB read from the beginning for each slice.
    for team_id in connection.scalars(sa.select(users.c.team_id).distinct()).all():
        of_team = sa.select(*read).where(users.c.team_id == team_id).order_by(users.c.id).limit(_SLICE)
        last = ""
        while rows := connection.execute(of_team.where(users.c.id > last)).all():
            people = [_user(row) for row in rows]
            connection.execute(write, [_written(user) for user in people])
            _fill_fields(connection, people)
            last = rows[-1].id


def _user(row: sa.Row[Any]) -> User:
    """Read a row and derive its keys; a zone that no index can hold is none, as it is of whoever is read today."""
    user = User(team_id=row.team_id, id=row.id, **{name: getattr(row, name) for name in _READ})
    if user.tz and len(user.tz) > ZONE_CHARS:
        user = replace(user, tz=None)
    sort_key, title_key = sort_key_of(user), value_key_of(user.title)
    return replace(
        user, sort_key=sort_key, title_key=title_key, traits=traits_of(user), search_text=search_text_of(user)
    )


def _written(user: User) -> dict[str, Any]:
    names = ("tz", "sort_key", "title_key", "traits", "search_text")
    return {"key_team_id": user.team_id, "key_id": user.id} | {f"new_{name}": getattr(user, name) for name in names}


def _fill_fields(connection: sa.Connection, people: Sequence[User]) -> None:
    """Write custom fields as rows; what a start killed in the middle has written is written anew."""
    copied = ("team_id", "id", "kind", "state", "sort_key", "traits")
    user_fields = sa.table("user_fields", *(sa.column(name) for name in (*copied, "field_id", "value_key", "value")))
    told = [
        {name: getattr(user, name) for name in copied} | {"field_id": field_id, **value._asdict()}
        for user in people
        for field_id, value in values_of(None if user.is_forgotten else user.fields).items()
    ]
    if not told:
        return
    ids = sorted({each["id"] for each in told})
    of_rows = (user_fields.c.team_id == told[0]["team_id"], user_fields.c.id.in_(ids))
    connection.execute(sa.delete(user_fields).where(*of_rows))
    connection.execute(sa.insert(user_fields), told)
