"""Feeds that people add and remove, beside those of feeds.yaml."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage import added_feeds, feeds
from storage.added_feeds import Change
from storage.database import Database
from storage.feeds import FeedRow

SARI = 11
KABAR = FeedRow("https://kabar.example/rss", "Kabar", "id", "ID", "trade", ("mining",))
LENTA = FeedRow("https://lenta.example/rss", "Лента" * 50, "ru", None, "independent")


async def offered(database: Database, now: datetime) -> list[int]:
    async with database.write() as session:
        return [feed.id for feed in await added_feeds.offer(session, [KABAR, LENTA], by=SARI, now=now)]


async def polled(database: Database) -> list[str]:
    async with database.read() as session:
        return [feed.url for feed in await feeds.enabled(session)]


async def test_what_is_only_offered_is_not_polled(any_database: Database, now: datetime) -> None:
    ids = await offered(any_database, now)
    assert await polled(any_database) == []
    assert await offered(any_database, now) == ids  # the same rows again


async def test_a_feed_is_taken_once_and_due_at_once(any_database: Database, now: datetime) -> None:
    first, _ = await offered(any_database, now)
    later = now + timedelta(hours=1)
    async with any_database.write() as session:
        taken = await added_feeds.take(session, first, by=SARI, now=later)
    assert (taken.change, taken.feed and taken.feed.added_by) == (Change.DONE, SARI)
    async with any_database.write() as session:
        assert (await added_feeds.take(session, first, by=SARI, now=later)).change is Change.ALREADY
        assert (await added_feeds.take(session, 999, by=SARI, now=later)).change is Change.UNKNOWN
        [due] = await feeds.claim_due(session, now=later, limit=9, owner="test", lease_s=60)
        assert (due.url, due.language, due.tags) == (KABAR.url, "id", ["mining"])


async def test_a_removed_feed_rests_and_comes_back(any_database: Database, now: datetime) -> None:
    first, _ = await offered(any_database, now)
    async with any_database.write() as session:
        await added_feeds.take(session, first, by=SARI, now=now)
        assert [feed.id for feed in await added_feeds.added(session)] == [first]
        assert (await added_feeds.remove(session, first)).change is Change.DONE
        assert (await added_feeds.remove(session, first)).change is Change.ALREADY
        assert (await added_feeds.remove(session, 999)).change is Change.UNKNOWN
        assert await added_feeds.added(session) == []
    assert await polled(any_database) == []
    async with any_database.write() as session:
        assert (await added_feeds.take(session, first, by=SARI, now=now)).change is Change.DONE
    assert await polled(any_database) == [KABAR.url]


async def test_what_feeds_yaml_lists_is_for_feeds_yaml_to_say(any_database: Database, now: datetime) -> None:
    first, _ = await offered(any_database, now)
    async with any_database.write() as session:
        await added_feeds.take(session, first, by=SARI, now=now)
        await feeds.sync(session, [KABAR], now=now)
    async with any_database.write() as session:
        assert (await added_feeds.remove(session, first)).change is Change.LISTED
        assert (await added_feeds.take(session, first, by=SARI, now=now)).change is Change.LISTED
        await feeds.sync(session, [], now=now)  # it has left the file
    async with any_database.write() as session:
        assert (await added_feeds.take(session, first, by=SARI, now=now)).change is Change.DONE
        await feeds.sync(session, [], now=now)
    assert await polled(any_database) == [KABAR.url]
