"""Rows that many tests begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage import alerts, articles, chats, stories, subscriptions
from storage.articles import English
from storage.chats import ChatKey
from storage.database import Database
from storage.models import Article, Chat, Feed


async def add_feed(
    database: Database, now: datetime, url: str = "http://feed.example/rss", *, language: str = "id"
) -> int:
    """A feed, due now; gives its id."""
    async with database.write() as session:
        feed = Feed(
            url=url, name="Kabar", language=language, country="ID", tier="trade", tags=[], next_poll_at=now
        )
        session.add(feed)
        await session.flush()
        return feed.id


async def add_articles(database: Database, now: datetime, *, count: int) -> list[int]:
    """New articles of one feed; gives their ids."""
    feed_id = await add_feed(database, now)
    async with database.write() as session:
        rows = await articles.add(
            session,
            feed_id,
            [
                articles.NewArticle(
                    f"i{number}", f"http://feed.example/{number}", f"Judul {number}", "", now, False
                )
                for number in range(count)
            ],
            now=now,
        )
        return [row.id for row in rows]


async def add_chat(
    database: Database,
    now: datetime,
    chat_id: int = 100,
    *,
    platform: str = "telegram",
    query: str = "nickel",
) -> Chat:
    """A chat with one subscription."""
    async with database.write() as session:
        chat = await chats.ensure(
            session, ChatKey(platform, chat_id), kind="private", title="Ibu Sari", now=now
        )
        await subscriptions.subscribe(session, chat.id, canonical=query, text=query, now=now)
        return chat


async def make_ready(database: Database, article_id: int, now: datetime, *, key: str) -> int:
    """Makes an article ready in a story; gives the story's id."""
    async with database.write() as session:
        story_id, _ = await stories.join(session, [key], now=now)
        await articles.finish_wanted(
            session,
            article_id,
            language="id",
            english=None,
            translate_after=now,
            story_id=story_id,
            search_keys="nikel ekspor",
        )
        return story_id


WHY: list[Any] = [
    {
        "subscription": "nickel",
        "reasons": [{"clause": "nickel", "words": ["nikel"], "language": "id"}],
    }
]


async def ready_alert(
    database: Database, now: datetime, number: int, chat_ids: Sequence[int], *, english: bool = False
) -> int:
    """A new article, ready in a story of its own, with an alert for each chat; gives the article's id."""
    async with database.write() as session:
        feed_id = await session.scalar(select(Feed.id).limit(1))
    if feed_id is None:
        feed_id = await add_feed(database, now)
    async with database.write() as session:
        [article] = await articles.add(
            session,
            feed_id,
            [
                articles.NewArticle(
                    f"alert {number}", f"http://feed.example/{number}", f"Judul {number}", "Isi", now, False
                )
            ],
            now=now,
        )
        story_id, _ = await stories.join(session, [f"alert {number}"], now=now)
        await articles.finish_wanted(
            session,
            article.id,
            language="id",
            english=English(f"Title {number}", "Body", "libre") if english else None,
            translate_after=None if english else now,
            story_id=story_id,
            search_keys="nikel ekspor",
        )
        await alerts.enqueue(session, story_id, article.id, dict.fromkeys(chat_ids, WHY), now=now)
        return article.id


async def translate_late(database: Database, article_id: int, now: datetime) -> int:
    """The English of an article that was alerted without it; gives how many edits that makes."""
    async with database.write() as session:
        english = English("Late title", "Late body", "libre")
        await articles.set_english(session, article_id, english, search_keys="nikel nickel")
        return await alerts.enqueue_edits(session, article_id, now=now)


async def all_articles(database: Database) -> list[Article]:
    """Every article, by id."""
    async with database.read() as session:
        return list(await session.scalars(select(Article).order_by(Article.id)))
