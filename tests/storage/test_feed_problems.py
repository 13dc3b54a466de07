"""What the operator was told of feeds, and by whom."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from storage import feed_problems, feeds
from storage.database import Database
from storage.models import Article, Feed
from tests.storage.rows import add_articles, add_feed


async def test_a_feed_that_was_read_and_never_had_an_article_is_empty(
    any_database: Database, now: datetime
) -> None:
    await add_articles(any_database, now, count=1)
    empty = await add_feed(any_database, now, "http://empty.example/")
    new = await add_feed(any_database, now, "http://new.example/")
    async with any_database.write() as session:
        await session.execute(update(Feed).where(Feed.id != new).values(last_success_at=now))
        assert await feed_problems.empty(session) == {empty}


async def test_one_process_tells_of_a_trouble_and_of_its_end(any_database: Database, now: datetime) -> None:
    one, two = [await add_feed(any_database, now, f"http://{name}.example/") for name in "ab"]
    async with any_database.write() as session:
        assert await feed_problems.mark_told(session, [one], now=now) == {one}
        assert await feed_problems.mark_told(session, [one, two], now=now) == {two}
        assert await feed_problems.mark_over(session, [one]) == {one}
        assert await feed_problems.mark_over(session, [one]) == set()


async def test_what_reached_nobody_is_to_be_told_yet(any_database: Database, now: datetime) -> None:
    one = await add_feed(any_database, now)
    async with any_database.write() as session:
        await feed_problems.mark_told(session, [one], now=now)
        await feed_problems.untold(session, [one], told_at=now - timedelta(hours=1))  # of another time
        assert (await feeds.by_ids(session, [one]))[one].problem_told_at == now
    async with any_database.write() as session:
        await feed_problems.untold(session, [one], told_at=now)
        assert await feed_problems.mark_told(session, [one], now=now) == {one}


async def test_the_dates_of_feeds_that_bring_little_are_told(any_database: Database, now: datetime) -> None:
    [first, second, _] = await add_articles(any_database, now, count=3)
    async with any_database.write() as session:
        await session.execute(update(Feed).values(items_per_day=0.01))
        old = now - timedelta(days=100)
        await session.execute(update(Article).where(Article.id == first).values(published_at=old))
        await session.execute(update(Article).where(Article.id == second).values(published_at=None))
        [found] = (await feed_problems.dates(session, items_per_day=0.02)).values()
        assert found == (old, now, 2)
        assert await feed_problems.dates(session, items_per_day=0.005) == {}


async def test_of_feeds_with_full_text_the_pages_and_those_with_a_text_are_counted(
    any_database: Database, now: datetime
) -> None:
    ids = await add_articles(any_database, now, count=4)
    async with any_database.write() as session:
        for article_id, body in zip(ids, ("A page", "", None, "An old page"), strict=True):
            await session.execute(update(Article).where(Article.id == article_id).values(body=body))
        await session.execute(
            update(Article).where(Article.id == ids[3]).values(fetched_at=now - timedelta(days=9))
        )
        since = now - timedelta(days=3)
        assert await feed_problems.pages(session, since=since) == {}
        await session.execute(update(Feed).values(full_text=True))
        assert list((await feed_problems.pages(session, since=since)).values()) == [(2, 1)]
