"""Rows that many tests begin with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from storage import articles, chats, stories, subscriptions
from storage.chats import ChatKey
from storage.database import Database
from storage.models import Article, Chat, Feed


async def add_feed(database: Database, now: datetime, url: str = "http://feed.example/rss") -> int:
    """A feed, due now; gives its id."""
    async with database.write() as session:
        feed = Feed(
            url=url, name="Kabar", language="id", country="ID", tier="trade", tags=[], next_poll_at=now
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


async def all_articles(database: Database) -> list[Article]:
    """Every article, by id."""
    async with database.read() as session:
        return list(await session.scalars(select(Article).order_by(Article.id)))
