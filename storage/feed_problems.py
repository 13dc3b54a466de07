"""What the operator was told of feeds in trouble, and what their articles say of those that bring little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.feeds import PORTION
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


async def dates(session: AsyncSession, *, items_per_day: float) -> dict[int, tuple[datetime, datetime, int]]:
    """Of polled feeds that bring less than so much: (oldest date, newest date, dated articles), by id."""
    rows = await session.stream(
        select(Feed.id, func.min(Article.published_at), func.max(Article.published_at), func.count())
        .join(Article, Article.feed_id == Feed.id)
        .where(
            Feed.enabled,
            Feed.failures == 0,
            Feed.items_per_day < items_per_day,
            Article.published_at.is_not(None),
        )
        .group_by(Feed.id)
        .execution_options(yield_per=PORTION)  # of thousands at once others would have to wait
    )
    return {
        feed_id: (oldest, newest, count) async for feed_id, oldest, newest, count in rows if oldest and newest
    }


async def pages(session: AsyncSession, *, since: datetime) -> dict[int, tuple[int, int]]:
    """Of polled feeds with full text: (pages asked for since a time, those that had a text), by id."""
    rows = await session.execute(
        select(Feed.id, func.count(), func.count().filter(Article.body != ""))
        .join(Article, Article.feed_id == Feed.id)
        .where(Feed.enabled, Feed.full_text, Article.body.is_not(None), Article.fetched_at >= since)
        .group_by(Feed.id)
    )
    return {feed_id: (asked, found) for feed_id, asked, found in rows}


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
