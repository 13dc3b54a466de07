"""What the operator was told of feeds in trouble, and which feeds never had an article."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Article, Feed


async def empty(session: AsyncSession) -> set[int]:
    """The ids of polled feeds that could be read and never had an article."""
    return set(
        await session.scalars(
            select(Feed.id).where(
                Feed.enabled,
                Feed.last_success_at.is_not(None),
                Feed.newest_at.is_(None),
                ~exists().where(Article.feed_id == Feed.id),
            )
        )
    )


async def mark_told(session: AsyncSession, ids: Sequence[int], *, now: datetime) -> set[int]:
    """Takes it on to tell of these feeds; gives those that nobody else has taken on."""
    return set(
        await session.scalars(
            update(Feed)
            .where(Feed.id.in_(ids), Feed.problem_told_at.is_(None))
            .values(problem_told_at=now)
            .returning(Feed.id)
            .execution_options(synchronize_session=False)
        )
    )


async def mark_over(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    """Takes it on to tell that these feeds are back; gives those that nobody else has taken on."""
    return set(
        await session.scalars(
            update(Feed)
            .where(Feed.id.in_(ids), Feed.problem_told_at.is_not(None))
            .values(problem_told_at=None)
            .returning(Feed.id)
            .execution_options(synchronize_session=False)
        )
    )


async def untold(session: AsyncSession, ids: Sequence[int], *, told_at: datetime) -> None:
    """After a message that reached nobody: it is to be told yet."""
    await session.execute(
        update(Feed)
        .where(Feed.id.in_(ids), Feed.problem_told_at == told_at)
        .values(problem_told_at=None)
        .execution_options(synchronize_session=False)
    )
