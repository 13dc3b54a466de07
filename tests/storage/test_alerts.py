"""The outbox: one alert a chat and story, in order within a chat, held by one sender at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storage import alerts, articles
from storage.alerts import Claimed
from storage.articles import English
from storage.database import Database, release
from storage.models import Alert, AlertKind, Chat
from tests.storage.rows import WHY, add_chat, make_ready, ready_alert, translate_late

SECOND = timedelta(seconds=1)


async def take(
    database: Database,
    now: datetime,
    *,
    owner: str = "w",
    busy: Collection[int] = (),
    limit: int = 9,
    platforms: tuple[str, ...] = ("telegram",),
) -> list[Claimed]:
    async with database.write() as session:
        return await alerts.claim_next(
            session, platforms=platforms, busy_chats=busy, now=now, limit=limit, owner=owner, lease_s=60
        )


async def sent(database: Database, claimed: Claimed, now: datetime, *, english: bool = False) -> None:
    async with database.write() as session:
        await alerts.mark_sent(session, claimed.alert.id, message_id=7, in_english=english, now=now)


async def outbox(database: Database) -> list[Alert]:
    async with database.read() as session:
        return list(await session.scalars(select(Alert).order_by(Alert.id)))


async def shown(database: Database) -> list[tuple[str, str]]:
    return [(alert.kind, alert.state) for alert in await outbox(database)]


async def test_a_chat_gets_one_alert_for_a_story_however_many_articles_it_has(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    article_id = await ready_alert(any_database, now, 0, [one.id])
    story_id = await make_ready(any_database, article_id, now, key="alert 0")
    async with any_database.write() as session:
        why = {one.id: WHY, two.id: WHY}
        assert await alerts.enqueue(session, story_id, article_id, why, now=now) == 1
        assert await alerts.enqueue(session, story_id, article_id, {}, now=now) == 0
    assert {alert.chat_id for alert in await outbox(any_database)} == {one.id, two.id}


async def test_articles_of_one_story_for_the_same_chats_at_once_do_not_block_one_another(
    any_database: Database, now: datetime
) -> None:
    async with any_database.write() as session:
        rows = [
            Chat(platform="telegram", chat_id=number, kind="private", created_at=now)
            for number in range(1200)
        ]
        session.add_all(rows)
        await session.flush()
        ids = [row.id for row in rows]
    article_id = await ready_alert(any_database, now, 0, [])
    story_id = await make_ready(any_database, article_id, now, key="alert 0")

    async def enqueue(chat_ids: list[int]) -> int:
        async with any_database.write() as session:
            return await alerts.enqueue(session, story_id, article_id, dict.fromkeys(chat_ids, WHY), now=now)

    assert sum(await asyncio.gather(*(enqueue(ids[:: (-1) ** number]) for number in range(6)))) == 1200


async def test_a_chats_alerts_come_one_by_one_in_their_order(any_database: Database, now: datetime) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    first = await ready_alert(any_database, now, 0, [one.id])
    second = await ready_alert(any_database, now, 1, [one.id, two.id])
    claimed = await take(any_database, now)
    assert [(one_.chat.id, one_.article.id) for one_ in claimed] == [(one.id, first), (two.id, second)]
    assert await take(any_database, now) == []
    await sent(any_database, claimed[0], now)
    [after] = await take(any_database, now)
    assert (after.chat.id, after.article.id) == (one.id, second)
    assert after.feed.name == "Kabar"


async def test_an_alert_that_must_wait_holds_up_its_own_chat_only(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    for number in range(2):
        await ready_alert(any_database, now, number, [one.id, two.id])
    mine, _ = await take(any_database, now)
    async with any_database.write() as session:
        until = now + 30 * SECOND
        await alerts.postpone(session, mine.alert.id, until=until, error="slow down")
    assert await take(any_database, now + 29 * SECOND) == []  # the other is still being sent
    [again] = await take(any_database, now + 30 * SECOND)
    assert (again.alert.id, again.alert.attempts) == (mine.alert.id, 2)


async def test_a_chat_that_may_not_get_a_message_yet_is_passed_over(
    any_database: Database, now: datetime
) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    terminal = await add_chat(any_database, now, 3, platform="console")
    await ready_alert(any_database, now, 0, [one.id, two.id, terminal.id])
    assert [claimed.chat.id for claimed in await take(any_database, now, busy=[one.id])] == [two.id]
    assert [claimed.chat.id for claimed in await take(any_database, now, platforms=("console",))] == [
        terminal.id
    ]


async def test_what_another_process_is_sending_is_left_to_it_until_its_lease_is_over(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now)
    for number in range(2):
        await ready_alert(any_database, now, number, [chat.id])
    [mine] = await take(any_database, now, owner="a")
    assert await take(any_database, now + 60 * SECOND, owner="b") == []
    [taken_over] = await take(any_database, now + 61 * SECOND, owner="b")
    assert taken_over.alert.id == mine.alert.id
    async with any_database.write() as session:
        await release(session, "b")
    [given_back] = await take(any_database, now + 62 * SECOND, owner="c")
    assert given_back.alert.id == mine.alert.id


async def test_senders_at_once_share_the_outbox_without_taking_anything_twice(
    any_database: Database, now: datetime
) -> None:
    chat_ids = [(await add_chat(any_database, now, number)).id for number in range(1, 9)]
    for number in range(6):
        await ready_alert(any_database, now, number, chat_ids)
    order: dict[int, list[int]] = {chat_id: [] for chat_id in chat_ids}

    async def sender(name: str) -> None:
        while claimed := await take(any_database, now, owner=name, limit=3):
            for one in claimed:
                order[one.chat.id].append(one.article.id)
                await sent(any_database, one, now)

    await asyncio.gather(*(sender(f"s{number}") for number in range(3)))
    for article_ids in order.values():
        assert len(article_ids) == 6
        assert article_ids == sorted(article_ids)


class TestEdits:
    """An alert that went out untranslated is edited once when its English comes, whenever that is."""

    @pytest.fixture
    async def alert_of(self, any_database: Database, now: datetime) -> tuple[Database, int]:
        chat = await add_chat(any_database, now)
        return any_database, await ready_alert(any_database, now, 0, [chat.id])

    async def test_the_english_came_before_the_alert_was_taken(
        self, alert_of: tuple[Database, int], now: datetime
    ) -> None:
        database, article_id = alert_of
        assert await translate_late(database, article_id, now) == 0
        [claimed] = await take(database, now)
        assert claimed.article.english_title == "Late title"
        await sent(database, claimed, now, english=True)
        assert await shown(database) == [("alert", "sent")]

    async def test_the_english_came_while_the_alert_was_on_its_way(
        self, alert_of: tuple[Database, int], now: datetime
    ) -> None:
        database, article_id = alert_of
        [claimed] = await take(database, now)
        assert await translate_late(database, article_id, now) == 1
        assert await take(database, now) == []  # the edit waits for what it edits
        await sent(database, claimed, now)
        [edit] = await take(database, now)
        assert edit.alert.kind == AlertKind.EDIT
        async with database.write() as session:
            alert = await alerts.edited_alert(session, edit.alert)
            assert alert is not None
            assert (alert.message_id, alert.in_english) == (7, False)
            await alerts.mark_edited(session, edit.alert.id, alert.id, now=now)
        assert await shown(database) == [("alert", "sent"), ("edit", "sent")]
        assert (await outbox(database))[0].in_english
        assert await take(database, now) == []

    async def test_the_english_came_after_the_alert(
        self, alert_of: tuple[Database, int], now: datetime
    ) -> None:
        database, article_id = alert_of
        [claimed] = await take(database, now)
        await sent(database, claimed, now)
        assert await shown(database) == [("alert", "sent")]
        assert await translate_late(database, article_id, now) == 1
        assert await translate_late(database, article_id, now) == 1  # again: still one edit
        assert await shown(database) == [("alert", "sent"), ("edit", "pending")]

    async def test_whoever_translated_had_not_seen_the_alert_being_taken(
        self, alert_of: tuple[Database, int], now: datetime
    ) -> None:
        """Then he made no edit; the sender does when it writes down what it sent."""
        database, article_id = alert_of
        [claimed] = await take(database, now)
        async with database.write() as session:
            english = English("Late title", "", "libre")
            await articles.set_english(session, article_id, english, search_keys="")
        await sent(database, claimed, now)
        assert await shown(database) == [("alert", "sent"), ("edit", "pending")]

    async def test_an_alert_that_will_not_go_out_is_not_edited(
        self, alert_of: tuple[Database, int], now: datetime
    ) -> None:
        database, article_id = alert_of
        [claimed] = await take(database, now)
        async with database.write() as session:
            await alerts.fail(session, claimed.alert.id, "refused " + "x" * 5000)
        assert await translate_late(database, article_id, now) == 0
        [alert] = await outbox(database)
        assert alert.error is not None
        assert len(alert.error) == 1000


async def test_the_english_and_the_sending_written_at_once_make_one_edit(
    any_database: Database, now: datetime
) -> None:
    """Neither deadlock nor a message that stays untranslated, whoever is first."""
    chat = await add_chat(any_database, now)
    for number in range(12):
        article_id = await ready_alert(any_database, now, number, [chat.id])
        [claimed] = await take(any_database, now)
        steps = [translate_late(any_database, article_id, now), sent(any_database, claimed, now)]
        await asyncio.gather(*(steps[:: (-1) ** number]))
        [edit] = await take(any_database, now)
        assert (edit.alert.kind, edit.article.id) == (AlertKind.EDIT, article_id)
        async with any_database.write() as session:
            await alerts.mark_edited(session, edit.alert.id, claimed.alert.id, now=now)
        assert await take(any_database, now) == []


async def test_writing_down_what_was_sent_to_a_chat_that_was_merged_away_is_no_fault(
    database: Database, now: datetime
) -> None:
    chat = await add_chat(database, now)
    await ready_alert(database, now, 0, [chat.id])
    [claimed] = await take(database, now)
    async with database.write() as session:
        await session.delete(await session.get_one(Alert, claimed.alert.id))
    await sent(database, claimed, now)
    assert await outbox(database) == []


async def test_the_newest_alerts_of_a_chat_are_listed_without_edits(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now)
    for number in range(3):
        await ready_alert(any_database, now, number, [chat.id])
    [claimed] = await take(any_database, now)
    await sent(any_database, claimed, now)
    await translate_late(any_database, claimed.article.id, now)
    async with any_database.read() as session:
        latest = await alerts.latest(session, chat.id, limit=2)
        assert [article.title for _, article, _ in latest] == ["Judul 2", "Judul 1"]
        assert await alerts.counts(session) == {"sent": 1, "pending": 2}


async def test_an_alert_is_found_by_its_message_in_its_own_chat_only(
    any_database: Database, now: datetime
) -> None:
    ours, theirs = await add_chat(any_database, now, 100), await add_chat(any_database, now, 200)
    for number in range(3):
        await ready_alert(any_database, now, number, [ours.id, theirs.id])
    async with any_database.write() as session:
        for number, (alert, _, _) in enumerate(await alerts.latest(session, ours.id, limit=3)):
            if number:  # the newest is still on its way
                await alerts.mark_sent(session, alert.id, message_id=50 + number, in_english=True, now=now)
    async with any_database.read() as session:
        newest = await alerts.newest_sent(session, ours.id)
        older = await alerts.by_message(session, "telegram", 100, 52)
        assert await alerts.newest_sent(session, theirs.id) is None
        assert await alerts.by_message(session, "telegram", 200, 52) is None
        assert await alerts.by_message(session, "telegram", 100, 53) is None
    assert newest is not None
    assert older is not None
    assert [found[1].title for found in (newest, older)] == ["Judul 1", "Judul 0"]
    assert newest[2].name == "Kabar"


async def test_an_alert_is_found_by_its_id_in_its_own_chat_only(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now)
    article_id = await ready_alert(any_database, now, 0, [chat.id], english=True)
    [alert] = await outbox(any_database)
    async with any_database.read() as session:
        found = await alerts.with_id(session, "telegram", chat.chat_id, alert.id)
        assert found is not None
        assert (found.chat.id, found.article.id, found.feed.name) == (chat.id, article_id, "Kabar")
        assert await alerts.with_id(session, "telegram", chat.chat_id + 1, alert.id) is None
        assert await alerts.with_id(session, "console", chat.chat_id, alert.id) is None
        assert await alerts.with_id(session, "telegram", chat.chat_id, alert.id + 1) is None
