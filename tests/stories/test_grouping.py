"""Copies of one article share a key; different articles never do."""

from __future__ import annotations

import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stories.grouping import canonical_link, normalised_title, story_keys

LONG = "Indonesia bans the export of bauxite"

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("http://kabar.example/news/1", id="scheme"),
        pytest.param("https://www.kabar.example/news/1", id="www"),
        pytest.param("https://m.Kabar.example/news/1", id="the mobile site, case of the host"),
        pytest.param("https://kabar.example/news/1/", id="a slash at the end"),
        pytest.param("https://kabar.example/news/1#comments", id="fragment"),
        pytest.param("https://kabar.example/news/1?utm_source=rss&UTM_Medium=x&fbclid=1", id="tracking"),
        pytest.param("https://kabar.example/news/1?from=rss", id="where from"),
    ],
)
def test_links_to_one_page_are_one(other: str) -> None:
    assert canonical_link(other) == canonical_link("https://kabar.example/news/1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("https://a.example/news?id=1", "https://a.example/news?id=2", id="a number"),
        pytest.param("https://a.example/news?4711", "https://a.example/news?4712", id="a bare number"),
        pytest.param("https://a.example/news?id=", "https://a.example/news?nr=", id="names without values"),
        pytest.param("https://a.example/#!/news/1", "https://a.example/#!/news/2", id="pages by a script"),
        pytest.param("https://a.example/news/1", "https://b.example/news/1", id="another site"),
        pytest.param("https://a.example/News/1", "https://a.example/news/1", id="case of the path"),
        pytest.param("https://a.example/a?x=1&y=2", "https://a.example/a?x=1", id="one parameter more"),
    ],
)
def test_links_to_two_pages_are_two(one: str, other: str) -> None:
    assert canonical_link(one) != canonical_link(other)


def test_the_order_of_parameters_makes_no_other_page() -> None:
    assert canonical_link("https://a.example/a?x=1&y=2") == canonical_link("https://a.example/a?y=2&x=1")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example/",
        "https://www.a.example/?utm_source=rss",
        "https://a.example/#top",
        "http://[::1",
    ],
)
def test_a_link_to_no_page_of_its_own_groups_nothing(url: str) -> None:
    """Some feeds link every item to their front page: one alert a week would be left of them."""
    assert canonical_link(url) is None
    assert story_keys(title="Short", url=url, day=DAY, fallback="1") != story_keys(
        title="Short", url=url, day=DAY, fallback="2"
    )


def test_titles_are_one_whatever_their_case_and_punctuation() -> None:
    assert normalised_title("«Ёлка» в Москве — ДОРОГАЯ!") == normalised_title("Елка в Москве: дорогая")
    assert normalised_title("INDONESIA bans, again,\u00a0ore") == "indonesia bans again ore"
    assert normalised_title("Price up 5 % today") != normalised_title("Price up 6 % today")


@pytest.mark.parametrize("title", ["", "Market report", "Главное за день", "! ? — …", "a-b c"])
def test_short_titles_come_again_over_other_news(title: str) -> None:
    assert normalised_title(title) is None


def test_articles_are_one_by_link_or_by_title() -> None:
    one = story_keys(title=LONG, url="https://a.example/1", day=DAY, fallback="1")
    assert set(one) & set(
        story_keys(title="Other words altogether, really", url="http://a.example/1", day=DAY, fallback="2")
    )
    assert set(one) & set(story_keys(title=LONG.upper(), url="https://b.example/9", day=DAY, fallback="3"))
    assert not set(one) & set(story_keys(title="Tin", url="https://a.example/2", day=DAY, fallback="4"))


def test_an_article_with_neither_stands_alone() -> None:
    one = story_keys(title="", url=None, day=DAY, fallback="1:a")
    assert one == story_keys(title="", url=None, day=DAY, fallback="1:a")
    assert one != story_keys(title="", url=None, day=DAY, fallback="1:b")
    # A title can't pass for a link or a fallback.
    assert story_keys(title="article 1 a b", url=None, day=DAY, fallback="") != story_keys(
        title="", url=None, day=DAY, fallback="article 1 a b"
    )


@given(st.text(), st.none() | st.text() | st.from_regex(r"https?://[^\s]{0,60}"), st.text())
def test_any_article_has_keys_of_the_columns_form(title: str, url: str | None, fallback: str) -> None:
    keys = story_keys(title=title, url=url, day=DAY, fallback=fallback)
    assert 1 <= len(keys) <= 2
    for key in keys:
        assert len(key) == 64
        assert set(key) <= set(string.hexdigits)


def test_half_a_character_in_a_link_or_title_is_no_fault() -> None:
    story_keys(title="one two three \ud800", url="https://a.example/?q=\ud800", day=DAY, fallback="\ud800")


def test_a_title_that_comes_every_day_is_a_story_of_each_day() -> None:
    today = story_keys(title=LONG, url="https://a.example/1", day=DAY, fallback="1")
    tomorrow = story_keys(title=LONG, url="https://a.example/2", day=DAY + timedelta(days=1), fallback="2")
    assert not set(today) & set(tomorrow)
