"""The colours of drawn people: soft backgrounds, skin and hair from light to dark, clothes that get along with both."""

SKIN = ("#fbdcc8", "#f4caab", "#e9b58f", "#dba176", "#c58757", "#a66b42", "#825031", "#623a25")
HAIR = ("#231f24", "#3b2b27", "#5c3c2c", "#8a5a3b", "#d0a261", "#b6572f", "#b3b1b8")
DYED = ("#d5678c", "#4f9d9a", "#7d6bc4")
BACKGROUNDS = (
    ("#dbe6fd", "#c8d8fa"),
    ("#fde1e3", "#fad0d4"),
    ("#dfeee6", "#cbe3d6"),
    ("#fff0e0", "#fde2c7"),
    ("#ece6f8", "#ddd3f2"),
    ("#d7edf3", "#c2e1eb"),
    ("#fbeac8", "#f7dca6"),
    ("#e6f1d4", "#d6e7ba"),
    ("#f9e0d5", "#f4cebd"),
    ("#e5e8ee", "#d4d9e3"),
)
CLOTHES = (
    "#2f4858",
    "#33658a",
    "#6f9ec4",
    "#e9a23b",
    "#d9603b",
    "#5c8a64",
    "#8b5e83",
    "#c9566c",
    "#3d405b",
    "#7fae98",
    "#f4f1ea",
    "#1f6f78",
    "#b08968",
)


def shade(colour: str, amount: float) -> str:
    """The same colour darker (`amount` above 0) or lighter (below), from -1 to 1."""
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    target = 0 if amount > 0 else 255
    mixed = [round(part + (target - part) * abs(amount)) for part in parts]
    return "#" + "".join(f"{part:02x}" for part in mixed)
