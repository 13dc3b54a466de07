"""Many rows in few statements, on both databases, converted as one by one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storage.bulk import MAX_ROWS, insert_rows
from storage.database import Database
from storage.models import Article
from tests.storage.rows import add_feed

COLUMNS = (
    "feed_id",
    "identity",
    "title",
    "summary",
    "enclosures",
    "published_at",
    "fetched_at",
    "backlog",
    "state",
    "attempts",
    "translation",
    "translate_attempts",
    "search_keys",
)


def row(feed_id: int, number: int, now: datetime) -> tuple[object, ...]:
    files = [{"url": "http://a.example/ä.mp3"}] if number % 2 else None
    published = now - timedelta(microseconds=number) if number % 3 else None
    text = ("new", 0, "undecided", 0, "")
    return feed_id, str(number), f"Judul {number}", "", files, published, now, bool(number % 2), *text


@pytest.mark.parametrize("count", [0, 1, 3, MAX_ROWS - 1, MAX_ROWS + 5])
async def test_what_is_inserted_reads_as_it_was(any_database: Database, now: datetime, count: int) -> None:
    feed_id = await add_feed(any_database, now, "http://a.example/")
    rows = [row(feed_id, number, now) for number in range(count)]
    async with any_database.write() as session:
        added = await insert_rows(
            session,
            Article.__table__,  # type: ignore[arg-type]
            COLUMNS,
            rows,
            conflict=("feed_id", "identity"),
            returning=("id", "identity"),
        )
    assert sorted(int(identity) for _, identity in added) == list(range(count))
    async with any_database.read() as session:
        found = {article.identity: article for article in await session.scalars(select(Article))}
    assert {article.id for article in found.values()} == {id_ for id_, _ in added}
    for values in rows:
        stored = found[str(values[1])]
        assert tuple(getattr(stored, name) for name in COLUMNS) == values


async def test_a_row_that_is_there_stays_and_is_not_given(any_database: Database, now: datetime) -> None:
    feed_id = await add_feed(any_database, now, "http://a.example/")
    given = []
    for numbers in ((1, 2, 1), (2, 3)):
        async with any_database.write() as session:
            added = await insert_rows(
                session,
                Article.__table__,  # type: ignore[arg-type]
                COLUMNS,
                [row(feed_id, number, now) for number in numbers],
                conflict=("feed_id", "identity"),
                returning=("identity",),
            )
        given.append(sorted(identity for (identity,) in added))
    assert given == [["1", "2"], ["3"]]
