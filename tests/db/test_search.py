"""What people type meets what people are called; the same on every engine."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import Sight, Store
from db.derive import value_key_of
from db.filters import UserFilter
from db.fold import folded, folded_letters, folded_words
from tests.support.factories import an_observation
from tests.support.memory import keep, keep_people

PEOPLE: dict[str, str | None] = {
    "U1": "Łukasz Żółć",
    "U2": "Søren Kierkegaard",
    "U3": "Weiß Straße",
    "U4": "Ægir Œuvre",
    "U5": "Conan O'Brien",
    "U6": "Conan O’Brien",
    "U7": "Anne-Marie Müller",
    "U8": "Yamada 山田太郎",
    "U9": "José Ñandú",
    "UA": "İbrahim Işık",
    "UB": "100% _real_ \\ person",
    "UC": "김철수",
    "UD": "Ελένη Σωφρονίσκου",
    "UE": "ＦＵＬＬ ｗｉｄｔｈ",
}


async def found(store: Store, q: str) -> set[str]:
    async with store.reading() as rx:
        page = await rx.users.list_users(UserFilter(q=q))
    return {user.id for user in page.users}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Łukasz", ["lukasz"]),
        ("Søren", ["soren"]),
        ("Weiß", ["weiss"]),
        ("WEISS", ["weiss"]),
        ("Ægir Œuvre", ["aegir", "oeuvre"]),
        ("O'Brien O’Brien O`Brien", ["obrien"] * 3),
        ("Anne-Marie", ["anne", "marie"]),
        ("snake_case", ["snake", "case"]),
        ("山田太郎", ["山田太郎"]),
        ("Yamada山田", ["yamada", "山田"]),
        ("佐々木ー 〇", ["佐々木ー", "〇"]),
        ("हिंदी नाम", ["हिंदी", "नाम"]),
        ("สมชาย ใจดี", ["สมชาย", "ใจดี"]),
        ("שָׁלוֹם", ["שלום"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("\u064eب \u0903", ["ب"]),
        ("1️⃣ ❤️", ["1"]),
        ("José Jose\u0301", ["jose", "jose"]),
        ("ﬁnal", ["final"]),
        ("İbrahim Işık", ["ibrahim", "isik"]),
        ("ＦＵＬＬ", ["full"]),
        ("🦆", []),
        (" \t\n", []),
        ("%_\\\"';--", []),
        ("a\0b", ["a", "b"]),
        ("a\ud800b", ["a", "b"]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert words == folded_words(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_text_is_folded_as_any_other(text: str) -> None:
    assert folded_letters(text) == folded_words(text)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(text) == folded(folded(text))


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("C++", ["c++", " C++ "]),
        ("C", ["c"]),
        ("C#", ["c#"]),
        ("---", ["--- "]),
        ("🎉🎉", ["🎉🎉"]),
        ("\u200b", ["\u200b"]),
        ("Café  Owner", ["cafe owner", "CAFÉ\u00a0OWNER", "Cafe\u0301 owner"]),
        ("People's Lead", ["people’s lead", "PEOPLE`S LEAD"]),
        ("", ["  ", "\u2003", "\x1c"]),
    ],
)
def test_two_values_are_one_if_they_differ_in_case_accents_and_blanks(text: str, others: list[str]) -> None:
    assert {value_key_of(text)} == {value_key_of(other) for other in others}


def test_values_that_differ_in_their_signs_are_several() -> None:
    values = ["C", "C++", "C#", "R&D", "RD", "---", "--", "🎉", "🎉🎉", "-", "", "\u200b"]

    assert len(values) == len({value_key_of(value) for value in values})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_is_folded_once_and_is_none_only_if_it_is_blank(text: str) -> None:
    key = value_key_of(text)

    assert key == value_key_of(key) == value_key_of(key.strip())
    assert bool(key) is bool(text.strip())


@given(st.text(max_size=60))
def test_folded_words_hold_nothing_that_a_query_could_take_for_a_sign(text: str) -> None:
    assert all(letter.isalnum() or category(letter)[0] == "M" for word in folded_words(text) for letter in word)
    assert all(word[0].isalnum() for word in folded_words(text))


FINDINGS: dict[str, set[str]] = {
    "lukasz": {"U1"}, "ŁUK": {"U1"}, "zolc": {"U1"}, "żółć łuk": {"U1"}, "soren": {"U2"},
    "kierk": {"U2"}, "weiss": {"U3"}, "strasse": {"U3"}, "aegir": {"U4"}, "oeuvre": {"U4"},
    "obrien": {"U5", "U6"}, "o'brien": {"U5", "U6"}, "o’b": {"U5", "U6"}, "marie": {"U7"},
    "anne-marie": {"U7"}, "mar mul": {"U7"}, "山": {"U8"}, "田太": {"U8"}, "太郎": {"U8"},
    "yam 郎": {"U8"}, "jose nandu": {"U9"}, "ibrahim isik": {"UA"}, "100": {"UB"}, "person": {"UB"},
    "김": {"UC"}, "ελενη": {"UD"}, "full width": {"UE"}, "": set(PEOPLE), "   ": set(PEOPLE),
    "ukasz": set(), "brien": {"U5", "U6"}, "rien": set(), "annemarie": {"U7"}, "mariemuller": {"U7"},
    "conanobr": {"U5", "U6"}, "anne mariemuller": {"U7"}, "nemarie": set(), "山田太郎": {"U8"}, "山太": set(),
    "철수": {"UC"}, "기": {"UC"}, "수철": set(), "luk asz": {"U1"}, "l u": set(),
    "lukasz soren": set(), "%": set(), "_": set(), "\\": set(),
    "'": set(), '"': set(), "' OR 1=1 --": set(), "100%": {"UB"}, "1_0": set(), "%real%": {"UB"},
    "\0": set(), "\ud800": set(), "🦆": set(), "a\0n": set(), "conan\ud800": {"U5", "U6"},
}  # fmt: skip


async def test_a_search_finds_the_beginnings_of_words(memory: Store) -> None:
    await keep_people(memory, PEOPLE)

    assert FINDINGS == {q: await found(memory, q) for q in FINDINGS}


async def test_endless_text_finds_nobody_and_breaks_nothing(memory: Store) -> None:
    await keep_people(memory, PEOPLE)
    endless = ["x" * 100_000, "conan " + "x" * 60_000, "% " * 50_000, "郎" * 30_000 + "x" * 60_000, "\0" * 70_000]

    assert [set()] * 5 == [await found(memory, q) for q in endless]


async def test_a_pasted_page_looks_for_its_first_words(memory: Store) -> None:
    await keep_people(memory, PEOPLE)

    assert {"U5", "U6"} == await found(memory, "conan " * 50_000)


async def test_a_user_is_found_by_every_word_of_theirs(memory: Store) -> None:
    await keep(
        memory,
        an_observation(
            real_name="A. Lovelace", display_name="Countess", name="ada", title="Analyst", email="ada@example.com",
            phone="+44 20 7946 0000",
        ),
        an_observation("U2", real_name="Somebody Else"),
    )  # fmt: skip
    words = ("lovelace", "countess", "analyst", "ada", "example", "7946", "442079460000")

    assert {word: {"U1"} for word in words} == {word: await found(memory, word) for word in words}


async def test_a_custom_status_is_not_searched(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", status_text="dentist"))

    assert set() == await found(memory, "dentist")


async def test_a_new_name_is_found_at_once_and_the_old_one_no_more(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada Byron", updated=1))
    await keep(memory, an_observation(real_name="Ada Lovelace", updated=2))

    assert {"U1"} == await found(memory, "lovelace")
    assert set() == await found(memory, "byron")


async def test_an_erased_user_is_found_by_nothing(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", name="ada", updated=1))
    await keep(memory, an_observation(is_forgotten=True, real_name="Deactivated User", updated=2))
    async with memory.reading() as rx:
        page = await rx.users.list_users(UserFilter(q="ada", kinds=frozenset()))

    assert () == page.users


PHONES = {
    "+49 30 23125 725": (
        "030 23125725", "03023125725", "00493023125725", "+49(0)3023125725", "tel:+493023125725", "3125725", "23125",
    ),
    "+44 (0)20 7946 0958": (
        "+44 20 7946 0958", "+442079460958", "442079460958", "00442079460958", "+44 (0) 20 7946 0958", "02079460958",
    ),
    "0176-5550199": ("1765550199", "+49 176 5550199", "0049 176 5550199", "0176 5550199", "TEL:0176-5550199"),
    "\u0664\u0669 \u0663\u0660 \u0662\u0663\u0661\u0662\u0665": ("\u0662\u0663\u0661\u0662\u0665",),
}  # fmt: skip
"""Numbers as they are kept, and as they are typed."""


async def test_a_number_is_a_number_however_it_is_parted(memory: Store) -> None:
    await keep(memory, *(an_observation(f"U{at}", real_name="Ada", phone=phone) for at, phone in enumerate(PHONES)))

    for at, (phone, typed) in enumerate(PHONES.items()):
        assert {q: {f"U{at}"} for q in (phone, *typed)} == {q: await found(memory, q) for q in (phone, *typed)}
        assert {f"U{at}"} == await found(memory, f"ada {typed[0].replace(' ', '')}")


@pytest.mark.parametrize("q", ["231 25 726", "+49 177 5550199", "3125", "000", "0 0 0 0 0 5", "+", "tel:"])
async def test_another_number_is_not_found(memory: Store, q: str) -> None:
    await keep(memory, *(an_observation(f"U{at}", real_name="Ada", phone=phone) for at, phone in enumerate(PHONES)))

    assert set() == await found(memory, q)


async def test_the_number_of_a_badge_is_found_as_well(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", name="ada10234", fields={"Xf1": {"value": "2024-10234"}}))

    assert [{"U1"}] * 4 == [await found(memory, q) for q in ("2024-10234", "10234", "2024", "ada10234")]


async def test_a_number_is_looked_for_by_whoever_may_see_it(memory: Store) -> None:
    await keep(memory, an_observation(real_name="Ada", phone="+49 30 23125 725", email="ada@acme.example"))
    async with memory.reading() as rx:
        for hidden, q in (("phone", "03023125725"), ("phone", "ada 23125725"), ("email", "ada acme example")):
            sights = (Sight(), Sight(hidden=frozenset({hidden})))
            pages = [await rx.users.list_users(UserFilter(q=q), sight=sight) for sight in sights]
            assert [1, 0] == [len(page.users) for page in pages], q


async def test_the_domain_of_everybodys_address_is_nobodys_name(memory: Store) -> None:
    await keep(
        memory,
        an_observation("U1", real_name="Ada", email="ada@acme.com"),
        an_observation("U2", real_name="Zoe", display_name="Acme Com Desk", email="zoe@acme.com"),
        an_observation("U3", real_name="Bob", email="desk@acme.com"),
        an_observation("U4", real_name="Abe", title="Desk of acme com"),
    )
    async with memory.reading() as rx:
        domain, address = [await rx.users.list_users(UserFilter(q=q)) for q in ("acme com", "desk acme com")]

    assert ["U2", "U4", "U1", "U3"] == [user.id for user in domain.users]
    assert ["U3", "U2", "U4"] == [user.id for user in address.users]


async def test_what_is_said_twice_takes_no_place_from_other_words(memory: Store) -> None:
    await keep_people(memory, {"U1": "Duran Duran", "U2": "Ada Duran"})

    assert {"U2"} == await found(memory, "duran " * 20 + "ada")
    assert {"U1"} == await found(memory, "duranduran")
    assert set() == await found(memory, "duran " * 20 + "eve")


async def test_twelve_words_are_looked_for(memory: Store) -> None:
    words = [f"{letter}lpha" for letter in "abcdefghijkl"]
    await keep_people(memory, {"U1": " ".join(words), "U2": " ".join(words[:11])})

    assert {"U1"} == await found(memory, " ".join(words))
    assert {"U1", "U2"} == await found(memory, " ".join(words[:11]))


async def test_a_word_of_signs_that_an_index_may_not_know_is_found(memory: Store) -> None:
    """An engine's own index may part words at vowel signs, leave out rare Han and short words, and more."""
    names = {
        "U1": "𠮷野 太郎",
        "U2": "குமார் ராம்",
        "U3": "राम कुमार",
        "U4": "김",
        "U5": "อนุชา",
        "U6": "The About",
        "U7": "A B",
    }
    await keep_people(memory, names)

    asked = {
        "U1": ("𠮷野", "𠮷", "野", "太郎"),
        "U2": ("குமார்", "கு", "க", "ராம்"),
        "U3": ("राम", "कुमार", "कु"),
        "U4": ("김",),
        "U5": ("อนุชา", "อนุ"),
        "U6": ("the", "about", "about the"),
        "U7": ("a b", "b"),
    }
    assert {(q, user_id) for user_id, each in asked.items() for q in each} == {
        (q, user_id)
        for each in asked.values()
        for q in each
        for user_id in await found(memory, q)
        if q in asked[user_id]
    }


def test_each_letter_folds_by_itself_as_the_rule_says() -> None:
    for letter in map(chr, range(0x1100)):
        for text in (letter, f"a{letter}b", f"{letter}{letter} é"):
            assert folded_letters(text) == folded_words(text)
