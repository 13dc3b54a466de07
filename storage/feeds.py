"""Feeds: which there are, which are due, and what the last poll found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from storage.database import claim, insert_new
from storage.models import Feed

NAME_CHARS = 200  # what the column holds
PORTION = 300


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as the catalogue describes it."""

    url: str
    name: str
    language: str
    country: str | None
    tier: str
    tags: tuple[str, ...] = ()
    interval_s: int | None = None
    user_agent: str | None = None
    fallback: str | None = None
    full_text: bool = False


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How the feeds stand, for a summary."""

    enabled: int
    failing: int
    never_read: int


async def sync(session: AsyncSession, rows: Sequence[FeedRow], *, now: datetime) -> None:
    """Makes the enabled feeds exactly `rows`, beside those that people added in a chat.

    What a feed already knows (validators, failures) is kept.
    """
    # SQLite does not mind a longer name than the column's; PostgreSQL would refuse them all for one.
    rows = [replace(row, name=row.name[:NAME_CHARS]) for row in rows]
    known = {feed.url: feed for feed in await session.scalars(select(Feed))}
    for row in rows:
        feed = known.get(row.url)
        if feed is None:
            continue
        feed.enabled, feed.added_by = True, None
        if row.interval_s is not None and row.interval_s != feed.interval_s and not feed.failures:
            # A shorter interval counts from now, not from the end of the longer one.
            feed.next_poll_at = min(feed.next_poll_at, now + timedelta(seconds=row.interval_s))
        feed.name, feed.language = row.name[:200], row.language
        feed.country, feed.tier = row.country, row.tier
        feed.tags, feed.interval_s = list(row.tags), row.interval_s
        feed.user_agent, feed.fallback, feed.full_text = row.user_agent, row.fallback, row.full_text
    for url in known.keys() - {row.url for row in rows}:
        known[url].enabled = known[url].enabled and known[url].added_by is not None
    await session.flush()
    await insert_new(
        session, Feed, [_new_feed(row, now) for row in rows if row.url not in known], conflict=["url"]
    )


def _new_feed(row: FeedRow, now: datetime) -> dict[str, Any]:
    return {
        "url": row.url,
        "name": row.name[:200],
        "language": row.language,
        "country": row.country,
        "tier": row.tier,
        "tags": list(row.tags),
        "interval_s": row.interval_s,
        "user_agent": row.user_agent,
        "fallback": row.fallback,
        "full_text": row.full_text,
        "next_poll_at": now,
    }


async def claim_due(
    session: AsyncSession, *, now: datetime, limit: int, owner: str, lease_s: float
) -> list[Feed]:
    """Takes feeds whose time has come, the longest overdue first."""
    return await claim(
        session,
        Feed,
        where=Feed.enabled & (Feed.next_poll_at <= now),
        order_by=[Feed.next_poll_at.expression],
        limit=limit,
        owner=owner,
        now=now,
        lease_s=lease_s,
    )


async def make_due(session: AsyncSession, *, now: datetime) -> int:
    """Makes every feed due now; gives how many there are."""
    made_due = await session.execute(
        update(Feed).where(Feed.enabled).values(next_poll_at=now).execution_options(synchronize_session=False)
    )
    return int(made_due.rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class PollRecord:
    """What a poll found out about a feed: columns and their new values, beside when it is due again."""

    feed_id: int
    next_poll_at: datetime
    values: Mapping[str, Any]


def read_well(feed_id: int, *, now: datetime, next_poll_at: datetime, **learned: Any) -> PollRecord:
    """After a document that could be read: what was learnt from it, and the failures are over."""
    well = {"failures": 0, "failing_since": None, "last_error": None, "last_success_at": now}
    return PollRecord(feed_id, next_poll_at, {**well, **learned})


def unchanged(feed_id: int, *, next_poll_at: datetime, **learned: Any) -> PollRecord:
    """After a 304. It never clears a failure count: a broken proxy answers 304 for ever."""
    return PollRecord(feed_id, next_poll_at, learned)


def failed(feed: Feed, *, now: datetime, next_poll_at: datetime, error: str, **learned: Any) -> PollRecord:
    """After a poll that brought nothing: one failure more, since when, and why."""
    failure = {
        "failures": feed.failures + 1,
        "failing_since": feed.failing_since or now,
        "last_error": error[:1000],
    }
    return PollRecord(feed.id, next_poll_at, {**failure, **learned})


async def record(session: AsyncSession, records: Sequence[PollRecord], *, now: datetime) -> None:
    """Writes down what polls found, and gives their leases back; many polls cost little more than one."""
    alike: dict[tuple[str, ...], list[PollRecord]] = {}
    for one in records:
        alike.setdefault(tuple(sorted(one.values)), []).append(one)
    for columns, several in alike.items():
        await session.execute(
            update(Feed.__table__)  # type: ignore[arg-type]
            .where(Feed.id == bindparam("of_feed"))
            .values(
                last_polled_at=now,
                next_poll_at=bindparam("due"),
                lease_owner=None,
                lease_until=None,
                **{column: bindparam(f"new_{column}") for column in columns},
            ),
            [
                {"of_feed": one.feed_id, "due": one.next_poll_at}
                | {f"new_{column}": value for column, value in one.values.items()}
                for one in several
            ],
        )


async def postpone(session: AsyncSession, feed_id: int, until: datetime) -> None:
    """Gives a feed's lease back, unpolled; it is due again at a time."""
    await session.execute(
        update(Feed)
        .where(Feed.id == feed_id)
        .values(next_poll_at=until, lease_owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Feed]:
    """The feeds with these ids."""
    return {feed.id: feed for feed in await session.scalars(select(Feed).where(Feed.id.in_(ids)))}


async def each_enabled(session: AsyncSession) -> AsyncIterator[Feed]:
    """All feeds that are polled, by name; without what only the next poll wants, which may be large."""
    kept_back = [defer(column, raiseload=True) for column in (Feed.known_items, Feed.habits)]
    all_feeds = select(Feed).where(Feed.enabled).order_by(Feed.name).options(*kept_back)
    # In portions: of ten thousand feeds at once, half a second would go by in which nothing else is done.
    async for feed in await session.stream_scalars(all_feeds.execution_options(yield_per=PORTION)):
        yield feed


async def enabled(session: AsyncSession) -> list[Feed]:
    """As `each_enabled`, all at once."""
    return [feed async for feed in each_enabled(session)]


async def counts(session: AsyncSession) -> FeedCounts:
    """How many feeds are polled, fail, or were never read."""
    row = (
        await session.execute(
            select(
                func.count(),
                func.count().filter(Feed.failures > 0),
                func.count().filter(Feed.last_success_at.is_(None)),
            ).where(Feed.enabled)
        )
    ).one()
    return FeedCounts(*row)
