"""Queries and who subscribes to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_new
from storage.models import Chat, ChatState, Query, Subscription


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription as fan-out needs it."""

    chat_id: int  # our own id of the chat
    query_id: int
    text: str
    id: int


async def ensure_query(session: AsyncSession, canonical: str, *, now: datetime) -> int:
    """The id of the query with this canonical text."""
    await insert_new(session, Query, [{"canonical": canonical, "created_at": now}], conflict=["canonical"])
    return (await session.scalars(select(Query.id).where(Query.canonical == canonical))).one()


async def subscribe(
    session: AsyncSession, chat_id: int, *, canonical: str, text: str, now: datetime
) -> tuple[Subscription, bool]:
    """Subscribes a chat; gives the subscription, and False when it was there already."""
    query_id = await ensure_query(session, canonical, now=now)
    new = await insert_new(
        session,
        Subscription,
        [{"chat_id": chat_id, "query_id": query_id, "text": text, "created_at": now}],
        conflict=["chat_id", "query_id"],
    )
    if new:
        return new[0], True
    found = await session.scalars(
        select(Subscription).where(Subscription.chat_id == chat_id, Subscription.query_id == query_id)
    )
    return found.one(), False


async def find(session: AsyncSession, chat_id: int, canonical: str) -> Subscription | None:
    """A chat's subscription to the query with this canonical text."""
    return await session.scalar(
        select(Subscription)
        .join(Query, Query.id == Subscription.query_id)
        .where(Subscription.chat_id == chat_id, Query.canonical == canonical)
    )


async def canonical(session: AsyncSession, query_id: int) -> str:
    """The canonical text of a query."""
    return (await session.scalars(select(Query.canonical).where(Query.id == query_id))).one()


async def query_id(session: AsyncSession, canonical: str) -> int | None:
    """The id of the query with this canonical text, if anybody ever asked for it."""
    return await session.scalar(select(Query.id).where(Query.canonical == canonical))


async def move(session: AsyncSession, subscription_id: int, *, query_id: int, text: str) -> None:
    """Makes a subscription one to another query, such as its own with words added."""
    await session.execute(
        update(Subscription).where(Subscription.id == subscription_id).values(query_id=query_id, text=text)
    )


async def unsubscribe(session: AsyncSession, chat_id: int, subscription_ids: Iterable[int]) -> int:
    """Ends subscriptions of this chat; gives how many there were."""
    gone = await session.scalars(
        delete(Subscription)
        .where(Subscription.chat_id == chat_id, Subscription.id.in_(list(subscription_ids)))
        .returning(Subscription.id)
        .execution_options(synchronize_session=False)
    )
    return len(list(gone))


async def of_chat(session: AsyncSession, chat_id: int) -> list[Subscription]:
    """A chat's subscriptions, the oldest first."""
    return list(
        await session.scalars(
            select(Subscription).where(Subscription.chat_id == chat_id).order_by(Subscription.id)
        )
    )


async def count_of_chat(session: AsyncSession, chat_id: int) -> int:
    """How many subscriptions a chat has."""
    statement = select(func.count()).where(Subscription.chat_id == chat_id)
    return (await session.scalars(statement)).one()


async def watch(session: AsyncSession, canonicals: Sequence[str], *, now: datetime) -> list[int]:
    """Makes these the watched queries, and no others; gives their ids."""
    ids = [await ensure_query(session, canonical, now=now) for canonical in canonicals]
    await session.execute(update(Query).values(watched=Query.id.in_(ids)))
    return ids


async def active_queries(session: AsyncSession) -> dict[int, str]:
    """id → canonical text of every query that is watched or has an active subscriber."""
    subscribed = (
        select(Subscription.id)
        .join(Chat, Chat.id == Subscription.chat_id)
        .where(Subscription.query_id == Query.id, Chat.state == ChatState.ACTIVE)
    )
    rows = await session.execute(
        select(Query.id, Query.canonical).where(or_(Query.watched, exists(subscribed)))
    )
    return {row[0]: row[1] for row in rows}


async def subscribers(session: AsyncSession, query_ids: Iterable[int]) -> list[Subscriber]:
    """The active chats' subscriptions to these queries."""
    rows = await session.execute(
        select(Subscription.chat_id, Subscription.query_id, Subscription.text, Subscription.id)
        .join(Chat, Chat.id == Subscription.chat_id)
        .where(Subscription.query_id.in_(list(query_ids)), Chat.state == ChatState.ACTIVE)
        .order_by(Subscription.id)
    )
    return [Subscriber(*row) for row in rows]
