"""What is wrong with the two tokens before Slack is asked: missing, swapped, of the wrong kind, quoted, or cut."""

from __future__ import annotations

import re

from bot.slack_words import APP_TOKEN, BOT_TOKEN, SCREENS

_BEGINNINGS = {BOT_TOKEN: ("xoxb-", "xoxe.xoxb-"), APP_TOKEN: ("xapp-",)}
_QUOTES = "\"'`´“”„‟‘’‚‛«»‹›＂＇"
_PLACEHOLDER = re.compile(
    r"(?:xox[a-z]|xapp)-?(?:[.…*<>_-]|[xX]+(?![A-Za-z0-9]))*|<.*>|\.{3,}|…+|.*\byour[-_ ].*", re.IGNORECASE
)
_KINDS: tuple[tuple[str, str], ...] = (
    (r"xoxb-|xoxe\.xoxb-", "a bot token (xoxb-…)"),
    (r"xapp-", "an app-level token (xapp-…)"),
    (r"xoxe\.xoxp-", "a configuration token or a rotating user token (xoxe.xoxp-…)"),
    (r"xoxe-", "a refresh token (xoxe-…)"),
    (r"xoxp-", "a user token (xoxp-…)"),
    (r"xoxa-", "a token of a retired kind (xoxa-…)"),
    (r"xoxr-", "a refresh token (xoxr-…)"),
    (r"xox[csd]-", "a token of somebody's own Slack session"),
    (r"xwfp-", "a workflow token (xwfp-…)"),
    (r"https?://hooks\.", "the address of a webhook"),
    (r"[a-z]+://", "an address"),
    (r"[0-9a-fA-F]{32}$", "a signing secret or a client secret (32 hexadecimal digits)"),
    (r"[0-9]+\.[0-9]+$", "a client id"),
    (r"A[A-Z0-9]{7,}$", "an app id"),
)


def token_problems(bot_token: str | None, app_token: str | None) -> list[str]:
    """Tell a sentence or two for each token that cannot be one; never its value."""
    bot, app = _core(bot_token or ""), _core(app_token or "")
    if bot.startswith(_BEGINNINGS[APP_TOKEN]) and app.startswith(_BEGINNINGS[BOT_TOKEN]):
        return [
            (
                f"{BOT_TOKEN} and {APP_TOKEN} are swapped: exchange their values (xoxb-… belongs in {BOT_TOKEN}, "
                f"xapp-… in {APP_TOKEN})."
            )
        ]
    given = ((BOT_TOKEN, bot_token or "", bot), (APP_TOKEN, app_token or "", app))
    return [problem for name, token, core in given if (problem := _problem(name, token.strip(), core))]


def bot_token_problems(token: str | None) -> list[str]:
    """Tell the same of the bot token alone, where no other is needed."""
    problem = _problem(BOT_TOKEN, (token or "").strip(), _core(token or ""))
    return [problem] if problem else []


def _problem(name: str, token: str, core: str) -> str | None:
    if not core or _PLACEHOLDER.fullmatch(core):
        return f"{name} is missing. Copy it from your app's page at api.slack.com/apps, under {SCREENS[name]}."
    found = _wrapping(token) + _kind(name, core) + _letters(name, core)
    return f"{name} {' '.join(found)}" if found else None


def _core(token: str) -> str:
    """Take off what people copy along: quotes, and the word that stands before a token in a header."""
    bare = token.strip().strip(_QUOTES).strip()
    return re.sub(r"^bearer(\s+|$)", "", bare, flags=re.IGNORECASE).strip(_QUOTES).strip()


def _wrapping(token: str) -> list[str]:
    found = []
    if token[0] in _QUOTES or token[-1] in _QUOTES:
        found.append("is wrapped in quotes. Write it without them.")
    if re.match(r"bearer\s", token.strip(_QUOTES), flags=re.IGNORECASE):
        found.append("begins with the word Bearer. Write the token alone.")
    return found


def _kind(name: str, core: str) -> list[str]:
    if core.startswith(_BEGINNINGS[name]):
        return []
    kind = next((words for pattern, words in _KINDS if re.match(pattern, core)), None)
    looks = f"this one looks like {kind}" if kind else "this one does not"
    is_the_other = any(core.startswith(each) for other, each in _BEGINNINGS.items() if other != name)
    swapped = " The two tokens may be swapped." if is_the_other else ""
    return [f"must begin with {_BEGINNINGS[name][0]}; {looks}.{swapped} You find the right one under {SCREENS[name]}."]


def _letters(name: str, core: str) -> list[str]:
    if re.search(r"\s", core):
        what = "a blank or a line break inside"
    elif not core.isascii() or not core.isprintable() or any(letter in _QUOTES for letter in core):
        what = "a letter that no token has"
    else:
        return []
    return [f"holds {what}. Copy it again, in one piece, from under {SCREENS[name]}."]
