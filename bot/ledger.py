"""What polls found, on its way into the database: many polls share a transaction.

A poll that only learns that nothing changed costs a millisecond in a transaction of its own, and a tenth of
that together with others. Nobody waits for company: while one transaction is under way, what comes in gathers
for the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import articles, feeds
from storage.articles import NewArticle
from storage.database import Database
from storage.feeds import PollRecord

MAX_POLLS = 100  # in one transaction: at 30 items each half a second of SQLite's time


@dataclass(frozen=True, slots=True)
class _Entry:
    record: PollRecord
    items: Sequence[NewArticle]
    done: asyncio.Future[int]


class Ledger:
    """Writes polls down. One for a process; used within one event loop."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[_Entry] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, record: PollRecord, items: Sequence[NewArticle] = ()) -> int:
        """Keeps a poll's items and its feed's new state, in one transaction; gives how many items are new.

        Raises:
            what the database raises: nothing of this poll is kept then.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(record, items, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._work_off())
        return await done

    async def postpone(self, feed_id: int, until: datetime) -> None:
        """Gives a feed back unread, to be polled later."""
        async with self._database.write() as session:
            await feeds.postpone(session, feed_id, until)

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_POLLS], self._waiting[MAX_POLLS:]
                try:
                    await self._write(batch)
                except Exception as error:
                    if len(batch) == 1:
                        _fail(batch[0], error)
                        continue
                    # One poll's fault must not be the others': each is tried in a transaction of its own.
                    for entry in batch:
                        try:
                            await self._write([entry])
                        except Exception as own:
                            _fail(entry, own)
        finally:
            self._writer = None
            for entry in self._waiting:  # only when cancelled
                entry.done.cancel()
            self._waiting = []

    async def _write(self, batch: Sequence[_Entry]) -> None:
        now = self._clock()
        items: dict[int, list[NewArticle]] = {}
        for entry in batch:
            if entry.items:
                items.setdefault(entry.record.feed_id, []).extend(entry.items)
        new = dict.fromkeys(items, 0)
        async with self._database.write() as session:
            if items:
                for article in (await articles.store(session, items, now=now)).new:
                    new[article.feed_id] += 1
            await feeds.record(session, [entry.record for entry in batch], now=now)
        for entry in batch:
            if not entry.done.done():  # whoever asked may have been cancelled
                entry.done.set_result(new.get(entry.record.feed_id, 0))


def _fail(entry: _Entry, error: Exception) -> None:
    if not entry.done.done():
        entry.done.set_exception(error)
