"""What a chat has muted: known where alerts are made, undone without a trace, gone with what it is about."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from storage import alerts, chats, mutes, subscriptions
from storage.database import Database
from storage.models import Alert, Chat, Mute, Query, Subscription
from storage.mutes import Muted, Silence
from tests.storage.rows import WHY, add_chat, add_feed, all_articles, ready_alert

DAY = timedelta(days=1)


async def about(
    database: Database, now: datetime, *, story: int = 0, feed: int = 0, queries: tuple[int, ...] = ()
) -> Silence:
    async with database.read() as session:
        return await mutes.about(session, story_id=story, feed_id=feed, query_ids=queries, now=now)


async def subscription_of(database: Database, chat: Chat) -> Subscription:
    async with database.read() as session:
        [row] = await subscriptions.of_chat(session, chat.id)
        return row


async def test_a_muted_story_is_silent_for_its_time_and_for_its_chat(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    await ready_alert(any_database, now, 0, [one.id, two.id])
    [article] = await all_articles(any_database)
    assert article.story_id is not None
    async with any_database.write() as session:
        await mutes.mute(session, one.id, Muted.STORY, article.story_id, until=now + DAY, now=now)
    assert await about(any_database, now, story=article.story_id) == Silence(frozenset({one.id}))
    assert await about(any_database, now + DAY, story=article.story_id) == Silence()
    assert await about(any_database, now, story=article.story_id + 1) == Silence()
    async with any_database.write() as session:
        assert await mutes.of_chat(session, one.id, now=now) == {(Muted.STORY, article.story_id)}
        [story] = await mutes.named(session, one.id, now=now)
        assert (story.what, story.name, story.until) == (Muted.STORY, "Judul 0", now + DAY)
        assert await mutes.of_chat(session, one.id, now=now + DAY) == frozenset()
        assert await mutes.forget_ended(session, now=now) == 0
        assert await mutes.forget_ended(session, now=now + DAY) == 1


async def test_a_muted_source_and_a_muted_subscription_are_known_by_what_they_are(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    feed = await add_feed(any_database, now)
    subscription = await subscription_of(any_database, two)
    async with any_database.write() as session:
        await mutes.mute(session, one.id, Muted.SOURCE, feed, until=None, now=now)
        await mutes.mute(session, two.id, Muted.SUBSCRIPTION, subscription.id, until=None, now=now)
    far = now + 10_000 * DAY
    query = subscription.query_id
    assert await about(any_database, far, feed=feed, queries=(query,)) == Silence(
        frozenset({one.id}), frozenset({subscription.id})
    )
    assert await about(any_database, far, feed=feed + 1, queries=(query + 1,)) == Silence()
    async with any_database.read() as session:
        [source] = await mutes.named(session, one.id, now=now)
        assert (source.what, source.name, source.until) == (Muted.SOURCE, "Kabar", None)
        [followed] = await mutes.named(session, two.id, now=now)
        assert (followed.what, followed.name) == (Muted.SUBSCRIPTION, "nickel")
    async with any_database.write() as session:
        assert not await mutes.undo(session, "telegram", 1, followed.id)  # another chat's
        assert await mutes.undo(session, "telegram", 2, followed.id)
        assert not await mutes.undo(session, "telegram", 2, followed.id)
        assert await mutes.named(session, two.id, now=now) == []


async def test_muting_twice_is_one_and_the_last_time_counts(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now)
    feed = await add_feed(any_database, now)
    async with any_database.write() as session:
        for until in (now + DAY, None):
            await mutes.mute(session, chat.id, Muted.SOURCE, feed, until=until, now=now)
    assert (await about(any_database, now + 2 * DAY, feed=feed)).chat_ids == {chat.id}
    async with any_database.write() as session:
        assert await mutes.unmute(session, chat.id, Muted.SOURCE, feed)
        assert not await mutes.unmute(session, chat.id, Muted.SOURCE, feed)
    assert await about(any_database, now, feed=feed) == Silence()


async def test_muting_takes_back_what_waits_so_that_another_source_may_still_tell(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    first = await ready_alert(any_database, now, 0, [one.id, two.id])
    async with any_database.write() as session:
        [begun] = await alerts.claim_next(
            session, platforms=["telegram"], busy_chats=[two.id], now=now, limit=9, owner="w", lease_s=60
        )
    await ready_alert(any_database, now, 1, [one.id])
    [article, _] = await all_articles(any_database)
    async with any_database.write() as session:
        await mutes.mute(session, one.id, Muted.SOURCE, article.feed_id, until=None, now=now)
        left = list(await session.scalars(select(Alert).order_by(Alert.id)))
    assert [(row.chat_id, row.article_id) for row in left] == [(one.id, first), (two.id, first)]
    assert begun.alert.id in {row.id for row in left}  # it may be on its way
    assert article.story_id is not None
    async with any_database.write() as session:
        await mutes.mute(session, two.id, Muted.STORY, article.story_id, until=None, now=now)
        assert await alerts.enqueue(session, article.story_id, first, {two.id: WHY}, now=now) == 1


async def test_a_mute_goes_with_its_subscription_and_with_its_chat(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now)
    feed = await add_feed(any_database, now)
    subscription = await subscription_of(any_database, chat)
    async with any_database.write() as session:
        await mutes.mute(session, chat.id, Muted.SUBSCRIPTION, subscription.id, until=None, now=now)
        await mutes.mute(session, chat.id, Muted.SOURCE, feed, until=None, now=now)
        await subscriptions.unsubscribe(session, chat.id, [subscription.id])
        assert await mutes.of_chat(session, chat.id, now=now) == {(Muted.SOURCE, feed)}
        await session.execute(delete(Chat).where(Chat.id == chat.id))
        assert (await session.scalars(select(func.count()).select_from(Mute))).one() == 0
        assert (await session.scalars(select(func.count()).select_from(Query))).one() == 1


async def test_a_group_that_migrates_to_a_known_chat_keeps_what_it_muted(
    any_database: Database, now: datetime
) -> None:
    old, new = [await add_chat(any_database, now, number) for number in (-5, -1005)]
    feeds = [await add_feed(any_database, now, f"http://feed.example/{number}") for number in range(3)]
    async with any_database.write() as session:
        for chat, feed in ((old, feeds[0]), (old, feeds[1]), (new, feeds[1]), (new, feeds[2])):
            await mutes.mute(session, chat.id, Muted.SOURCE, feed, until=None, now=now)
        await chats.migrate(session, "telegram", -5, -1005)
    async with any_database.read() as session:
        assert await mutes.of_chat(session, new.id, now=now) == {(Muted.SOURCE, feed) for feed in feeds}
