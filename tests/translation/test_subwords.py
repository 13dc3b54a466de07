"""Byte pairs: the pieces are those that subword-nmt 0.3 makes of the same merges."""

from __future__ import annotations

import pytest

from bot.translation.subwords import BytePairs

# As its learner writes them: the end of a word is part of its last piece.
MERGES = ["#version: 0.2", "n i", "ni k", "e l</w>", "nik el</w>", "a n</w>", "l l"]


def pairs(*vocabulary: str) -> BytePairs:
    return BytePairs(MERGES, frozenset(vocabulary), "id", "en")


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("nikel", "nikel"),
        ("nikan", "nik@@ an"),
        ("elni", "e@@ l@@ n@@ i"),  # "el" is merged at a word's end only
        ("lll", "ll@@ l"),
        ("llll", "ll@@ l@@ l"),  # the last one stands at the end, and is another piece
        ("x", "x"),
    ],
)
def test_words_are_cut_as_they_were_in_training(word: str, pieces: str) -> None:
    assert pairs().encode(word) == pieces.split()


def test_a_word_without_end_costs_no_time() -> None:
    assert pairs().encode("n" * 100_000)[:2] == ["n@@", "n@@"]


def test_pieces_become_words_again() -> None:
    assert pairs().decode(["nik@@", "el", "pri@@", "ces", "."]) == "nikel prices."


def test_a_piece_that_goes_on_into_nothing_loses_its_sign() -> None:
    assert pairs().decode(["nik@@"]) == "nik"


def test_the_vocabulary_shows_how_the_model_was_trained() -> None:
    assert pairs("@-@").encode("x-x")[0] == "x"  # a word by itself, before @-@
    assert pairs().encode("x-x") == ["x@@", "-@@", "x"]
    assert pairs("&quot;").encode('"')[0] == "&@@"
    assert pairs().encode('"') == ['"']


@pytest.mark.parametrize("line", ["a b c", "ab"])
def test_a_line_that_is_no_pair_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        BytePairs([line], frozenset(), "id", "en")


def test_a_file_without_pairs_is_an_error() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        BytePairs(["#version: 0.2"], frozenset(), "id", "en")
