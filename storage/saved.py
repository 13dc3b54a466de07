"""The alerts that a chat's people have put aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_new
from storage.models import Alert, Article, Feed, SavedAlert


async def save(session: AsyncSession, alert_id: int, *, now: datetime) -> bool:
    """Puts an alert aside; gives False when it was there already."""
    rows = [{"alert_id": alert_id, "saved_at": now}]
    return bool(await insert_new(session, SavedAlert, rows, conflict=["alert_id"]))


async def let_go(session: AsyncSession, alert_id: int) -> bool:
    """Takes it out again; gives whether it was there."""
    gone = await session.scalars(
        delete(SavedAlert)
        .where(SavedAlert.alert_id == alert_id)
        .returning(SavedAlert.id)
        .execution_options(synchronize_session=False)
    )
    return bool(list(gone))


async def is_saved(session: AsyncSession, alert_id: int) -> bool:
    """Whether an alert is put aside."""
    return await session.scalar(select(SavedAlert.id).where(SavedAlert.alert_id == alert_id)) is not None


async def of_chat(
    session: AsyncSession, chat_id: int, *, limit: int
) -> list[tuple[SavedAlert, Alert, Article, Feed]]:
    """What a chat has put aside, the newest first."""
    rows = await session.execute(
        select(SavedAlert, Alert, Article, Feed)
        .join(Alert, Alert.id == SavedAlert.alert_id)
        .join(Article, Article.id == Alert.article_id)
        .join(Feed, Feed.id == Article.feed_id)
        .where(Alert.chat_id == chat_id)
        .order_by(SavedAlert.saved_at.desc(), SavedAlert.id.desc())
        .limit(limit)
    )
    return [(saved, alert, article, feed) for saved, alert, article, feed in rows]


async def count_of_chat(session: AsyncSession, chat_id: int) -> int:
    """How many alerts a chat has put aside."""
    statement = (
        select(func.count())
        .select_from(SavedAlert)
        .join(Alert, Alert.id == SavedAlert.alert_id)
        .where(Alert.chat_id == chat_id)
    )
    return (await session.scalars(statement)).one()
