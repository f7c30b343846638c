"""Faces of drawn people: eyes, brows, nose, mouth, and what grows, hangs or rests on them."""

from bot.simulator.colours import shade

EYES = ("dots", "dots", "ovals", "ovals", "smiling", "lashes")
BROWS = ("arched", "straight", "raised", "soft")
NOSES = ("hook", "button", "long", "wide")
MOUTHS = ("smile", "smile", "grin", "wide", "soft", "smirk")
BEARDS = ("stubble", "full", "short", "moustache", "goatee")
INK = "#2c2430"


def head(skin: str, *, jaw: float) -> str:
    """Ears and head; `jaw` runs from 0 (narrow) to 1 (broad)."""
    ear = shade(skin, 0.07)
    low = 72 + 4 * jaw
    wide = 9 + 5 * jaw
    ears = f'<circle cx="36" cy="58" r="5.4" fill="{ear}"/><circle cx="84" cy="58" r="5.4" fill="{ear}"/>'
    chin = f"C83.5 {low:.1f} {60 + wide:.1f} 84 60 84 C{60 - wide:.1f} 84 36.5 {low:.1f} 36.5 54 Z"
    outline = f"M36.5 54 C36.5 23.5 83.5 23.5 83.5 54 {chin}"
    return f'{ears}<path d="{outline}" fill="{skin}"/>'


def cheeks(*, dark: bool) -> str:
    """A touch of red, fainter on light skin, where it would look painted."""
    both = '<ellipse cx="44" cy="66" rx="4.6" ry="3"/><ellipse cx="76" cy="66" rx="4.6" ry="3"/>'
    return f'<g fill="{"#c2504a" if dark else "#f08a80"}" opacity="{0.3 if dark else 0.24}">{both}</g>'


def eyes(kind: str, *, dark: bool) -> str:
    """A pair of eyes; on `dark` skin the white around them keeps them visible."""
    if kind == "smiling":
        return f'<path d="M45.6 59 q4.4 -5.4 8.8 0 M65.6 59 q4.4 -5.4 8.8 0" {_line("#17121a" if dark else INK, 2.3)}/>'
    rx, ry = {"dots": (2.6, 2.8), "ovals": (2.6, 3.4), "lashes": (2.6, 3.3)}[kind]
    drawn = ""
    for x in (50, 70):
        if dark:
            drawn += f'<ellipse cx="{x}" cy="58" rx="{rx + 1.1}" ry="{ry + 0.3}" fill="#fff" opacity="0.7"/>'
        drawn += f'<ellipse cx="{x}" cy="58" rx="{rx}" ry="{ry}" fill="{INK}"/>'
        drawn += f'<circle cx="{x + 0.9}" cy="56.9" r="0.8" fill="#fff"/>'
    if kind == "lashes":
        drawn += f'<path d="M46 56.2 q3.4 -3.6 7 -1 M74 56.2 q-3.4 -3.6 -7 -1" {_line(INK, 1.4)}/>'
    return drawn


def brows(kind: str, hair: str) -> str:
    """Eyebrows, a little darker than the hair."""
    colour = shade(hair, 0.15)
    path = {
        "arched": "M44.5 51.5 Q49 47 55 50 M75.5 51.5 Q71 47 65 50",
        "straight": "M45 50 L54.5 49.6 M75 50 L65.5 49.6",
        "raised": "M45 49 Q50 45.6 55 48.4 M75 50.4 Q70 47 65 49.4",
        "soft": "M45.5 50.6 Q50 48.2 54.5 49.8 M74.5 50.6 Q70 48.2 65.5 49.8",
    }[kind]
    return f'<path d="{path}" {_line(colour, 2.2)}/>'


def nose(kind: str, skin: str) -> str:
    """A line of darker skin."""
    colour = shade(skin, 0.24)
    path = {
        "hook": "M60.5 58 C59 62 57.6 65.4 58.6 66.4 Q60.2 67.4 62 66.4",
        "button": "M57.6 65 Q60 67.8 62.4 65",
        "long": "M60 55 C60 60 57 65.5 58.4 67 Q60 68 61.6 67",
        "wide": "M56.4 65.6 Q57.4 67.8 60 67 Q62.6 67.8 63.6 65.6",
    }[kind]
    return f'<path d="{path}" {_line(colour, 1.7)}/>'


def mouth(kind: str, *, dark: bool) -> str:
    """A friendly mouth; darker skin gets darker, redder lips."""
    colour = "#4a1c1e" if dark else "#a8484a"
    if kind == "grin":
        lips = f'<path d="M51.5 71.5 Q60 73.5 68.5 71.5 Q67 79.5 60 79.5 Q53 79.5 51.5 71.5Z" fill="{colour}"/>'
        return lips + '<path d="M53 72.4 Q60 74 67 72.4 L66.4 74.6 Q60 76 53.6 74.6Z" fill="#fff"/>'
    path = {
        "smile": "M52.5 72.5 Q60 79 67.5 72.5",
        "wide": "M50.5 71.5 Q60 80.5 69.5 71.5",
        "soft": "M54.5 74 Q60 77.4 65.5 74",
        "smirk": "M53.5 74.6 Q61 78 67 72.4",
    }[kind]
    return f'<path d="{path}" {_line(colour, 2.2)}/>'


def beard(kind: str, hair: str) -> str:
    """Goes under the mouth, which is drawn on top."""
    cheek_line = "C80 66 76 69 70 68.4 C64 67 56 67 50 68.4 C44 69 40 66 36.8 58 Z"
    full = f"M36.8 58 C37 76 47 88 60 88 C73 88 83 76 83.2 58 {cheek_line}"
    short = "M37.4 62 C39 77 48 85.4 60 85.4 C72 85.4 81 77 82.6 62 C79 70 76 79.6 60 80.6 C44 79.6 41 70 37.4 62 Z"
    moustache = "M49.5 71.5 Q54.5 66.6 60 69 Q65.5 66.6 70.5 71.5 Q65 72.6 60 71 Q55 72.6 49.5 71.5 Z"
    goatee = "M53.5 79 Q60 81.4 66.5 79 Q66 87.6 60 88 Q54 87.6 53.5 79 Z"
    if kind == "stubble":
        return f'<path d="{full}" fill="{hair}" opacity="0.2"/>'
    shape = {"full": full, "short": short, "moustache": moustache, "goatee": f"{goatee} {moustache}"}[kind]
    return f'<path d="{shape}" fill="{hair}"/>'


def glasses(kind: str, colour: str) -> str:
    """Two lenses, a bridge and the beginning of the arms."""
    frame = f'fill="#fff" fill-opacity="0.22" stroke="{colour}" stroke-width="2"'
    lens = {
        "round": f'<circle cx="49.6" cy="58" r="8.4" {frame}/><circle cx="70.4" cy="58" r="8.4" {frame}/>',
        "square": f'<rect x="40.6" y="51.4" width="17" height="13.4" rx="4" {frame}/>'
        f'<rect x="62.4" y="51.4" width="17" height="13.4" rx="4" {frame}/>',
    }[kind]
    return lens + f'<path d="M57.8 57 Q60 55.6 62.2 57 M41 56.4 L36.6 55 M79 56.4 L83.4 55" {_line(colour, 1.9)}/>'


def earrings(colour: str) -> str:
    """A stud in each ear."""
    return f'<circle cx="35.4" cy="65" r="2.1" fill="{colour}"/><circle cx="84.6" cy="65" r="2.1" fill="{colour}"/>'


def _line(colour: str, width: float) -> str:
    return f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"'
