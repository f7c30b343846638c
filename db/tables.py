"""All tables on one page; `docs/sql.md` says which columns are a promise to the owner's own queries."""

from __future__ import annotations

import sqlalchemy as sa

from db.dialects import TABLE_OPTIONS, Utc, exact_text, key_part, long_text

metadata = sa.MetaData()

ID_CHARS = 64
"""Slack's ids are opaque and about eleven characters long; this leaves room."""
ZONE_CHARS = 64
"""No IANA name is half as long; three indexes hold the zone beside other keys, and a row of one may not be long."""


def could_be_id(text: str) -> bool:
    """Say whether text from outside could be an id at all: a server refuses to compare what it could not store."""
    return 0 < len(text) <= ID_CHARS and text.isascii() and text.isprintable()


def _id(name: str, **options: bool) -> sa.Column[str]:
    return sa.Column(name, sa.String(ID_CHARS), **options)  # type: ignore[arg-type]


workspaces = sa.Table(
    "workspaces",
    metadata,
    _id("team_id", primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("domain", sa.Text),
    _id("enterprise_id"),
    _id("app_id"),
    _id("bot_id"),
    _id("bot_user_id"),
    sa.Column("rev", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("changes_from_rev", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("live_from_rev", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("backfilled_at", Utc),
    sa.Column("walked_at", Utc),
    **TABLE_OPTIONS,
)

users = sa.Table(
    "users",
    metadata,
    _id("team_id", primary_key=True),
    _id("id", primary_key=True),
    _id("home_team_id"),
    sa.Column("name", sa.Text),
    sa.Column("deleted", sa.Boolean),
    sa.Column("color", sa.Text),
    sa.Column("real_name", sa.Text),
    sa.Column("display_name", sa.Text),
    sa.Column("first_name", sa.Text),
    sa.Column("last_name", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("phone", sa.Text),
    sa.Column("pronouns", sa.Text),
    sa.Column("start_date", sa.Text),
    sa.Column("tz", sa.Text),
    sa.Column("tz_label", sa.Text),
    sa.Column("tz_offset", sa.BigInteger),
    sa.Column("locale", sa.Text),
    sa.Column("status_text", sa.Text),
    sa.Column("status_emoji", sa.Text),
    sa.Column("status_expiration", sa.BigInteger),
    sa.Column("status_emoji_url", sa.Text),
    sa.Column("avatar_hash", sa.Text),
    sa.Column("image_72", sa.Text),
    sa.Column("image_192", sa.Text),
    sa.Column("image_512", sa.Text),
    sa.Column("image_1024", sa.Text),
    sa.Column("image_original", sa.Text),
    sa.Column("is_custom_image", sa.Boolean),
    sa.Column("is_admin", sa.Boolean),
    sa.Column("is_owner", sa.Boolean),
    sa.Column("is_primary_owner", sa.Boolean),
    sa.Column("is_restricted", sa.Boolean),
    sa.Column("is_ultra_restricted", sa.Boolean),
    sa.Column("is_bot", sa.Boolean),
    sa.Column("is_app_user", sa.Boolean),
    sa.Column("is_workflow_bot", sa.Boolean),
    sa.Column("is_connector_bot", sa.Boolean),
    sa.Column("is_invited_user", sa.Boolean),
    sa.Column("is_email_confirmed", sa.Boolean),
    sa.Column("is_external", sa.Boolean),
    sa.Column("is_stranger", sa.Boolean),
    sa.Column("is_forgotten", sa.Boolean),
    sa.Column("has_2fa", sa.Boolean),
    sa.Column("who_can_share_contact_card", sa.Text),
    sa.Column("bot_id", sa.Text),
    sa.Column("api_app_id", sa.Text),
    sa.Column("guest_invited_by", sa.Text),
    sa.Column("guest_expiration_ts", sa.BigInteger),
    sa.Column("enterprise_id", sa.Text),
    sa.Column("enterprise_user_id", sa.Text),
    sa.Column("enterprise_teams", sa.JSON(none_as_null=True)),
    sa.Column("fields", sa.JSON(none_as_null=True)),
    sa.Column("updated", sa.BigInteger, nullable=False),
    sa.Column("moment", sa.BigInteger, nullable=False),
    sa.Column("field_marks", sa.JSON(none_as_null=True)),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("sort_key", exact_text(255), nullable=False),
    sa.Column("title_key", exact_text(255), nullable=False, server_default=sa.text("''")),
    sa.Column("traits", sa.Integer, nullable=False, server_default="0"),
    sa.Column("start_day", sa.Integer),
    sa.Column("search_text", long_text(), nullable=False),
    sa.Column("email_key", exact_text(255), nullable=False, server_default=sa.text("''")),
    sa.Column("rev", sa.BigInteger, nullable=False),
    sa.Column("joined_at", Utc),
    sa.Column("missing_since", Utc),
    sa.Column("changed_at", Utc),
    sa.Column("first_seen_at", Utc),
    sa.Column("hidden_at", Utc),
    sa.Column("contact_dropped_at", Utc),
    sa.Column("page_digest", sa.BigInteger),
    sa.Index("users_by_email", "email_key"),
    # Each list is read in its order from one index for each kind and state; the traits are told without a look at rows.
    sa.Index("users_by_name", "kind", "state", "sort_key", "team_id", "id", "traits"),
    sa.Index("users_by_arrival", "kind", "state", "first_seen_at", "team_id", "id", "traits"),
    sa.Index("users_by_change", "kind", "state", "changed_at", "team_id", "id", "traits"),
    # What can be combined with a title, a zone or a day is told beside it: to count values, no row is looked at.
    sa.Index(
        "users_by_title",
        "kind",
        "state",
        "title_key",
        "sort_key",
        "team_id",
        "id",
        "traits",
        "tz",
        "joined_at",
        **key_part("tz", ZONE_CHARS),
    ),
    sa.Index(
        "users_by_zone",
        "kind",
        "state",
        "tz",
        "sort_key",
        "team_id",
        "id",
        "traits",
        "title_key",
        "joined_at",
        **key_part("tz", ZONE_CHARS),
    ),
    sa.Index("users_by_start_day", "start_day", "sort_key", "team_id", "id"),
    sa.Index("users_by_traits", "kind", "state", "traits", "team_id", "id"),
    sa.Index(
        "users_by_joining",
        "joined_at",
        "kind",
        "state",
        "title_key",
        "tz",
        "traits",
        "team_id",
        "id",
        **key_part("tz", ZONE_CHARS),
    ),
    **TABLE_OPTIONS,
)

user_fields = sa.Table(
    "user_fields",
    metadata,
    _id("team_id", primary_key=True),
    _id("id", primary_key=True),
    _id("field_id", primary_key=True),
    sa.Column("value_key", exact_text(255), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    # As the user's row has them, so that one index lists and counts.
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("sort_key", exact_text(255), nullable=False),
    sa.Column("traits", sa.Integer, nullable=False),
    sa.Index("user_fields_by_value", "field_id", "kind", "state", "value_key", "sort_key", "team_id", "id", "traits"),
    **TABLE_OPTIONS,
)

changes = sa.Table(
    "changes",
    metadata,
    _id("team_id", primary_key=True),
    sa.Column("rev", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _id("user_id"),
    sa.Column("before", sa.JSON(none_as_null=True), nullable=False),
    sa.Column("after", sa.JSON(none_as_null=True), nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("is_status", sa.Boolean, nullable=False),
    sa.Column("is_move", sa.Boolean),
    sa.Column("at", Utc, nullable=False),
    sa.Index("changes_of_a_user", "team_id", "user_id", "rev"),
    sa.Index("changes_in_time", "at"),
    sa.Index("moves_in_time", "is_move", "at"),
    **TABLE_OPTIONS,
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("letter_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("key", sa.String(128), nullable=False, unique=True),
    _id("team_id"),
    _id("user_id"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("payload", long_text(), nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("put_aside_at", Utc, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Index("dead_letters_in_time", "put_aside_at"),
    sa.Index("dead_letters_of_a_user", "team_id", "user_id"),
    **TABLE_OPTIONS,
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _id("team_id", nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("instance", sa.String(255)),
    _id("asked_by"),
    sa.Column("is_confirmed", sa.Boolean, nullable=False),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("heartbeat_at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("since", sa.BigInteger),
    sa.Column("next_cursor", sa.Text),
    sa.Column("is_listed", sa.Boolean, nullable=False),
    sa.Column("checkpoint_at", Utc),
    sa.Column("expected", sa.Integer),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("inserted", sa.Integer, nullable=False),
    sa.Column("updated", sa.Integer, nullable=False),
    sa.Column("drift", sa.Integer, nullable=False),
    sa.Column("drift_fields", sa.JSON(none_as_null=True)),
    sa.Column("unreadable", sa.Integer, nullable=False),
    sa.Column("nameless", sa.Integer, nullable=False),
    sa.Column("absent", sa.Integer, nullable=False),
    sa.Column("missing", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("ticket_id", sa.String(64)),
    _id("cancel_asked_by"),
    sa.Index("runs_of_a_workspace", "team_id", "state"),
    **TABLE_OPTIONS,
)

run_pages = sa.Table(
    "run_pages",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ids", long_text(), nullable=False),
    **TABLE_OPTIONS,
)

signins = sa.Table(
    "signins",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    _id("team_id", nullable=False),
    _id("user_id", nullable=False),
    sa.Column("made_at", Utc, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
    sa.Column("spent_at", Utc),
    sa.Index("signins_in_time", "expires_at"),
    sa.Index("signins_of_a_user", "team_id", "user_id"),
    **TABLE_OPTIONS,
)

ended_sessions = sa.Table(
    "ended_sessions",
    metadata,
    _id("team_id", primary_key=True),
    _id("user_id", primary_key=True),
    sa.Column("session_id", sa.String(64), primary_key=True),
    sa.Column("ended_at", Utc, nullable=False),
    sa.Column("forget_at", Utc, nullable=False),
    sa.Index("ended_sessions_in_time", "forget_at"),
    **TABLE_OPTIONS,
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.Text, nullable=False),
    _id("team_id"),
    sa.Column("made_at", Utc, nullable=False),
    sa.Column("expires_at", Utc),
    sa.Column("last_used_at", Utc),
    sa.Column("revoked_at", Utc),
    **TABLE_OPTIONS,
)

wipes = sa.Table(
    "wipes",
    metadata,
    _id("team_id", primary_key=True),
    _id("user_id", primary_key=True),
    sa.Column("erased_at", Utc, nullable=False),
    **TABLE_OPTIONS,
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    _id("team_id"),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.Column("instance", sa.String(255)),
    sa.Index("alerts_in_time", "since"),
    **TABLE_OPTIONS,
)

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("instance", sa.String(255), primary_key=True),
    sa.Column("heartbeat_at", Utc, nullable=False),
    sa.Column("role", sa.String(8)),
    sa.Column("started_at", Utc),
    sa.Column("sockets", sa.Integer),
    sa.Column("connections", sa.Integer),
    sa.Column("sockets_wanted", sa.Integer),
    sa.Column("connected_since", Utc),
    _id("app_id"),
    sa.Column("heard_at", Utc),
    sa.Column("trouble", sa.Text),
    sa.Column("version", sa.String(64)),
    sa.Column("settings_marks", sa.Text),
    sa.Column("refusal", sa.Text),
    **TABLE_OPTIONS,
)

wishes = sa.Table(
    "wishes",
    metadata,
    sa.Column("wish_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _id("team_id", nullable=False),
    _id("asked_by", nullable=False),
    sa.Column("is_confirmed", sa.Boolean, nullable=False),
    sa.Column("run_id", sa.BigInteger),
    sa.Column("asked_at", Utc, nullable=False),
    **TABLE_OPTIONS,
)

places = sa.Table(
    "places",
    metadata,
    _id("team_id", primary_key=True),
    sa.Column("purpose", sa.String(16), primary_key=True),
    _id("channel_id"),
    sa.Column("posted_at", Utc),
    **TABLE_OPTIONS,
)

alert_posts = sa.Table(
    "alert_posts",
    metadata,
    sa.Column("alert_id", sa.BigInteger, primary_key=True, autoincrement=False),
    _id("team_id", primary_key=True),
    _id("channel_id", primary_key=True),
    sa.Column("ts", sa.String(32)),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("is_over", sa.Boolean, nullable=False),
    **TABLE_OPTIONS,
)
