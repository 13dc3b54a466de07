"""What a chat does not want to hear about: a story, a source, or one of its subscriptions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.database import insert
from storage.models import Alert, AlertKind, AlertState, Article, Chat, Feed, Mute, Subscription

FOREVER = None


class Muted(StrEnum):
    """What can be muted."""

    STORY = "story"
    SOURCE = "source"
    SUBSCRIPTION = "subscription"


_COLUMNS = {Muted.STORY: Mute.story_id, Muted.SOURCE: Mute.feed_id, Muted.SUBSCRIPTION: Mute.subscription_id}


@dataclass(frozen=True, slots=True)
class Silence:
    """Who must not hear of an article: whole chats, and single subscriptions of others."""

    chat_ids: frozenset[int] = frozenset()
    subscription_ids: frozenset[int] = frozenset()


NO_SILENCE = Silence()


@dataclass(frozen=True, slots=True)
class Named:
    """Something that is muted: a story by a title of it, a source by its name, a subscription by its text."""

    id: int
    what: Muted
    name: str
    until: datetime | None


async def mute(
    session: AsyncSession, chat_id: int, what: Muted, id: int, *, until: datetime | None, now: datetime
) -> None:
    """Mutes something for a chat, for ever or until a time; said twice, the last word counts.

    What waits in the outbox is taken back, so that another source may still tell of it.
    """
    column = _COLUMNS[what].key
    statement = insert(session, Mute).values(
        {"chat_id": chat_id, column: id, "until": until, "created_at": now}
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=["chat_id", column], set_={"until": until})
    )
    await _take_back(session, chat_id, what, id)


async def unmute(session: AsyncSession, chat_id: int, what: Muted, id: int) -> bool:
    """Undoes it: what comes from now on is told again. Gives whether it was muted."""
    gone = await session.scalars(
        delete(Mute)
        .where(Mute.chat_id == chat_id, _COLUMNS[what] == id)
        .returning(Mute.id)
        .execution_options(synchronize_session=False)
    )
    return bool(list(gone))


async def has_subscription(session: AsyncSession, chat_id: int, subscription_id: int) -> bool:
    """Whether a subscription is this chat's."""
    found = await session.scalar(
        select(Subscription.id).where(Subscription.id == subscription_id, Subscription.chat_id == chat_id)
    )
    return found is not None


async def of_chat(session: AsyncSession, chat_id: int, *, now: datetime) -> frozenset[tuple[Muted, int]]:
    """All that a chat has muted."""
    rows = await session.scalars(select(Mute).where(Mute.chat_id == chat_id, _holds(now)))
    muted = set()
    for row in rows:
        for what, column in _COLUMNS.items():
            id = getattr(row, column.key)
            if id is not None:
                muted.add((what, id))
    return frozenset(muted)


async def about(
    session: AsyncSession, *, story_id: int, feed_id: int, query_ids: Collection[int], now: datetime
) -> Silence:
    """Who has muted this story, this source, or a subscription to one of these queries."""
    followed = select(Subscription.id).where(Subscription.query_id.in_(list(query_ids)))
    rows = await session.execute(
        select(Mute.chat_id, Mute.subscription_id).where(
            _holds(now),
            or_(Mute.story_id == story_id, Mute.feed_id == feed_id, Mute.subscription_id.in_(followed)),
        )
    )
    chat_ids, subscription_ids = set(), set()
    for chat_id, subscription_id in rows:
        if subscription_id is None:
            chat_ids.add(chat_id)
        else:
            subscription_ids.add(subscription_id)
    return Silence(frozenset(chat_ids), frozenset(subscription_ids))


async def named(session: AsyncSession, chat_id: int, *, now: datetime) -> list[Named]:
    """What a chat has muted, by the names people know it by; the newest first."""
    first = (
        select(func.min(Article.id))
        .where(Article.story_id == Mute.story_id)
        .correlate(Mute)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Mute, func.coalesce(Article.english_title, Article.title), Feed.name, Subscription.text)
        .select_from(Mute)
        .outerjoin(Article, Article.id == first)
        .outerjoin(Feed, Feed.id == Mute.feed_id)
        .outerjoin(Subscription, Subscription.id == Mute.subscription_id)
        .where(Mute.chat_id == chat_id, _holds(now))
        .order_by(Mute.id.desc())
    )
    found = []
    for row, title, source, query in rows:
        what, name = Muted.STORY, title or ""
        if row.feed_id is not None:
            what, name = Muted.SOURCE, source
        elif row.subscription_id is not None:
            what, name = Muted.SUBSCRIPTION, query
        found.append(Named(row.id, what, name, row.until))
    return found


async def undo(session: AsyncSession, platform: str, chat_id: int, mute_id: int) -> bool:
    """Undoes one by its id, if it is of this chat of a platform or of a topic in it; gives whether it was."""
    places = select(Chat.id).where(Chat.platform == platform, Chat.chat_id == chat_id)
    gone = await session.scalars(
        delete(Mute)
        .where(Mute.id == mute_id, Mute.chat_id.in_(places))
        .returning(Mute.id)
        .execution_options(synchronize_session=False)
    )
    return bool(list(gone))


async def move(session: AsyncSession, old_chat_id: int, new_chat_id: int) -> None:
    """Gives what one chat (our own ids) has muted to another that is the same to people."""
    for column in _COLUMNS.values():
        there = aliased(Mute)
        known = exists().where(
            there.chat_id == new_chat_id, getattr(there, column.key) == getattr(Mute, column.key)
        )
        await session.execute(
            update(Mute)
            .where(Mute.chat_id == old_chat_id, column.is_not(None), ~known)
            .values(chat_id=new_chat_id)
            .execution_options(synchronize_session=False)
        )


async def forget_ended(session: AsyncSession, *, now: datetime) -> int:
    """Deletes those whose time is over; gives how many."""
    gone = await session.scalars(
        delete(Mute).where(Mute.until <= now).returning(Mute.id).execution_options(synchronize_session=False)
    )
    return len(list(gone))


def _holds(now: datetime) -> ColumnElement[bool]:
    return or_(Mute.until.is_(None), Mute.until > now)


async def _take_back(session: AsyncSession, chat_id: int, what: Muted, id: int) -> None:
    """Deletes alerts of a story or a source that nobody has begun to send.

    A row that stays, even as dropped, would keep a story's next article from being told.
    """
    if what is Muted.SUBSCRIPTION:  # others of the chat may want what waits
        return
    if what is Muted.STORY:
        about_it = Alert.story_id == id
    else:
        about_it = Alert.article_id.in_(select(Article.id).where(Article.feed_id == id))
    await session.execute(
        delete(Alert)
        .where(
            Alert.chat_id == chat_id,
            Alert.kind == AlertKind.ALERT,
            Alert.state == AlertState.PENDING,
            Alert.attempts == 0,
            about_it,
        )
        .execution_options(synchronize_session=False)
    )
