"""Emoji by the names that Slack gives them: the few that apps and the invented people use; the others stay names."""

from bot.simulator import emoji
from bot.simulator.page.tree import Node, el
from bot.simulator.titles import EMOJI

SIGNS = {
    "arrows_counterclockwise": "🔄",
    "bell": "🔔",
    "blue_circle": "🔵",
    "birthday": "🎂",
    "calendar": "📅",
    "clock3": "🕒",
    "computer": "💻",
    "email": "✉️",
    "envelope": "✉️",
    "hourglass_flowing_sand": "⏳",
    "information_source": "ℹ️",
    "large_blue_circle": "🔵",
    "large_green_circle": "🟢",
    "large_orange_circle": "🟠",
    "large_yellow_circle": "🟡",
    "mag": "🔍",
    "no_entry": "⛔",
    "no_entry_sign": "🚫",
    "red_circle": "🔴",
    "rotating_light": "🚨",
    "tada": "🎉",
    "telephone_receiver": "📞",
    "warning": "⚠️",
    "wave": "👋",
    "white_check_mark": "✅",
    "white_circle": "⚪",
    "x": "❌",
    **{name.strip(":"): "".join(chr(int(point, 16)) for point in code.split("-")) for name, code in EMOJI.items()},
}


def sign(name: str) -> Node:
    """The emoji, or its name between colons where nobody here can draw it."""
    if name in emoji.NAMES:
        return el("img", class_="emoji", src=f"/emoji/{name}.svg", alt=f":{name}:", width="18", height="18")
    return SIGNS.get(name, f":{name}:")
