"""Addresses made absolute, and what they are recognised by."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.links import absolute, link_key


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
