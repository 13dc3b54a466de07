"""The outbox: alerts and edits, from the promise to the message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.database import claim, insert, insert_new
from storage.models import Alert, AlertKind, AlertState, Article, Chat, Feed

WAITING = (AlertState.PENDING, AlertState.SENDING)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An alert that is to be sent, or shown anew, with all that its message is made of."""

    alert: Alert
    chat: Chat
    article: Article
    feed: Feed


async def enqueue(
    session: AsyncSession,
    story_id: int,
    article_id: int,
    why_by_chat: Mapping[int, list[Any]],
    *,
    now: datetime,
) -> int:
    """One alert a chat for this story, unless the chat has one already; gives how many are new."""
    rows = [
        {
            "chat_id": chat_id,
            "story_id": story_id,
            "article_id": article_id,
            "kind": AlertKind.ALERT,
            "why": why,
            "not_before": now,
            "created_at": now,
        }
        # In one order: two articles of one story, each for several chats, would else wait for one another.
        for chat_id, why in sorted(why_by_chat.items())
    ]
    return len(await insert_new(session, Alert, rows, conflict=["chat_id", "story_id", "kind"]))


async def enqueue_edits(session: AsyncSession, article_id: int, *, now: datetime) -> int:
    """An edit for every alert of this article that went out, or may be going out, untranslated."""
    outdated = await session.scalars(
        select(Alert)
        .where(
            Alert.article_id == article_id,
            Alert.kind == AlertKind.ALERT,
            Alert.state.in_([AlertState.SENDING, AlertState.SENT]),
            Alert.in_english.is_(False),
        )
        .order_by(Alert.chat_id)
    )
    count = 0
    for alert in outdated:
        count += 1
        await _enqueue_edit(session, alert, now=now)
    return count


async def _enqueue_edit(session: AsyncSession, alert: Alert, *, now: datetime) -> None:
    statement = insert(session, Alert).values(
        chat_id=alert.chat_id,
        story_id=alert.story_id,
        article_id=alert.article_id,
        kind=AlertKind.EDIT,
        why=alert.why,
        not_before=now,
        created_at=now,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["chat_id", "story_id", "kind"],
            set_={"state": AlertState.PENDING, "not_before": now, "attempts": 0, "error": None},
        )
    )


async def claim_next(
    session: AsyncSession,
    *,
    platforms: Sequence[str],
    busy_chats: Collection[int],
    now: datetime,
    limit: int,
    owner: str,
    lease_s: float,
) -> list[Claimed]:
    """Takes at most one alert a chat, each chat's oldest, oldest chats first.

    One a chat keeps the order within it. A chat in which another process is sending is passed over, and
    so are `busy_chats` (our own ids), those that may not get a message yet.
    """
    held = aliased(Alert)
    in_flight = select(held.chat_id).where(held.state == AlertState.SENDING, held.lease_until >= now)
    heads = (
        select(func.min(Alert.id))
        .join(Chat, Chat.id == Alert.chat_id)
        .where(
            Alert.state.in_(WAITING),
            Alert.chat_id.not_in(in_flight),
            Alert.chat_id.not_in(list(busy_chats)),
            Chat.platform.in_(platforms),
        )
        .group_by(Alert.chat_id)
    )
    alerts = await claim(
        session,
        Alert,
        # Asked of the head only: one that must wait holds up its chat, or the order would be lost.
        # Its state is asked again: PostgreSQL judges a row that changed meanwhile anew, but not the subquery.
        where=Alert.id.in_(heads) & Alert.state.in_(WAITING) & (Alert.not_before <= now),
        order_by=[Alert.id.expression],
        limit=limit,
        owner=owner,
        now=now,
        lease_s=lease_s,
        values={"state": AlertState.SENDING, "attempts": Alert.attempts + 1},
    )
    if not alerts:
        return []
    chats = await _rows(session, Chat, {alert.chat_id for alert in alerts})
    articles = await _rows(session, Article, {alert.article_id for alert in alerts})
    feeds = await _rows(session, Feed, {article.feed_id for article in articles.values()})
    return [
        Claimed(
            alert,
            chats[alert.chat_id],
            articles[alert.article_id],
            feeds[articles[alert.article_id].feed_id],
        )
        for alert in alerts
    ]


async def _rows(session: AsyncSession, table: Any, ids: Iterable[int]) -> dict[int, Any]:
    return {row.id: row for row in await session.scalars(select(table).where(table.id.in_(list(ids))))}


async def mark_sent(
    session: AsyncSession, alert_id: int, *, message_id: int, in_english: bool, now: datetime
) -> None:
    """The message is out. An article translated in the meantime gets its edit here: whoever translated
    it may have looked before this alert was marked."""
    # The article is locked before the alert is changed, as where a late translation is stored: either that
    # transaction sees this alert, or we see its English. (SQLite has one writer at a time anyway.)
    english_title = await session.scalar(
        select(Article.english_title)
        .join(Alert, Alert.article_id == Article.id)
        .where(Alert.id == alert_id)
        .with_for_update(read=True, of=Article)
    )
    await _finish(
        session, alert_id, state=AlertState.SENT, message_id=message_id, in_english=in_english, sent_at=now
    )
    if english_title is not None and not in_english:
        await _enqueue_edit(session, await session.get_one(Alert, alert_id), now=now)


async def mark_edited(session: AsyncSession, edit_id: int, alert_id: int, *, now: datetime) -> None:
    """The edit is out, and the alert it edited now reads in English."""
    await _finish(session, edit_id, state=AlertState.SENT, sent_at=now)
    await session.execute(update(Alert).where(Alert.id == alert_id).values(in_english=True))


async def edited_alert(session: AsyncSession, edit: Alert) -> Alert | None:
    """The alert an edit is for."""
    return await session.scalar(
        select(Alert).where(
            Alert.chat_id == edit.chat_id,
            Alert.story_id == edit.story_id,
            Alert.kind == AlertKind.ALERT,
        )
    )


async def postpone(session: AsyncSession, alert_id: int, *, until: datetime, error: str) -> None:
    """Not delivered: back to the queue until a time."""
    await _finish(session, alert_id, state=AlertState.PENDING, not_before=until, error=error[:1000])


async def fail(session: AsyncSession, alert_id: int, error: str) -> None:
    """It can never be delivered."""
    await _finish(session, alert_id, state=AlertState.FAILED, error=error[:1000])


async def drop(session: AsyncSession, alert_id: int, reason: str) -> None:
    """It need not be delivered any more."""
    await _finish(session, alert_id, state=AlertState.DROPPED, error=reason)


async def _finish(session: AsyncSession, alert_id: int, **values: Any) -> None:
    await session.execute(
        update(Alert)
        .where(Alert.id == alert_id)
        .values(lease_owner=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )


async def latest(session: AsyncSession, chat_id: int, *, limit: int) -> list[tuple[Alert, Article, Feed]]:
    """A chat's newest alerts, the newest first."""
    rows = await session.execute(
        select(Alert, Article, Feed)
        .join(Article, Article.id == Alert.article_id)
        .join(Feed, Feed.id == Article.feed_id)
        .where(Alert.chat_id == chat_id, Alert.kind == AlertKind.ALERT)
        .order_by(Alert.id.desc())
        .limit(limit)
    )
    return [(alert, article, feed) for alert, article, feed in rows]


async def newest_sent(session: AsyncSession, chat_id: int) -> tuple[Alert, Article, Feed] | None:
    """A chat's newest alert that went out."""
    return await _newest(session, Alert.chat_id == chat_id, Alert.state == AlertState.SENT)


async def by_message(
    session: AsyncSession, platform: str, chat_id: int, message_id: int
) -> tuple[Alert, Article, Feed] | None:
    """The alert that is this message of a platform's chat, in whichever of its topics."""
    places = select(Chat.id).where(Chat.platform == platform, Chat.chat_id == chat_id)
    return await _newest(session, Alert.chat_id.in_(places), Alert.message_id == message_id)


async def with_id(session: AsyncSession, platform: str, chat_id: int, alert_id: int) -> Claimed | None:
    """An alert with all that its message is made of, if it went to this chat of a platform."""
    rows = await session.execute(
        select(Alert, Chat, Article, Feed)
        .join(Chat, Chat.id == Alert.chat_id)
        .join(Article, Article.id == Alert.article_id)
        .join(Feed, Feed.id == Article.feed_id)
        .where(
            Alert.id == alert_id,
            Alert.kind == AlertKind.ALERT,
            Chat.platform == platform,
            Chat.chat_id == chat_id,
        )
    )
    return next((Claimed(alert, chat, article, feed) for alert, chat, article, feed in rows), None)


async def _newest(session: AsyncSession, *where: ColumnElement[bool]) -> tuple[Alert, Article, Feed] | None:
    rows = await session.execute(
        select(Alert, Article, Feed)
        .join(Article, Article.id == Alert.article_id)
        .join(Feed, Feed.id == Article.feed_id)
        .where(Alert.kind == AlertKind.ALERT, *where)
        .order_by(Alert.id.desc())
        .limit(1)
    )
    return next(((alert, article, feed) for alert, article, feed in rows), None)


async def counts(session: AsyncSession) -> dict[str, int]:
    """state → number of alerts."""
    rows = await session.execute(
        select(Alert.state, func.count()).where(Alert.kind == AlertKind.ALERT).group_by(Alert.state)
    )
    return {row[0]: row[1] for row in rows}
