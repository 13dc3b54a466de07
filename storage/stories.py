"""Stories: one row an event, and the keys by which its articles find it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert
from storage.models import Story, StoryKey

STORY_WINDOW = timedelta(days=7)  # a headline that comes again after that is news again


async def join(session: AsyncSession, keys: Sequence[str], *, now: datetime) -> tuple[int, bool]:
    """Puts an article into the story that has one of its keys, or into a new one.

    Gives the story's id and whether it is new. Two workers with the same key at the same moment end in
    one story: the second waits for the first one's key, and reads it.
    """
    fresh = StoryKey.seen_at > now - STORY_WINDOW
    found = await session.scalar(
        select(StoryKey.story_id).where(StoryKey.key.in_(keys), fresh).order_by(StoryKey.story_id).limit(1)
    )
    is_new = found is None
    if found is None:
        story = Story(created_at=now, last_article_at=now, articles=0)
        session.add(story)
        await session.flush()
        found = story.id
    for key in sorted(set(keys)):  # in one order, so that two workers can't deadlock
        statement = insert(session, StoryKey).values(key=key, story_id=found, seen_at=now)
        owner = await session.scalar(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "story_id": _kept_if_fresh(found, now),
                    "seen_at": statement.excluded.seen_at,
                },
            ).returning(StoryKey.story_id)
        )
        if is_new and owner is not None and owner != found:  # another worker was first
            await session.execute(update(StoryKey).where(StoryKey.story_id == found).values(story_id=owner))
            await session.delete(await session.get_one(Story, found))
            await session.flush()
            found, is_new = owner, False
    await session.execute(
        update(Story)
        .where(Story.id == found)
        .values(articles=Story.articles + 1, last_article_at=now)
        .execution_options(synchronize_session=False)
    )
    return found, is_new


def _kept_if_fresh(new_id: int, now: datetime) -> ColumnElement[int]:
    return case((StoryKey.seen_at > now - STORY_WINDOW, StoryKey.story_id), else_=new_id)
