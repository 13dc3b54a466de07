"""Chats, and what is asked about them."""

from __future__ import annotations

from datetime import date, datetime

from storage import chats, digests, subscriptions
from storage.chats import ChatKey
from storage.database import Database
from storage.models import ChatState
from tests.storage.rows import add_chat


async def test_a_chat_and_its_topics_leave_and_return_together(any_database: Database, now: datetime) -> None:
    async with any_database.write() as session:
        for thread_id in (0, 7):
            key = ChatKey("telegram", -5, thread_id)
            await chats.ensure(session, key, kind="supergroup", title="Forum", now=now)
        await chats.ensure(session, ChatKey("console", -5), kind="console", title="", now=now)
        rows = await chats.rows_of(session, "telegram", -5)
        assert [row.thread_id for row in rows] == [0, 7]
        for row in rows:
            await chats.mark_gone(session, row.id)
    async with any_database.write() as session:
        assert await chats.mark_active(session, "telegram", -5) == 2
        assert await chats.mark_active(session, "telegram", -5) == 0
    async with any_database.read() as session:
        states = {row.state for row in await chats.rows_of(session, "telegram", -5)}
    assert states == {ChatState.ACTIVE}


async def test_a_subscription_is_found_by_its_query_and_chat(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now, 1, query="nickel")
    other = await add_chat(any_database, now, 2, query="cobalt")
    async with any_database.read() as session:
        found = await subscriptions.find(session, chat.id, "nickel")
        assert found is not None
        assert found.chat_id == chat.id
        assert await subscriptions.find(session, chat.id, "cobalt") is None
        assert await subscriptions.find(session, other.id, "nickel") is None


async def test_a_days_digest_is_known_to_be_promised(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now)
    day = date(2026, 11, 23)
    async with any_database.write() as session:
        assert not await digests.is_planned(session, chat.id, day)
        await digests.plan(session, chat.id, local_date=day, fallback_since=now, now=now)
        assert await digests.is_planned(session, chat.id, day)
        assert not await digests.is_planned(session, chat.id, date(2026, 11, 24))
