"""The index answers as reading every query against every article would, and says why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.language.concepts import Concepts
from bot.language.words import analyse_article
from bot.matching.explain import describe
from bot.matching.index import Match, QueryIndex
from bot.matching.origin import Origin
from bot.matching.query import parse_query


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


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        pytest.param("eksp*", True, id="the beginning of a word"),
        pytest.param("gove*", True, id="the beginning of an English word"),
        pytest.param("ksport*", False, id="not the middle of one"),
        pytest.param('"logam tana*"', True, id="a beginning in a phrase"),
        pytest.param('"tana* logam"', False, id="a beginning in a phrase the other way round"),
        pytest.param("larang NEAR/1 ekspor", True, id="neighbours are one word apart"),
        pytest.param("ekspor NEAR/1 larang", True, id="in either order"),
        pytest.param("ekspor NEAR/1f larang", False, id="in this order only"),
        pytest.param("larang NEAR/1f ekspor", True, id="which is the order"),
        pytest.param("larang NEAR/3 jarang", False, id="too far apart"),
        pytest.param("larang NEAR/4 jarang", True, id="just near enough"),
        pytest.param("jarang NEAR/20 harga", False, id="never from title to summary"),
        pytest.param("ekspor NEAR/1 ekspor", False, id="a word is not near itself"),
        pytest.param(
            '(impor OR ekspor) NEAR/2 ("tanah jarang" OR #rare_earths)', True, id="alternatives near"
        ),
        pytest.param("bans NEAR/2 #rare_earths", False, id="three words from a concept"),
        pytest.param("bans NEAR/3 #rare_earths", True, id="a concept near in the English"),
        pytest.param("title:ekspor", True, id="in the title"),
        pytest.param("title:nikel", False, id="in the summary only"),
        pytest.param("title:bans", True, id="in the English title"),
        pytest.param("title:#rare_earths", True, id="a concept in the title"),
        pytest.param("title:#nickel", False, id="a concept in the summary only"),
        pytest.param('title:"harga bijih"', False, id="a phrase in the summary only"),
        pytest.param("title:larang NEAR/1 title:ekspor", True, id="near in the title"),
        pytest.param("ekspor -title:nikel", True, id="not excluded by the summary"),
        pytest.param("ekspor source:antara", True, id="a word of the feed's name"),
        pytest.param("ekspor source:“antara ekonomi”", True, id="the feed's name"),
        pytest.param("ekspor source:ekonomi-antara", False, id="not the feed's name"),
        pytest.param("ekspor source:example.co.id", True, id="the host's domain"),
        pytest.param("ekspor source:ple.co.id", False, id="half a domain"),
        pytest.param("ekspor lang:id country:ID", True, id="language and country"),
        pytest.param("ekspor lang:ru", False, id="another language"),
        pytest.param("ekspor (lang:ru OR country:id)", True, id="either field"),
        pytest.param("ekspor -source:example.co.id", False, id="excluded by its source"),
        pytest.param("ekspor -country:ru", True, id="not from there"),
    ],
)
def test_the_whole_grammar_against_an_article(concepts: Concepts, text: str, matched: bool) -> None:
    origin = Origin("Antara Ekonomi", "www.example.co.id", "id", "ID")
    index = index_of(concepts, text)
    assert (ids(index.match(ORIGINAL, ENGLISH, origin)) == [0]) is matched


def test_no_field_asked_for_holds_of_an_unknown_origin(concepts: Concepts) -> None:
    index = index_of(concepts, "ekspor source:example.co.id", "ekspor -lang:id", "ekspor lang:id")
    assert ids(index.match(ORIGINAL, ENGLISH)) == [1]


def test_what_its_source_rules_out_is_not_even_translated(concepts: Concepts) -> None:
    index = index_of(concepts, "#rare_earths -source:rt.com", "#rare_earths -(source:rt.com nikel)")
    assert index.wanted(ORIGINAL, Origin(host="www.rt.com")) == {1}
    assert index.wanted(ORIGINAL, Origin(host="example.com")) == {0, 1}


def test_a_query_with_more_branches_than_are_kept_apart_means_the_same(concepts: Concepts) -> None:
    index = index_of(
        concepts,
        "(a OR ekspor) (b OR larang) (c OR logam) (d OR tanah) (e OR jarang)",
        "(a OR ekspor) (b OR larang) (c OR logam) (d OR tanah) (e OR f)",
        "ekspor ((-a OR b) (-c OR d) (-e OR f) (-g OR h) (-nikel OR i))",
    )
    assert index.wanted(ORIGINAL) == {0, 2}
    assert ids(index.match(ORIGINAL, None)) == [0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("eksp*", "eksp*: «ekspor» (Indonesian)"),
        ("title:#rare_earths lang:id", "title:#rare_earths: «tanah jarang» (Indonesian)"),
        ("larang NEAR/5 jarang", "jarang NEAR/5 larang: «larang ekspor logam tanah jarang» (Indonesian)"),
        ("price NEAR/9 nickel", "nickel NEAR/9 price: «Nickel ore prices» (English)"),
        (
            "pemerintah NEAR/9f #rare_earths",
            "pemerintah NEAR/9f #rare_earths: «Pemerintah … tanah jarang» (Indonesian)",
        ),
        ("football ekspor OR larang", "larang: «larang» (Indonesian)"),
    ],
)
def test_each_kind_of_clause_is_explained(concepts: Concepts, text: str, line: str) -> None:
    (match,) = index_of(concepts, text).match(ORIGINAL, ENGLISH, Origin(language="id"))
    assert describe(match.why) == line


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
