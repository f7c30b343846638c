"""Who is to be found is read as it was typed, however Slack escapes it on the way."""

from __future__ import annotations

import pytest

from bot.command.typed import Word, read_typed


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("find Anna Kowalska", "Anna Kowalska"),
        ("FIND\u00a0 Łukasz ", "Łukasz"),
        ("find", ""),
        ("find AT&amp;T &lt;lab&gt;", "AT&T <lab>"),
        ("find <mailto:ann@example.org|ann@example.org>", "ann@example.org"),
        ("find <https://example.org>", "https://example.org"),
        ("find <#C0123|general>", "general"),
        ("find <@U0123|ann>", "<@U0123|ann>"),
        (f"find {'x' * 500}", "x" * 200),
    ],
)
def test_who_is_sought_is_read(text: str, sought: str) -> None:
    typed = read_typed({"text": text})

    assert (Word.FIND, sought) == (typed.word, typed.sought)


@pytest.mark.parametrize("text", ["finder anna", "findanna", "open", "resync find anna"])
def test_another_word_seeks_nobody(text: str) -> None:
    typed = read_typed({"text": text})

    assert typed.word is not Word.FIND
    assert "" == typed.sought
