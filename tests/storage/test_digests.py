"""Digests in the database: one a chat and local day, over what came since the one before."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta

from sqlalchemy import select

from storage import chats, digests
from storage.database import Database, release
from storage.models import Digest
from tests.storage.rows import add_chat, ready_alert

DAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)


async def plan(database: Database, chat_id: int, day: date, now: datetime, since: datetime) -> bool:
    async with database.write() as session:
        return await digests.plan(session, chat_id, local_date=day, fallback_since=since, now=now)


async def claim(database: Database, now: datetime, owner: str = "w") -> list[Digest]:
    async with database.write() as session:
        return await digests.claim_due(
            session, platforms=["telegram"], now=now, limit=9, owner=owner, lease_s=600
        )


async def give_up(database: Database, now: datetime) -> int:
    async with database.write() as session:
        return await digests.give_up_interrupted(session, now=now)


async def only(database: Database) -> Digest:
    async with database.read() as session:
        [digest] = await session.scalars(select(Digest))
        return digest


async def test_a_day_is_promised_once_however_many_processes_tick(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now)
    since = now - 24 * HOUR
    planned = await asyncio.gather(*(plan(any_database, chat.id, DAY, now, since) for _ in range(4)))
    assert sorted(planned) == [False, False, False, True]
    assert len(await claim(any_database, now)) == 1
    assert await claim(any_database, now) == []
    async with any_database.read() as session:
        found = await chats.by_ids(session, [chat.id])
    assert found[chat.id].last_digest_date == DAY


async def test_a_digest_begins_where_the_last_one_ended(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now)
    other = await add_chat(any_database, now, 2)
    await ready_alert(any_database, now - 30 * HOUR, 0, [chat.id, other.id])
    await ready_alert(any_database, now - 3 * HOUR, 1, [chat.id, other.id])
    await ready_alert(any_database, now + HOUR, 2, [chat.id])
    await plan(any_database, chat.id, DAY, now, now - 24 * HOUR)
    await plan(any_database, chat.id, DAY + timedelta(days=1), now + 24 * HOUR, now - 99 * HOUR)
    first, second = await claim(any_database, now + 24 * HOUR)
    async with any_database.read() as session:
        titles = [
            [article.title for _, article, _, _ in await digests.contents(session, digest)]
            for digest in (first, second)
        ]
    assert titles == [["Judul 1"], ["Judul 2"]]


async def test_only_digests_of_platforms_that_are_served_are_taken(
    any_database: Database, now: datetime
) -> None:
    terminal = await add_chat(any_database, now, 1, platform="console")
    await plan(any_database, terminal.id, DAY, now, now)
    assert await claim(any_database, now) == []


async def test_a_digest_that_was_put_off_waits_for_its_time(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now)
    await plan(any_database, chat.id, DAY, now, now)
    [digest] = await claim(any_database, now)
    async with any_database.write() as session:
        await digests.postpone(session, digest.id, until=now + HOUR, error="x" * 5000)
    assert await claim(any_database, now + HOUR / 2) == []
    [again] = await claim(any_database, now + HOUR)
    assert again.attempts == 2
    assert await give_up(any_database, now + HOUR) == 0


async def test_a_digest_whose_sender_died_is_given_up_when_its_lease_is_over(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now)
    await plan(any_database, chat.id, DAY, now, now)
    await claim(any_database, now)
    assert await give_up(any_database, now + timedelta(seconds=599)) == 0
    assert await give_up(any_database, now + timedelta(seconds=601)) == 1
    digest = await only(any_database)
    assert digest.state == "failed"
    assert digest.lease_owner is None
    assert await claim(any_database, now + HOUR) == []


async def test_a_digest_whose_sender_was_stopped_half_way_is_given_up_too(
    any_database: Database, now: datetime
) -> None:
    """It gave its leases back, so that none is left to run out."""
    chat = await add_chat(any_database, now)
    await plan(any_database, chat.id, DAY, now, now)
    await claim(any_database, now, "stopped")
    async with any_database.write() as session:
        await release(session, "stopped")
    assert await give_up(any_database, now) == 1
    assert (await only(any_database)).state == "failed"
