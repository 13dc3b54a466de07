"""Which words of a query are offered in other languages, and how the query takes them in."""

from __future__ import annotations

import pytest

from bot.chat.terms import concept_words, unknown_terms, with_words, without_words, words_of
from bot.language.concepts import Concepts
from bot.matching.query import QueryError, parse_query

OFFERED = {
    "saham": [("saham", "id")],
    "акции": [("акции", "ru")],
    "stock": [("stock", "en")],
    "Saham": [("saham", "id")],  # a telephone's capital
    '"фондовый рынок"': [("фондовый рынок", "ru")],
    "modal asing": [("asing", "id"), ("modal", "id")],
    "#rare_earths stock": [("stock", "en")],
    "stock -football": [("stock", "en")],
    "nickel": [],  # a concept's term
    "#nickel": [],
    "USTR": [],
    "Lynas": [],
    "2026": [],
}


@pytest.mark.parametrize("query", OFFERED)
def test_plain_words_are_offered_and_concepts_acronyms_and_names_are_not(
    query: str, concepts: Concepts
) -> None:
    terms = unknown_terms(query, parse_query(query, concepts), concepts)
    assert [(term.plain, term.language) for term in terms] == OFFERED[query]


@pytest.mark.parametrize(
    ("query", "term", "words", "expected"),
    [
        ("saham", "saham", "stock", "saham OR stock"),
        ("saham nikel", "saham", "акции", "(saham OR акции) nikel"),
        ("saham OR nikel", "saham", "акции", "nikel OR saham OR акции"),
        ("saham", "saham", "фондовый рынок", "saham OR фондовый-рынок"),
        ('"bursa efek"', '"bursa efek"', "биржа", '"bursa efek" OR биржа'),
        ("saham -saham-gorengan", "saham", "stock", "(saham OR stock) -saham-gorengan"),
        ("saham OR stock", "saham", "Stock", "saham OR stock"),
    ],
)
def test_words_are_alternatives_to_the_term(
    query: str, term: str, words: str, expected: str, concepts: Concepts
) -> None:
    wider = with_words(parse_query(query, concepts), term, words, concepts)
    assert wider.canonical == parse_query(expected, concepts).canonical


@pytest.mark.parametrize(
    ("query", "term", "words"),
    [
        ("saham", "saham", "stock"),
        ("saham nikel", "saham", "акции"),
        ("saham OR nikel", "saham", "акции"),
        ("saham", "saham", "фондовый рынок"),
        ('"bursa efek"', '"bursa efek"', "биржа"),
        ("saham -saham-gorengan", "saham", "stock"),
    ],
)
def test_words_that_are_taken_back_leave_the_query_as_it_was(
    query: str, term: str, words: str, concepts: Concepts
) -> None:
    before = parse_query(query, concepts)
    wider = with_words(before, term, words, concepts)
    assert wider.canonical != before.canonical
    assert without_words(wider, term, words, concepts).canonical == before.canonical
    assert without_words(before, term, words, concepts).canonical == before.canonical
    assert without_words(wider, term, "!!", concepts).canonical == wider.canonical


def test_words_of_ones_own_are_told_apart_by_commas() -> None:
    assert words_of("акция, фондовый  рынок;, !\nбиржа") == ["акция", "фондовый рынок", "биржа"]


def test_a_concept_is_named_for_the_words_it_knows(concepts: Concepts) -> None:
    query = parse_query("nickel saham #cobalt -tin", concepts)
    assert concept_words(query, concepts) == {"nickel": "nickel"}


def test_what_has_no_words_is_refused(concepts: Concepts) -> None:
    with pytest.raises(QueryError, match="no word"):
        with_words(parse_query("saham", concepts), "saham", "!!", concepts)
