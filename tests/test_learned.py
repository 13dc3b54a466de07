"""What a poll teaches about a feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.feeds.fallback import Answer
from bot.feeds.fetch import Fetched, Validators
from bot.feeds.pace import Pace
from bot.learned import MOVES_TO_BELIEVE, address_of, moved, not_there_after_all, paced
from storage.models import Feed

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD, NEW, OTHER = "http://old.example/rss", "http://new.example/rss", "http://other.example/rss"


def answer(moved_to: str | None) -> Answer:
    return Answer(Fetched(200, moved_to or OLD, b"", None, Validators(), None, moved_to))


def follow(feed: Feed, *moves: str | None) -> Feed:
    for move in moves:
        for column, value in moved(feed, answer(move)).items():
            setattr(feed, column, value)
    return feed


def feed() -> Feed:
    return Feed(url=OLD, moved_to=None, moved_times=0)


def test_a_permanent_redirect_is_believed_once_it_has_held_for_several_polls() -> None:
    almost = follow(feed(), *[NEW] * (MOVES_TO_BELIEVE - 1))
    assert address_of(almost) == OLD
    assert address_of(follow(almost, NEW)) == NEW


@pytest.mark.parametrize("other", [None, OTHER], ids=["no redirect", "a redirect elsewhere"])
def test_what_comes_between_starts_the_count_anew(other: str | None) -> None:
    assert address_of(follow(feed(), *[NEW] * 4, other, *[NEW] * 4)) == OLD


def test_a_feed_that_has_moved_is_followed_when_it_moves_on() -> None:
    settled = follow(feed(), *[NEW] * MOVES_TO_BELIEVE)
    assert address_of(follow(settled, None, None)) == NEW
    assert address_of(follow(settled, OTHER)) == OTHER


def test_a_failure_at_the_new_address_sends_us_back_to_the_old_one() -> None:
    settled = follow(feed(), *[NEW] * MOVES_TO_BELIEVE)
    assert not_there_after_all(settled) == {"moved_to": None, "moved_times": 0}
    assert not_there_after_all(feed()) == {}


def test_a_first_reading_has_only_its_dates_and_later_ones_count_what_is_new() -> None:
    fresh = Feed(url=OLD, last_success_at=None, last_polled_at=None)
    dates = [NOW - timedelta(hours=hours) for hours in (1, 2)]
    assert paced(fresh, new_items=0, in_document=2, published=dates, now=NOW) == Pace(24, 7200)
    known = Feed(
        url=OLD,
        last_success_at=NOW,
        last_polled_at=NOW - timedelta(days=2),
        items_per_day=24.0,
        window_s=7200.0,
    )
    slower = paced(known, new_items=0, in_document=None, published=dates, now=NOW)
    assert slower.items_per_day == pytest.approx(24 * 0.3679, rel=0.01)
