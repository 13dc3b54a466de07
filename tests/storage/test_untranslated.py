"""Articles that wait for their English: who waits with them, and who takes which."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from storage import alerts, articles
from storage.articles import Untranslated
from storage.database import Database
from storage.models import Alert, Article
from tests.storage.rows import add_chat, ready_alert


async def waiting(database: Database, now: datetime, limit: int = 9) -> list[Untranslated]:
    async with database.read() as session:
        return await articles.untranslated(session, now=now, limit=limit)


async def test_the_newest_come_first_each_with_the_chats_that_have_it_in_the_original(
    any_database: Database, now: datetime
) -> None:
    sari, budi = await add_chat(any_database, now, 100), await add_chat(any_database, now, 200)
    one = await ready_alert(any_database, now, 1, [sari.id, budi.id])
    two = await ready_alert(any_database, now, 2, [])
    await ready_alert(any_database, now, 3, [sari.id], english=True)
    old = await ready_alert(any_database, now, 4, [sari.id])
    async with any_database.write() as session:
        await session.execute(update(Article).where(Article.id == old).values(backlog=True))
    found = await waiting(any_database, now)
    assert [(row.id, row.readers) for row in found] == [(two, 0), (one, 2), (old, 1)]
    assert [row.backlog for row in found] == [False, False, True]
    assert {(row.attempts, row.fetched_at) for row in found} == {(0, now)}
    assert [row.id for row in await waiting(any_database, now, limit=1)] == [two]

    async with any_database.write() as session:  # one chat has the English before it already
        await session.execute(update(Alert).where(Alert.chat_id == budi.id).values(in_english=True))
    assert {row.id: row.readers for row in await waiting(any_database, now)}[one] == 1


async def test_what_one_process_took_is_not_offered_to_another_until_its_lease_is_over(
    any_database: Database, now: datetime
) -> None:
    ids = [await ready_alert(any_database, now, number, []) for number in range(3)]
    wish = [ids[2], ids[0], ids[1]]
    async with any_database.write() as session:
        taken = await articles.claim_untranslated(session, wish[:2], now=now, owner="a", lease_s=60)
        assert [row.id for row in taken] == wish[:2]  # in the order they were asked for
    assert [row.id for row in await waiting(any_database, now)] == [ids[1]]
    async with any_database.write() as session:
        taken = await articles.claim_untranslated(session, wish, now=now, owner="b", lease_s=60)
        assert [row.id for row in taken] == [ids[1]]
    later = now + timedelta(minutes=2)
    assert len(await waiting(any_database, later)) == 3
    async with any_database.write() as session:
        assert await articles.claim_untranslated(session, [], now=later, owner="b", lease_s=60) == []


async def test_a_chat_whose_alert_was_never_sent_still_waits(any_database: Database, now: datetime) -> None:
    sari = await add_chat(any_database, now)
    article_id = await ready_alert(any_database, now, 1, [sari.id])
    async with any_database.write() as session:
        await alerts.enqueue_edits(session, article_id, now=now)
    [found] = await waiting(any_database, now)
    assert found.readers == 1
