"""The translation memory: what has been translated once is not asked for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from storage.database import ROWS_PER_STATEMENT, Database, insert_new
from storage.models import TranslationMemory

# When a text was last asked for only decides about pruning, half a year later: a write a day is plenty.
USE_IS_NOTED_AFTER = timedelta(days=1)


class StoredMemory:
    """The memory in the database, in the form `bot.translation` asks for."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """key → (text, provider), for the keys that are known."""
        if not keys:
            return {}
        wanted, now = tuple(dict.fromkeys(keys)), self._clock()
        columns = TranslationMemory.key, TranslationMemory.text, TranslationMemory.provider
        stale = TranslationMemory.used_at < now - USE_IS_NOTED_AFTER
        found: dict[str, tuple[str, str]] = {}
        unnoted: list[str] = []
        async with self._database.read() as session:
            for start in range(0, len(wanted), ROWS_PER_STATEMENT):
                chunk = wanted[start : start + ROWS_PER_STATEMENT]
                rows = await session.execute(select(*columns, stale).where(TranslationMemory.key.in_(chunk)))
                for key, text, provider, is_stale in rows:
                    found[key] = (text, provider)
                    if is_stale:
                        unnoted.append(key)
        if unnoted:
            await self._note_use(sorted(unnoted), now)
        return found

    async def _note_use(self, keys: Sequence[str], now: datetime) -> None:
        async with self._database.write() as session:
            for start in range(0, len(keys), ROWS_PER_STATEMENT):
                await session.execute(
                    update(TranslationMemory)
                    .where(TranslationMemory.key.in_(keys[start : start + ROWS_PER_STATEMENT]))
                    .values(used_at=now)
                    .execution_options(synchronize_session=False)
                )

    async def put(self, rows: Mapping[str, tuple[str, str]]) -> None:
        """Remembers key → (text, provider). What is there already stays."""
        now = self._clock()
        async with self._database.write() as session:
            await insert_new(
                session,
                TranslationMemory,
                [
                    {"key": key, "text": text, "provider": provider, "created_at": now, "used_at": now}
                    # In one order: two workers with the same texts would else wait for one another.
                    for key, (text, provider) in sorted(rows.items())
                ],
                conflict=["key"],
            )

    async def prune(self, *, unused_since: datetime) -> int:
        """Forgets what nobody asked for since a time; gives how many."""
        async with self._database.write() as session:
            keys = await session.scalars(
                delete(TranslationMemory)
                .where(TranslationMemory.used_at < unused_since)
                .returning(TranslationMemory.key)
            )
            return len(list(keys))
