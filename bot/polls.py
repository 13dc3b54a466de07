"""The road's first stretch: polls of feeds that are due, each from the fetch to new articles."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import structlog

from bot.feeds.fallback import Answer, fetch_fallback, fetch_or_fallback
from bot.feeds.fetch import FailureKind, Fetched, FetchError, Validators
from bot.feeds.hosts import Hosts
from bot.feeds.identity import KnownItems, recognised
from bot.feeds.pace import Pace
from bot.feeds.parse import ParseError
from bot.feeds.pool import ParsePool
from bot.feeds.schedule import interval_s, next_poll_after_failure, next_poll_after_success
from bot.feeds.turns import Turns, host_of
from bot.intake import to_new_article
from bot.learned import (
    address_of,
    last_reading,
    moved,
    not_there_after_all,
    of_fallback,
    pace_of,
    paced,
    poll_state,
    read_by_fallback,
    read_from,
)
from bot.ledger import Finding, Ledger
from bot.loops import report_database
from bot.reachability import Reachability
from bot.road import DATABASE_AWAY, Counters, Milestone, Passing, Wakes
from storage import feeds
from storage.articles import NewArticle
from storage.database import Database, first_line
from storage.feeds import PollRecord
from storage.models import Feed

log = structlog.get_logger(__name__)

PATIENCE_S = 5.0  # for a host that is being asked already; then the slot goes to another feed
FIRST_AGAIN = 0.2  # of the polls that a fallback answers: so often the feed's own address is tried again
WORTH_CLAIMING = 4  # a quarter of the slots: claiming one feed costs as much as claiming twenty
# Of more than this hashlib lets other threads run meanwhile, and getting the interpreter back from them takes
# ten times as long as hashing a feed.
_HASHED_AT_ONCE = 2047
LEASE_S = 180  # a fetch has a deadline of a minute, a parse of half a minute


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll of one feed brought. `error` None and `new` 0: nothing new."""

    feed: str
    url: str
    new: int = 0
    unchanged: bool = False
    postponed: bool = False  # its host is being asked for other feeds; it is due again in a moment
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
        hosts: Hosts,
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
        self._ledger = Ledger(database, clock)
        self._hosts = hosts
        self._turns = Turns(self._hosts)
        self._polling: set[asyncio.Task[PollOutcome]] = set()
        self.counters = counters

    async def start_due(self) -> list[asyncio.Task[PollOutcome]]:
        """Starts polls of feeds that are due, as many as may run at once; gives their tasks."""
        free = self._at_once - len(self._polling)
        if free <= 0 or free < self._at_once // WORTH_CLAIMING:
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
                return await self._poll_in_turn(feed)
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

    async def _poll_in_turn(self, feed: Feed) -> PollOutcome:
        """The poll, when its host may be asked; after a moment the feed goes to the back of the queue."""
        host, time = host_of(address_of(feed)), asyncio.get_running_loop().time
        patience_ends = time() + PATIENCE_S
        while wait_s := self._hosts.begin(host, now=time()):
            if time() + wait_s > patience_ends:
                again_at = self._clock() + timedelta(seconds=wait_s + self._chance.random() * PATIENCE_S)
                await self._ledger.postpone(feed.id, again_at)
                self.counters.postponed += 1
                return PollOutcome(feed.name, feed.url, postponed=True)
            await asyncio.sleep(wait_s)
        try:
            answer = await self._fetch(feed)
        finally:
            self._hosts.end(host, now=time())
        return await self._read(feed, answer)

    async def _fetch(self, feed: Feed) -> Answer:
        by_fallback = read_by_fallback(feed)
        answer = await fetch_or_fallback(
            self._session,
            address_of(feed),
            feed.fallback,
            validators=Validators(feed.etag, feed.last_modified),
            by_fallback=by_fallback,
            ask_first=not by_fallback or self._chance.random() < FIRST_AGAIN,
            failures=feed.failures,
            now=self._clock(),
            user_agent=feed.user_agent,
            turn=self._turns.at,
        )
        self._passing(Milestone.FETCHED)
        return answer

    async def _read(self, feed: Feed, answer: Answer) -> PollOutcome:
        fetched, now = answer.fetched, self._clock()
        body_hash = None if fetched.status == 304 else _hash(fetched.body)
        if body_hash is None or body_hash == feed.body_hash:
            return await self._unchanged(feed, answer, well=body_hash is not None, now=now)
        first_poll = feed.last_success_at is None
        try:
            reading = await self._pool.read(
                fetched.body,
                url=fetched.url,
                content_type=fetched.content_type,
                now=now,
                names=(feed.name,),
                last=last_reading(feed),
            )
        except ParseError as error:
            if feed.fallback is None or answer.used_fallback:
                raise
            # A challenge page where the feed should be: its fallback may have the news.
            return await self._read(
                feed, await fetch_fallback(self._session, feed.fallback, error, now=now, turn=self._turns.at)
            )
        jitter = self._chance.random()

        def settle(known: KnownItems) -> tuple[PollRecord, list[NewArticle]]:
            strangers = len(reading.entries) - len(known.identities)
            pace = paced(
                feed,
                new_items=strangers,
                in_document=reading.in_document,
                published=[entry.published for entry in reading.entries],
                now=now,
            )
            learned = {
                **moved(feed, answer),
                **read_from(feed, reading, fetched, pace, strangers=strangers, now=now),
                **of_fallback(feed, answer),
                "body_hash": body_hash,
                "poll_every_s": interval_s(poll_state(feed, failures=0, pace=pace, asked_s=feed.asked_s)),
            }
            next_poll_at = _next(feed, fetched, pace, jitter, now=now)
            entries = recognised(reading.entries, known, whole=reading.whole)
            return (
                feeds.read_well(feed.id, now=now, next_poll_at=next_poll_at, **learned),
                [to_new_article(entry, first_poll=first_poll, now=now) for entry in entries],
            )

        # Of a feed never read before nothing can be known.
        asked = () if first_poll else reading.entries
        new = await self._ledger.write(Finding(feed.id, settle, asked, whole=reading.whole))
        self._passing(Milestone.STORED)
        self._reachability.feed_read(feed.name)
        self.counters.articles += new
        self.counters.gaps += reading.gap
        if new:
            self._wakes.articles.set()
        return PollOutcome(feed.name, feed.url, new=new)

    async def _unchanged(self, feed: Feed, answer: Answer, *, well: bool, now: datetime) -> PollOutcome:
        """A 304, or the very body of last time: only the latter proves that the feed can be read."""
        self.counters.unchanged += 1
        pace = paced(feed, new_items=0, in_document=None, published=(), now=now)
        next_poll_at = _next(feed, answer.fetched, pace, self._chance.random(), now=now)
        learned = {
            **moved(feed, answer),
            "items_per_day": pace.items_per_day,
            "window_s": pace.window_s,
        }
        if well:
            learned |= of_fallback(feed, answer)
            record = feeds.read_well(feed.id, now=now, next_poll_at=next_poll_at, **learned)
        else:
            record = feeds.unchanged(feed.id, next_poll_at=next_poll_at, **learned)
        await self._ledger.note(record)
        self._reachability.feed_read(feed.name)
        return PollOutcome(feed.name, feed.url, unchanged=True)

    async def _poll_failed(self, feed: Feed, error: FetchError | ParseError) -> PollOutcome:
        self.counters.failed_polls += 1
        now = self._clock()
        next_poll_at = next_poll_after_failure(
            poll_state(feed, failures=feed.failures + 1, pace=pace_of(feed), asked_s=feed.asked_s),
            error.kind if isinstance(error, FetchError) else FailureKind.CONTENT,
            error.retry_after_s if isinstance(error, FetchError) else None,
            now=now,
            jitter=self._chance.random(),
            status=error.status if isinstance(error, FetchError) else None,
        )
        remark = ". ".join(part.rstrip(".") for part in (error.reason, error.hint) if part)
        learned = not_there_after_all(feed)
        await self._ledger.note(
            feeds.failed(feed, now=now, next_poll_at=next_poll_at, error=remark, **learned)
        )
        self._reachability.feed_failed(feed.name, error.reason)
        return PollOutcome(feed.name, feed.url, error=str(error))


def _next(feed: Feed, fetched: Fetched, pace: Pace, jitter: float, *, now: datetime) -> datetime:
    return next_poll_after_success(
        poll_state(feed, failures=0, pace=pace, asked_s=feed.asked_s),
        now=now,
        jitter=jitter,
        retry_after_s=fetched.retry_after_s,
    )


def _hash(body: bytes) -> bytes:
    hashed, view = hashlib.blake2b(digest_size=16), memoryview(body)
    for start in range(0, len(body), _HASHED_AT_ONCE):
        hashed.update(view[start : start + _HASHED_AT_ONCE])
    return hashed.digest()
