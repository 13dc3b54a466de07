"""The road's first stretch: polls of feeds that are due, each from the fetch to new articles."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog

from bot.feeds.fetch import FailureKind, FetchError, Validators, fetch
from bot.feeds.parse import ParseError
from bot.feeds.pool import ParsePool
from bot.feeds.schedule import PollState, next_poll_after_failure, next_poll_after_success
from bot.intake import to_new_article
from bot.loops import report_database
from bot.reachability import Reachability
from bot.road import DATABASE_AWAY, Counters, Milestone, Passing, Wakes
from storage import articles, feeds
from storage.database import Database, first_line
from storage.models import Feed

log = structlog.get_logger(__name__)

LEASE_S = 180  # a fetch has a deadline of a minute, a parse of half a minute


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll of one feed brought. `error` None and `new` 0: nothing new."""

    feed: str
    url: str
    new: int = 0
    unchanged: bool = False
    error: str | None = None


class Polls:
    """Starts polls, and knows those under way. `counters` and `wakes` are those of the whole road."""

    def __init__(
        self,
        database: Database,
        *,
        session: aiohttp.ClientSession,
        pool: ParsePool,
        reachability: Reachability,
        owner: str,
        clock: Callable[[], datetime],
        at_once: int,
        wakes: Wakes,
        counters: Counters,
        passing: Passing,
        chance: random.Random,
    ) -> None:
        self._database = database
        self._session = session
        self._pool = pool
        self._reachability = reachability
        self._owner = owner
        self._clock = clock
        self._at_once = at_once
        self._wakes = wakes
        self._passing = passing
        self._chance = chance
        self._polling: set[asyncio.Task[PollOutcome]] = set()
        self.counters = counters

    async def start_due(self) -> list[asyncio.Task[PollOutcome]]:
        """Starts polls of feeds that are due, as many as may run at once; gives their tasks."""
        free = self._at_once - len(self._polling)
        if free <= 0:
            return []
        async with self._database.write() as session:
            due = await feeds.claim_due(
                session, now=self._clock(), limit=free, owner=self._owner, lease_s=LEASE_S
            )
        tasks = [asyncio.create_task(self._poll(feed)) for feed in due]
        for task in tasks:
            self._polling.add(task)
            task.add_done_callback(self._polling.discard)
        return tasks

    async def finish(self) -> None:
        """Waits for the polls under way."""
        while self._polling:
            await asyncio.wait(self._polling)

    async def cancel(self) -> None:
        """Ends the polls under way; their feeds are due again as soon as the leases are given back."""
        polls = list(self._polling)
        for poll in polls:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)

    async def _poll(self, feed: Feed) -> PollOutcome:
        """One poll from beginning to end. Never raises: nobody may be waiting for the task."""
        self.counters.polls += 1
        try:
            try:
                return await self._poll_one(feed)
            except (FetchError, ParseError) as error:
                return await self._poll_failed(feed, error)
            except DATABASE_AWAY:
                raise
            except Exception as error:
                # A fault of ours in one feed must not stop the others.
                self.counters.faults += 1
                log.exception("poll_fault", feed=feed.name)
                fault = ParseError(feed.url, f"a fault of Rarewatch's own ({type(error).__name__})")
                return await self._poll_failed(feed, fault)
        except DATABASE_AWAY as error:
            # Its lease runs out, and it is polled again: nothing of this poll was stored.
            report_database(self._reachability, error)
            return PollOutcome(feed.name, feed.url, error=f"the database is away: {first_line(error)}")

    async def _poll_one(self, feed: Feed) -> PollOutcome:
        fetched = await fetch(self._session, feed.url, validators=Validators(feed.etag, feed.last_modified))
        self._passing(Milestone.FETCHED)
        now = self._clock()
        state = PollState(feed.interval_s, feed.failures)
        if fetched.status == 304:
            self.counters.unchanged += 1
            next_poll_at = next_poll_after_success(
                state,
                now=now,
                jitter=self._chance.random(),
                retry_after_s=fetched.retry_after_s,
            )
            async with self._database.write() as session:
                await feeds.record_unchanged(session, feed.id, now=now, next_poll_at=next_poll_at)
            self._reachability.feed_read(feed.name)
            return PollOutcome(feed.name, feed.url, unchanged=True)
        parsed = await self._pool.parse(
            fetched.body, url=fetched.url, content_type=fetched.content_type, now=now
        )
        first_poll = feed.last_success_at is None
        entries = [to_new_article(entry, first_poll=first_poll, now=now) for entry in parsed.entries]
        async with self._database.write() as session:
            new = await articles.add(session, feed.id, entries, now=now)
            await feeds.record_success(
                session,
                feed.id,
                now=now,
                next_poll_at=next_poll_after_success(
                    state,
                    now=now,
                    jitter=self._chance.random(),
                    retry_after_s=fetched.retry_after_s,
                ),
                etag=fetched.validators.etag,
                last_modified=fetched.validators.last_modified,
            )
        self._passing(Milestone.STORED)
        self._reachability.feed_read(feed.name)
        self.counters.articles += len(new)
        if new:
            self._wakes.articles.set()
        return PollOutcome(feed.name, feed.url, new=len(new))

    async def _poll_failed(self, feed: Feed, error: FetchError | ParseError) -> PollOutcome:
        self.counters.failed_polls += 1
        now = self._clock()
        kind = error.kind if isinstance(error, FetchError) else FailureKind.CONTENT
        retry_after_s = error.retry_after_s if isinstance(error, FetchError) else None
        next_poll_at = next_poll_after_failure(
            PollState(feed.interval_s, feed.failures + 1),
            kind,
            retry_after_s,
            now=now,
            jitter=self._chance.random(),
        )
        remark = ". ".join(part.rstrip(".") for part in (error.reason, error.hint) if part)
        async with self._database.write() as session:
            await feeds.record_failure(session, feed.id, now=now, next_poll_at=next_poll_at, error=remark)
        self._reachability.feed_failed(feed.name, error.reason)
        return PollOutcome(feed.name, feed.url, error=str(error))
