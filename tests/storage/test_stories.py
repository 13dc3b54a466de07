"""Stories: articles that share a key are one, also when several workers find out at the same moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from storage.database import Database
from storage.models import Story, StoryKey
from storage.stories import STORY_WINDOW, join

MOMENT = timedelta(seconds=1)


async def put(database: Database, keys: Sequence[str], now: datetime) -> tuple[int, bool]:
    async with database.write() as session:
        return await join(session, keys, now=now)


async def stories_and_keys(database: Database) -> tuple[dict[int, int], dict[str, int]]:
    """id → articles, and key → story id."""
    async with database.read() as session:
        stories = {story.id: story.articles for story in await session.scalars(select(Story))}
        keys = {key.key: key.story_id for key in await session.scalars(select(StoryKey))}
    return stories, keys


async def test_articles_that_share_a_key_are_one_story_and_others_are_not(
    any_database: Database, now: datetime
) -> None:
    story, new = await put(any_database, ["link", "title"], now)
    assert new
    assert await put(any_database, ["other link", "title"], now) == (story, False)
    assert await put(any_database, ["other link"], now) == (story, False)
    other, new = await put(any_database, ["something else"], now)
    assert new
    assert (await stories_and_keys(any_database))[0] == {story: 3, other: 1}


async def test_an_article_with_one_key_twice_counts_once(any_database: Database, now: datetime) -> None:
    story, _ = await put(any_database, ["k", "k"], now)
    assert await stories_and_keys(any_database) == ({story: 1}, {"k": story})


async def test_a_key_of_two_stories_stays_with_the_one_that_has_it(
    any_database: Database, now: datetime
) -> None:
    first, _ = await put(any_database, ["a"], now)
    second, _ = await put(any_database, ["b"], now)
    assert await put(any_database, ["b", "a"], now) == (first, False)
    assert await stories_and_keys(any_database) == ({first: 2, second: 1}, {"a": first, "b": second})


async def test_a_headline_after_a_week_of_silence_is_news_again(
    any_database: Database, now: datetime
) -> None:
    first, _ = await put(any_database, ["link", "title"], now)
    on_time = now + STORY_WINDOW - MOMENT
    assert await put(any_database, ["title"], on_time) == (first, False)
    # The week counts from the last article.
    assert await put(any_database, ["title"], on_time + STORY_WINDOW - MOMENT) == (first, False)
    too_late = on_time + 2 * STORY_WINDOW
    second, new = await put(any_database, ["title"], too_late)
    assert new
    assert second != first
    assert await put(any_database, ["title"], too_late + MOMENT) == (second, False)


async def test_a_key_whose_week_is_over_goes_to_the_story_that_is_alive(
    any_database: Database, now: datetime
) -> None:
    old, _ = await put(any_database, ["link"], now)
    later = now + STORY_WINDOW
    alive, _ = await put(any_database, ["title"], later)
    assert await put(any_database, ["link", "title"], later) == (alive, False)
    assert await stories_and_keys(any_database) == ({old: 1, alive: 2}, {"link": alive, "title": alive})


async def test_two_workers_with_one_story_at_the_same_moment_end_in_one(
    any_database: Database, now: datetime
) -> None:
    """Both look before either has written: the second must find out when it writes its keys."""
    both_in = asyncio.Barrier(2)

    async def worker(keys: list[str]) -> tuple[int, bool]:
        async with any_database.write() as session:
            if not any_database.is_sqlite:  # there only one can be in
                await session.execute(select(1))
                await both_in.wait()
            return await join(session, keys, now=now)

    results = await asyncio.gather(worker(["a", "b"]), worker(["b", "c"]))
    assert {story for story, _ in results} == {results[0][0]}
    assert sorted(new for _, new in results) == [False, True]
    story = results[0][0]
    assert await stories_and_keys(any_database) == ({story: 2}, dict.fromkeys("abc", story))


async def test_many_workers_at_once_neither_deadlock_nor_leave_anything_behind(
    any_database: Database, now: datetime
) -> None:
    """Every article has the key all share and some others, in any order."""
    chance = random.Random(7)
    articles = [["all", *chance.sample("abcdefgh", 3)] for _ in range(60)]
    for keys in articles:
        chance.shuffle(keys)

    async def worker(mine: list[list[str]]) -> set[tuple[int, bool]]:
        return {await put(any_database, keys, now) for keys in mine}

    results = await asyncio.gather(*(worker(articles[start::6]) for start in range(6)))
    found = set().union(*results)
    stories, key_stories = await stories_and_keys(any_database)
    assert sorted(new for _, new in found) == [False, True]
    [story] = {story for story, _ in found}
    assert stories == {story: 60}
    assert set(key_stories.values()) == {story}


async def test_many_workers_taking_over_an_old_story_open_one_new_one(
    any_database: Database, now: datetime
) -> None:
    old, _ = await put(any_database, ["a", "b"], now)
    later = now + 2 * STORY_WINDOW
    results = await asyncio.gather(*(put(any_database, ["b", "a"], later) for _ in range(6)))
    assert sorted(new for _, new in results) == [False] * 5 + [True]
    [story] = {story for story, _ in results}
    assert await stories_and_keys(any_database) == ({old: 1, story: 6}, {"a": story, "b": story})


async def test_a_story_whose_transaction_fails_leaves_its_keys_free(
    any_database: Database, now: datetime
) -> None:
    class Fault(Exception):
        pass

    try:
        async with any_database.write() as session:
            await join(session, ["k"], now=now)
            raise Fault
    except Fault:
        pass
    story, new = await put(any_database, ["k"], now)
    assert new
    assert await stories_and_keys(any_database) == ({story: 1}, {"k": story})
