"""The sample articles: complete, unmistakably samples, and right about what must alert."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from bot.demo.samples import FILE, MARKERS, Article, SamplesError, check_samples, load_samples
from bot.language.concepts import Concepts
from bot.language.words import analyse_article
from bot.translation.checks import check_reply
from bot.translation.providers import LibreProvider

Change: TypeAlias = Callable[[Any, Any], object]  # of the outlets and the articles, as YAML has them

DOCUMENT = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SAMPLES = check_samples(DOCUMENT, file=FILE.name)
ARTICLES = pytest.mark.parametrize("article", SAMPLES.articles, ids=lambda article: article.id)


@pytest.fixture(scope="module")
def concepts() -> Concepts:
    """The program's own concepts."""
    return Concepts.load()


def test_there_are_enough_articles_to_begin_with_and_to_go_on() -> None:
    assert len(SAMPLES.first) >= 14
    assert len(SAMPLES.later) >= 16
    for wave in (SAMPLES.first, SAMPLES.later):
        assert sum(article.alert for article in wave) >= 8
        assert sum(not article.alert for article in wave) >= 6
        assert {article.language for article in wave if article.alert} == {"id", "ru", "en"}
        assert {article.language for article in wave if not article.alert} == {"id", "ru", "en"}


def test_no_text_stands_twice() -> None:
    texts = [text for article in SAMPLES.articles for text in (article.title, article.summary)]
    assert len(set(texts)) == len(texts)


def test_every_outlet_says_that_it_is_none() -> None:
    for outlet in SAMPLES.outlets:
        assert MARKERS[outlet.language] in outlet.name
        assert any(article.outlet == outlet.id for article in SAMPLES.first)


def test_the_outlets_show_the_habits_of_real_feeds() -> None:
    assert {outlet.format for outlet in SAMPLES.outlets} == {"rss", "atom"}
    assert {outlet.encoding for outlet in SAMPLES.outlets} == {"utf-8", "windows-1251"}
    assert {outlet.dates for outlet in SAMPLES.outlets} == {"rfc822", "indonesian", "russian"}
    assert any(outlet.markup for outlet in SAMPLES.outlets)


@ARTICLES
def test_its_reference_translation_passes_the_programs_own_checks(article: Article) -> None:
    assert check_reply(article.title, article.english_title, article.language) is None
    assert check_reply(article.summary, article.english_summary, article.language) is None


@ARTICLES
def test_its_texts_are_whole_for_the_translator(article: Article) -> None:
    assert max(len(article.title), len(article.summary)) <= LibreProvider.max_chars


@ARTICLES
def test_it_alerts_if_and_only_if_it_should(article: Article, concepts: Concepts) -> None:
    original = set(concepts.found(analyse_article(article.title, article.summary, article.language)))
    english = set(concepts.found(analyse_article(article.english_title, article.english_summary, "en")))
    if article.alert:
        assert set(article.concepts) <= original, "in the original"
        assert set(article.concepts) <= english, "in English"
    else:
        assert not original
        assert not english


MISTAKES: dict[str, tuple[Change, str]] = {
    "a real-looking outlet": (lambda outlets, articles: outlets[0].update(name="Kabar"), "(contoh)"),
    "a field too many": (lambda outlets, articles: articles[0].update(author="me"), "author"),
    "no translation": (lambda outlets, articles: articles[0].pop("english"), "english"),
    "half a translation": (lambda outlets, articles: articles[0]["english"].pop("summary"), "summary"),
    "an alert without concepts": (lambda outlets, articles: articles[0].pop("concepts"), "concepts"),
    "an unknown outlet": (lambda outlets, articles: articles[0].update(outlet="elsewhere"), "outlet"),
    "another language than its outlet's": (lambda outlets, articles: articles[0].update(lang="ru"), "lang"),
    "a title twice": (
        lambda outlets, articles: articles[1].update(title=articles[0]["title"]),
        "same title twice",
    ),
    "an id twice": (
        lambda outlets, articles: articles[1].update(id=articles[0]["id"]),
        "same article id twice",
    ),
    "an id that makes no address": (lambda outlets, articles: articles[0].update(id="a b"), "id"),
    "an age of a later article": (
        lambda outlets, articles: articles[-1].update(minutes_ago=5),
        "minutes_ago",
    ),
    "no age of a first article": (lambda outlets, articles: articles[0].pop("minutes_ago"), "minutes_ago"),
    "a zone without form": (lambda outlets, articles: outlets[0].update(utc_offset="WIB"), "utc_offset"),
    "alert as a word": (lambda outlets, articles: articles[0].update(alert="yes"), "alert"),
    "no fields": (lambda outlets, articles: articles.append("text"), "fields"),
}


@pytest.mark.parametrize(("change", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_the_file_is_named(change: Change, told: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document["outlets"], document["articles"])
    with pytest.raises(SamplesError) as raised:
        check_samples(document, file="samples.yaml")
    assert str(raised.value).startswith("The demo's samples can't be used: samples.yaml")
    assert told in str(raised.value)


def test_a_file_that_is_none_is_an_error_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match="can't be read"):
        load_samples(tmp_path / "absent.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(SamplesError, match="two lists"):
        load_samples(tmp_path / "list.yaml")
