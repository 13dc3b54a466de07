"""The index answers as reading every query against every article would, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.concepts import Concepts, Phrase, Rule
from bot.language.words import Document, analyse_article
from bot.matching.explain import describe
from bot.matching.index import Match, QueryIndex
from bot.matching.query import And, Named, Node, Not, Or, QueryError, parse_query


def index_of(concepts: Concepts, *queries: str) -> QueryIndex:
    index = QueryIndex(concepts)
    for number, text in enumerate(queries):
        index.add(number, parse_query(text, concepts))
    return index


def ids(matches: list[Match]) -> list[int]:
    return [match.query_id for match in matches]


ORIGINAL = analyse_article("Pemerintah larang ekspor logam tanah jarang", "Harga bijih nikel ikut naik", "id")
ENGLISH = analyse_article("Government bans exports of rare earths", "Nickel ore prices rise too", "en")


@pytest.mark.parametrize(
    ("text", "wanted", "matched"),
    [
        pytest.param("#rare_earths", True, True, id="a concept in the original"),
        pytest.param("nickel", False, True, id="an English word only in the English"),
        pytest.param("mengekspor", True, True, id="another form of an Indonesian word"),
        pytest.param("nickel ekspor", False, True, id="one word in each text"),
        pytest.param('"exports of rare"', False, True, id="exactly these forms"),
        pytest.param('"export of rare"', False, False, id="other forms than these"),
        pytest.param("tanah-jarang", True, True, id="neighbours"),
        pytest.param("jarang-tanah", False, False, id="neighbours the other way round"),
        pytest.param('"jarang harga"', False, False, id="not from title to summary"),
        pytest.param("tanah-earths", False, False, id="not from one text to the other"),
        pytest.param("ekspor -price", True, False, id="excluded by the English, still wanted"),
        pytest.param("ekspor -nikel", True, False, id="excluded by the original, still wanted"),
        pytest.param("ekspor -#sanctions", True, True, id="excludes what is not there"),
        pytest.param("ekspor -(price nikel)", True, False, id="both excluded words, one in each text"),
        pytest.param("football OR ekspor", True, True, id="either"),
        pytest.param("ekspor (football OR -hockey)", True, True, id="an exclusion in an OR"),
        pytest.param("никель", False, False, id="a language that is not there"),
        pytest.param("#critical_minerals", True, True, id="what a concept brings along"),
        pytest.param("#sanctions", False, False, id="a concept that is not there"),
        pytest.param("ban", False, True, id="a word of the translation"),
    ],
)
def test_a_query_against_an_article(concepts: Concepts, text: str, wanted: bool, matched: bool) -> None:
    index = index_of(concepts, text)
    assert (index.wanted(ORIGINAL) == {0}) is wanted
    assert (ids(index.match(ORIGINAL, ENGLISH)) == [0]) is matched


def test_without_a_translation_the_original_decides(concepts: Concepts) -> None:
    index = index_of(concepts, "ekspor -price", "nickel")
    assert ids(index.match(ORIGINAL, None)) == [0]


def test_each_clause_that_held_is_explained_in_the_originals_words_first(concepts: Concepts) -> None:
    index = index_of(concepts, '(#rare_earths OR gold) "rare earths" nickel ekspor -football')
    (match,) = index.match(ORIGINAL, ENGLISH)
    assert describe(match.why) == (
        '"rare earths": «rare earths» (English); #rare_earths: «tanah jarang» (Indonesian);'
        " ekspor: «ekspor» (Indonesian); nickel: «Nickel» (English)"
    )


def test_a_reason_shows_each_word_once_and_not_too_many(concepts: Concepts) -> None:
    index = index_of(concepts, "#rare_earths")
    document = analyse_article("РЗМ, редкоземы, Редкоземы и РЗМ", "Неодим, диспрозий и тербий", "ru")
    ((reason,),) = (match.why for match in index.match(document, None))
    assert reason.words == ("РЗМ", "редкоземы", "Неодим")
    assert reason.language == "ru"


@pytest.mark.parametrize(
    ("query", "language", "title", "words"),
    [
        ("#export_controls", "id", "Pemerintah larang ekspor bauksit mulai 10 Juni", ("larang ekspor",)),
        ("#export_controls", "ru", "Китай запретил вывоз германия", ("запретил вывоз",)),
        ("#export_controls", "en", "Beijing pauses export curbs", ("export curbs",)),
        ("#export_bans", "en", "Indonesia bans with immediate effect all exports", ("bans … exports",)),
        # Three words that name it by themselves: what stands near them explains nothing more.
        ("#rare_earths", "en", "Curbs on rare-earth magnets", ("rare-earth magnets",)),
    ],
)
def test_a_term_that_needs_a_neighbour_is_shown_with_it(
    concepts: Concepts, query: str, language: str, title: str, words: tuple[str, ...]
) -> None:
    (match,) = index_of(concepts, query).match(analyse_article(title, "", language), None)
    assert [reason.words for reason in match.why] == [words]


def test_a_neighbour_in_the_other_half_of_the_article_is_shown_with_dots_between(concepts: Concepts) -> None:
    document = analyse_article("Чёрный список", "США: Минторг, министерство торговли", "ru")
    (match,) = index_of(concepts, "#entity_list").match(document, None)
    assert match.why[0].words == ("Чёрный список … Минторг",)


def test_queries_come_and_go_while_it_runs(concepts: Concepts) -> None:
    index = index_of(concepts, "ekspor", "ekspor nikel", "#rare_earths OR nikel")
    index.remove(1)
    index.remove(99)
    assert index.wanted(ORIGINAL) == {0, 2}
    index.add(0, parse_query("gold", concepts))
    assert index.wanted(ORIGINAL) == {2}
    index.remove(2)
    index.remove(0)
    assert len(index) == 0
    assert 0 not in index
    assert index.wanted(ORIGINAL) == set()


def test_an_empty_article_matches_nothing(concepts: Concepts) -> None:
    index = index_of(concepts, "ekspor", "#nickel")
    assert index.match(analyse_article("", "", "en"), None) == []


def test_threads_may_match_while_queries_change(concepts: Concepts) -> None:
    index = index_of(concepts, "ekspor")
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(index.match, ORIGINAL, ENGLISH) for _ in range(50)]
        for number in range(1, 50):
            index.add(number, parse_query(f"nickel -w{number}", concepts))
            index.remove(number - 1 if number % 2 else 0)
        results = [answer.result() for answer in answers]
    assert all(isinstance(result, list) for result in results)


# Brute force: every query against every text, from the words alone.

Texts = Sequence[tuple[Document, dict[int, set[str]]]]


def by_position(document: Document) -> dict[int, set[str]]:
    keys: dict[int, set[str]] = {token.position: set() for token in document.tokens}
    for key, there in document.positions.items():
        for position in there:
            keys[position].add(key)
    return keys


def places(phrase: Phrase, keys: dict[int, set[str]]) -> list[tuple[int, int]]:
    return [
        (start, start + len(phrase) - 1)
        for start in keys
        if all(keys.get(start + step, set()) & set(slot) for step, slot in enumerate(phrase))
    ]


def close(one: tuple[int, int], other: tuple[int, int], reach: int) -> bool:
    return one[0] - reach <= other[1] and other[0] - reach <= one[1]


def rule_holds(rule: Rule, excludes: Sequence[Phrase], keys: dict[int, set[str]]) -> bool:
    near = [*rule.near, *(((key,),) for key in rule.near_keys)]
    far = [*rule.far, *(((key,),) for key in rule.far_keys)]
    for phrase in rule.phrases:
        for place in places(phrase, keys):
            if any(close(place, void, 0) for exclude in excludes for void in places(exclude, keys)):
                continue
            if near and not any(close(place, there, rule.within) for p in near for there in places(p, keys)):
                continue
            if not any(close(place, there, rule.apart) for p in far for there in places(p, keys)):
                return True
    return False


def holds(node: Node, texts: Texts, concepts: Concepts, *, positive: bool) -> bool:
    if isinstance(node, Not):
        return positive or not holds(node.part, texts, concepts, positive=False)
    if isinstance(node, And):
        return all(holds(part, texts, concepts, positive=positive) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, texts, concepts, positive=positive) for part in node.parts)
    if isinstance(node, Named):
        answers = [concepts.get(id_) for id_ in concepts.answers(node.concept_id)]
        return any(
            rule_holds(rule, answer.excludes, keys)
            for _, keys in texts
            for answer in answers
            for rule in answer.rules
        )
    return any(places(node.slots, keys) for _, keys in texts)


WORDS = st.sampled_from(
    [
        "nickel", "nikel", "ekspor", "export", "exports", "larang", "ban", "rare", "earth", "tanah", "jarang",
        "tarif", "tol", "impor", "sanksi", "FIFA", "AS", "China", "LTJ", "perang", "dagang", "санкции", "США",
        "суда", "тарифы", "ЖКХ", "пошлина", "редкие", "земли", "запрет", "экспорт", ".", ",",
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
DOCUMENTS = st.builds(analyse_article, TEXTS, TEXTS, st.sampled_from(["id", "ru", "en"]))
TERMS = st.one_of(
    WORDS.filter(str.isalnum),
    st.sampled_from(["#rare_earths", "#tariffs", "#sanctions", "#export_controls", "#nickel", "#trade_war"]),
    st.lists(WORDS.filter(str.isalnum), min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.lists(WORDS.filter(str.isalnum), min_size=2, max_size=2).map("-".join),
)
QUERIES = st.recursive(
    TERMS,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda several: f"({' '.join(several)})"),
        st.lists(parts, min_size=2, max_size=3).map(lambda several: f"({' OR '.join(several)})"),
        parts.map(lambda part: f"NOT {part}"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(QUERIES, min_size=1, max_size=8), DOCUMENTS, st.none() | DOCUMENTS)
def test_the_index_answers_like_brute_force(
    concepts: Concepts, texts: list[str], original: Document, english: Document | None
) -> None:
    index = QueryIndex(concepts)
    queries = {}
    for number, text in enumerate(texts):
        try:
            queries[number] = parse_query(text, concepts)
        except QueryError:
            continue
        index.add(number, queries[number])
    first = [(original, by_position(original))]
    both = first if english is None else [*first, (english, by_position(english))]
    assert index.wanted(original) == {
        number for number, query in queries.items() if holds(query.root, first, concepts, positive=True)
    }
    matches = index.match(original, english)
    assert ids(matches) == [
        number for number, query in queries.items() if holds(query.root, both, concepts, positive=False)
    ]
    for match in matches:
        assert match.why
        assert all(reason.words for reason in match.why)
