"""Many rows in few statements: the SQL is written once a table and number of rows, not once a row.

SQLAlchemy's own ways of inserting many rows take ten times the time that SQLite takes to store them. Here a
row is a tuple, and only values that need it (times, JSON) are converted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import JSON, TypeDecorator

MAX_ROWS: Final = 256  # a statement; twenty columns of them are far from SQLite's 32,766 variables

Convert = Callable[[Any], Any]


async def insert_rows(
    session: AsyncSession,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    conflict: Sequence[str],
    returning: Sequence[str],
) -> list[Any]:
    """Inserts the rows that are not there yet (by the columns `conflict`); gives columns of the new ones.

    Args:
        columns: of the table, in the order of each row's values. No defaults are filled in for the others.
        returning: columns whose values are given as the driver has them: whole numbers and text.
    """
    connection = await session.connection()
    dialect = connection.dialect
    names, keys, wanted = tuple(columns), tuple(conflict), tuple(returning)
    converted = _converted(rows, _conversions(table, names, dialect))
    new: list[Any] = []
    for start, count in _portions(len(rows)):
        statement = _insert(table, names, keys, wanted, count, dialect)
        values = tuple(value for row in converted[start : start + count] for value in row)
        new.extend(await connection.exec_driver_sql(statement, values))
    return new


def _portions(rows: int) -> Iterator[tuple[int, int]]:
    """Where each statement's rows begin, and how many: powers of two, for few different statements."""
    start, count = 0, MAX_ROWS
    while start < rows:
        while count > rows - start:
            count //= 2
        yield start, count
        start += count


@lru_cache(maxsize=100)
def _insert(
    table: Table,
    columns: tuple[str, ...],
    conflict: tuple[str, ...],
    returning: tuple[str, ...],
    rows: int,
    dialect: Dialect,
) -> str:
    def listed(names: Sequence[str]) -> str:
        return ", ".join(map(dialect.identifier_preparer.quote, names))

    # The two drivers in use count their parameters; SQLAlchemy names psycopg's, which can do either.
    row = f"({', '.join(['?' if dialect.paramstyle == 'qmark' else '%s'] * len(columns))})"
    return (
        f"INSERT INTO {dialect.identifier_preparer.format_table(table)} ({listed(columns)}) "  # noqa: S608
        f"VALUES {', '.join([row] * rows)} "
        f"ON CONFLICT ({listed(conflict)}) DO NOTHING RETURNING {listed(returning)}"
    )


@lru_cache(maxsize=100)
def _conversions(table: Table, columns: tuple[str, ...], dialect: Dialect) -> tuple[tuple[int, Convert], ...]:
    """The places in a row whose values a driver does not take as they are, and what to do with them."""
    found = []
    for place, name in enumerate(columns):
        kind = table.c[name].type
        # A number or a text is taken as it is; that of a StrEnum, too.
        if isinstance(kind, JSON | TypeDecorator):
            convert = kind.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                found.append((place, convert))
    return tuple(found)


def _converted(
    rows: Sequence[Sequence[Any]], conversions: tuple[tuple[int, Convert], ...]
) -> list[Sequence[Any]]:
    if not conversions:
        return list(rows)
    converted: list[Sequence[Any]] = []
    for row in rows:
        values = list(row)
        for place, convert in conversions:
            if values[place] is not None:
                values[place] = convert(values[place])
        converted.append(values)
    return converted
