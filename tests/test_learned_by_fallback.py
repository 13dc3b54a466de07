"""A feed that refuses is read through its fallback, and says so."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.errors import RarewatchError
from bot.feeds.fallback import Answer
from bot.feeds.fetch import Fetched, Validators
from bot.learned import moved, of_fallback, read_by_fallback
from storage.models import Feed

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FETCHED = Fetched(200, "http://other.example/", b"", None, Validators(), None, "http://moved.example/")


def feed(**values: object) -> Feed:
    given = {"url": "http://a.example/", "fallback": "http://b.example/", "failures": 0, "moved_times": 0}
    return Feed(**{**given, **values})


def test_a_feed_read_through_its_fallback_is_well_and_says_why() -> None:
    refused = RarewatchError("http://a.example/", "the server refuses us (status 403).")
    learned = of_fallback(feed(), Answer(FETCHED, used_fallback=True, first_error=refused))
    assert learned == {"last_error": "read through its fallback; itself: the server refuses us (status 403)"}
    assert read_by_fallback(feed(**learned))


def test_while_its_own_address_rests_the_reason_stands() -> None:
    said = "read through its fallback; itself: gone"
    assert of_fallback(feed(last_error=said), Answer(FETCHED, used_fallback=True)) == {"last_error": said}


def test_a_feed_that_answers_itself_is_not_taken_for_one_that_does_not() -> None:
    assert of_fallback(feed(), Answer(FETCHED)) == {}
    assert not read_by_fallback(feed())
    assert not read_by_fallback(feed(last_error="gone", failures=2))
    assert not read_by_fallback(feed(last_error="gone", fallback=None))


def test_where_a_fallback_moves_says_nothing_of_the_feed() -> None:
    assert moved(feed(), Answer(FETCHED, used_fallback=True)) == {}
    assert moved(feed(), Answer(FETCHED))["moved_to"] == "http://moved.example/"
