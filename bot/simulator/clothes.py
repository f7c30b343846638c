"""Clothes of drawn people: shoulders, and whatever is worn around the neck."""

from bot.simulator.colours import shade

KINDS = ("crew", "crew", "vneck", "shirt", "jacket", "hoodie", "turtleneck", "stripes", "dungarees")

SHOULDERS = "M12 122 C12 103 28 96 46 91.5 Q60 96 74 91.5 C92 96 108 103 108 122 Z"


def worn(kind: str, colour: str, second: str, *, neck: str) -> str:
    """Everything between the chin and the lower edge, over the neck; `neck` is the colour of the skin there."""
    dark = shade(colour, 0.18)
    seam = f'stroke="{dark}" stroke-width="2.8" stroke-linecap="round" stroke-linejoin="round"'
    round_neck = f'<path d="M46 91.3 Q60 103 74 91.3" fill="{neck}" {seam}/>'
    collar = {
        "crew": round_neck,
        "vneck": f'<path d="M46 91 L60 109 L74 91" fill="{neck}" {seam}/>',
        "shirt": _shirt_collar(shade(colour, -0.25)) + f'<path d="M60 101 V122" stroke="{dark}" stroke-width="1.4"/>',
        "jacket": _jacket(dark, second),
        "hoodie": _hoodie(dark),
        "turtleneck": f'<path d="M47 84 Q60 90 73 84 L75 95 Q60 101 45 95 Z" fill="{shade(colour, -0.1)}"/>',
        "stripes": _stripes(second) + round_neck,
        "dungarees": _dungarees(second) + round_neck,
    }[kind]
    return f'<path d="{SHOULDERS}" fill="{colour}"/>{collar}'


def _shirt_collar(colour: str) -> str:
    return f'<path d="M47 88 L60 101 L50 106 L43 93 Z M73 88 L60 101 L70 106 L77 93 Z" fill="{colour}"/>'


def _jacket(lapel: str, shirt: str) -> str:
    inside = f'<path d="M46 90 L60 121 L74 90 Q60 104 46 90Z" fill="{shade(shirt, -0.55)}"/>'
    lapels = f'<path d="M45 91 L60 122 L42 108 L38 97 Z M75 91 L60 122 L78 108 L82 97 Z" fill="{lapel}"/>'
    return inside + lapels


def _hoodie(dark: str) -> str:
    outline = "M38 95 C42 86 50 88 60 97 C70 88 78 86 82 95 C76 104 66 106 60 104 C54 106 44 104 38 95Z"
    hood = f'<path d="{outline}" fill="{dark}"/>'
    strings = (
        '<path d="M54 104 V115 M66 104 V113" stroke="#fff" stroke-width="1.8" stroke-linecap="round" opacity="0.85"/>'
    )
    return hood + strings


def _stripes(second: str) -> str:
    light = shade(second, -0.5)
    lines = "".join(
        f'<path d="M{left} {y} Q60 {y + 5} {120 - left} {y}"/>' for left, y in ((27, 101), (17, 109), (13, 117))
    )
    return f'<g fill="none" stroke="{light}" stroke-width="3">{lines}</g>'


def _dungarees(second: str) -> str:
    straps = f'<path d="M36 95 L41 122 M84 95 L79 122" stroke="{second}" stroke-width="6"/>'
    buttons = '<g fill="#f7dca6"><circle cx="41" cy="112" r="2"/><circle cx="79" cy="112" r="2"/></g>'
    return f'{straps}<path d="M38 111 H82 V122 H38 Z" fill="{second}"/>{buttons}'
