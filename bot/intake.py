"""What becomes of an item when it is first seen, and of a translation that failed. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from bot.feeds.parse import Entry
from storage.articles import NewArticle

BACKLOG_AGE = timedelta(hours=24)  # older news is kept, but nobody is woken by it
GIVE_UP_TRANSLATING = timedelta(days=3)
MAX_TRANSLATE_PAUSE_S = 900.0
TIRED = 5
"""After so many tries an article goes behind the others: it may be the text that no translator can take."""


def is_backlog(published: datetime | None, *, first_poll: bool, now: datetime) -> bool:
    """Whether an item is too old to alert about when it is first seen.

    An item without a date counts as old when it comes with the first poll of its feed: it may have stood
    there for a year.
    """
    if published is None:
        return first_poll
    return now - published > BACKLOG_AGE


def to_new_article(entry: Entry, *, first_poll: bool, now: datetime) -> NewArticle:
    """A feed's entry as it is stored. A date in the future is now: clocks and schedulers err."""
    published = min(entry.published, now) if entry.published is not None else None
    return NewArticle(
        identity=entry.identity,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        published_at=published,
        backlog=is_backlog(published, first_poll=first_poll, now=now),
        content_hash=entry.content_hash or None,
        link_key=entry.link_key,
        title_key=entry.title_key or None,
        image=entry.image,
        enclosures=tuple(asdict(enclosure) for enclosure in entry.enclosures),
    )


def next_translation(*, attempts: int, first_seen: datetime, base_s: float, now: datetime) -> datetime | None:
    """When to try again after `attempts` failures; None when the news is too old to bother."""
    if now - first_seen > GIVE_UP_TRANSLATING:
        return None
    return now + timedelta(seconds=min(base_s * 2 ** min(attempts, 10), MAX_TRANSLATE_PAUSE_S))


def translate_again_after(
    *, attempts: int, first_seen: datetime, outage: bool, base_s: float, now: datetime
) -> datetime | None:
    """When an article is due again whose translation failed; None: not any more.

    In an outage the article is not to blame: it is due at once, and `bot.backlog` says when anything is
    tried. One that failed often waits longer each time in any case: it may be what the translators choke on.
    """
    pause = next_translation(attempts=attempts, first_seen=first_seen, base_s=base_s, now=now)
    return now if outage and attempts < TIRED and pause is not None else pause
