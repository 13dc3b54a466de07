"""What is said of a feed that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.feeds.diagnosis import Remark, remarks
from bot.feeds.parse import Entry, ParsedFeed

MINUTE = timedelta(minutes=1)


def entries(now: datetime, ages: Sequence[timedelta | None]) -> tuple[Entry, ...]:
    return tuple(
        Entry(f"{number:064}", f"g{number}", f"https://a.example/{number}", "Judul", "", date)
        for number, date in enumerate(None if age is None else now - age for age in ages)
    )


def said(
    now: datetime,
    parsed: ParsedFeed,
    *,
    body: bytes = b"<rss/>",
    content_type: str | None = "application/rss+xml",
    language: str = "id",
    moved_to: str | None = None,
) -> tuple[Remark, ...]:
    return remarks(
        parsed, body=body, content_type=content_type, language=language, moved_to=moved_to, now=now
    )


def texts(found: Sequence[Remark]) -> list[str]:
    return [remark.text for remark in found]


@pytest.fixture
def good(now: datetime) -> ParsedFeed:
    """An entry an hour."""
    return ParsedFeed("Kabar", "id", entries(now, [number * 60 * MINUTE for number in range(1, 21)]))


def test_nothing_is_said_of_a_feed_without_fault(good: ParsedFeed, now: datetime) -> None:
    assert said(now, good) == ()


def test_a_feed_without_entries_is_of_no_use(now: datetime) -> None:
    [remark] = said(now, ParsedFeed("Kabar", "id", ()))
    assert remark.grave
    assert "no entry" in remark.text


def test_missing_dates_are_counted(good: ParsedFeed, now: datetime) -> None:
    assert texts(said(now, replace(good, entries=entries(now, [None, None])))) == [
        "no entry has a date that can be read"
    ]
    some = replace(good, entries=entries(now, [None, 60 * MINUTE, 300 * MINUTE]))
    assert texts(said(now, some)) == ["1 of 3 entries have no date that can be read"]


@pytest.mark.parametrize(
    ("days", "grave"),
    [([3, 3.1, 3.2], True), ([3, 10, 17], False), ([700, 707, 714], True), ([31], True), ([29], False)],
    ids=["several a day", "weekly", "ended two years ago", "one old entry", "one of this month"],
)
def test_silence_is_told_by_the_feeds_own_habit(now: datetime, days: list[float], grave: bool) -> None:
    found = said(now, ParsedFeed("Kabar", None, entries(now, [timedelta(days=each) for each in days])))
    assert [remark.grave for remark in found] == [True] * grave
    if grave:
        assert f"({int(days[0])} days)" in found[0].text


def test_a_short_window_is_said(now: datetime) -> None:
    parsed = ParsedFeed("Kabar", None, entries(now, [number * MINUTE for number in range(50)]))
    assert texts(said(now, parsed)) == ["its 50 dated entries cover 49 minutes, so it has to be read often"]


def test_guids_that_tell_nothing_apart_are_said(good: ParsedFeed, now: datetime) -> None:
    same = replace(good, entries=tuple(replace(entry, guid="1") for entry in good.entries))
    assert texts(said(now, same)) == ["all entries have the same guid"]
    first, second, *rest = good.entries
    two = replace(good, entries=(first, replace(second, guid=first.guid), *rest))
    assert texts(said(now, two)) == ["some entries share a guid"]


def test_missing_links_are_counted(good: ParsedFeed, now: datetime) -> None:
    first, *rest = good.entries
    assert texts(said(now, replace(good, entries=(replace(first, url=None), *rest)))) == [
        "1 of 20 entries have no link"
    ]


RUSSIAN = "Рудник «Томтор»"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (RUSSIAN.encode("cp1251"), "text/xml; charset=utf-8", ["its server says that its encoding"]),
        (
            b'<?xml version="1.0" encoding="UTF-8"?>' + RUSSIAN.encode("cp1251"),
            None,
            ["the document says that its encoding is UTF-8, and it is not"],
        ),
        (
            b'<?xml version="1.0" encoding="windows-1251"?>' + RUSSIAN.encode(),
            "text/xml; charset=utf-8",
            ["the document says that its encoding is windows-1251, and it is UTF-8"],
        ),
        (RUSSIAN.encode("cp1251"), "text/xml; charset=windows-1251", []),
        (RUSSIAN.encode(), "text/xml; charset=utf-8", []),
        (b"plain", "text/xml; charset=iso-8859-1", []),
        (b"plain", "text/xml; charset=klingon", ["its server says that its encoding is klingon,"]),
        (b"plain", "text/xml; charset=rot13", ["its server says that its encoding is rot13,"]),
    ],
)
def test_a_wrong_encoding_is_told_with_who_says_it(
    good: ParsedFeed, now: datetime, body: bytes, content_type: str | None, expected: list[str]
) -> None:
    found = texts(said(now, good, body=body, content_type=content_type))
    assert len(found) == len(expected)
    assert all(text.startswith(start) for text, start in zip(found, expected, strict=True))


def test_what_a_feed_asks_for_and_where_it_went_is_said(good: ParsedFeed, now: datetime) -> None:
    asking = replace(good, ttl_s=3600, skip_hours=frozenset({0, 1}), language="en")
    found = said(now, asking, content_type="text/html", moved_to="https://u:geheim@new.example/rss")
    assert texts(found) == [
        "it says that it is in “en”, and its entries are in “id”",
        "it has moved for good to https://new.example/rss",
        "its server calls it a web page (text/html)",
        "it asks to be read every 60 minutes, no more",
        "it names 2 hours and 0 days of rest",
    ]


def test_the_gravest_comes_first(now: datetime) -> None:
    parsed = ParsedFeed("Kabar", "en", entries(now, [timedelta(days=90)]))
    assert [remark.grave for remark in said(now, parsed)] == [True, False]
