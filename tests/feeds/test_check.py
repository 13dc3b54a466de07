"""What `feeds check` prints."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from bot.feeds.check import entry_rows
from bot.feeds.parse import Entry, ParsedFeed


def test_each_entry_is_a_row_as_it_was_understood() -> None:
    asked: list[tuple[str, str | None]] = []

    def detect(text: str, prior: str | None) -> str:
        asked.append((text, prior))
        return "id"

    wib = timezone(timedelta(hours=7))
    dated = Entry(
        "a" * 64, "g", "https://a.example/1", "Judul", "Isi", datetime(2026, 11, 23, 17, 30, tzinfo=wib)
    )
    bare = Entry("b" * 64, None, None, "Judul saja", "", None)
    rows = entry_rows("./kabar.xml", ParsedFeed("Kabar", "en", (dated, bare)), detect)
    assert rows == [
        {
            "feed": "./kabar.xml",
            "guid": "g",
            "url": "https://a.example/1",
            "title": "Judul",
            "summary": "Isi",
            "published": "2026-11-23T10:30:00Z",
            "language": "id",
        },
        {
            "feed": "./kabar.xml",
            "guid": None,
            "url": None,
            "title": "Judul saja",
            "summary": "",
            "published": None,
            "language": "id",
        },
    ]
    assert asked == [("Judul\nIsi", "en"), ("Judul saja", "en")]
    assert datetime.fromisoformat(json.loads(json.dumps(rows))[0]["published"]) == dated.published
    assert dated.published is not None
    assert dated.published.astimezone(UTC).hour == 10
