"""Transactions, migrations, leases: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from storage.database import (
    Database,
    DatabaseUnreachableError,
    DatabaseUrlError,
    DatabaseVersionError,
    claim,
    parse_url,
    release,
)
from storage.models import Article, Base, Feed
from tests.storage.rows import add_articles, add_feed


async def test_the_migrations_make_exactly_the_tables_of_the_models(any_database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with any_database.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(differences) == []


async def test_several_processes_may_upgrade_at_once(any_database_url: str) -> None:
    databases = [Database(any_database_url) for _ in range(4)]
    await asyncio.gather(*(database.upgrade() for database in databases))
    for database in databases:
        await database.ping()
        await database.close()


async def test_read_then_write_transactions_lose_no_update(any_database: Database, now: datetime) -> None:
    feed_id = await add_feed(any_database, now)

    async def add_one() -> None:
        async with any_database.write() as session:
            feed = await session.get_one(Feed, feed_id, with_for_update=True)
            count = feed.failures
            await asyncio.sleep(0.005)
            feed.failures = count + 1

    await asyncio.gather(*(add_one() for _ in range(10)))
    async with any_database.read() as session:
        assert (await session.get_one(Feed, feed_id)).failures == 10


async def test_a_transaction_that_raises_leaves_nothing(any_database: Database, now: datetime) -> None:
    async def begin_and_die() -> None:
        async with any_database.write() as session:
            session.add(
                Feed(url="http://x/", name="x", language="id", tier="trade", next_poll_at=now, tags=[])
            )
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await begin_and_die()
    async with any_database.read() as session:
        assert (await session.scalars(select(Feed))).all() == []


async def test_no_row_is_claimed_twice_by_workers_at_once(any_database: Database, now: datetime) -> None:
    await add_articles(any_database, now, count=200)

    async def worker(name: str) -> list[int]:
        mine: list[int] = []
        while True:
            async with any_database.write() as session:
                rows = await claim(
                    session,
                    Article,
                    where=Article.state == "new",
                    order_by=[Article.id.expression],
                    limit=7,
                    owner=name,
                    now=now,
                    lease_s=60,
                )
            if not rows:
                return mine
            assert [row.id for row in rows] == sorted(row.id for row in rows)
            mine += [row.id for row in rows]

    claimed = await asyncio.gather(*(worker(f"w{number}") for number in range(4)))
    counted = Counter(article_id for ids in claimed for article_id in ids)
    assert len(counted) == 200
    assert set(counted.values()) == {1}


async def test_a_lease_that_ran_out_or_was_given_back_is_free_again(
    any_database: Database, now: datetime
) -> None:
    await add_articles(any_database, now, count=2)

    async def take(owner: str, at: datetime) -> int:
        async with any_database.write() as session:
            rows = await claim(
                session,
                Article,
                where=Article.state == "new",
                order_by=[Article.id.expression],
                limit=10,
                owner=owner,
                now=at,
                lease_s=60,
            )
            return len(rows)

    assert await take("a", now) == 2
    assert await take("b", now + timedelta(seconds=59)) == 0
    assert await take("b", now + timedelta(seconds=61)) == 2
    async with any_database.write() as session:
        await release(session, "b")
    assert await take("c", now + timedelta(seconds=62)) == 2


async def test_times_come_back_as_they_went_in_and_must_have_a_zone(any_database: Database) -> None:
    jakarta = datetime.fromisoformat("2026-11-23T16:00:00.123456+07:00")
    feed_id = await add_feed(any_database, jakarta)
    async with any_database.read() as session:
        stored = (await session.get_one(Feed, feed_id)).next_poll_at
    assert stored == jakarta
    assert stored.tzinfo is UTC
    with pytest.raises(Exception, match="without a zone"):
        await add_feed(any_database, datetime(2026, 11, 23), url="http://naive/")  # noqa: DTZ001


async def test_sqlite_runs_with_the_settings_that_keep_data_safe(database: Database) -> None:
    async with database.read() as session:
        values = [
            (await session.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous")
        ]
    assert values == ["wal", 1, 1]


@pytest.mark.parametrize(
    ("address", "driver"),
    [
        pytest.param("sqlite:///x.db", "sqlite+aiosqlite", id="a file"),
        pytest.param("postgres://u:p@h/d?sslmode=require", "postgresql+psycopg", id="as platforms write it"),
        pytest.param("postgresql+asyncpg://u:p@h/d", "postgresql+psycopg", id="another driver"),
    ],
)
def test_addresses_get_our_driver(address: str, driver: str) -> None:
    assert parse_url(address).drivername == driver


@pytest.mark.parametrize(
    "address", ["", "not an address", "mysql://u:geheim@h/d", "sqlite://", "sqlite:///:memory:"]
)
def test_a_bad_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        parse_url(address)
    assert "DATABASE_URL" in str(caught.value)
    assert "geheim" not in str(caught.value)


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    database = Database("postgresql://user:geheim@127.0.0.1:1/nothing?connect_timeout=2")
    with pytest.raises(DatabaseUnreachableError) as caught:
        await database.upgrade()
    assert "127.0.0.1" in str(caught.value)
    assert "geheim" not in str(caught.value)
    await database.close()


async def test_tables_of_a_newer_version_are_refused_with_what_to_do(any_database: Database) -> None:
    async with any_database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match="newer Rarewatch"):
        await any_database.upgrade()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("shopping list " * 200)
    database = Database(f"sqlite:///{tmp_path}/notes.db")
    with pytest.raises(DatabaseUnreachableError, match="not a database"):
        await database.upgrade()
    await database.close()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("postgresql://u:geheim@h/d", id="in its place"),
        pytest.param("postgresql://h/d?user=u&password=geheim", id="as a parameter"),
    ],
)
async def test_the_address_is_shown_without_its_password(address: str) -> None:
    database = Database(address)
    assert "geheim" not in database.shown
    assert "h/d" in database.shown
    await database.close()
