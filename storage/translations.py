"""The translation memory: what has been translated once is not asked for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from storage.database import Database, insert_new
from storage.models import TranslationMemory


class StoredMemory:
    """The memory in the database, in the form `bot.translation` asks for."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """key → (text, provider), for the keys that are known."""
        if not keys:
            return {}
        async with self._database.read() as session:
            rows = await session.scalars(select(TranslationMemory).where(TranslationMemory.key.in_(keys)))
            found = {row.key: (row.text, row.provider) for row in rows}
        if found:
            async with self._database.write() as session:
                await session.execute(
                    update(TranslationMemory)
                    .where(TranslationMemory.key.in_(found))
                    .values(used_at=self._clock())
                    .execution_options(synchronize_session=False)
                )
        return found

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
