"""What stands in the conversation of one person: what they typed, what came back, and what the app wrote by itself."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from bot.simulator.interactions import Interaction
from bot.simulator.workspace import Workspace

Json = dict[str, Any]

MOST_TURNS = 100
MOST_SHOWN = 30
NOT_ANSWERED = "The app did not answer within three seconds: not connected, perhaps."
NEVER_ACKED = "Slack says that it failed with the error “dispatch_failed”."


@dataclass
class Turn:
    """One command that somebody typed, and what became of it."""

    number: int
    user_id: str
    typed: str
    at: float
    interaction: Interaction | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be seen. `message` is None for what a person typed; `where` is empty for a private answer."""

    key: str
    at: float
    typed: str = ""
    message: Json | None = None
    where: str = ""
    note: str = ""
    is_pending: bool = False


@dataclass
class Talk:
    """Remembers what was typed and pressed here; what the app wrote stands on the board of the workspace."""

    sim: Workspace
    turns: deque[Turn] = field(default_factory=lambda: deque(maxlen=MOST_TURNS))
    presses: dict[str, list[tuple[str, Interaction]]] = field(default_factory=dict)
    count: int = 0

    def begins(self, user_id: str, typed: str, *, refusal: str = "") -> Turn:
        self.count += 1
        turn = Turn(self.count, user_id, typed, self.sim.time.now(), refusal=refusal)
        self.turns.append(turn)
        return turn

    def presses_at(self, key: str, user_id: str, interaction: Interaction) -> None:
        """Somebody pressed something that the message of this name holds."""
        self.presses.setdefault(key, []).append((user_id, interaction))
        while len(self.presses) > MOST_TURNS:
            del self.presses[next(iter(self.presses))]

    def is_unanswered(self, key: str, user_id: str) -> bool:
        """Whether nobody answered the last press there of this person."""
        own = [press for who, press in self.presses.get(key, []) if who == user_id]
        return bool(own and own[-1].error)

    def seen_by(self, user_id: str) -> list[Entry]:
        """The last entries that this person sees, oldest first."""
        entries = [entry for turn in self.turns if turn.user_id == user_id for entry in self._of_turn(turn)]
        entries += [entry for each in self._of_board(user_id) for entry in self._with_answers(each, user_id)]
        return sorted(entries, key=lambda entry: entry.at)[-MOST_SHOWN:]

    def find(self, user_id: str, key: str) -> Entry | None:
        return next((entry for entry in self.seen_by(user_id) if entry.key == key), None)

    def _of_turn(self, turn: Turn) -> list[Entry]:
        interaction = turn.interaction
        note = turn.refusal or (f"{NEVER_ACKED} {NOT_ANSWERED}" if interaction and interaction.error else "")
        is_pending = not note and (interaction is None or not interaction.visible)
        typed = Entry(f"t{turn.number}", turn.at, typed=turn.typed, note=note, is_pending=is_pending)
        answers = self._chain(typed, typed.key, interaction, turn.user_id) if interaction else []
        return [typed, *answers]

    def _chain(self, after: Entry, key: str, interaction: Interaction, user_id: str) -> list[Entry]:
        """What stands at one response URL, each message with what came of its buttons."""
        found: list[Entry] = []
        for number, message in enumerate(interaction.visible):
            where = "#general" if message.get("response_type") == "in_channel" else after.where
            found += self._with_answers(Entry(f"{key}.{number}", after.at, message=message, where=where), user_id)
        return found

    def _with_answers(self, entry: Entry, user_id: str) -> list[Entry]:
        """The message and what its buttons brought: in its place for all, or beside it for who pressed."""
        stands = [replace(entry, note=NOT_ANSWERED if self.is_unanswered(entry.key, user_id) else "")]
        for number, (who, press) in enumerate(self.presses.get(entry.key, [])):
            takes_its_place = any(
                post.get("replace_original") or post.get("delete_original") for post in press.messages
            )
            after = entry if takes_its_place else replace(entry, where="")
            if takes_its_place:
                stands = []
            if takes_its_place or who == user_id:
                stands += self._chain(after, f"{entry.key}.p{number}", press, user_id)
        return stands

    def _of_board(self, user_id: str) -> list[Entry]:
        direct = {user_id, f"D{user_id[1:]}"}
        found = []
        for channel, messages in self.sim.board.messages.items():
            if channel[:1] in ("U", "W", "D") and channel not in direct:
                continue
            where = "Direct message" if channel in direct else f"#{self.sim.channels.name_of(channel)}"
            found += [
                Entry(f"m{channel}.{each['ts']}", float(each["ts"]), message=each, where=where)
                for each in messages[-MOST_SHOWN:]
            ]
        for message in self.sim.board.ephemerals[-MOST_TURNS:]:
            if message["user"] == user_id:
                ts = message["message_ts"]
                found.append(Entry(f"e{ts}", float(ts), message=message))
        return found
