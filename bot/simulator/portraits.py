"""Portraits of invented people: the same person and version always give the same drawing, a small SVG of its own."""

import random

from bot.simulator import clothes, faces, hair
from bot.simulator.colours import BACKGROUNDS, CLOTHES, DYED, HAIR, SKIN, shade
from bot.simulator.people import Person


def of_person(person: Person, *, version: str) -> str:
    """The drawn face of a person; a new `version` is a new picture of the same skin and hair colour."""
    dice = random.Random(f"{person.index}/{person.handle}/{version}")
    skin = SKIN[person.skin]
    covered = person.covers_hair
    colour = dice.choice(DYED) if dice.random() < 0.04 else _natural(person)
    style = "" if covered else _hairdo(dice, person)
    outfit, cloth, second = dice.choice(clothes.KINDS), dice.choice(CLOTHES), dice.choice(CLOTHES)
    if covered and outfit == "hoodie":
        outfit = "crew"
    layers = [
        hair.back(style, colour),
        _neck(skin),
        clothes.worn(outfit, cloth, second, neck=shade(skin, 0.1)),
        faces.head(skin, jaw=dice.random() * (0.5 if person.is_drawn_soft else 1)),
        _features(dice, person, skin, colour),
        hair.scarf(dice.choice(CLOTHES)) if covered else hair.front(style, colour),
        _worn_on_face(dice, soft=person.is_drawn_soft, covered=covered),
    ]
    # A little larger than drawn: avatars are shown small, and a face should fill them.
    person_drawn = f'<g transform="translate(60 120) scale(1.08) translate(-60 -120)">{"".join(layers)}</g>'
    return _svg(_background(dice) + person_drawn)


def default_avatar(user_id: str) -> str:
    """What stands in for a picture nobody uploaded: a plain figure on a colour that depends on the user."""
    dice = random.Random(user_id)
    colour = shade(dice.choice(CLOTHES[:10]), -0.15)
    figure = '<circle cx="60" cy="48" r="20"/><path d="M22 122 C22 88 42 78 60 78 C78 78 98 88 98 122 Z"/>'
    return _svg(f'<rect width="120" height="120" fill="{colour}"/><g fill="#fff" opacity="0.85">{figure}</g>')


def _svg(content: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" width="512" height="512">{content}</svg>'


def _natural(person: Person) -> str:
    """Dark skin goes with dark or grey hair."""
    fair = person.skin > 4 and 2 < person.hair < len(HAIR) - 1
    return HAIR[person.hair - 3 if fair else person.hair]


def _hairdo(dice: random.Random, person: Person) -> str:
    """Any but an afro, which only dark curly hair grows into."""
    styles = list(hair.LONG if person.is_drawn_soft else hair.SHORT)
    if person.skin < 4 or person.hair > 2:
        styles.remove("afro")
    return dice.choice(styles)


def _background(dice: random.Random) -> str:
    plain, deep = dice.choice(BACKGROUNDS)
    x, y, radius = dice.randint(20, 100), dice.randint(10, 80), dice.randint(36, 58)
    disc = f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{deep}" opacity="0.6"/>'
    return f'<rect width="120" height="120" fill="{plain}"/>{disc}'


def _neck(skin: str) -> str:
    return f'<path d="M50 74 V92 Q60 101 70 92 V74 Z" fill="{shade(skin, 0.1)}"/>'


def _features(dice: random.Random, person: Person, skin: str, colour: str) -> str:
    soft = person.is_drawn_soft
    eyes = dice.choice(faces.EYES)
    if eyes == "lashes" and not soft:
        eyes = "ovals"
    bearded = not soft and dice.random() < 0.42
    return "".join(
        (
            faces.cheeks(dark=person.skin > 4),
            faces.beard(dice.choice(faces.BEARDS), colour) if bearded else "",
            faces.nose(dice.choice(faces.NOSES), skin),
            faces.mouth(dice.choice(faces.MOUTHS), dark=person.skin > 4),
            faces.eyes(eyes, dark=person.skin > 4),
            faces.brows(dice.choice(faces.BROWS), colour),
        )
    )


def _worn_on_face(dice: random.Random, *, soft: bool, covered: bool) -> str:
    wears_glasses, wears_earrings = dice.random() < 0.24, dice.random() < 0.35
    drawn = ""
    if wears_glasses:
        drawn += faces.glasses(dice.choice(("round", "square")), dice.choice(("#2c2430", "#7a4a2b", "#3d405b")))
    if wears_earrings and soft and not covered:
        drawn += faces.earrings(dice.choice(("#e9a23b", "#f4f1ea", "#1f6f78")))
    return drawn
