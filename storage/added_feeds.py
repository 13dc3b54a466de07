"""Feeds that people add beside feeds.yaml, and take away again.

`added_by` says who: a Telegram user's id, or `TERMINAL` for whoever has this machine's command line. A feed
that feeds.yaml lists has none, and belongs to that file. One that was offered and not taken, or was removed,
stays as a row that is not polled: its articles name it, and a button brings it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_new
from storage.feeds import NAME_CHARS, FeedRow
from storage.models import Feed

TERMINAL = 0  # no Telegram user has this id


class Change(StrEnum):
    """What became of a wish."""

    DONE = "done"
    ALREADY = "already"  # it is so
    LISTED = "listed"  # feeds.yaml lists it, and decides
    UNKNOWN = "unknown"  # there is no such feed


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a wish, and the feed as it is now; None when there is none."""

    change: Change
    feed: Feed | None


async def find(session: AsyncSession, url: str) -> Feed | None:
    """The feed with this very address."""
    return await session.scalar(select(Feed).where(Feed.url == url))


async def added(session: AsyncSession) -> list[Feed]:
    """The feeds that people added and that are polled, by name."""
    return list(
        await session.scalars(
            select(Feed).where(Feed.enabled, Feed.added_by.is_not(None)).order_by(Feed.name, Feed.id)
        )
    )


async def offer(session: AsyncSession, rows: Sequence[FeedRow], *, by: int, now: datetime) -> list[Feed]:
    """Notes feeds that somebody may add, without polling them; gives them, known ones as they are."""
    rows = [replace(row, name=row.name[:NAME_CHARS]) for row in rows]
    await insert_new(
        session,
        Feed,
        [
            {
                "url": row.url,
                "name": row.name,
                "language": row.language,
                "country": row.country,
                "tier": row.tier,
                "tags": list(row.tags),
                "enabled": False,
                "added_by": by,
                "next_poll_at": now,
            }
            for row in rows
        ],
        conflict=["url"],
    )
    known = {
        feed.url: feed
        for feed in await session.scalars(select(Feed).where(Feed.url.in_([row.url for row in rows])))
    }
    return [known[row.url] for row in rows]


async def take(session: AsyncSession, feed_id: int, *, by: int, now: datetime) -> Changed:
    """Has a feed polled from now on."""
    feed = await session.get(Feed, feed_id)
    if feed is None:
        return Changed(Change.UNKNOWN, None)
    if feed.enabled:
        return Changed(Change.LISTED if feed.added_by is None else Change.ALREADY, feed)
    # One that has left feeds.yaml may be added: it is this person's then.
    feed.enabled, feed.added_by, feed.next_poll_at = True, by, now
    feed.failures, feed.failing_since, feed.last_error, feed.problem_told_at = 0, None, None, None
    await session.flush()
    return Changed(Change.DONE, feed)


async def remove(session: AsyncSession, feed_id: int) -> Changed:
    """Has a feed polled no more. Its articles stay."""
    feed = await session.get(Feed, feed_id)
    if feed is None:
        return Changed(Change.UNKNOWN, None)
    if not feed.enabled:
        return Changed(Change.ALREADY, feed)
    if feed.added_by is None:
        return Changed(Change.LISTED, feed)
    feed.enabled = False
    await session.flush()
    return Changed(Change.DONE, feed)
