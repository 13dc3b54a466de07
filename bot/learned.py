"""What a poll teaches about a feed: from how it went to the columns that the next poll will find. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from bot.feeds.fallback import Answer
from bot.feeds.fetch import Fetched
from bot.feeds.pace import Pace, first_pace, next_pace
from bot.feeds.reading import LastReading, Reading
from bot.feeds.schedule import PollState
from bot.feeds.titles import Habits
from storage.models import Feed

# Polls in a row: a misconfigured server sends everybody to its start page for an hour.
MOVES_TO_BELIEVE: Final = 5
MAX_ADDRESS_CHARS: Final = 2048  # what the column holds


def address_of(feed: Feed) -> str:
    """Where a feed is asked: at its new address, once its server has named that for some time."""
    return feed.moved_to if feed.moved_to and feed.moved_times >= MOVES_TO_BELIEVE else feed.url


def read_by_fallback(feed: Feed) -> bool:
    """Whether its fallback answered last: then it is well, and its error is that of its own address."""
    return feed.fallback is not None and not feed.failures and feed.last_error is not None


def of_fallback(feed: Feed, answer: Answer) -> dict[str, Any]:
    """What is kept of who answered. A feed read through its fallback is well, and says why it is needed."""
    if not answer.used_fallback:
        return {}
    reason = answer.first_error.reason.rstrip(".") if answer.first_error is not None else None
    said = f"read through its fallback; itself: {reason}" if reason else feed.last_error
    return {"last_error": said[:1000] if said else "read through its fallback"}


def moved(feed: Feed, answer: Answer) -> dict[str, Any]:
    """What a permanent redirect, or the absence of one, says of the feed's own address."""
    if answer.used_fallback:
        return {}
    to = answer.fetched.moved_permanently_to
    if address_of(feed) != feed.url:  # believed already; it may have moved on
        return {} if to is None else _move(to, feed.moved_times)
    if to is None:
        return {} if feed.moved_to is None else {"moved_to": None, "moved_times": 0}
    return _move(to, feed.moved_times + 1 if to == feed.moved_to else 1)


def _move(to: str, times: int) -> dict[str, Any]:
    return {"moved_to": to, "moved_times": times} if len(to) <= MAX_ADDRESS_CHARS else {}


def not_there_after_all(feed: Feed) -> dict[str, Any]:
    """After a failure at the new address: the old one is asked again."""
    return {"moved_to": None, "moved_times": 0} if address_of(feed) != feed.url else {}


def pace_of(feed: Feed) -> Pace:
    """What is known of how often a feed publishes."""
    return Pace(feed.items_per_day, feed.window_s)


def paced(
    feed: Feed,
    *,
    new_items: int,
    in_document: int | None,
    published: Sequence[datetime | None],
    now: datetime,
) -> Pace:
    """The pace after a reading; a feed's first reading has only its dates to go by."""
    if feed.last_success_at is None or feed.last_polled_at is None:
        return first_pace(published, now=now)
    elapsed_s = (now - feed.last_polled_at).total_seconds()
    return next_pace(pace_of(feed), new_items=new_items, in_document=in_document, elapsed_s=elapsed_s)


def poll_state(feed: Feed, *, failures: int, pace: Pace, asked_s: float | None) -> PollState:
    """What the schedule wants to know."""
    return PollState(feed.interval_s, failures, pace, asked_s)


def last_reading(feed: Feed) -> LastReading | None:
    """What the last reading left for the next one."""
    if feed.known_items is None:
        return None
    habits = feed.habits or {}
    return LastReading(
        feed.known_items, Habits(frozenset(habits.get("ends", ())), frozenset(habits.get("starts", ())))
    )


def read_from(
    feed: Feed, reading: Reading, fetched: Fetched, pace: Pace, *, strangers: int, now: datetime
) -> dict[str, Any]:
    """What a document that could be read says; `strangers`: how many of its items are new."""
    learned: dict[str, Any] = {
        "etag": fetched.validators.etag,
        "last_modified": fetched.validators.last_modified,
        "known_items": reading.known,
        "habits": {"ends": sorted(reading.habits.ends), "starts": sorted(reading.habits.starts)},
        "items_per_day": pace.items_per_day,
        "window_s": pace.window_s,
        "gaps": feed.gaps + reading.gap,
    }
    if strangers or feed.newest_at is None:
        learned["newest_at"] = now
    asked = [seconds for seconds in (reading.asked_s, fetched.fresh_for_s) if seconds]
    if asked or reading.whole:
        learned["asked_s"] = max(asked, default=None)
    return learned
