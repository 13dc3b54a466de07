"""Subscriptions: one row a distinct query, and who follows it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import select

from storage import chats, subscriptions
from storage.database import Database
from storage.models import Query
from tests.storage.rows import add_chat


async def active(database: Database) -> set[str]:
    async with database.read() as session:
        return set((await subscriptions.active_queries(session)).values())


async def test_many_chats_share_one_query_and_keep_their_own_words(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number, query="tin") for number in (1, 2)]
    async with any_database.write() as session:
        _, new = await subscriptions.subscribe(session, one.id, canonical="a b", text="a AND b", now=now)
        assert new
        _, new = await subscriptions.subscribe(session, two.id, canonical="a b", text="a  b", now=now)
        assert new
        again, new = await subscriptions.subscribe(session, one.id, canonical="a b", text="b?", now=now)
        assert not new
        assert again.text == "a AND b"
        assert await subscriptions.count_of_chat(session, one.id) == 2
    async with any_database.read() as session:
        [query] = await session.scalars(select(Query).where(Query.canonical == "a b"))
        followers = await subscriptions.subscribers(session, [query.id])
        assert [(one.chat_id, one.text) for one in followers] == [(one.id, "a AND b"), (two.id, "a  b")]


async def test_chats_that_subscribe_to_one_new_query_at_once_share_it(
    any_database: Database, now: datetime
) -> None:
    rows = [await add_chat(any_database, now, number, query="tin") for number in range(1, 5)]

    async def subscribe(chat_id: int) -> bool:
        async with any_database.write() as session:
            _, new = await subscriptions.subscribe(session, chat_id, canonical="q", text="q", now=now)
            return new

    assert all(await asyncio.gather(*(subscribe(row.id) for row in rows)))
    async with any_database.read() as session:
        [query] = await session.scalars(select(Query).where(Query.canonical == "q"))
        assert len(await subscriptions.subscribers(session, [query.id])) == 4


async def test_a_chat_can_end_its_own_subscriptions_only(any_database: Database, now: datetime) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    async with any_database.write() as session:
        [mine] = await subscriptions.of_chat(session, one.id)
        [theirs] = await subscriptions.of_chat(session, two.id)
        assert await subscriptions.unsubscribe(session, one.id, [mine.id, theirs.id, 4711]) == 1
        assert await subscriptions.unsubscribe(session, one.id, []) == 0
        assert await subscriptions.of_chat(session, one.id) == []
        assert len(await subscriptions.of_chat(session, two.id)) == 1


async def test_a_query_is_active_while_it_is_watched_or_somebody_is_there_who_follows_it(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now, query="nickel")
    async with any_database.write() as session:
        ids = await subscriptions.watch(session, ["tin", "nickel", "lead"], now=now)
        assert len(set(ids)) == 3
    assert await active(any_database) == {"tin", "nickel", "lead"}
    async with any_database.write() as session:
        await subscriptions.watch(session, ["tin"], now=now)
    assert await active(any_database) == {"tin", "nickel"}
    async with any_database.write() as session:
        await subscriptions.watch(session, [], now=now)
        await chats.mark_gone(session, chat.id)
    assert await active(any_database) == set()
    async with any_database.write() as session:
        await chats.mark_active(session, "telegram", 100)
    assert await active(any_database) == {"nickel"}


async def test_processes_that_start_at_once_agree_on_what_is_watched(
    any_database: Database, now: datetime
) -> None:
    async def start() -> None:
        async with any_database.write() as session:
            await subscriptions.watch(session, ["a", "b", "c"], now=now)

    await asyncio.gather(*(start() for _ in range(4)))
    assert await active(any_database) == {"a", "b", "c"}
