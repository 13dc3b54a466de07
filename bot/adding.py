"""Feeds that people add beside feeds.yaml, and remove: what is kept of one, and how it is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.feeds.catalog import LANGUAGES
from bot.inspection import Inspection
from storage import added_feeds
from storage.added_feeds import Change
from storage.database import Database
from storage.feeds import FeedRow

TIER = "independent"  # what most are; nobody is asked in a chat

REFUSED = {
    Change.ALREADY: "it is read already",
    Change.LISTED: "feeds.yaml lists it, and decides about it",
    Change.UNKNOWN: "there is no such feed",
}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a wish to add: `refused` is why not, or ""."""

    url: str
    name: str
    language: str
    refused: str = ""


def row_of(
    found: Inspection,
    *,
    name: str | None = None,
    language: str | None = None,
    country: str | None = None,
    tier: str = TIER,
) -> FeedRow:
    """A feed as it is kept; what is not said is as it was found."""
    spoken = language or found.language
    return FeedRow(
        url=found.url,
        name=" ".join((name or found.name).split()),
        language=spoken if spoken in LANGUAGES else "en",  # a hint; each article is looked at anew
        country=country.upper() if country else None,
        tier=tier,
    )


async def add(database: Database, row: FeedRow, *, by: int, now: datetime) -> Added:
    """Has a feed polled."""
    async with database.write() as session:
        [feed] = await added_feeds.offer(session, [row], by=by, now=now)
        changed = await added_feeds.take(session, feed.id, by=by, now=now)
        return Added(feed.url, feed.name, feed.language, REFUSED.get(changed.change, ""))


async def remove(database: Database, url: str) -> str:
    """Has a feed polled no more; gives why not, or ""."""
    async with database.write() as session:
        feed = await added_feeds.find(session, url)
        if feed is None or not feed.enabled:
            return REFUSED[Change.UNKNOWN]
        return REFUSED.get((await added_feeds.remove(session, feed.id)).change, "")


@asynccontextmanager
async def open_database(address: str) -> AsyncIterator[Database]:
    """The database for a command, brought up to date."""
    database = Database(address)
    try:
        await database.upgrade()
        yield database
    finally:
        await database.close()
