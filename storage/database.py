"""Engine, transactions, and the few places where SQLite and PostgreSQL differ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import ColumnElement, Connection, Engine, Insert, event, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage.errors import StorageError
from storage.models import Base, Leased

BUSY_TIMEOUT_S = 30  # how long a writer waits for SQLite's one write lock
# Advisory locks of PostgreSQL: any numbers no other program on the server would use ("rare", and on).
MIGRATION_LOCK = 0x7261_7265
CATALOG_LOCK = MIGRATION_LOCK + 1
ROWS_PER_STATEMENT = 500  # SQLite takes 32,766 variables a statement

Row = TypeVar("Row", bound=Base)
LeasedRow = TypeVar("LeasedRow", bound=Leased)


class DatabaseUrlError(StorageError):
    """The database address can't be used."""


class DatabaseUnreachableError(StorageError):
    """The database can't be reached."""


def parse_url(address: str) -> URL:
    """The address with the driver Rarewatch uses; ``postgres://`` as platforms write it is understood."""
    try:
        url = make_url(address)
    except ArgumentError:
        # Nothing of the address is repeated: it may hold a password.
        raise DatabaseUrlError(
            "DATABASE_URL", "it is not an address", hint="Example: sqlite:///rarewatch.db"
        ) from None
    match url.get_backend_name():
        case "sqlite":
            if url.database in (None, "", ":memory:"):
                raise DatabaseUrlError(
                    "DATABASE_URL", "a database in memory is lost at exit", hint="Name a file."
                )
            return url.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise DatabaseUrlError(
                "DATABASE_URL", f"{other} is not supported", hint="Use sqlite:///… or postgresql://…"
            )


class DatabaseVersionError(StorageError):
    """The database can't be brought up to date."""


class Database:
    """A database, and transactions on it.

    `read` and `write` give a session in one transaction, committed at the end of the block, or rolled
    back when it raises. On SQLite a `write` takes the write lock at its beginning (BEGIN IMMEDIATE):
    a transaction that reads, then writes, would else lose updates.
    """

    def __init__(self, address: str) -> None:
        self.url = parse_url(address)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            self._engine = _create_engine(self.url)
        except NoSuchModuleError as error:
            raise DatabaseUrlError("DATABASE_URL", "its driver is not installed") from error
        self._writing = asyncio.Lock()
        self._write_engine = self._engine.execution_options(rarewatch_write=True)

    @property
    def shown(self) -> str:
        """The address as a person wrote it, without its password."""
        # Without its parameters: drivers take a password there, too.
        plain = self.url.set(drivername=self.url.get_backend_name(), query={})
        return plain.render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading."""
        async with self._session(self._engine) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session for reading and writing. Not to be nested: on SQLite there is one writer at a time."""
        # SQLite's own way of waiting for its write lock is to sleep and look again, up to 100 ms at a time.
        turn = self._writing if self.is_sqlite else nullcontext()
        async with turn, self._session(self._write_engine) as session:
            yield session

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raises DatabaseUnreachableError unless a statement can be run."""
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except (DBAPIError, OSError) as error:
            raise DatabaseUnreachableError(self.shown, first_line(error)) from error

    async def upgrade(self) -> None:
        """Brings the tables to the newest form, under a lock: several processes may start at once."""
        engine = _create_engine(self.url, foreign_keys=False).execution_options(rarewatch_write=True)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(_upgrade)
        except CommandError as error:
            # Alembic's own words name a revision, which tells a person nothing.
            raise DatabaseVersionError(
                self.shown,
                "its tables are of a form that this version does not know",
                hint="A newer Rarewatch made them: run that one, or another database.",
            ) from error
        except (DBAPIError, OSError) as error:
            raise DatabaseUnreachableError(
                self.shown, first_line(error), hint="Check DATABASE_URL, and that the database runs."
            ) from error
        finally:
            await engine.dispose()

    async def close(self) -> None:
        """Gives all connections back."""
        await self._engine.dispose()


def first_line(error: BaseException) -> str:
    """The driver's own first line, without SQLAlchemy's statement and parameters."""
    original = getattr(error, "orig", None) or error
    lines = str(original).strip().splitlines()
    return lines[0] if lines else type(original).__name__


def _create_engine(url: URL, *, foreign_keys: bool = True) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True)
    # isolation_level=None: the driver begins nothing by itself; `_begin` below does.
    engine = create_async_engine(url, connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        # A batch migration rebuilds tables; with foreign keys on that deletes every child row.
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    _begin_on_write(engine.sync_engine)
    return engine


def _begin_on_write(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("rarewatch_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes["connection"] = connection
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        command.upgrade(config, "head")


def insert(session: AsyncSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the session's own dialect, for its ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def insert_new(
    session: AsyncSession, table: type[Row], rows: Iterable[Mapping[str, Any]], conflict: Sequence[str]
) -> list[Row]:
    """Inserts the rows that are not there yet (by the columns `conflict`); gives only the new ones."""
    return [row for (row,) in await insert_new_returning(session, table, rows, conflict, (table,))]


async def insert_new_returning(
    session: AsyncSession,
    table: type[Base],
    rows: Iterable[Mapping[str, Any]],
    conflict: Sequence[str],
    columns: Sequence[Any],
) -> list[Any]:
    """As `insert_new`, but gives these columns of the new rows: whole objects cost more than the insert."""
    pending = list(rows)
    new: list[Any] = []
    for start in range(0, len(pending), ROWS_PER_STATEMENT):
        chunk = pending[start : start + ROWS_PER_STATEMENT]
        statement: Insert = insert(session, table).on_conflict_do_nothing(index_elements=list(conflict))
        result = await session.execute(statement.returning(*columns), [dict(row) for row in chunk])
        new.extend(result)
    return new


async def claim(
    session: AsyncSession,
    table: type[LeasedRow],
    *,
    where: ColumnElement[bool],
    order_by: Sequence[ColumnElement[Any]],
    limit: int,
    owner: str,
    now: datetime,
    lease_s: float,
    values: Mapping[str, Any] | None = None,
) -> list[LeasedRow]:
    """Takes up to `limit` rows that nobody holds, for `lease_s` seconds; no row goes to two owners.

    The rows are picked in a CTE: PostgreSQL may run a plain subquery with LIMIT more than once.
    """
    free = table.lease_until.is_(None) | (table.lease_until < now)
    picked = (
        select(table.id)
        .where(where, free)
        .order_by(*order_by)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    statement = (
        update(table)
        .where(table.id.in_(select(picked.c.id)))
        .values(lease_owner=owner, lease_until=now + timedelta(seconds=lease_s), **(values or {}))
        .returning(table)
        .execution_options(synchronize_session=False)
    )
    rows = list(await session.scalars(statement))
    rows.sort(key=lambda row: row.id)  # RETURNING promises no order
    return rows


async def one_at_a_time(session: AsyncSession, lock: int) -> None:
    """Holds other processes off until this transaction ends. On SQLite every write transaction does that."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})


async def release(session: AsyncSession, owner: str) -> None:
    """Gives back every lease the owner holds, so that others need not wait for it to run out."""
    for table in Leased.__subclasses__():
        await session.execute(
            update(table)
            .where(table.lease_owner == owner)
            .values(lease_owner=None, lease_until=None)
            .execution_options(synchronize_session=False)
        )


async def wait_for(database: Database, *, attempts: int, pause_s: float) -> None:
    """Waits for a database server that is still starting (compose, platforms)."""
    for attempt in range(attempts):
        try:
            await database.ping()
        except DatabaseUnreachableError:
            if attempt == attempts - 1:
                raise
            await asyncio.sleep(pause_s)
        else:
            return
