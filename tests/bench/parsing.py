"""A common feed, parsed: ours (decoding, dates, plain text, identity) against feedparser's own defaults."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import feedparser

from bot.feeds.parse import parse_document
from tests.bench.figures import Figure, rate
from tests.bench.sample import feed_document

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def parsing() -> list[Figure]:
    """Documents of 30 items a second, on one core."""
    document = feed_document(0, items=30)

    def ours() -> int:
        return len(
            parse_document(document, url="http://x.example/", content_type="text/xml", now=NOW).entries
        )

    def theirs() -> int:
        return len(feedparser.parse(io.BytesIO(document)).entries)

    return [
        Figure("parse a feed of 30 items", "items", rate(ours), "feedparser with its defaults", rate(theirs))
    ]
