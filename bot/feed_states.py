"""How the feeds of the database stand: what is stored of each, put before `bot.feeds.health`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.feeds.addresses import shown
from bot.feeds.health import TROUBLED, Facts, Health, State, health
from bot.feeds.pace import Pace
from bot.learned import address_of
from storage import feed_problems, feeds
from storage.models import Feed

# What needs somebody first, what is well last.
_ORDER = (State.GONE, State.FAILING_LONG, State.SILENT, State.FAILING, State.MOVED, State.NEW, State.FINE)


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed, and how it stands."""

    feed: Feed
    health: Health

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, or ""."""
        parts = (self.health.problem, self.health.advice)
        return " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in parts if part)


def facts_of(feed: Feed, *, empty: bool) -> Facts:
    """What is known of a feed."""
    address = address_of(feed)
    return Facts(
        failures=feed.failures,
        failing_since=feed.failing_since,
        last_error=feed.last_error,
        last_polled_at=feed.last_polled_at,
        last_success_at=feed.last_success_at,
        newest_at=feed.newest_at,
        pace=Pace(feed.items_per_day, feed.window_s),
        empty=empty,
        moved_to=shown(address) if address != feed.url else None,
    )


async def feed_states(session: AsyncSession, *, now: datetime) -> list[FeedState]:
    """All feeds that are polled, by name."""
    empty = await feed_problems.empty(session)
    return [
        FeedState(feed, health(facts_of(feed, empty=feed.id in empty), now=now))
        for feed in await feeds.enabled(session)
    ]


def worst_first(states: Iterable[FeedState]) -> list[FeedState]:
    """Those that need somebody before those that are well."""
    return sorted(states, key=lambda state: _ORDER.index(state.health.state))


def summary(states: Iterable[FeedState]) -> str:
    """``80 feeds: 2 in trouble, 1 failing, 77 fine``."""
    counts = {"in trouble": 0, "failing": 0, "not read so far": 0, "fine": 0}
    total = 0
    for state in states:
        total += 1
        if state.health.state in TROUBLED:
            counts["in trouble"] += 1
        elif state.health.state is State.FAILING:
            counts["failing"] += 1
        elif state.health.state is State.NEW:
            counts["not read so far"] += 1
        else:
            counts["fine"] += 1
    parts = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{total} feed{'' if total == 1 else 's'}" + (f": {parts}" if parts else "")
