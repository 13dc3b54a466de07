"""Alerts that were put aside: each once, the newest first, and gone with their chat."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from storage import saved
from storage.database import Database
from storage.models import Alert, Chat, SavedAlert
from tests.storage.rows import add_chat, ready_alert

MINUTE = timedelta(minutes=1)


async def alert_ids(database: Database) -> list[int]:
    async with database.read() as session:
        return list(await session.scalars(select(Alert.id).order_by(Alert.id)))


async def test_what_was_saved_is_listed_the_newest_first(any_database: Database, now: datetime) -> None:
    one, two = [await add_chat(any_database, now, number) for number in (1, 2)]
    for number in range(3):
        await ready_alert(any_database, now, number, [one.id])
    await ready_alert(any_database, now, 3, [two.id])
    first, second, third, other = await alert_ids(any_database)
    async with any_database.write() as session:
        for minutes, alert in enumerate((second, third, first, other)):
            assert await saved.save(session, alert, now=now + minutes * MINUTE)
        assert not await saved.save(session, second, now=now + 9 * MINUTE)  # it keeps its place
    async with any_database.read() as session:
        rows = await saved.of_chat(session, one.id, limit=2)
        assert [alert.id for _, alert, _, _ in rows] == [first, third]
        assert [article.title for _, _, article, _ in rows] == ["Judul 0", "Judul 2"]
        assert await saved.count_of_chat(session, one.id) == 3
        assert await saved.is_saved(session, other)


async def test_what_was_let_go_is_saved_no_more(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now)
    await ready_alert(any_database, now, 0, [chat.id])
    [alert] = await alert_ids(any_database)
    async with any_database.write() as session:
        await saved.save(session, alert, now=now)
        assert await saved.let_go(session, alert)
        assert not await saved.let_go(session, alert)
        assert not await saved.is_saved(session, alert)


async def test_what_was_saved_goes_with_its_chat(any_database: Database, now: datetime) -> None:
    chat = await add_chat(any_database, now)
    await ready_alert(any_database, now, 0, [chat.id])
    [alert] = await alert_ids(any_database)
    async with any_database.write() as session:
        await saved.save(session, alert, now=now)
        await session.execute(delete(Chat).where(Chat.id == chat.id))
        assert (await session.scalars(select(func.count()).select_from(SavedAlert))).one() == 0
