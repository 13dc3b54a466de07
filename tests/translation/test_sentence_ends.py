"""Sentences end where a reader says they do, in three languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.translation.segments import cut, join, sentences
from bot.translation.sentence_ends import sentence_ends

_LINES = Path(__file__).with_name("sentences.txt").read_text("utf-8").splitlines()
LABELLED = [line.split(" ", 1)[1] for line in _LINES if not line.startswith("#")]

# What the rules turn on, in any order.
PIECES = [
    "г.",
    "т.",
    "д.",
    "В",
    "2024",
    "PT",
    "Tbk.",
    "No.",
    "«",
    "»",
    "?",
    "!",
    "…",
    "...",
    "—",
    "Он",
    "Rp 1.000,50",
    "(",
    ")",
    "\n",
    " ",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map(" ".join)


@pytest.mark.parametrize("labelled", LABELLED)
def test_each_labelled_text_is_cut_at_its_ends(labelled: str) -> None:
    pieces = sentences(labelled.replace("¶", ""))
    assert [piece.text for piece in pieces] == [piece.strip() for piece in labelled.split("¶")]


@settings(deadline=None)
@given(TEXTS)
def test_sentences_and_their_spaces_are_the_text_again(text: str) -> None:
    pieces = sentences(text)
    assert join(pieces, [piece.text for piece in pieces]) == text
    assert all(piece.text == piece.text.strip() and not piece.after.strip() for piece in pieces)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 60))
def test_pieces_within_a_limit_are_the_text_again(text: str, limit: int) -> None:
    pieces = cut(text, limit)
    assert join(pieces, [piece.text for piece in pieces]) == text
    assert all(len(piece.text) <= limit for piece in pieces)


@settings(deadline=None)
@given(TEXTS)
def test_a_sentence_ends_with_a_stop_and_another_follows(text: str) -> None:
    for end in sentence_ends(text):
        assert set(text[:end].rstrip("\"'»”’)]")[-1:]) & set(".!?…")
        assert text[end].isspace()
        assert text[end:].strip()


def test_a_short_text_keeps_its_sentences_together() -> None:
    assert [piece.text for piece in cut("Первая фраза. Вторая фраза.", 100)] == [
        "Первая фраза. Вторая фраза."
    ]


def test_what_stands_behind_the_limit_decides_about_a_stop_before_it() -> None:
    assert [piece.text for piece in cut("Он пришёл. Она к 2030 г. вернётся домой.", 28)] == [
        "Он пришёл.",
        "Она к 2030 г. вернётся",
        "домой.",
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "." * 60_000,
        "г. " * 20_000,
        "1. " * 20_000,
        "А. " * 20_000,
        "a" * 60_000 + ". B",
        "." + " " * 60_000 + "x",
        ". «" * 20_000,
    ],
    ids=["stops", "abbreviations", "numbers", "initials", "one word", "space", "quotes"],
)
def test_a_hostile_line_is_read_to_its_end(hostile: str) -> None:
    pieces = sentences(hostile)
    assert join(pieces, [piece.text for piece in pieces]) == hostile
