"""Many polls in one transaction; one poll's fault stays its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import StatementError

from bot.feeds.identity import KnownItems
from bot.ledger import Finding, Ledger
from storage import feeds
from storage.articles import NewArticle
from storage.database import Database
from storage.feeds import PollRecord
from storage.models import Feed
from tests.storage.rows import add_feed, all_articles


def finding(record: PollRecord, items: Sequence[NewArticle] = ()) -> Finding:
    def settle(_known: KnownItems) -> tuple[PollRecord, Sequence[NewArticle]]:
        return record, items

    return Finding(record.feed_id, settle)


def items(*identities: str) -> list[NewArticle]:
    return [NewArticle(identity, None, "Judul", "", None, False) for identity in identities]


async def test_each_poll_learns_how_many_of_its_own_items_are_new(
    any_database: Database, now: datetime
) -> None:
    ids = [await add_feed(any_database, now, f"http://{name}.example/") for name in "abc"]
    ledger = Ledger(any_database, lambda: now)
    records = [feeds.read_well(id_, now=now, next_poll_at=now, etag=f'"{id_}"') for id_ in ids]
    several = [items("1", "2"), items("1"), []]
    new = await asyncio.gather(*map(ledger.write, map(finding, records, several)))
    assert new == [2, 1, 0]
    assert await ledger.write(finding(records[0], items("2", "3"))) == 1
    assert len(await all_articles(any_database)) == 4
    async with any_database.read() as session:
        assert {feed.etag for feed in await session.scalars(select(Feed))} == {f'"{id_}"' for id_ in ids}


async def test_polls_that_end_together_share_transactions(database: Database, now: datetime) -> None:
    ids = [await add_feed(database, now, f"http://{number}.example/") for number in range(50)]
    ledger = Ledger(database, lambda: now)
    commits = 0

    def count(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database._engine.sync_engine, "commit", count)
    try:
        await asyncio.gather(*(ledger.note(feeds.unchanged(id_, next_poll_at=now)) for id_ in ids))
    finally:
        event.remove(database._engine.sync_engine, "commit", count)
    assert 1 <= commits <= 3


async def test_a_poll_that_cannot_be_written_fails_alone(any_database: Database, now: datetime) -> None:
    ids = [await add_feed(any_database, now, f"http://{name}.example/") for name in "ab"]
    ledger = Ledger(any_database, lambda: now)
    good, bad = (feeds.read_well(id_, now=now, next_poll_at=now, etag="x") for id_ in ids)
    broken = NewArticle("1", None, {"no": "text"}, "", None, False)  # type: ignore[arg-type]
    outcomes = await asyncio.gather(
        ledger.write(finding(bad, [broken])), ledger.write(finding(good, items("1"))), return_exceptions=True
    )
    assert isinstance(outcomes[0], Exception)
    assert outcomes[1] == 1
    [article] = await all_articles(any_database)
    assert article.feed_id == ids[0]
    with pytest.raises((StatementError, type(outcomes[0]))):
        await ledger.write(finding(bad, [broken]))


async def test_a_poll_that_was_cancelled_does_not_keep_the_others_waiting(
    database: Database, now: datetime
) -> None:
    ids = [await add_feed(database, now, f"http://{name}.example/") for name in "ab"]
    ledger = Ledger(database, lambda: now)
    first = asyncio.create_task(ledger.note(feeds.unchanged(ids[0], next_poll_at=now)))
    second = asyncio.create_task(ledger.write(finding(feeds.unchanged(ids[1], next_poll_at=now), items("1"))))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1
