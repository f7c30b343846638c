"""How people are named: initials in every script, hues that stay, and what a name falls back to."""

from __future__ import annotations

import pytest

from db.records import User
from web.faces import face_of, hue_of
from web.names import initials, margin_letter, name_of, plain, second_name_of


@pytest.mark.parametrize(
    ("letters", "name"),
    [
        ("AO", "Anne-Marie O’Brien"),
        ("CW", "Constantina Papadopoulou-van der Westhuizen"),
        ("TW", "Tomasz Wiśniewski"),
        ("Z", "Zoë"),
        ("BÆ", "Bjørn Æsgaard"),
        ("JB", "juan de la barca"),
        ("V", "van"),
        ("AL", "🌱 Ada Lovelace (she/her)"),
        ("ف", "فريد الحسيني"),
        ("מב", "מאיה בן־דוד"),
        ("李", "李明轩"),
        ("田", "田中 恵美"),
        ("김", "김철수"),
        ("É", "E\u0301lodie"),
        ("A", "Ada 李"),
        ("B", "🙂 42"),
        ("ß", "ß"),
    ],
)
def test_initials_are_the_first_letters_of_the_first_and_the_last_part(letters: str, name: str) -> None:
    assert letters == initials(name, "bot")


def test_nobody_without_a_letter_gets_initials() -> None:
    assert initials("🙂", "42") == ""


def test_a_hue_depends_on_the_key_alone() -> None:
    assert hue_of("T1", "U1") == face_of(User(team_id="T1", id="U1", real_name="Renamed")).hue
    assert set(range(12)) == {hue_of("T1", f"U{number}") for number in range(200)}


def test_slacks_own_default_picture_is_not_shown() -> None:
    assert face_of(User(team_id="T1", id="U1", is_custom_image=False, image_72="https://a.example/1.png")).small == ""


def test_a_name_falls_back_from_real_to_display_to_handle_to_id() -> None:
    assert name_of(User(id="U1", real_name=" Ada ", display_name="al", name="ada")) == "Ada"
    assert name_of(User(id="U1", real_name=" ", display_name="al", name="ada")) == "al"
    assert name_of(User(id="U1", real_name="", name="ada")) == "ada"
    assert name_of(User(id="U1")) == "U1"


def test_a_display_name_is_told_only_where_it_differs() -> None:
    assert second_name_of(User(id="U1", real_name="Ada", display_name="ADA")) == ""
    assert second_name_of(User(id="U1", real_name="Ada", display_name="countess")) == "countess"


def test_the_margin_files_people_by_the_letter_they_are_sorted_by() -> None:
    assert margin_letter("bjorn") == "B"
    assert margin_letter("42") == "#"


def test_direction_marks_do_not_reach_a_title() -> None:
    assert plain("Ada\u202e gnp\u0000") == "Ada gnp"
