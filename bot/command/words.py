"""The sentences of the answers, in Slack's markup; what others wrote is escaped in them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.blocks.bars import bar
from bot.blocks.replies import escape
from bot.command.condition import Condition
from bot.command.typed import NAME, Word
from bot.parse import is_user_id
from bot.runs.claim import Order
from bot.runs.progress import Progress, progress_of
from bot.runs.words import about, counted, found, progressing, spent, who_runs
from db.records import Run, RunKind, RunState

RESTARTING = (
    "usersync is being restarted, so this message ends here. People are read on by themselves after the start; "
    "`/usersync status` tells how far that is."
)
CONFIRM_AGAIN = "usersync is being restarted before this could begin. Send `/usersync confirm` again after the start."
FAILED = (
    "Something went wrong in usersync, and this may not have been done. Try again; if it stays so, tell whoever runs "
    "usersync here: the log says what it was."
)
NO_LETTERS = "No unreadable events of this workspace."
NOT_KNOWN = (
    "usersync does not know this workspace yet, so there is nothing to show or read. Try again in a minute; if it "
    "stays so, whoever runs usersync here finds the reason in its log."
)
REFUSED = (
    "Only admins and owners of the workspace can start a resync, so nothing was started. There is hardly a need: the "
    "directory follows Slack by itself. `/usersync status` tells how fresh it is, `/usersync open` opens it."
)
ADMINS_ONLY = "That is for admins and owners of the workspace, so nothing was done."
CANCEL_LATE = (
    "That resync is not under way any more, so there was nothing to cancel. `/usersync status` tells how it ended."
)
CANCELLING = "The resync is told to end. It does so as soon as nothing is half done."
NOT_ACTIVE = "Slack says that you are not active in this workspace, so the directory does not open for you."
NOT_OF_HERE = "The directory is for the people of this workspace, so it does not open for guests of another company."
NO_GUESTS = (
    "The directory is not open to guests here, so a link would lead nowhere. Whoever runs usersync can change that."
)
OPENS = "Here is the people directory."
BEGUN = "Reading people from Slack … This message follows along and says when it has ended."
NOTHING_HELD = "The last resync was not held, so there was nothing to confirm; people are read again all the same."
CONFIRMED = "Confirmed: people are read afresh, and whoever Slack no longer knows is marked as missing."
CONFIRM_ONCE_MORE = (
    "What comes by itself marks only as many as are plausible: once the trouble is over, send `/usersync confirm` "
    "again."
)
CONFIRM_LATER = (
    "A resync that was not confirmed is under way, and cannot be confirmed in the middle. When it has ended, and only "
    "if it was held, send `/usersync confirm` again."
)

_BEGINNINGS = {
    RunKind.BACKFILL: "The first resync",
    RunKind.RESYNC: "A resync",
    RunKind.RECONCILE: "A scheduled resync",
}
BRIEFLY = {RunKind.BACKFILL: "first", RunKind.RESYNC: "asked for", RunKind.RECONCILE: "scheduled"}
_ENDS = {RunState.DONE: "came to its end", RunState.HELD: "was held", RunState.FAILED: "failed"}


def unknown(typed: str, near: Word | None = None) -> str:
    """Name a word that nobody knows, and what may have been meant; what would end its quotation is left out."""
    head = f"I do not know “{escape(typed.replace('`', ''))}”"
    if near is None:
        return f"{head}, so nothing was done."
    return f"{head}. Did you mean `{NAME} {near}`? `{NAME} help` lists what there is."


def not_told(reason: str) -> str:
    """Say that nobody could tell whether somebody may."""
    return f"Whether you may do that cannot be told right now, so nothing was done. {escape(reason)} Try again soon."


def closed(reason: str) -> str:
    """Say that no link could be made."""
    return f"The directory cannot be opened right now. {escape(reason)} Try again in a minute."


def waiting(trouble: str | None) -> str:
    """Say that a run is to come, and why it has not begun if that is known."""
    return f"The resync has not begun yet. {escape(trouble)}" if trouble else BEGUN


def under_way(order: Order, progress: Progress | None, now: datetime, *, elsewhere: Run | None = None) -> str:
    """Say that somebody was first, who, and how far that is; `elsewhere` is a run of another process."""
    if elsewhere is not None:
        return followed_elsewhere(elsewhere, now)
    kind = progress.kind if progress else RunKind.RESYNC if order.is_asked else RunKind.RECONCILE
    by = f", asked for by <@{order.asked_by}>" if order.asked_by and is_user_id(order.asked_by) else ""
    far = far_along(progress, now) if progress else "It is about to begin."
    return f"{_BEGINNINGS[kind]} is already under way{by}. {far}"


def followed_elsewhere(run: Run, now: datetime) -> str:
    """Say that another process is at it, and how far: its end is told as one of our own."""
    return f"{escape(who_runs(run))}. That one is followed here. {far_along(progress_of(run), now)}"


def far_along(progress: Progress, now: datetime) -> str:
    """Say how far a run is, in words and as a bar."""
    told = escape(progressing(progress, now))
    return told if progress.share is None else f"{told}\n{bar(progress.share)}{_pages(progress)}"


def _pages(progress: Progress) -> str:
    pages = progress.pages
    if pages is None or progress.absent or not 0 < progress.calls <= pages:
        return ""
    return f" · {progress.calls:,} of about {counted(pages, 'page', 'pages')}"


def elsewhere(run: Run | None) -> str:
    """Say that another process is at it."""
    return f"{escape(who_runs(run))}, so no second resync was begun. Ask again when that one has ended."


def failed(reason: str, *, is_confirmed: bool) -> str:
    """Say that a run did not come to its end."""
    head = f"*The resync failed.* {escape(reason)} Nobody was marked as missing for it, what was read before stays. "
    again = "It is tried again by itself; `/usersync status` tells how it stands."
    return head + (CONFIRM_ONCE_MORE if is_confirmed else again)


def cut_short(reason: str, *, is_confirmed: bool) -> str:
    """Say that a run was left in the middle for a reason of our own."""
    head = (
        f"*The resync was cut short.* {escape(reason)} Nobody was marked as missing for it, and what was read stays. "
    )
    again = "It is gone on with by itself; `/usersync status` tells how it stands."
    return head + (CONFIRM_ONCE_MORE if is_confirmed else again)


def cancelled(by: str) -> str:
    """Say who cancelled a run."""
    return (
        f"*The resync was cancelled by {mention(by)}.* Nobody was marked as missing for it, and what was read stays. "
        "Changes are followed as ever, and everybody is read again by the clock."
    )


def mention(user_id: str) -> str:
    """Name somebody by their id, so that Slack shows what they are called."""
    return f"<@{user_id}>" if is_user_id(user_id) else escape(user_id)


def ended(run: Run, *, is_resumed: bool) -> list[str]:
    """Say what a run found; its counts are a line of their own."""
    head = "" if run.state is RunState.HELD else "*Done.*"  # a held run's reason begins with the word
    more = "It had begun before the last restart, so people are read once more now." if is_resumed else ""
    words = [escape(each) for each in (found(run), run.reason or "", more) if each]
    return [" ".join(filter(None, [head, *words]))]


def counts_away(reason: str) -> str:
    """Say that the counts of a run that ended cannot be shown."""
    return f"The counts cannot be read right now. {escape(reason)}"


def freshness(condition: Condition, now: datetime, *, is_memory_away: bool = False) -> str:
    """Say how closely Slack is followed."""
    heard = f" Slack was last heard {ago(condition.last_heard_at, now)}." if condition.last_heard_at else ""
    if not condition.sockets:
        return f":red_circle: *Not connected to Slack*, so the directory does not follow changes right now.{heard}"
    if is_memory_away or condition.is_memory_closed:
        return f":red_circle: *Changes are not taken in* while the database is away; they wait at Slack.{heard}"
    open_of = f"{condition.sockets} of {counted(condition.sockets_wanted, 'connection', 'connections')}"
    sign = ":large_green_circle:" if condition.trouble is None else ":large_yellow_circle:"
    return f"{sign} *Following changes* on {open_of}.{heard}"


def trouble(condition: Condition) -> str:
    """Say what is wrong; empty for nothing."""
    return f":warning: {escape(condition.trouble)}" if condition.trouble else ""


def running(progress: Progress, now: datetime) -> str:
    """Say which run is under way."""
    return f"{_BEGINNINGS[progress.kind]} is under way. {far_along(progress, now)}"


def last_run(run: Run, now: datetime, *, told: str) -> str:
    """Say how the last run went; a reason that was told already is not told twice."""
    when = ago(run.ended_at, now) if run.ended_at else "some time ago"
    head = f"The last resync ({BRIEFLY[run.kind]})"
    if by := run.cancelled_by:
        return f"{head} was cancelled by {mention(by)} {when}."
    reason = run.reason if run.reason and run.reason not in told else ""
    return " ".join(filter(None, [f"{head} {_ENDS.get(run.state, 'stopped')} {when}.", found(run), escape(reason)]))


def last_read(condition: Condition, now: datetime) -> str:
    """Say when everybody was last read, from memory."""
    if condition.walked_at is None:
        return "Nobody has been read from Slack to the end yet."
    return f"Everybody was last read {ago(condition.walked_at, now)}."


def letters(count: int) -> str:
    """Say how many payloads were put aside."""
    if not count:
        return NO_LETTERS
    return f"{counted(count, 'unreadable event', 'unreadable events')}: `{NAME} dead-letters` shows why (admins)."


def following(condition: Condition) -> str:
    """Say how far behind Slack the last change was, and when everybody is read again; empty where neither is known."""
    lag_s, next_s = condition.lag_s, condition.next_in_s
    parts = [
        _behind(lag_s) if lag_s is not None else "",
        _next(next_s) if next_s is not None and condition.progress is None else "",
    ]
    return " ".join(filter(None, parts))


def _behind(lag_s: float) -> str:
    after = "within a second of being" if lag_s < 1 else f"{spent(lag_s)} after it was"
    return f"The last change was here {after} made in Slack."


def _next(next_s: float) -> str:
    if next_s < 1:
        return "Everybody is about to be read again."
    return f"Everybody is read again in {about(timedelta(seconds=next_s))}, or sooner after a gap."


def memory_away(reason: str, *, told: str) -> str:
    """Say that the rest of a status is not to be had; a reason that was told already is not told twice."""
    why = "" if reason in told else f"{escape(reason)} "
    return f":red_circle: {why}What is said here comes from memory; counts and runs cannot be shown."


def ago(moment: datetime, now: datetime) -> str:
    """Say an age: "just now", "14 minutes ago", "3 days ago"."""
    seconds = int((now - moment).total_seconds())
    if seconds < 5:
        return "just now"
    for size, one, many in ((86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes")):
        if seconds >= size:
            return f"{counted(seconds // size, one, many)} ago"
    return f"{counted(seconds, 'second', 'seconds')} ago"
