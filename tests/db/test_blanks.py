"""A search is the same whether its words stand in its statement or are told beside it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from db import Sight, Store
from db.blanks import asked, kept
from db.dialects.matching import Match, as_fts5, as_fulltext, as_tsquery
from db.filters import UserFilter
from db.search import Search, apart, search_of
from db.words import CUSTOM, EMAIL, NAME, PHONE, TITLE
from tests.support.memory import keep_people

TAGS = [frozenset({NAME}), frozenset({NAME, TITLE, EMAIL, PHONE, CUSTOM})]
YI = "\ua000\ua03c"
"""Letters of which blanks are made."""


def said(search: Search) -> list[str | None]:
    matches: list[Match] = [search.match, search.exact, search.start, search.in_names, search.elsewhere]
    return [say(match) for match in matches for say in (as_fts5, as_tsquery, as_fulltext)] + [" ".join(search.said)]


@given(st.text() | st.from_regex(r"[a-c1-5@.+ ]{1,20}", fullmatch=True), st.sampled_from(TAGS))
@example("anna anna mc", TAGS[1])
@example("a.b@example.com", TAGS[1])
@example("a@-", TAGS[1])
@example("+49 170 1234567", TAGS[1])
@example(f"{YI} \ua001 12345", TAGS[1])
@example("x" * 70, TAGS[1])
@example(" ".join(map(chr, range(ord("a"), ord("o")))), TAGS[1])
@example(" ".join("ab" * 40), TAGS[0])
def test_blanks_are_filled_with_what_was_typed(text: str, tags: frozenset[str]) -> None:
    shape, words = apart(text)
    plain, open_ = search_of(text, tags), search_of(shape, tags)
    if plain is None:
        assert open_ is None
    else:
        assert open_ is not None
        assert [each and each.translate(words) for each in said(open_)] == said(plain)


@pytest.mark.parametrize(
    "pair",
    [("anna", "Zoë"), ("anna mc", "Bo Li"), ("ab.c@example.com", "zoe.x@company.example"), ("a b", "x y")],
    ids=str,
)
def test_what_is_typed_alike_is_one_statement(pair: tuple[str, str]) -> None:
    one, other = pair
    assert apart(one)[0] == apart(other)[0]
    assert apart(one)[1] != apart(other)[1]


@pytest.mark.parametrize("text", ["12345", "+49 170 1234567", "anna 12345", "हिंदी", "x" * 40 + " " + "y" * 40])
def test_what_cannot_be_a_blank_stays_as_it_is(text: str) -> None:
    assert apart(text) == (text, {})


def test_a_statement_knows_what_it_has_to_be_told() -> None:
    shape, words = apart("anna mc")
    statement = kept(sa.select(asked(f"% nw{shape} %"), asked("no blank"), asked(f"% nw{shape} %")))
    assert list(statement.told(words).values()) == ["% nwanna mc %"]


async def test_letters_of_blanks_are_letters_when_they_are_typed(memory: Store) -> None:
    await keep_people(memory, {"U1": YI, "U2": "\ua001", "U3": "Anna"})
    assert [await found(memory, q) for q in (YI, "\ua000", "\ua001", f"{YI} 12345", "anna")] == [
        ["U1"], ["U1"], ["U2"], [], ["U3"],
    ]  # fmt: skip


async def test_the_next_search_is_told_its_own_words(memory: Store) -> None:
    await keep_people(memory, {"U1": "Anna Mc", "U2": "Bo Li", "U3": "Li Anna"})
    for q, expected in (("anna", ["U1", "U3"]), ("li", ["U3", "U2"]), ("bo li", ["U2"]), ("li anna", ["U3"])):
        assert sorted(await found(memory, q)) == sorted(expected)


async def found(store: Store, q: str) -> list[str]:
    user_filter = UserFilter(q=q)
    async with store.reading() as rx:
        page = await rx.users.list_users(user_filter, sight=Sight())
        assert await rx.users.count_total(user_filter, sight=Sight()) == len(page.users)
    return [user.id for user in page.users]
