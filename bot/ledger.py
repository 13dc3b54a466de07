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

from sqlalchemy.ext.asyncio import AsyncSession

from bot.feeds.entry import Entry
from bot.feeds.identity import KnownItems
from storage import articles, feeds
from storage.articles import Known, NewArticle
from storage.database import Database
from storage.feeds import PollRecord

MAX_POLLS = 100  # in one transaction: at 30 items each half a second of SQLite's time


Settled = tuple[PollRecord, Sequence[NewArticle]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a poll found, to be settled once it is known which of its entries are stored already.

    `settle` is asked within the transaction, perhaps again in another one: it decides and does nothing else.
    """

    feed_id: int
    settle: Callable[[KnownItems], Settled]
    entries: Sequence[Entry] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    finding: Finding
    done: asyncio.Future[int]


class Ledger:
    """Writes polls down. One for a process; used within one event loop."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[_Line] = []
        self._writer: asyncio.Task[None] | None = None

    async def note(self, record: PollRecord) -> None:
        """Keeps a feed's new state, of a poll that brought no items."""
        await self.write(Finding(record.feed_id, lambda _known: (record, ())))

    async def write(self, finding: Finding) -> int:
        """Keeps a poll's items and its feed's new state, in one transaction; gives how many items are new.

        Raises:
            what the database raises: nothing of this poll is kept then.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Line(finding, done))
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
                    for line in batch:
                        try:
                            await self._write([line])
                        except Exception as own:
                            _fail(line, own)
        finally:
            self._writer = None
            for line in self._waiting:  # only when cancelled
                line.done.cancel()
            self._waiting = []

    async def _write(self, batch: Sequence[_Line]) -> None:
        now = self._clock()
        findings = [line.finding for line in batch]
        new = {finding.feed_id: 0 for finding in findings}
        async with self._database.write() as session:
            known = await _known(session, findings)
            settled = [
                finding.settle(_asked_of(known.get(finding.feed_id, []), finding)) for finding in findings
            ]
            items: dict[int, list[NewArticle]] = {}
            for record, several in settled:
                if several:
                    items.setdefault(record.feed_id, []).extend(several)
            if items:
                for article in (await articles.store(session, items, now=now, known=known)).new:
                    new[article.feed_id] += 1
            await feeds.record(session, [record for record, _ in settled], now=now)
        for line in batch:
            if not line.done.done():  # whoever asked may have been cancelled
                line.done.set_result(new[line.finding.feed_id])


async def _known(session: AsyncSession, findings: Sequence[Finding]) -> dict[int, list[Known]]:
    """What the archive has of all entries; titles are only asked for when nothing else of a feed is known."""
    asked = {
        finding.feed_id: (
            [entry.identity for entry in finding.entries],
            [entry.link_key for entry in finding.entries if entry.link_key],
        )
        for finding in findings
        if finding.entries
    }
    known = await articles.find_known(session, asked) if asked else {}
    for finding in findings:
        if finding.whole and len(finding.entries) > 1 and finding.feed_id not in known:
            titles = [entry.title_key for entry in finding.entries]
            known[finding.feed_id] = await articles.with_titles(session, finding.feed_id, titles)
    return known


def _asked_of(rows: Sequence[Known], finding: Finding) -> KnownItems:
    own = {entry.identity for entry in finding.entries}
    return KnownItems(
        frozenset(row.identity for row in rows if row.identity in own),
        {row.link_key: row.identity for row in rows if row.link_key},
        {row.title_key: row.identity for row in rows if row.title_key},
    )


def _fail(line: _Line, error: Exception) -> None:
    if not line.done.done():
        line.done.set_exception(error)
