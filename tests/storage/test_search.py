"""Search: every word, whole, in any of its keys; only wanted articles; newest first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from storage import articles, search
from storage.database import Database
from storage.models import Article
from tests.storage.rows import add_articles, make_ready

KEYS = ["nikel ekspor 2026", "nikelin larangan", "никель экспорт", "100 percent", ""]


@pytest.fixture
async def archive(any_database: Database, now: datetime) -> tuple[Database, list[int]]:
    ids = await add_articles(any_database, now, count=len(KEYS) + 1)
    for article_id, keys in zip(ids, KEYS, strict=False):
        await make_ready(any_database, article_id, now, key=f"k{article_id}")
        async with any_database.write() as session:
            await session.execute(update(Article).where(Article.id == article_id).values(search_keys=keys))
    async with any_database.write() as session:
        await articles.finish_unwanted(session, {ids[-1]: "id"})
        await session.execute(update(Article).where(Article.id == ids[-1]).values(search_keys="nikel"))
    return any_database, ids


async def test_words_are_found_whole_by_any_key_and_all_together(
    archive: tuple[Database, list[int]],
) -> None:
    database, ids = archive

    async def found(*words: tuple[str, ...]) -> list[int]:
        async with database.read() as session:
            return [ids.index(article.id) for article, _ in await search.matching(session, words, limit=9)]

    assert await found(("nikel",)) == [0]
    assert await found(("nike",)) == []
    assert await found(("ekspor",), ("nikel",)) == [0]
    assert await found(("2026",), ("nikel",)) == [0]
    assert await found(("nikel",), ("larangan",)) == []
    assert await found(("nikel", "никель", "nikelin")) == [2, 1, 0]
    # What LIKE would take for a wildcard is a letter like any other.
    assert await found(("ni_el",)) == []
    assert await found(("%",)) == []
    assert await found(("100%",)) == []
    assert await found(("100",)) == [3]
    assert await found(("nikel' OR '1'='1",)) == []
    assert await found(("/", "\\")) == []


async def test_the_newest_come_first_and_no_more_than_asked_for(
    archive: tuple[Database, list[int]],
) -> None:
    database, ids = archive
    async with database.read() as session:
        rows = await search.newest(session, limit=2)
    assert [article.id for article, _ in rows] == [ids[4], ids[3]]
    assert {feed.name for _, feed in rows} == {"Kabar"}


async def test_an_article_that_is_emptied_is_not_in_the_archive(
    archive: tuple[Database, list[int]], now: datetime
) -> None:
    database, ids = archive
    async with database.write() as session:
        await articles.forget_unwanted(session, before=now + timedelta(days=9))
    async with database.read() as session:
        assert ids[-1] not in [article.id for article, _ in await search.newest(session, limit=99)]
