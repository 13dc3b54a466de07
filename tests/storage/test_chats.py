"""Chats, and what is asked about them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import alerts, chats, digests, subscriptions
from storage.alerts import Claimed
from storage.chats import ChatKey
from storage.database import Database
from storage.models import Alert, AlertState, Chat, ChatState, Digest
from tests.storage.rows import add_chat, ready_alert


async def chat_at(database: Database, chat_id: int) -> Chat | None:
    async with database.read() as session:
        return await chats.find(session, ChatKey("telegram", chat_id))


async def claim(session: AsyncSession, now: datetime) -> list[Claimed]:
    return await alerts.claim_next(
        session, platforms=["telegram"], busy_chats=[], now=now, limit=9, owner="w", lease_s=60
    )


async def states(database: Database, chat_id: int) -> list[str]:
    async with database.read() as session:
        found = await session.scalars(select(Alert).where(Alert.chat_id == chat_id).order_by(Alert.id))
        return [alert.state for alert in found]


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


async def test_a_chat_keeps_its_settings_when_it_speaks_again(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now, -7)
    async with any_database.write() as session:
        await chats.set_digest(session, chat.id, time="08:00", zone="Asia/Jakarta", last_date=None)
        await chats.mark_gone(session, chat.id)
    async with any_database.write() as session:
        key = ChatKey("telegram", -7)
        again = await chats.ensure(session, key, kind="group", title="Новое имя " * 99, now=now)
        assert again.id == chat.id
    found = await chat_at(any_database, -7)
    assert found is not None
    assert (found.state, found.kind, len(found.title)) == (ChatState.ACTIVE, "group", 256)
    assert (found.digest_time, found.zone) == ("08:00", "Asia/Jakarta")


async def test_a_chat_that_is_gone_keeps_its_settings_and_loses_what_waits(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now, 1)
    other = await add_chat(any_database, now, 2)
    ids = [await ready_alert(any_database, now, number, [chat.id, other.id]) for number in range(3)]
    async with any_database.write() as session:
        await chats.set_digest(session, chat.id, time="08:00", zone="Asia/Jakarta", last_date=None)
        await digests.plan(session, chat.id, local_date=date(2026, 11, 23), fallback_since=now, now=now)
        sent, sending = await claim(session, now), None
        await alerts.mark_sent(session, sent[0].alert.id, message_id=1, in_english=False, now=now)
        [sending] = [one for one in await claim(session, now) if one.chat.id == chat.id]
        assert sending.article.id == ids[1]
    async with any_database.write() as session:
        await chats.mark_gone(session, chat.id)
    assert await states(any_database, chat.id) == ["sent", "dropped", "dropped"]
    assert "dropped" not in await states(any_database, other.id)
    async with any_database.read() as session:
        [digest] = await session.scalars(select(Digest))
        assert digest.state == AlertState.DROPPED
        assert [one.text for one in await subscriptions.of_chat(session, chat.id)] == ["nickel"]
        query_ids = list(await subscriptions.active_queries(session))
        assert {one.chat_id for one in await subscriptions.subscribers(session, query_ids)} == {other.id}
        assert await chats.with_digest(session, ["telegram"]) == []
    found = await chat_at(any_database, 1)
    assert found is not None
    assert (found.state, found.digest_time, found.zone) == (ChatState.GONE, "08:00", "Asia/Jakarta")


async def test_a_group_that_became_a_supergroup_takes_everything_with_it(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now, -5)
    await ready_alert(any_database, now, 0, [chat.id])
    async with any_database.write() as session:
        await chats.migrate(session, "telegram", -5, -1005)
    assert await chat_at(any_database, -5) is None
    moved = await chat_at(any_database, -1005)
    assert moved is not None
    assert (moved.id, moved.kind) == (chat.id, "supergroup")
    async with any_database.write() as session:
        [claimed] = await claim(session, now)
        assert claimed.chat.chat_id == -1005
        assert len(await subscriptions.of_chat(session, chat.id)) == 1


async def test_a_group_whose_new_self_is_known_already_becomes_one_with_it(
    any_database: Database, now: datetime
) -> None:
    """Nothing that waits is lost, and nothing comes twice."""
    old = await add_chat(any_database, now, -5, query="nickel")
    twin = await add_chat(any_database, now, -1005, query="cobalt")
    both = await ready_alert(any_database, now, 0, [old.id, twin.id])
    mine = await ready_alert(any_database, now, 1, [old.id])
    today, yesterday = date(2026, 11, 23), date(2026, 11, 22)
    async with any_database.write() as session:
        for chat_id, query in ((old.id, "cobalt"), (old.id, "tin")):
            await subscriptions.subscribe(session, chat_id, canonical=query, text=query, now=now)
        await chats.set_digest(session, old.id, time="08:00", zone="Asia/Jakarta", last_date=today)
        await digests.plan(session, old.id, local_date=yesterday, fallback_since=now, now=now)
        await digests.plan(session, twin.id, local_date=yesterday, fallback_since=now, now=now)
        await digests.plan(session, old.id, local_date=today, fallback_since=now, now=now)
    async with any_database.write() as session:
        await chats.migrate(session, "telegram", -5, -1005)
        await chats.migrate(session, "telegram", -5, -1005)  # the listener and the sender may both hear of it
    assert await chat_at(any_database, -5) is None
    found = await chat_at(any_database, -1005)
    assert found is not None
    assert (found.id, found.digest_time, found.zone) == (twin.id, "08:00", "Asia/Jakarta")
    async with any_database.read() as session:
        texts = {one.text for one in await subscriptions.of_chat(session, twin.id)}
        assert texts == {"nickel", "cobalt", "tin"}
        outbox = list(await session.scalars(select(Alert).order_by(Alert.article_id)))
        assert [(one.chat_id, one.article_id) for one in outbox] == [(twin.id, both), (twin.id, mine)]
        promised = list(await session.scalars(select(Digest).order_by(Digest.local_date)))
        assert [(one.chat_id, one.local_date) for one in promised] == [
            (twin.id, yesterday),
            (twin.id, today),
        ]


async def test_each_topic_of_a_migrated_group_moves(any_database: Database, now: datetime) -> None:
    async with any_database.write() as session:
        for thread_id in (0, 7):
            key = ChatKey("telegram", -5, thread_id)
            await chats.ensure(session, key, kind="group", title="Forum", now=now)
        await chats.ensure(session, ChatKey("telegram", -1005, 7), kind="supergroup", title="", now=now)
    async with any_database.write() as session:
        await chats.migrate(session, "telegram", -5, -1005)
    async with any_database.read() as session:
        assert await chats.rows_of(session, "telegram", -5) == []
        assert {row.thread_id for row in await chats.rows_of(session, "telegram", -1005)} == {0, 7}


async def test_a_group_that_is_said_to_have_become_itself_is_left_alone(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now, -5)
    async with any_database.write() as session:
        await chats.migrate(session, "telegram", -5, -5)
    async with any_database.read() as session:
        assert len(await subscriptions.of_chat(session, chat.id)) == 1


async def test_a_chats_language_is_chosen_once_and_its_topics_follow(
    any_database: Database, now: datetime
) -> None:
    async with any_database.write() as session:

        async def language(thread_id: int, guess: str | None) -> str | None:
            key = ChatKey("telegram", -5, thread_id)
            chat = await chats.ensure(session, key, kind="supergroup", title="Forum", now=now, language=guess)
            return chat.language

        assert await language(0, None) is None
        assert await language(0, "id") == "id"
        assert await language(0, "ru") == "id"
        assert await language(7, "ru") == "id"
        other = await chats.ensure(
            session, ChatKey("telegram", -6), kind="group", title="", now=now, language="ru"
        )
        assert other.language == "ru"
        await chats.set_language(session, other.id, "en")
        await session.refresh(other)
        assert other.language == "en"


async def test_a_group_that_becomes_a_supergroup_keeps_its_language(
    any_database: Database, now: datetime
) -> None:
    async with any_database.write() as session:

        async def group(chat_id: int, language: str | None) -> None:
            key = ChatKey("telegram", chat_id)
            await chats.ensure(session, key, kind="group", title="", now=now, language=language)

        await group(-5, "id")
        await group(-1005, None)
        await group(-6, "id")
        await group(-1006, "ru")
        await chats.migrate(session, "telegram", -5, -1005)
        await chats.migrate(session, "telegram", -6, -1006)
        assert await chats.language_at(session, ChatKey("telegram", -1005)) == "id"
        assert await chats.language_at(session, ChatKey("telegram", -1006)) == "ru"
