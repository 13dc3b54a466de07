"""What `doctor` says of feeds: one line for all, one for each thing to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.doctor_feeds import ENOUGH_PAGES, NAMED, SHOWN, examine_feeds
from bot.feed_states import FeedState, facts_of
from bot.feeds.health import health
from storage.models import Feed


def state(now: datetime, name: str, **values: object) -> FeedState:
    """A feed with an item an hour that was read a moment ago."""
    feed = Feed(
        **{
            "name": name,
            "url": "http://a.example/",
            "failures": 0,
            "gaps": 0,
            "moved_times": 0,
            "last_polled_at": now,
            "last_success_at": now,
            "newest_at": now,
            "items_per_day": 24.0,
            **values,
        }
    )
    return FeedState(feed, health(facts_of(feed, empty=False), now=now))


def test_without_feeds_it_says_where_they_come_from() -> None:
    [(ok, text)] = examine_feeds([])
    assert ok is None
    assert "rarewatch run" in text


def test_feeds_that_are_well_are_one_line(now: datetime) -> None:
    assert list(examine_feeds([state(now, "A"), state(now, "B")])) == [(True, "2 feeds: 2 fine")]


def test_those_that_fail_alike_share_a_line_and_a_day_brings_advice(now: datetime) -> None:
    down = {"failures": 3, "last_error": "no connection could be made"}
    short = [state(now, f"s{number}", failing_since=now, **down) for number in range(NAMED + 2)]
    long = [state(now, "old", failing_since=now - timedelta(days=3), **down)]
    general, first, second = examine_feeds([*short, *long])
    assert general == (None, "9 feeds: 1 in trouble, 8 failing")
    assert first == (False, "no connection could be made: s0, s1, s2, s3, s4, s5 and 2 more")
    assert second[0] is False
    assert second[1].startswith("no connection could be made: old. Look for its new address")


def test_the_silent_the_moved_and_the_gaps_are_named(now: datetime) -> None:
    silent = state(now, "Sunyi", newest_at=now - timedelta(days=30))
    moved = state(now, "Pindah", moved_to="https://u:geheim@new.example/rss", moved_times=5)
    found = list(examine_feeds([silent, moved, state(now, "Bolong", gaps=3)]))
    assert [ok for ok, _ in found] == [None, False, None, None]
    assert found[1][1].startswith("Sunyi: It can be read, but has brought nothing new for 30 days. See")
    assert found[2][1].startswith("Pindah: It has moved to https://new.example/rss")
    assert "Bolong (3)" in found[3][1]


def test_very_many_silent_feeds_are_cut_short(now: datetime) -> None:
    silent = [state(now, "S", newest_at=now - timedelta(days=30)) for _ in range(SHOWN + 5)]
    found = list(examine_feeds(silent))
    assert len(found) == SHOWN + 2
    assert found[-1][1].startswith("5 more are silent")


def test_of_feeds_with_full_text_it_says_how_many_pages_had_one_and_which_never_do(now: datetime) -> None:
    states = [state(now, name, id=number) for number, name in enumerate(["Lengkap", "Berbayar", "Baru", "X"])]
    pages = {0: (10, 8), 1: (ENOUGH_PAGES, 0), 2: (ENOUGH_PAGES - 1, 0)}
    _, general, without = examine_feeds(states, pages)
    assert general == (None, "full text of 8 of 19 articles in the last days")
    assert without[0] is False
    assert without[1].startswith("no text on any article's page: Berbayar. ")
    assert list(examine_feeds(states)) == [(True, "4 feeds: 4 fine")]
