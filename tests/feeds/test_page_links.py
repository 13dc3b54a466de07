"""The feeds of a web page, the likeliest first."""

from __future__ import annotations

import pytest

from bot.feeds.page_links import MAX_NAMED, NamedFeed, named_feeds, usual_addresses

AT = "https://kabar.example/berita/index.html"


def urls(page: str) -> list[str]:
    return [feed.url for feed in named_feeds(page, AT)]


def test_a_page_names_feeds_in_its_head() -> None:
    page = """<!doctype html><html><head>
<link rel="stylesheet" href="/style.css"><link rel=alternate hreflang=en href="/en/">
<LINK REL="alternate home" TYPE="application/RSS+XML; charset=utf-8" TITLE="Kabar &amp; Nikel" HREF="/rss">
<link rel="alternate" type="application/atom+xml" href="atom.xml">
<link rel="alternate" type="application/feed+json" href="https://lain.example/feed.json">
</head><body>"""
    assert named_feeds(page, AT) == (
        NamedFeed("https://kabar.example/rss", "Kabar & Nikel"),
        NamedFeed("https://kabar.example/berita/atom.xml"),
        NamedFeed("https://lain.example/feed.json"),
    )


def test_links_follow_and_comments_are_last() -> None:
    page = """<head><link rel="alternate" type="application/rss+xml" href="/comments/feed/" title="Comments">
<link rel="alternate" type="application/rss+xml" href="/feed/"></head>
<a href="/rss/tambang">RSS</a> <a href="/tentang">about</a> <a href="https://x.example/index.xml">x</a>
<a href="/sitemap.xml">map</a> <a href="/feedback">write</a> <a href="/harga.rss">prices</a>"""
    assert urls(page) == [
        "https://kabar.example/feed/",
        "https://kabar.example/rss/tambang",
        "https://x.example/index.xml",
        "https://kabar.example/harga.rss",
        "https://kabar.example/comments/feed/",
    ]


def test_the_pages_own_base_counts() -> None:
    page = '<base href="/en/"><link rel=alternate type=application/rss+xml href=rss.xml>'
    assert urls(page) == ["https://kabar.example/en/rss.xml"]


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)//rss", "mailto:a@b.example/rss", "file:///etc/rss", "https://", "//", ""]
)
def test_what_is_no_address_of_the_web_is_left_out(href: str) -> None:
    assert urls(f'<link rel=alternate type="application/rss+xml" href="{href}"><a href="{href}">') == []


def test_no_more_than_a_few_are_named() -> None:
    page = "".join(f'<link rel=alternate type="application/rss+xml" href="/{n}">' for n in range(99))
    assert len(urls(page + '<a href="/rss">' * 99)) == MAX_NAMED


def test_the_usual_places_are_beside_the_page_and_at_the_root() -> None:
    assert usual_addresses("https://kabar.example/?utm=1#top") == tuple(
        f"https://kabar.example/{name}"
        for name in ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml")
    )
    assert usual_addresses("https://kabar.example/ekonomi/")[:3] == (
        "https://kabar.example/ekonomi/feed",
        "https://kabar.example/ekonomi/rss",
        "https://kabar.example/feed",
    )
