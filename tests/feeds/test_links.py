"""Addresses made absolute, and what they are recognised by."""

from __future__ import annotations

import base64
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.links import absolute, is_ordinary, is_well_formed, link_key


@pytest.mark.parametrize(
    "link",
    [
        "https://kabar.example/nikel?id=7",
        "http://kabar.example/nikel?id=7",
        "https://KABAR.example:443/nikel?id=7",
        "http://kabar.example:80/nikel?id=7",
        "https://kabar.example/nikel?utm_source=rss&id=7&utm_medium=feed",
        "https://kabar.example/nikel?id=7&fbclid=abc&gclid=def&yclid=1&ysclid=2",
        "https://kabar.example/nikel?id=7&at_medium=RSS&at_campaign=rss",
        "https://kabar.example/nikel?id=7&_openstat=x&mc_cid=1&mc_eid=2&_ga=3",
        "https://kabar.example/nikel?id=7&from=rss",
        "https://kabar.example/nikel?id=7&source=rss_feed",
        "https://kabar.example/nikel?id=7&ref=feedburner",
        "https://kabar.example/nikel?id=7#utm_source=rss",
        "https://kabar.example/nikel?id=7#rss",
        "https://www.google.com/url?rct=j&url=https://kabar.example/nikel%3Fid%3D7&ct=ga",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fkabar.example%2Fnikel%3Fid%3D7&h=AT0",
        "https://vk.com/away.php?to=https%3A%2F%2Fkabar.example%2Fnikel%3Fid%3D7",
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fkabar.example%2fnikel%3fid%3d7",
    ],
)
def test_ways_to_one_article_have_one_key(link: str) -> None:
    assert link_key(link) == "//kabar.example/nikel?id=7"


@pytest.mark.parametrize(
    ("link", "key"),
    [
        ("https://kabar.example/", "//kabar.example"),
        ("https://kabar.example", "//kabar.example"),
        ("https://kabar.example/a?from=7", "//kabar.example/a?from=7"),
        ("https://kabar.example/a?source=antara", "//kabar.example/a?source=antara"),
        ("https://kabar.example/a?id=rss", "//kabar.example/a?id=rss"),
        ("https://kabar.example/a#bab-2", "//kabar.example/a#bab-2"),
        ("https://kabar.example/a?b=1&a=2", "//kabar.example/a?b=1&a=2"),
        ("https://www.google.com/url?q=nikel", "//www.google.com/url?q=nikel"),
        ("https://notgoogle.com/url?url=https://b.example/", "//notgoogle.com/url?url=https://b.example/"),
        ("https://kabar.example/A", "//kabar.example/A"),
    ],
    ids=[
        "a bare host with a stroke",
        "a bare host",
        "an article's number",
        "a source that is no feed",
        "a name that happens to be rss",
        "a chapter",
        "parameters keep their order",
        "a search is no redirect",
        "another host",
        "paths keep their letters",
    ],
)
def test_what_may_name_an_article_stays(link: str, key: str) -> None:
    assert link_key(link) == key


def test_an_article_of_google_news_is_the_one_inside_its_name_while_that_can_be_read() -> None:
    target = b"https://kabar.example/nikel"
    inside = b"\x08\x13\x22" + bytes([len(target)]) + target + b"\xd2\x01\x00"
    name = base64.urlsafe_b64encode(inside).decode().rstrip("=")
    assert link_key(f"https://news.google.com/rss/articles/{name}?oc=5") == "//kabar.example/nikel"


def test_a_sealed_name_of_google_news_is_left_alone() -> None:
    link = "https://news.google.com/rss/articles/CBMiSkFVX3lxTE5mZ0"
    assert link_key(link) == link.removeprefix("https:")


def test_the_readers_link_keeps_its_parameters() -> None:
    link = "https://kabar.example/nikel?utm_source=rss"
    assert absolute(link, "https://kabar.example/rss") == link


@given(st.text(alphabet="abc:/?#&=%[]@.\\ \t0;я", max_size=60))
def test_any_text_is_an_address_or_none(text: str) -> None:
    link = absolute(text, "https://kabar.example/rss")
    assert link == "" or link.startswith(("http://", "https://"))
    if link:
        link_key(link)


@pytest.mark.parametrize(
    "link",
    [
        "https://kabar.example",
        "http://kabar.example/2026/11/23/nikel-naik.html",
        "https://kabar.example/?p=7&utm_source=rss#bab-2",
        "https://xn--e1afmkfd.example/%D0%BD%D0%B8/~a?b;c",
    ],
)
def test_what_most_feeds_link_to_is_told_at_a_glance(link: str) -> None:
    assert is_ordinary(link)
    assert absolute(link, "https://other.example/rss") == link


_PIECES = st.text(alphabet="aZ9/:?#;&=%[]@.\\ \t\"'~|я-_", max_size=12)


@given(
    st.sampled_from(["http://", "https://", "HTTP://", "//", "javascript:", ""]),
    st.sampled_from(
        ["a.example", "A.Example", "a.example:443", "u:p@a.example", "[::1]", "пример.example", ""]
    ),
    st.sampled_from(["", "/", "?", "#", ";"]),
    _PIECES,
    st.sampled_from(["https://b.example/c/d?e#f", "http://b.example", "/home/feed.xml", ""]),
)
def test_an_ordinary_address_is_one_that_joining_leaves_alone(
    scheme: str, host: str, mark: str, rest: str, base: str
) -> None:
    link = f"{scheme}{host}{mark}{rest}"
    if is_ordinary(link):
        parts = urlsplit(link)
        assert urljoin(base, link) == link
        assert parts.hostname
        assert parts.port is None
        assert link == link.strip(" \"'")
        assert is_well_formed(link)


@given(_PIECES.filter(lambda path: not set("?#") & set(path)))
def test_an_address_without_parameters_has_the_key_of_one_whose_parameters_only_track(path: str) -> None:
    assert link_key(f"https://a.example/{path}") == link_key(f"http://A.example:80/{path}?utm_source=rss#rss")


def test_a_guid_that_no_program_can_take_apart_is_not_well_formed() -> None:
    assert not is_well_formed("http://[::1/a")
