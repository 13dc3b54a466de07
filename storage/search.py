"""Search in the archive of wanted articles, by word keys.

Thin on purpose: every key must stand in the article, found by a scan. A full-text index comes with the
archive's growth; the keys it needs are stored with each article already.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Article, Feed


async def newest(session: AsyncSession, *, limit: int) -> list[tuple[Article, Feed]]:
    """The newest wanted articles."""
    return await matching(session, [], limit=limit)


async def matching(
    session: AsyncSession, words: Sequence[Sequence[str]], *, limit: int
) -> list[tuple[Article, Feed]]:
    """The newest wanted articles that have, of each word, at least one of its keys."""
    padded = " " + Article.search_keys + " "
    conditions = [
        or_(*(padded.contains(f" {key} ", autoescape=True) for key in keys)) for keys in words if keys
    ]
    rows = await session.execute(
        select(Article, Feed)
        .join(Feed, Feed.id == Article.feed_id)
        .where(and_(Article.wanted.is_(True), *conditions))
        .order_by(Article.id.desc())
        .limit(limit)
    )
    return [(article, feed) for article, feed in rows]
