"""Feeds in the database: in step with the catalogue, and what a poll leaves behind."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import InvalidRequestError

from storage import feeds
from storage.database import Database
from storage.feeds import FeedRow
from storage.models import Feed

HOUR = timedelta(hours=1)


def row(url: str = "http://a.example/rss", *, name: str = "A", interval_s: int | None = None) -> FeedRow:
    return FeedRow(url, name, "id", "ID", "trade", ("mining",), interval_s)


async def sync(database: Database, *rows: FeedRow, now: datetime) -> None:
    async with database.write() as session:
        await feeds.sync(session, rows, now=now)


async def stored(database: Database) -> dict[str, Feed]:
    async with database.read() as session:
        return {feed.url: feed for feed in await session.scalars(select(Feed))}


async def only(database: Database) -> Feed:
    [feed] = (await stored(database)).values()
    return feed


async def read_once(database: Database, feed_id: int, now: datetime, *, next_in: timedelta = HOUR) -> None:
    async with database.write() as session:
        learned = {"etag": '"e"', "last_modified": "Mon, 23 Nov 2026 09:00:00 GMT"}
        one = feeds.read_well(feed_id, now=now, next_poll_at=now + next_in, **learned)
        await feeds.record(session, [one], now=now)


async def fail(
    database: Database, feed_id: int, now: datetime, *, error: str, next_in: timedelta = HOUR
) -> None:
    async with database.write() as session:
        feed = (await feeds.by_ids(session, [feed_id]))[feed_id]
        one = feeds.failed(feed, now=now, next_poll_at=now + next_in, error=error)
        await feeds.record(session, [one], now=now)


async def test_a_catalogue_read_again_keeps_what_a_feed_has_learnt(
    any_database: Database, now: datetime
) -> None:
    await sync(any_database, row(), now=now)
    feed = await only(any_database)
    await read_once(any_database, feed.id, now)
    await fail(any_database, feed.id, now, error="gone")
    await sync(any_database, row(name="A, renamed"), now=now + HOUR / 2)
    feed = await only(any_database)
    assert (feed.name, feed.etag, feed.failures, feed.last_error) == ("A, renamed", '"e"', 1, "gone")
    assert feed.next_poll_at == now + HOUR


async def test_a_feed_that_left_the_catalogue_rests_and_comes_back_as_it_was(
    any_database: Database, now: datetime
) -> None:
    await sync(any_database, row("http://a/"), row("http://b/"), now=now)
    a = (await stored(any_database))["http://a/"]
    await read_once(any_database, a.id, now, next_in=timedelta(0))
    await sync(any_database, row("http://b/"), row("http://c/"), now=now)
    async with any_database.write() as session:
        due = await feeds.claim_due(session, now=now, limit=10, owner="w", lease_s=60)
        assert {feed.url for feed in due} == {"http://b/", "http://c/"}
        assert (await feeds.counts(session)).enabled == 2
    await sync(any_database, row("http://a/"), now=now)
    again = (await stored(any_database))["http://a/"]
    assert (again.id, again.enabled, again.etag) == (a.id, True, '"e"')


async def test_an_empty_catalogue_polls_nothing(any_database: Database, now: datetime) -> None:
    await sync(any_database, row(), now=now)
    await sync(any_database, now=now)
    async with any_database.write() as session:
        assert await feeds.claim_due(session, now=now, limit=10, owner="w", lease_s=60) == []
        assert await feeds.enabled(session) == []


async def test_one_very_long_name_does_not_keep_all_feeds_out(any_database: Database, now: datetime) -> None:
    await sync(any_database, row("http://a/", name="x" * 999), row("http://b/"), now=now)
    await sync(any_database, row("http://a/", name="y" * 999), row("http://b/"), now=now)
    names = {url: feed.name for url, feed in (await stored(any_database)).items()}
    assert names == {"http://a/": "y" * 200, "http://b/": "A"}


async def test_a_shorter_interval_counts_at_once_but_never_hurries_a_failing_feed(
    database: Database, now: datetime
) -> None:
    await sync(database, row("http://a/", interval_s=86400), row("http://b/", interval_s=86400), now=now)
    a, b = (feed.id for feed in (await stored(database)).values())
    await read_once(database, a, now, next_in=24 * HOUR)
    await fail(database, b, now, error="refused", next_in=24 * HOUR)
    await sync(database, row("http://a/", interval_s=60), row("http://b/", interval_s=60), now=now)
    found = await stored(database)
    assert found["http://a/"].next_poll_at == now + timedelta(seconds=60)
    assert found["http://b/"].next_poll_at == now + 24 * HOUR


async def test_a_304_is_no_proof_that_a_failing_feed_is_well(any_database: Database, now: datetime) -> None:
    await sync(any_database, row(), now=now)
    feed_id = (await only(any_database)).id
    await read_once(any_database, feed_id, now)
    for number in range(2):
        await fail(any_database, feed_id, now + number * HOUR / 2, error="not a feed " + "x" * 2000)
    async with any_database.write() as session:
        one = feeds.unchanged(feed_id, next_poll_at=now + 2 * HOUR)
        await feeds.record(session, [one], now=now + HOUR)
        assert (await feeds.counts(session)).failing == 1
    feed = await only(any_database)
    assert (feed.failures, feed.failing_since) == (2, now)
    assert feed.last_error is not None
    assert len(feed.last_error) == 1000
    assert feed.etag == '"e"'
    assert (feed.last_polled_at, feed.next_poll_at) == (now + HOUR, now + 2 * HOUR)
    await read_once(any_database, feed_id, now + 2 * HOUR)
    feed = await only(any_database)
    assert (feed.failures, feed.failing_since, feed.last_error) == (0, None, None)


async def test_a_poll_gives_its_lease_back_however_it_ends(database: Database, now: datetime) -> None:
    await sync(database, row("http://a/"), row("http://b/"), row("http://c/"), now=now)
    async with database.write() as session:
        a, b, c = await feeds.claim_due(session, now=now, limit=10, owner="w", lease_s=600)
        polls = [
            feeds.read_well(a.id, now=now, next_poll_at=now, etag=None),
            feeds.failed(b, now=now, next_poll_at=now, error="x"),
            feeds.unchanged(c.id, next_poll_at=now),
        ]
        await feeds.record(session, polls, now=now)
    async with database.write() as session:
        assert len(await feeds.claim_due(session, now=now, limit=10, owner="v", lease_s=600)) == 3


async def test_the_longest_overdue_feed_is_claimed_first(any_database: Database, now: datetime) -> None:
    await sync(any_database, row("http://late/"), now=now + 2 * HOUR)
    await sync(any_database, row("http://late/"), row("http://early/"), now=now)
    async with any_database.write() as session:
        [first] = await feeds.claim_due(session, now=now + 3 * HOUR, limit=1, owner="w", lease_s=60)
        assert first.url == "http://early/"


async def test_all_polled_feeds_can_be_made_due(any_database: Database, now: datetime) -> None:
    await sync(any_database, row("http://a/"), row("http://b/"), row("http://off/"), now=now + HOUR)
    await sync(any_database, row("http://a/"), row("http://b/"), now=now + HOUR)
    async with any_database.write() as session:
        assert await feeds.make_due(session, now=now) == 2
        assert len(await feeds.claim_due(session, now=now, limit=10, owner="w", lease_s=60)) == 2


async def test_a_list_of_all_feeds_leaves_out_what_only_a_poll_wants(
    database: Database, now: datetime
) -> None:
    await sync(database, row(), now=now)
    async with database.write() as session:
        await session.execute(update(Feed).values(known_items=b"x" * 100_000))
    async with database.read() as session:
        [feed] = await feeds.enabled(session)
        with pytest.raises(InvalidRequestError, match="known_items"):
            _ = feed.known_items
    assert (await only(database)).known_items is not None
