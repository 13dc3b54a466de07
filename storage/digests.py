"""Digests: one a chat and local day, at most once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import claim, insert_new
from storage.models import Alert, AlertKind, AlertState, Article, Chat, Digest, Feed, Story


async def plan(
    session: AsyncSession, chat_id: int, *, local_date: date, fallback_since: datetime, now: datetime
) -> bool:
    """Promises the digest of a local day; gives False when it was promised before.

    It covers what came since the previous digest, or since `fallback_since` when there is none.
    """
    since = await session.scalar(select(func.max(Digest.until)).where(Digest.chat_id == chat_id))
    new = await insert_new(
        session,
        Digest,
        [
            {
                "chat_id": chat_id,
                "local_date": local_date,
                "since": since or fallback_since,
                "until": now,
                "not_before": now,
                "created_at": now,
            }
        ],
        conflict=["chat_id", "local_date"],
    )
    await session.execute(update(Chat).where(Chat.id == chat_id).values(last_digest_date=local_date))
    return bool(new)


async def is_planned(session: AsyncSession, chat_id: int, local_date: date) -> bool:
    """Whether the digest of this local day was promised, whatever has become of it."""
    found = await session.scalar(
        select(Digest.id).where(Digest.chat_id == chat_id, Digest.local_date == local_date)
    )
    return found is not None


async def claim_due(
    session: AsyncSession,
    *,
    platforms: Sequence[str],
    now: datetime,
    limit: int,
    owner: str,
    lease_s: float,
) -> list[Digest]:
    """Takes digests that wait to be sent, and marks them `sending`."""
    chats = select(Chat.id).where(Chat.platform.in_(platforms))
    return await claim(
        session,
        Digest,
        where=(Digest.state == AlertState.PENDING) & (Digest.not_before <= now) & Digest.chat_id.in_(chats),
        order_by=[Digest.id.expression],
        limit=limit,
        owner=owner,
        now=now,
        lease_s=lease_s,
        values={"state": AlertState.SENDING, "attempts": Digest.attempts + 1},
    )


async def give_up_interrupted(session: AsyncSession, *, now: datetime) -> int:
    """Digests whose sender died half-way: it can't be known what the reader has, so none is repeated."""
    ids = await session.scalars(
        update(Digest)
        # Without a lease: the sender was told to stop half-way, and gave its leases back.
        .where(
            Digest.state == AlertState.SENDING,
            Digest.lease_until.is_(None) | (Digest.lease_until < now),
        )
        .values(
            state=AlertState.FAILED,
            error="the sender ended while sending; not repeated, so that no digest comes twice",
            lease_owner=None,
            lease_until=None,
        )
        .returning(Digest.id)
        .execution_options(synchronize_session=False)
    )
    return len(list(ids))


async def contents(session: AsyncSession, digest: Digest) -> list[tuple[Alert, Article, Feed, Story]]:
    """The alerts of the digest's chat and window, the oldest first."""
    rows = await session.execute(
        select(Alert, Article, Feed, Story)
        .join(Article, Article.id == Alert.article_id)
        .join(Feed, Feed.id == Article.feed_id)
        .join(Story, Story.id == Alert.story_id)
        .where(
            Alert.chat_id == digest.chat_id,
            Alert.kind == AlertKind.ALERT,
            Alert.created_at > digest.since,
            Alert.created_at <= digest.until,
        )
        .order_by(Alert.id)
    )
    return [(alert, article, feed, story) for alert, article, feed, story in rows]


async def mark_sent(session: AsyncSession, digest_id: int, *, stories: int, now: datetime) -> None:
    """All of it is out; `stories` 0 means there was nothing to say, and nothing was said."""
    await _finish(session, digest_id, state=AlertState.SENT, stories=stories, sent_at=now)


async def postpone(session: AsyncSession, digest_id: int, *, until: datetime, error: str) -> None:
    """Surely none of it was delivered: back to the queue until a time."""
    await _finish(session, digest_id, state=AlertState.PENDING, not_before=until, error=error[:1000])


async def fail(session: AsyncSession, digest_id: int, error: str) -> None:
    """It won't be sent, or sent to its end."""
    await _finish(session, digest_id, state=AlertState.FAILED, error=error[:1000])


async def _finish(session: AsyncSession, digest_id: int, **values: Any) -> None:
    await session.execute(
        update(Digest)
        .where(Digest.id == digest_id)
        .values(lease_owner=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
