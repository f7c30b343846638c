"""The sentences of a Home, and the cells of its runs. Pure; what others wrote is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.blocks.home import Person, Table
from bot.blocks.people import card
from bot.blocks.replies import Press, Question, cut, escape
from bot.command.found_words import card_of
from bot.command.pressed import Deed
from bot.command.words import BRIEFLY, NO_LETTERS, ago, mention
from bot.runs.words import counted, found
from db.filters import COUNTED_TO
from db.records import Run, RunKind, RunState, User

NEW_DAYS = 30
NEW = "Who’s new"
UPKEEP = "How the directory runs"
NOBODY_NEW = f"Nobody joined in the last {NEW_DAYS} days, as far as we saw."
BEGUN = "Everybody is read from Slack. This page says when that has ended."
ABOUT_TO_BEGIN = "A resync is about to begin."
ENDING = "It is told to end, and does so as soon as nothing is half done."
NOT_HELD = (
    "That resync was not the last one any more, or is not held, so nothing was confirmed. This page shows how it "
    "stands now."
)
NO_RUNS = "Nobody has been read from Slack to the end yet."
SENT = "The link to the directory was sent to you as a direct message."
NOT_SHOWN = "Slack did not show the link to the directory. Type `/usersync open` in any conversation."
MODAL_TITLE = "The directory"
RUNS = "The last resyncs"
HEADER = ("Resync", "When", "How it ended", "What it found")

_ENDS = {
    RunState.DONE: "Done",
    RunState.HELD: "Held",
    RunState.FAILED: "Failed",
    RunState.RUNNING: "Under way",
}
_LONGEST = 300


def title(workspace: str) -> str:
    """Say whose people these are; a heading has no markup."""
    return f"People of {' '.join(workspace.split())}"


def newcomer(user: User, now: datetime, *, base: str, face: str) -> Person:
    """Tell somebody who joined lately."""
    known = card_of(user, now, base=base)
    when = f"joined {ago(user.joined_at, now)}" if user.joined_at else ""
    return Person(card(replace(known, clock=when)), face, user.shown_name)


def found_person(user: User, now: datetime, *, base: str, face: str) -> Person:
    """Tell somebody who was found."""
    return Person(card(card_of(user, now, base=base)), face, user.shown_name)


def more_new(rest: int, *, base: str) -> str:
    """Say how many more there are, and where; empty where there is nothing to add."""
    many = f"more than {COUNTED_TO:,}" if rest > COUNTED_TO else f"{rest:,}"
    told = f"and {many} more in the last {NEW_DAYS} days" if rest > 0 else ""
    link = f"<{base}/whats-new|What’s new> tells who moved and left as well." if base else ""
    return ". ".join(filter(None, [told, link]))


def as_of(now: datetime, *, version: str = "") -> str:
    """Say when this was written, and by which version: Slack shows the time of whoever reads it."""
    shown = f"<!date^{int(now.timestamp())}^{{date_short_pretty}} at {{time}}|{now:%H:%M} UTC>"
    by = f" · usersync {escape(version)}" if version else ""
    return f"As of {shown}. Open this tab again to bring it up to date.{by}"


def away(reason: str) -> str:
    """Say that nobody can be shown."""
    return (
        f":red_circle: {escape(reason)} Nobody can be looked for or shown right now; open this tab again in a minute."
    )


def unsure(reason: str) -> str:
    """Say that nobody could tell who somebody is."""
    return (
        f"Who you are in this workspace cannot be told right now, so nobody is shown. {escape(reason)} Open this tab "
        "again in a minute."
    )


def undone(reason: str) -> str:
    """Say that a press did nothing, for the memory is away."""
    return f"Nothing was done. {escape(reason)} Try again in a minute."


def letters(count: int) -> str:
    """Say how many payloads were put aside."""
    if not count:
        return NO_LETTERS
    return f"*{counted(count, 'unreadable event', 'unreadable events')}*: what Slack said could not be applied."


def confirm(run: Run) -> Press:
    """Make the button that confirms a held run, and its question."""
    asks = Question(
        "Believe that they are gone?",
        f"{counted(run.absent, 'person was', 'people were')} not in Slack’s list. Everybody is read afresh, and "
        "whoever Slack no longer knows is marked as missing, however many they are.",
        yes="Confirm",
        no="Not now",
    )
    return Press("Confirm", Deed.CONFIRM, str(run.run_id), asks=asks, is_grave=True)


def runs(last: Sequence[Run], now: datetime, *, told: str = "") -> Table:
    """Tell how the last runs went, as a table and in lines; a reason that was told already is not told twice."""
    cells = tuple(
        (BRIEFLY[each.kind].capitalize(), _when(each, now), _ended(each), _outcome(each, told)) for each in last
    )
    return Table(RUNS, HEADER, cells, tuple(_line(each, now, told) for each in last))


def _line(run: Run, now: datetime, told: str) -> str:
    kind = BRIEFLY[run.kind].capitalize()
    by = f" by {mention(run.asked_by)}" if run.asked_by and run.kind is RunKind.RESYNC else ""
    who = run.cancelled_by
    ended = f"{_ended(run)}{f' by {mention(who)}' if who else ''}"
    said = escape(cut(_outcome(run, told), _LONGEST))
    return f"*{ended}* · {kind}{by}, {_when(run, now)}\n{said}".rstrip()


def _when(run: Run, now: datetime) -> str:
    return ago(run.ended_at or run.started_at, now)


def _ended(run: Run) -> str:
    return "Cancelled" if run.cancelled_by else _ENDS.get(run.state, "Stopped")


def _outcome(run: Run, told: str) -> str:
    if run.state is RunState.RUNNING:
        return f"{counted(run.seen, 'person', 'people')} read so far."
    if run.state is RunState.HELD:
        return f"{counted(run.absent, 'person', 'people')} seemed to be gone, and nobody was marked."
    is_told = run.cancelled_by or escape(run.reason or "") in told
    reason = "" if is_told else run.reason or ""
    return " ".join(filter(None, [found(run), reason]))
