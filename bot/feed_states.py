"""How the feeds of the database stand: what is stored of each, put before `bot.feeds.health`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.feeds.addresses import shown
from bot.feeds.health import TROUBLED, Dated, Facts, Health, State, health
from bot.feeds.schedule import interval_s
from bot.learned import address_of, pace_of, poll_state
from storage import feed_problems, feeds
from storage.models import Feed

LITTLE_PER_DAY = 1 / 14
"""Items: of feeds that bring less, the dates of all their articles are looked at."""

# What needs somebody first, what is well last.
_ORDER = (State.GONE, State.FAILING_LONG, State.SILENT, State.FAILING, State.MOVED, State.NEW, State.FINE)


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed, and how it stands."""

    feed: Feed
    health: Health

    @property
    def every_s(self) -> float | None:
        """Seconds from one reading to the next, as written or found out; None before the first."""
        feed = self.feed
        if feed.interval_s is None and feed.last_success_at is None:
            return None
        return feed.poll_every_s or interval_s(
            poll_state(feed, failures=0, pace=pace_of(feed), asked_s=feed.asked_s)
        )

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, or ""."""
        parts = (self.health.problem, self.health.advice)
        return " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in parts if part)


def facts_of(feed: Feed, *, empty: bool, dated: Dated | None = None) -> Facts:
    """What is known of a feed."""
    address = address_of(feed)
    return Facts(
        failures=feed.failures,
        failing_since=feed.failing_since,
        last_error=feed.last_error,
        last_polled_at=feed.last_polled_at,
        last_success_at=feed.last_success_at,
        newest_at=feed.newest_at,
        pace=pace_of(feed),
        empty=empty,
        dated=dated,
        moved_to=shown(address) if address != feed.url else None,
    )


async def each_feed_state(session: AsyncSession, *, now: datetime) -> AsyncIterator[FeedState]:
    """All feeds that are polled, by name, one by one: there may be thousands."""
    empty = await feed_problems.empty(session)
    dates = await feed_problems.dates(session, items_per_day=LITTLE_PER_DAY)
    number = 0
    async for feed in feeds.each_enabled(session):
        dated = dates.get(feed.id)
        facts = facts_of(feed, empty=feed.id in empty, dated=Dated(*dated) if dated else None)
        yield FeedState(feed, health(facts, now=now))
        number += 1
        if not number % feeds.PORTION:  # others have work to do
            await asyncio.sleep(0)


async def feed_states(session: AsyncSession, *, now: datetime) -> list[FeedState]:
    """As `each_feed_state`, all at once."""
    return [state async for state in each_feed_state(session, now=now)]


def worst_first(states: Iterable[FeedState]) -> list[FeedState]:
    """Those that need somebody before those that are well."""
    return sorted(states, key=lambda state: _ORDER.index(state.health.state))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many feeds stand how."""

    in_trouble: int = 0
    failing: int = 0
    new: int = 0
    fine: int = 0


def counted(states: Iterable[FeedState]) -> Counts:
    """How many feeds stand how."""
    found = Counter(
        "in_trouble"
        if state.health.state in TROUBLED
        else {State.FAILING: "failing", State.NEW: "new"}.get(state.health.state, "fine")
        for state in states
    )
    return Counts(**found)


def summary(states: Iterable[FeedState]) -> str:
    """``80 feeds: 2 in trouble, 1 failing, 77 fine``."""
    counts = counted(states)
    named = {
        "in trouble": counts.in_trouble,
        "failing": counts.failing,
        "not read so far": counts.new,
        "fine": counts.fine,
    }
    total = sum(named.values())
    parts = ", ".join(f"{count} {what}" for what, count in named.items() if count)
    return f"{total} feed{'' if total == 1 else 's'}" + (f": {parts}" if parts else "")
