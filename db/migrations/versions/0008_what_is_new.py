"""What is new by an index: the day of the year of each first day, and the changes by which people move."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.changes import MOVES
from db.derive import start_day_of
from db.dialects import has_column

revision = "0008"
down_revision = "0007"

_SLICE = 1000
_INDEXES = {
    "users_by_start_day": ("users", ["start_day", "sort_key", "team_id", "id"]),
    "moves_in_time": ("changes", ["is_move", "at"]),
}


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    if not has_column(op.get_bind(), "users", "start_day"):
        op.add_column("users", sa.Column("start_day", sa.Integer()))
    if not has_column(op.get_bind(), "changes", "is_move"):
        op.add_column("changes", sa.Column("is_move", sa.Boolean()))
    _tell_days(op.get_bind())
    _tell_moves(op.get_bind())
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns, if_not_exists=True)


def downgrade() -> None:
    """Drop them."""
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_column("changes", "is_move")
    op.drop_column("users", "start_day")


def _tell_days(connection: sa.Connection) -> None:
    """Write the day beside each first day, a slice at a time: there may be a million of them."""
    users = sa.table("users", *(sa.column(name) for name in ("team_id", "id", "start_date", "start_day")))
    is_key = sa.and_(users.c.team_id == sa.bindparam("key_team_id"), users.c.id == sa.bindparam("key_id"))
    write = sa.update(users).where(is_key).values(start_day=sa.bindparam("day"))
    for team_id in connection.scalars(sa.select(users.c.team_id).distinct()).all():
        of_team = (users.c.team_id == team_id, users.c.start_date.is_not(None))
        read = sa.select(users.c.id, users.c.start_date).where(*of_team).order_by(users.c.id).limit(_SLICE)
        last = ""
        while rows := connection.execute(read.where(users.c.id > last)).all():
            days = [{"key_team_id": team_id, "key_id": row.id, "day": start_day_of(row.start_date)} for row in rows]
            connection.execute(write, days)
            last = rows[-1].id


def _tell_moves(connection: sa.Connection) -> None:
    """Mark the changes that may tell of a move, a slice at a time."""
    changes = sa.table(
        "changes",
        *(sa.column(name) for name in ("team_id", "rev", "seq", "is_move")),
        *(sa.column(name, sa.JSON(none_as_null=True)) for name in ("before", "after")),
    )
    key = [changes.c[name] for name in ("team_id", "rev", "seq")]
    is_key = sa.and_(*(column == sa.bindparam(f"key_{column.name}") for column in key))
    write = sa.update(changes).where(is_key).values(is_move=sa.true())
    for team_id in connection.scalars(sa.select(changes.c.team_id).distinct()).all():
        read = sa.select(*key, changes.c.before, changes.c.after).where(changes.c.team_id == team_id)
        last = -1
        while rows := connection.execute(read.where(changes.c.rev > last).order_by(changes.c.rev).limit(_SLICE)).all():
            rows = _whole_commits(rows, connection, read)
            if moves := [_keyed(row) for row in rows if row.before and not MOVES.isdisjoint(row.after)]:
                connection.execute(write, moves)
            last = rows[-1].rev


def _whole_commits(rows: Any, connection: sa.Connection, read: sa.Select[Any]) -> Any:
    """Read the last commit of a slice to its end, for the next slice begins behind it."""
    last = rows[-1].rev
    rest = connection.execute(read.where(sa.column("rev") == last)).all()
    return [*(row for row in rows if row.rev != last), *rest]


def _keyed(row: sa.Row[Any]) -> dict[str, Any]:
    return {"key_team_id": row.team_id, "key_rev": row.rev, "key_seq": row.seq}
