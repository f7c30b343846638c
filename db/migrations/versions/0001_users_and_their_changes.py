"""Users and their changes, workspaces, dead letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialects import TABLE_OPTIONS, Utc, exact_text, long_text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """`if_not_exists`: MariaDB commits each statement, so a start killed in the middle must be able to go on."""
    op.create_table(
        "changes",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("rev", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=64)),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("is_status", sa.Boolean(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "rev", "seq"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("changes_in_time", "changes", ["at"], if_not_exists=True)
    op.create_index("changes_of_a_user", "changes", ["team_id", "user_id", "rev"], if_not_exists=True)
    op.create_table(
        "dead_letters",
        sa.Column("letter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("team_id", sa.String(length=64)),
        sa.Column("user_id", sa.String(length=64)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", long_text(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("put_aside_at", Utc(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id"),
        sa.UniqueConstraint("key"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("dead_letters_in_time", "dead_letters", ["put_aside_at"], if_not_exists=True)
    op.create_index("dead_letters_of_a_user", "dead_letters", ["team_id", "user_id"], if_not_exists=True)
    op.create_table(
        "users",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("home_team_id", sa.String(length=64)),
        sa.Column("name", sa.Text()),
        sa.Column("deleted", sa.Boolean()),
        sa.Column("color", sa.Text()),
        sa.Column("real_name", sa.Text()),
        sa.Column("display_name", sa.Text()),
        sa.Column("first_name", sa.Text()),
        sa.Column("last_name", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("pronouns", sa.Text()),
        sa.Column("start_date", sa.Text()),
        sa.Column("tz", sa.Text()),
        sa.Column("tz_label", sa.Text()),
        sa.Column("tz_offset", sa.BigInteger()),
        sa.Column("locale", sa.Text()),
        sa.Column("status_text", sa.Text()),
        sa.Column("status_emoji", sa.Text()),
        sa.Column("status_expiration", sa.BigInteger()),
        sa.Column("avatar_hash", sa.Text()),
        sa.Column("image_72", sa.Text()),
        sa.Column("image_192", sa.Text()),
        sa.Column("image_512", sa.Text()),
        sa.Column("image_1024", sa.Text()),
        sa.Column("image_original", sa.Text()),
        sa.Column("is_custom_image", sa.Boolean()),
        sa.Column("is_admin", sa.Boolean()),
        sa.Column("is_owner", sa.Boolean()),
        sa.Column("is_primary_owner", sa.Boolean()),
        sa.Column("is_restricted", sa.Boolean()),
        sa.Column("is_ultra_restricted", sa.Boolean()),
        sa.Column("is_bot", sa.Boolean()),
        sa.Column("is_app_user", sa.Boolean()),
        sa.Column("is_workflow_bot", sa.Boolean()),
        sa.Column("is_connector_bot", sa.Boolean()),
        sa.Column("is_invited_user", sa.Boolean()),
        sa.Column("is_email_confirmed", sa.Boolean()),
        sa.Column("is_external", sa.Boolean()),
        sa.Column("is_stranger", sa.Boolean()),
        sa.Column("is_forgotten", sa.Boolean()),
        sa.Column("has_2fa", sa.Boolean()),
        sa.Column("who_can_share_contact_card", sa.Text()),
        sa.Column("bot_id", sa.Text()),
        sa.Column("api_app_id", sa.Text()),
        sa.Column("guest_invited_by", sa.Text()),
        sa.Column("guest_expiration_ts", sa.BigInteger()),
        sa.Column("enterprise_id", sa.Text()),
        sa.Column("enterprise_user_id", sa.Text()),
        sa.Column("enterprise_teams", sa.JSON(none_as_null=True)),
        sa.Column("fields", sa.JSON(none_as_null=True)),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("field_marks", sa.JSON(none_as_null=True)),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sort_key", exact_text(255), nullable=False),
        sa.Column("search_text", long_text(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", Utc()),
        sa.Column("missing_since", Utc()),
        sa.Column("changed_at", Utc()),
        sa.Column("first_seen_at", Utc()),
        sa.PrimaryKeyConstraint("team_id", "id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("users_by_kind_and_state", "users", ["kind", "state"], if_not_exists=True)
    op.create_index("users_in_name_order", "users", ["sort_key", "team_id", "id"], if_not_exists=True)
    op.create_table(
        "workspaces",
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("domain", sa.Text()),
        sa.Column("enterprise_id", sa.String(length=64)),
        sa.Column("app_id", sa.String(length=64)),
        sa.Column("bot_id", sa.String(length=64)),
        sa.Column("bot_user_id", sa.String(length=64)),
        sa.Column("rev", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changes_from_rev", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("live_from_rev", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("backfilled_at", Utc()),
        sa.Column("walked_at", Utc()),
        sa.PrimaryKeyConstraint("team_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Drop everything: there is nothing before this."""
    op.drop_table("workspaces")
    op.drop_table("users")
    op.drop_table("dead_letters")
    op.drop_table("changes")
