"""The translation memory: asked once, remembered, forgotten when nobody asks any more."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import select

from storage.database import Database
from storage.models import TranslationMemory
from storage.translations import StoredMemory

DAY = timedelta(days=1)


async def test_what_was_put_is_found_and_what_is_there_stays(any_database: Database, now: datetime) -> None:
    memory = StoredMemory(any_database, lambda: now)
    await memory.put({"a": ("nickel", "google"), "b": ("руда — ore", "libre")})
    await memory.put({"a": ("something else", "libre"), "c": ("", "libre")})
    await memory.put({})
    assert await memory.get([]) == {}
    assert await memory.get(["a", "b", "c", "d"]) == {
        "a": ("nickel", "google"),
        "b": ("руда — ore", "libre"),
        "c": ("", "libre"),
    }


async def test_what_is_asked_for_is_kept_and_what_is_not_is_forgotten(
    any_database: Database, now: datetime
) -> None:
    clock = [now]
    memory = StoredMemory(any_database, lambda: clock[0])
    await memory.put({"asked": ("x", "p"), "not asked": ("y", "p")})
    clock[0] = now + 100 * DAY
    assert set(await memory.get(["asked"])) == {"asked"}
    assert await memory.prune(unused_since=now) == 0
    assert await memory.prune(unused_since=now + DAY) == 1
    assert set(await memory.get(["asked", "not asked"])) == {"asked"}


async def test_workers_that_translate_the_same_texts_at_once_do_not_block_one_another(
    any_database: Database, now: datetime
) -> None:
    memory = StoredMemory(any_database, lambda: now)
    keys = [f"k{number}" for number in range(1200)]

    async def worker(mine: list[str]) -> None:
        await memory.put(dict.fromkeys(mine, ("text", "p")))
        assert len(await memory.get(mine)) == 1200

    await asyncio.gather(*(worker(keys if number % 2 else keys[::-1]) for number in range(6)))


async def test_a_use_is_written_once_a_day(any_database: Database, now: datetime) -> None:
    clock = [now]
    memory = StoredMemory(any_database, lambda: clock[0])
    await memory.put({"a": ("x", "p")})
    clock[0] = now + timedelta(hours=23)
    assert set(await memory.get(["a"])) == {"a"}  # not noted: it was noted less than a day ago
    assert await _used_at(any_database) == now
    clock[0] = now + timedelta(hours=25)
    assert set(await memory.get(["a"])) == {"a"}
    assert await _used_at(any_database) == clock[0]


async def test_more_keys_than_a_statement_takes_are_found(any_database: Database, now: datetime) -> None:
    memory = StoredMemory(any_database, lambda: now)
    rows = {f"k{number}": (f"text {number}", "p") for number in range(1100)}
    await memory.put(rows)
    assert await memory.get([*rows, "k0", "unknown"]) == rows


async def _used_at(database: Database) -> datetime | None:
    async with database.read() as session:
        return await session.scalar(select(TranslationMemory.used_at))
