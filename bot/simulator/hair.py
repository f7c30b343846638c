"""Hair of drawn people, in two layers: what falls behind the neck, and what lies over the forehead."""

from bot.simulator.colours import shade

# All shapes live in a square of 120; the head reaches from 36 to 84 across and from 31 to 84 down.
SHORT = ("crop", "side", "quiff", "buzz", "bald", "curls", "afro", "waves", "receding")
LONG = ("straight", "bob", "bun", "ponytail", "fringe", "ringlets", "braids", "afro", "pixie", "wavy")

RINGLETS = ((33, 52), (29, 64), (31, 77), (36, 89), (87, 52), (91, 64), (89, 77), (84, 89))
CURLS = ((39, 43), (42, 34), (50, 28), (60, 26), (70, 28), (78, 34), (81, 43), (52, 35), (62, 34), (71, 37))

HAIRLINES = {
    "crop": "L83 50 C82 43 78 41 73 41 C66 39.5 54 39.5 47 41 C42 41 38 43 37 50 Z",
    "buzz": "L84 48 C80 42 70 39.5 60 39.5 C50 39.5 40 42 36 48 Z",
    "receding": "L83 50 C82 42 80 36 72 36 C66 39 54 39 48 36 C40 36 38 42 37 50 Z",
    "straight": "L83 62 C83 48 74 40 61 37 C48 40 37 48 37 62 Z",
    "bob": "L83 62 C83 49 72 43 52 38 C44 42 37 50 37 62 Z",
    "wavy": "L83 62 C84 50 76 44 68 36 C58 44 40 44 37 62 Z",
    "bun": "L83 52 C80 42 70 38 60 38 C50 38 40 42 37 52 Z",
    "braids": "L83 54 C81 44 72 40 60 35 C48 40 39 44 37 54 Z",
    "ponytail": "L83 52 C81 43 70 41 50 37 C43 40 39 44 37 52 Z",
    "fringe": "L83.5 62 C84 54 82 50 79 49 C66 51.5 54 51.5 41 49 C38 50 36 54 36.5 62 Z",
    "pixie": "L84 58 C82 48 78 47 72 47 C60 47 52 44 46 39 C42 44 40 50 36 58 Z",
    "side": "L83 51 C82 44 80 42 76 42 C64 43 54 41 47 37 C42 41 39 44 37 51 Z",
    "waves": "L83 51 C82 44 79 41 76 43 C72 38 68 44 63 40 C58 44 54 38 49 42 C44 40 39 44 37 51 Z",
    "afro": "L83 49 C80 41 70 38.5 60 38.5 C50 38.5 40 41 37 49 Z",
    "ringlets": "L83 56 C82 46 72 40 60 36 C48 40 38 46 37 56 Z",
}

CAP = "M34.5 57 C31 19 89 19 85.5 57"
"""The outline of a close-lying head of hair, from the left temple over the top to the right temple."""


def back(style: str, colour: str) -> str:
    """The layer behind neck and shoulders; empty for short hair."""
    dark = shade(colour, 0.16)
    shapes = {
        "straight": f'<path d="M33 52 C28 22 92 22 87 52 L91 101 Q60 108 29 101 Z" fill="{dark}"/>',
        "wavy": '<path d="M34 50 C28 22 92 22 86 50 C94 62 84 70 92 82 C98 94 88 102 80 100'
        f' L40 100 C32 102 22 94 28 82 C36 70 26 62 34 50Z" fill="{dark}"/>',
        "bob": f'<path d="M34 52 C28 20 92 20 86 52 L90 80 Q88 88 76 86 L44 86 Q32 88 30 80 Z" fill="{dark}"/>',
        "fringe": f'<path d="M34 52 C28 20 92 20 86 52 L89 86 Q88 92 78 90 L42 90 Q32 92 31 86 Z" fill="{dark}"/>',
        "ponytail": f'<path d="M78 38 C100 36 104 62 96 90 C92 84 88 82 84 84 C90 66 88 52 78 46Z" fill="{dark}"/>',
        "bun": f'<circle cx="60" cy="22" r="11" fill="{dark}"/>',
        "ringlets": _bubbles(colour, RINGLETS, 10.5),
        "braids": _braid(36, dark) + _braid(84, dark),
        "afro": f'<circle cx="60" cy="46" r="34" fill="{colour}"/>',
    }
    return shapes.get(style, "")


def front(style: str, colour: str) -> str:
    """The layer over the forehead; empty for the bald."""
    light = shade(colour, -0.12)
    if style == "quiff":
        tall = "M35 54 C30 34 36 20 52 19 C64 12 88 20 85 54"
        brow = "L83 50 C82 43 79 40 74 40 C64 42 52 40 46 37 C41 41 38 44 37 50 Z"
        return f'<path d="{tall} {brow}" fill="{colour}"/><path d="M46 27 C56 21 68 22 76 29" {_strand(light)}/>'
    if style == "curls":
        return _bubbles(colour, CURLS, 7.5)
    if style not in HAIRLINES:
        return ""
    opacity = ' opacity="0.55"' if style == "buzz" else ""
    cap = f'<path d="{CAP} {HAIRLINES[style]}" fill="{colour}"{opacity}/>'
    if style in ("side", "bob", "pixie", "ponytail"):
        return cap + f'<path d="M50 33 C58 29 70 30 77 38" {_strand(light)}/>'
    return cap


def scarf(colour: str) -> str:
    """A headscarf: it frames the face and falls over the shoulders."""
    dark, light = shade(colour, 0.12), shade(colour, -0.14)
    return (
        f'<path d="M31 56 C27 14 93 14 89 56 C90 78 94 92 100 106 Q60 122 20 106 C26 92 30 78 31 56 Z'
        f' M38 57 C38 72 48 85 60 85 C72 85 82 72 82 57 C82 34 38 34 38 57 Z" fill="{colour}" fill-rule="evenodd"/>'
        f'<path d="M38 70 C44 88 58 92 84 84 C78 100 52 104 30 98 Z" fill="{dark}" opacity="0.55"/>'
        f'<path d="M40 36 C50 25 72 25 81 38" {_strand(light)}/>'
    )


def _bubbles(colour: str, centres: tuple[tuple[int, int], ...], radius: float) -> str:
    return "".join(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>' for x, y in centres)


def _braid(x: int, colour: str) -> str:
    links = "".join(f'<ellipse cx="{x}" cy="{y}" rx="5.2" ry="5.6" fill="{colour}"/>' for y in range(60, 100, 8))
    return links + f'<circle cx="{x}" cy="101" r="2.6" fill="#d9603b"/>'


def _strand(colour: str) -> str:
    return f'fill="none" stroke="{colour}" stroke-width="1.6" stroke-linecap="round" opacity="0.6"'
