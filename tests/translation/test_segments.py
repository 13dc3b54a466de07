"""Cutting long texts where a reader would, and losing nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.translation.segments import Segment, cut, join, sentences

TEXTS = st.text(alphabet='аБ. г!?»"5,\n\t\u00a0Rp—', max_size=120) | st.text(max_size=60)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 40))
def test_the_pieces_and_their_spaces_are_the_text_again(text: str, limit: int) -> None:
    pieces = cut(text, limit)
    assert join(pieces, [piece.text for piece in pieces]) == text


@settings(deadline=None)
@given(TEXTS, st.integers(1, 40))
def test_no_piece_is_longer_than_the_limit_or_has_space_around_it(text: str, limit: int) -> None:
    for piece in cut(text, limit):
        assert len(piece.text) <= limit
        assert piece.text == piece.text.strip()
        assert not piece.after.strip()


def test_a_text_within_the_limit_is_one_piece() -> None:
    assert cut("One. Two. Three.", 16) == (Segment("One. Two. Three.", ""),)


CUTS = {
    "at a sentence's end": ("Первая фраза. Вторая фраза.", 20, ["Первая фраза.", "Вторая фраза."]),
    "as much as fits": ("A ab. B bc. C cd.", 12, ["A ab. B bc.", "C cd."]),
    "a stop as the last character that fits": ("Satu dua. Tiga empat.", 9, ["Satu dua.", "Tiga", "empat."]),
    "behind the closing quote": ("«Так и есть.» Он ушёл.", 16, ["«Так и есть.»", "Он ушёл."]),
    "not after an abbreviation": (
        "Завод им. Ленина стоит на ул. Мира. Там тихо.",
        42,
        ["Завод им. Ленина стоит на ул. Мира.", "Там тихо."],
    ),
    "not after г.": ("Это было в 1999 г. Москва росла. Да.", 33, ["Это было в 1999 г. Москва росла.", "Да."]),
    "not after an initial": (
        "Доклад А. Б. Иванова готов. Точка.",
        28,
        ["Доклад А. Б. Иванова готов.", "Точка."],
    ),
    "not after PT.": ("Saham PT. Antam naik. Lalu turun.", 24, ["Saham PT. Antam naik.", "Lalu turun."]),
    "not within a number": ("Harga Rp 1.000,50 per kg. Naik.", 26, ["Harga Rp 1.000,50 per kg.", "Naik."]),
    "else at a comma": ("aaaa bbbb, cccc dddd", 12, ["aaaa bbbb,", "cccc dddd"]),
    "else at a space": ("aaaa bbbb cccc", 10, ["aaaa bbbb", "cccc"]),
    "else anywhere": ("aaaabbbbcc", 4, ["aaaa", "bbbb", "cc"]),
    "at line ends always": ("Satu\n\nDua", 50, ["Satu", "Dua"]),
}


@pytest.mark.parametrize(("text", "limit", "pieces"), CUTS.values(), ids=CUTS.keys())
def test_it_cuts(text: str, limit: int, pieces: list[str]) -> None:
    assert [piece.text for piece in cut(text, limit)] == pieces


def test_translations_take_the_spaces_of_their_sources() -> None:
    pieces = cut("Satu. \n\n Dua.", 5)
    assert join(pieces, ["One.", "Two."]) == "One. \n\n Two."


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        cut("a", 0)


def test_sentences_are_pieces_of_their_own() -> None:
    text = "Harga naik 3,5 persen. PT Antam Tbk. menambah produksi!  Siapa membeli?\n\nTidak ada."
    pieces = sentences(text)
    assert [piece.text for piece in pieces] == [
        "Harga naik 3,5 persen.",
        "PT Antam Tbk. menambah produksi!",
        "Siapa membeli?",
        "Tidak ada.",
    ]
    assert [piece.after for piece in pieces] == [" ", "  ", "\n\n", ""]


@given(st.text(alphabet="aБ.!? \nPT1г", max_size=60))
def test_sentences_put_together_are_the_text(text: str) -> None:
    pieces = sentences(text)
    assert join(pieces, [piece.text for piece in pieces]) == text
