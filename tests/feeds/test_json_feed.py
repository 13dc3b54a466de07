"""JSON Feed. All documents here are written for the tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.feeds.entry import Enclosure, ParsedFeed, ParseError
from bot.feeds.parse import parse_document

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://kabar.example/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def parsed(document: Any) -> ParsedFeed:
    body = document if isinstance(document, str) else json.dumps(document)
    return parse_document(body.encode(), url=URL, content_type="application/feed+json", now=NOW)


def feed(*items: Any, **more: Any) -> dict[str, Any]:
    return {"version": VERSION, "title": "Kabar", "items": list(items)} | more


def test_an_item_is_understood_whole() -> None:
    parsed_feed = parsed(
        feed(
            {
                "id": "k-1",
                "url": "/nikel",
                "title": "Ekspor nikel &amp; bauksit dihentikan",
                "summary": "Pemerintah menutup keran.",
                "content_html": "<p>Panjang sekali.</p>",
                "date_published": "2026-11-23T17:30:00+07:00",
                "image": "/foto.jpg",
                "authors": [{"name": "Sari"}, {"name": "Budi"}],
                "tags": ["nikel", "ekspor"],
                "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1000}],
            },
            language="id-ID",
            home_page_url="https://kabar.example/",
        )
    )
    assert (parsed_feed.title, parsed_feed.language) == ("Kabar", "id")
    (entry,) = parsed_feed.entries
    assert (entry.guid, entry.url) == ("k-1", "https://kabar.example/nikel")
    assert (entry.title, entry.summary) == (
        "Ekspor nikel & bauksit dihentikan",
        "Pemerintah menutup keran.",
    )
    assert entry.published == datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert entry.image == "https://kabar.example/foto.jpg"
    assert entry.enclosures == (Enclosure("https://kabar.example/a.mp3", "audio/mpeg", 1000),)
    assert (entry.author, entry.categories) == ("Sari, Budi", ("nikel", "ekspor"))


def test_version_1_0_names_one_author() -> None:
    document = feed({"id": "1", "title": "A", "author": {"name": "Sari"}}) | {
        "version": "https://jsonfeed.org/version/1"
    }
    assert parsed(document).entries[0].author == "Sari"


@pytest.mark.parametrize(
    ("item", "title", "summary"),
    [
        ({"id": 7, "content_text": "Hanya teks"}, "Hanya teks", "Hanya teks"),
        ({"id": "7", "title": "A", "content_html": "<p>Satu</p><p>dua</p>"}, "A", "Satu dua"),
        ({"id": "7", "title": None, "summary": 5, "content_html": "<b>Isi</b>"}, "5", "5"),
        ({"title": "\ud83d putus"}, "? putus", ""),
    ],
    ids=["text for a title", "HTML for a summary", "wrong types", "half a letter"],
)
def test_what_writers_get_wrong_is_forgiven(item: dict[str, Any], title: str, summary: str) -> None:
    (entry,) = parsed(feed(item)).entries
    assert (entry.title, entry.summary) == (title, summary)


def test_items_that_are_none_are_passed_over() -> None:
    assert [entry.title for entry in parsed(feed(None, [], "x", {"id": "1", "title": "A"}, {})).entries] == [
        "A"
    ]


def test_a_comma_behind_the_last_item_and_a_comment_are_forgiven() -> None:
    text = f'{{"version": "{VERSION}",\n  // by hand\n "items": [{{"id": "1", "title": "A",}},]}}'
    assert parsed(text).entries[0].title == "A"


def test_a_feed_that_lost_its_version_is_known_by_its_items() -> None:
    document = {"items": [{"id": "1", "title": "A", "date_published": "2026-11-23T10:00:00Z"}]}
    assert len(parsed(document).entries) == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"items": [{"id": 1, "name": "produk"}]}',
        '{"error": "not found"}',
        "[1, 2]",
        "{",
        '{"version": "https://jsonfeed.org/version/1"}',
        '{"a":' * 100_000,
        "[" * 1_000_000,
    ],
    ids=["an API", "an error", "a list", "broken off", "no items", "deep objects", "deep lists"],
)
def test_other_json_is_no_feed_and_said_to_be_none(text: str) -> None:
    with pytest.raises(ParseError, match="no JSON Feed"):
        parsed(text)


def test_of_too_many_items_both_ends_are_read() -> None:
    items = [{"id": str(number), "title": f"T{number}"} for number in range(12_000)]
    entries = parsed(feed(*items)).entries
    assert len(entries) == 2000
    assert entries[0].title == "T0"
