"""One workspace and everything that can happen in it; each verb changes the crowd and tells the app as Slack would."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.simulator.channels import GENERAL, Channel, Channels
from bot.simulator.clocks import SlackTime
from bot.simulator.crowd import BotUser, Crowd, Cursors, PretendUser
from bot.simulator.envelopes import Outbox
from bot.simulator.interactions import Interaction, button_press, slash_command
from bot.simulator.messages import Board
from bot.simulator.payloads import ABSENT, addressed, apply_fields, in_event, picture_fields, short, without_email
from bot.simulator.waiting import Watch

Json = dict[str, Any]

ALL_SCOPES = ("chat:write", "commands", "team:read", "users.profile:read", "users:read", "users:read.email")
CURSOR_SECONDS = 30 * 60
VERIFICATION_TOKEN = "pretend-verification"  # noqa: S105 the legacy field of every payload, secret to nobody
FORGOTTEN = "Deactivated User"


@dataclass(frozen=True)
class Wire:
    """What all workspaces of one simulator share."""

    app_id: str
    time: SlackTime
    watch: Watch
    outbox: Outbox
    base_url: Callable[[], str]


class Workspace:
    """A pretend workspace with one installation of the app. Its verbs return at once; delivery happens on the loop."""

    def __init__(self, wire: Wire, *, team_id: str, team_name: str, bot_token: str, crowd: int, seed: int) -> None:
        self.team_id = team_id
        self.team_name = team_name
        self.domain = "".join(letter for letter in team_name.lower() if letter.isalnum())
        self.address = f"https://{self.domain}.example/"
        self.bot_token = bot_token
        self.app_id = wire.app_id
        self.bot_user_id = f"U{team_id[1:]}BOT"
        self.bot_id = f"B{team_id[1:]}BOT"
        self.scopes = set(ALL_SCOPES)
        self.is_uninstalled = False
        self.is_revoked = False
        self.spared: set[str] = set()
        self.page_limit = 1000
        self.time = wire.time
        self.base_url = wire.base_url
        self._wire = wire
        bot = BotUser(self.bot_user_id, self.bot_id, self.app_id)
        self.crowd = Crowd(team_id=team_id, size=crowd, seed=seed, time=wire.time, bot=bot, base_url=wire.base_url)
        self.cursors = Cursors(wire.time, lifetime_seconds=CURSOR_SECONDS)
        self.board = Board(
            team_id=team_id,
            app_id=self.app_id,
            bot_id=self.bot_id,
            bot_user_id=self.bot_user_id,
            time=wire.time,
            watch=wire.watch,
        )
        self.channels = Channels()
        self._fields: dict[str, Json] = {}
        self._field_values: dict[str, Json] = {}

    def joins(self, real_name: str | None = None, **fields: Any) -> PretendUser:
        """Somebody new, invented if no name is given, and a `team_join`. Fields as for `changes`."""
        user = self.adds(real_name, **fields)
        self._tells("team_join", user)
        return user

    def adds(self, real_name: str | None = None, *, listed: bool = True, **fields: Any) -> PretendUser:
        """Somebody who is there, without any event. Not `listed`: as with Slack Connect, only `users.info` knows."""
        user = self.crowd.add(real_name, listed=listed)
        self._apply(user, fields)
        return user

    def changes(self, user: PretendUser, *, quietly: bool = False, **fields: Any) -> None:
        """Change Slack fields, top-level or profile alike, and send `user_change`, unless `quietly` (a missed event).

        `face=n` stands for a new custom picture, `face=None` for none; the value ABSENT takes a key out.
        """
        self._apply(user, fields)
        self._touch(user)
        if not quietly:
            self._tells("user_change", user)

    def deactivates(self, user: PretendUser, *, quietly: bool = False) -> None:
        """`deleted: true`, told with the short object that real deactivations carry."""
        self.crowd.keep(user.id)["deleted"] = True
        self._touch(user)
        if not quietly:
            self._tells("user_change", user, shortly=True)

    def reactivates(self, user: PretendUser, *, quietly: bool = False) -> None:
        self.changes(user, quietly=quietly, deleted=False)

    def forgets(self, user: PretendUser, *, quietly: bool = False) -> None:
        """Erase the profile for good (GDPR): deactivated, `is_forgotten`, names replaced, contact and picture gone."""
        forgotten = self.crowd.keep(user.id)
        for key in [key for key in forgotten["profile"] if key.startswith("image_") or key == "is_custom_image"]:
            del forgotten["profile"][key]
        forgotten["profile"] |= picture_fields(user.id, face=None)
        emptied: Json = dict.fromkeys(("title", "phone", "status_text", "status_emoji", "display_name"), "")
        emptied |= {"email": ABSENT, "pronouns": ABSENT}
        self._apply(user, {**emptied, "real_name": FORGOTTEN, "name": f"deactivateduser{user.id[2:].lower()}"})
        forgotten["is_forgotten"] = True
        self._field_values.pop(user.id, None)
        self.deactivates(user, quietly=quietly)

    def removes(self, user: PretendUser) -> None:
        """Gone without a trace: neither listed nor found, and no event says so."""
        self.crowd.remove(user.id)

    def sends(self, event: Json, **wrapper: Any) -> str:
        """Send any inner event as it is, in Slack's outer wrapper, whose keys `wrapper` overrides. Its `event_id`."""
        event_id = f"Ev0{secrets.token_hex(5).upper()}"
        authorization = {
            "enterprise_id": None,
            "team_id": self.team_id,
            "user_id": self.bot_user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        outer = {
            "token": VERIFICATION_TOKEN,
            "team_id": self.team_id,
            "context_team_id": self.team_id,
            "context_enterprise_id": None,
            "api_app_id": self.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": self.time.second(),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
            "event_context": f"4-{secrets.token_hex(12)}",
        }
        return self.sends_payload(outer | wrapper)

    def sends_payload(self, payload: Json) -> str:
        """Send any whole payload as an `events_api` envelope. Its `event_id`, or a made-up key if it has none."""
        return self._wire.outbox.post("events_api", payload).key

    def opens_home(self, user: PretendUser, *, tab: str = "home") -> str:
        """`app_home_opened`, with the view that is there, if any. Its `event_id`."""
        event = {"type": "app_home_opened", "user": user.id, "channel": f"D{user.id[1:]}", "tab": tab}
        view = {"view": self.board.homes[user.id]} if user.id in self.board.homes else {}
        return self.sends({**event, **view, "event_ts": self.time.stamp()})

    async def types(self, user: PretendUser, typed: str, *, channel_id: str = GENERAL) -> Interaction:
        """Type a slash command, and wait until it is acked or Slack gives it up."""
        opened = self.board.open_response_url()
        payload = slash_command(
            self._origin(),
            user.payload(),
            typed=typed,
            channel_id=channel_id,
            response_url=f"{self.base_url()}/response/{opened.id}",
            trigger_id=self.board.trigger(user.id),
        )
        interaction = Interaction(self._wire.outbox.post("slash_commands", payload), opened, self._wire.watch)
        return await self._acked_or_not(interaction)

    async def presses(
        self, user: PretendUser, action_id: str, *, view: Json | None = None, **action: Any
    ) -> Interaction:
        """Press a button, in a `view` or else in a message, and wait until it is acked or Slack gives it up."""
        opened = self.board.open_response_url()
        payload = button_press(
            self._origin(),
            user.payload(),
            action={"action_id": action_id, **action},
            view=view,
            response_url=f"{self.base_url()}/response/{opened.id}",
            trigger_id=self.board.trigger(user.id),
            stamp=self.time.stamp(),
        )
        interaction = Interaction(self._wire.outbox.post("interactive", payload), opened, self._wire.watch)
        return await self._acked_or_not(interaction)

    def opens_channel(self, name: str, *, is_private: bool = False, has_app: bool = True) -> Channel:
        """A new channel, with the app in it or without; what is changed of it counts at once."""
        return self.channels.opens(name, is_private=is_private, has_app=has_app)

    def uninstalls(self) -> None:
        """The app is thrown out: its token is dead and two events say so, in an order that Slack does not promise."""
        self.is_uninstalled = True
        self.sends({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user_id]}})
        self.sends({"type": "app_uninstalled"})

    def revokes_token(self) -> None:
        """The bot token is worth nothing until `gives_token_back`; sockets and events go on, and nothing says so."""
        self.is_revoked = True

    def gives_token_back(self) -> None:
        self.is_revoked = False

    def refuses_blocks(self, *types: str) -> None:
        """From now on views that hold a block, or an element, of one of these types are not taken; none: all are."""
        self.board.refused_blocks = set(types)

    def users(self) -> list[Json]:
        """The full user object of everybody listed; for small crowds."""
        return [in_event(user) for _, user in self.crowd.listed_from(0)]

    def user(self, user_id: str) -> PretendUser:
        """A user by id. KeyError if there is none."""
        if self.crowd.find(user_id) is None:
            raise KeyError(user_id)
        return PretendUser(self.crowd, user_id)

    def anyone(self, rng: random.Random, *, deleted: bool = False) -> PretendUser | None:
        """Some listed human who is not `spared`, chosen by the dice handed in; None if fifty throws find nobody."""
        for _ in range(50):
            user_id = self.crowd.at_slot(rng.randrange(self.crowd.slots))
            found = self.crowd.find(user_id)
            if (
                found
                and user_id not in self.spared
                and not found["is_bot"]
                and found["updated"]
                and found["deleted"] is deleted
                and "is_forgotten" not in found
            ):
                return PretendUser(self.crowd, user_id)
        return None

    def defines_field(self, field_id: str, label: str, *, kind: str = "text", is_hidden: bool = False) -> None:
        """A custom profile field (`Xf…`) as `team.profile.get` lists it."""
        rest = {"ordering": len(self._fields), "field_name": label.lower(), "hint": "", "possible_values": None}
        self._fields[field_id] = {"id": field_id, "label": label, "type": kind, "is_hidden": is_hidden, **rest}

    def sets_field(self, user: PretendUser, field_id: str, value: str, *, alt: str = "") -> None:
        """Give a custom field a value. Slack sends no event for it."""
        self._field_values.setdefault(user.id, {})[field_id] = {"value": value, "alt": alt}

    def field_definitions(self) -> list[Json]:
        return list(self._fields.values())

    def field_values(self, user_id: str) -> Json:
        return dict(self._field_values.get(user_id, {}))

    def _apply(self, user: PretendUser, fields: Json) -> None:
        kept = self.crowd.keep(user.id)
        if "face" in fields:
            for key in ("is_custom_image", "image_1024", "image_original"):
                kept["profile"].pop(key, None)
            kept["profile"] |= picture_fields(user.id, face=fields["face"])
        apply_fields(kept, {key: value for key, value in fields.items() if key != "face"}, at=self.time.now())

    def _touch(self, user: PretendUser) -> None:
        """`updated` has a grain of one second and never goes back, even if the clock does."""
        kept = self.crowd.keep(user.id)
        kept["updated"] = max(kept["updated"], self.time.second())

    def _tells(self, type_: str, user: PretendUser, *, shortly: bool = False) -> None:
        told = addressed(in_event(self.crowd.keep(user.id)), self.base_url())
        if "users:read.email" not in self.scopes:
            told = without_email(told)
        told = short(told) if shortly else told
        self.sends({"type": type_, "user": told, "cache_ts": told["updated"], "event_ts": self.time.stamp()})

    def _origin(self) -> Json:
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": self.team_id,
            "team_domain": self.domain,
            "api_app_id": self.app_id,
        }

    async def _acked_or_not(self, interaction: Interaction) -> Interaction:
        # The outbox has a deadline of its own; this one only guards against a simulator that was stopped.
        await self._wire.watch.until(
            lambda: interaction.envelope.is_settled, within=60, or_say=lambda: "the simulator was stopped"
        )
        return interaction
