"""The road an article takes, from a due feed to alerts in the outbox.

    poll      due feed → fetch → parse → articles: new           (entries and validators: one transaction)
    process   new → language, words → wanted? → English → match
              → story, matches, alerts; articles: ready          (one transaction an article)
    catch up  ready, but untranslated → English → match again
              → more matches, edits of what went out             (one transaction an article)

A process that dies between two transactions resumes at the last: whatever was leased is free again when
the lease runs out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.fanout import fan_out
from bot.feeds.fetch import FailureKind, FetchError, Validators, fetch
from bot.feeds.parse import ParseError
from bot.feeds.pool import ParsePool
from bot.feeds.schedule import PollState, next_poll_after_failure, next_poll_after_success
from bot.intake import next_translation, to_new_article
from bot.language.detect import Detector
from bot.language.words import Document, analyse_article, search_keys
from bot.loops import report_database
from bot.matching.index import Match
from bot.matching.origin import Origin
from bot.queries import LiveQueries, origin_of
from bot.reachability import Reachability
from bot.road import Counters, Milestone, Passing, Tempo, Wakes, pass_by
from bot.stories.grouping import story_keys
from bot.translation.failures import TranslationError
from bot.translation.translator import Translator
from storage import alerts, articles, feeds, stories, subscriptions
from storage.articles import English
from storage.database import Database, first_line
from storage.models import Article, ArticleState, Feed

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5  # of an article that our own code fails on
# The database itself is away. Any other of its errors is about one row, and a fault of ours.
DATABASE_AWAY = (OperationalError, InterfaceError)

POLL_LEASE_S = 180  # a fetch has a deadline of a minute, a parse of half a minute
ARTICLE_LEASE_S = 180
BATCH = 50
LATE_BATCH = 10


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll of one feed brought. `error` None and `new` 0: nothing new."""

    feed: str
    url: str
    new: int = 0
    unchanged: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    article: Article
    feed: Feed
    language: str
    document: Document

    @property
    def origin(self) -> Origin:
        return origin_of(self.article, self.feed, self.language)


class Pipeline:
    """Walks the road. Everything it uses is handed in; `owner` names this process in leases."""

    def __init__(
        self,
        database: Database,
        *,
        session: aiohttp.ClientSession,
        pool: ParsePool,
        detector: Detector,
        queries: LiveQueries,
        translator: Translator,
        reachability: Reachability,
        owner: str,
        clock: Callable[[], datetime],
        wakes: Wakes,
        tempo: Tempo,
        passing: Passing = pass_by,
        chance: random.Random | None = None,
    ) -> None:
        self._database = database
        self._session = session
        self._pool = pool
        self._detector = detector
        self._queries = queries
        self._translator = translator
        self._reachability = reachability
        self._owner = owner
        self._clock = clock
        self._wakes = wakes
        self._tempo = tempo
        self._passing = passing
        self._chance = chance or random.Random()  # noqa: S311 - spreads polls, guards nothing
        self._polling: set[asyncio.Task[PollOutcome]] = set()
        self.counters = Counters()

    # From a due feed to new articles

    async def poll_due(self) -> list[asyncio.Task[PollOutcome]]:
        """Starts polls of feeds that are due, as many as may run at once; gives their tasks."""
        free = self._tempo.polls_at_once - len(self._polling)
        if free <= 0:
            return []
        async with self._database.write() as session:
            due = await feeds.claim_due(
                session, now=self._clock(), limit=free, owner=self._owner, lease_s=POLL_LEASE_S
            )
        tasks = [asyncio.create_task(self._poll(feed)) for feed in due]
        for task in tasks:
            self._polling.add(task)
            task.add_done_callback(self._polling.discard)
        return tasks

    async def finish_polls(self) -> None:
        """Waits for the polls under way."""
        while self._polling:
            await asyncio.wait(self._polling)

    async def cancel_polls(self) -> None:
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
                new_items=0,
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
                    new_items=len(new),
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

    # From new to ready

    async def process_new(self) -> int:
        """Takes a batch of new articles through; gives how many there were."""
        async with self._database.write() as session:
            claimed = await articles.claim_new(
                session, now=self._clock(), limit=BATCH, owner=self._owner, lease_s=ARTICLE_LEASE_S
            )
            sources = await feeds.by_ids(session, sorted({article.feed_id for article in claimed}))
        if not claimed:
            return 0
        self._passing(Milestone.CLAIMED)
        await self._queries.refresh()
        readings = await self._read_all(claimed, sources)
        wanted = await self._queries.wanted([(reading.document, reading.origin) for reading in readings])
        unwanted = {
            reading.article.id: reading.language
            for reading, queries in zip(readings, wanted, strict=True)
            if not queries
        }
        self._passing(Milestone.MATCHED)
        async with self._database.write() as session:
            await articles.finish_unwanted(session, unwanted)
        hits = [reading for reading, queries in zip(readings, wanted, strict=True) if queries]
        await self._each(self._finish, hits)
        return len(claimed)

    async def _read_all(self, batch: Sequence[Article], sources: dict[int, Feed]) -> list[_Reading]:
        """Language and words of each article; one that can't be read is left for another attempt."""
        readings = []
        for article in batch:
            try:
                readings.append(await asyncio.to_thread(self._read, article, sources[article.feed_id]))
            except Exception:
                await self._article_fault(article)
        return readings

    def _read(self, article: Article, feed: Feed) -> _Reading:
        language = self._detector.detect(f"{article.title}\n{article.summary}", feed.language)
        return _Reading(article, feed, language, analyse_article(article.title, article.summary, language))

    async def _each(self, step: Callable[[_Reading], Awaitable[None]], readings: Sequence[_Reading]) -> None:
        """Runs a step for all at once, so that a fault in one does not reach the others."""
        outcomes = await asyncio.gather(
            *(self._guarded(step, one) for one in readings), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _guarded(self, step: Callable[[_Reading], Awaitable[None]], reading: _Reading) -> None:
        try:
            await step(reading)
        except DATABASE_AWAY:
            raise
        except Exception:
            await self._article_fault(reading.article)

    async def _article_fault(self, article: Article) -> None:
        """A fault of ours. The article is tried again, but neither at once nor for ever."""
        self.counters.faults += 1
        log.exception("article_fault", article=article.id, url=article.url, attempts=article.attempts)
        if article.state == ArticleState.READY:  # it went out, untranslated
            await self._postpone(article)
        elif article.attempts >= MAX_ATTEMPTS:
            async with self._database.write() as session:
                await articles.give_up(session, article.id)

    async def _finish(self, reading: _Reading) -> None:
        article, now = reading.article, self._clock()
        english: English | None = None
        translate_after: datetime | None = None
        if reading.language != "en":
            # Backlog waits its turn behind the news, in `catch_up`.
            english = None if article.backlog else await self._translate(article, reading.language)
            if english is None:
                translate_after = now if article.backlog else self._next_translation(article, attempts=0)
        self._passing(Milestone.TRANSLATED)
        english_document = _analyse_english(english)
        matches = await self._queries.match(reading.document, english_document, reading.origin)
        async with self._database.write() as session:
            if not matches:  # what phase A took for a hit is ruled out by a NOT
                await articles.finish_unwanted(session, {article.id: reading.language})
                return
            story_id, _ = await stories.join(session, _story_keys(article), now=now)
            await articles.finish_wanted(
                session,
                article.id,
                language=reading.language,
                english=english,
                translate_after=translate_after,
                story_id=story_id,
                search_keys=_search_keys(reading.document, english_document),
            )
            await self._alert(session, article, story_id, matches, now)
        self.counters.wanted += 1
        self._passing(Milestone.READY)
        self._wakes.alerts.set()

    # Ready, but untranslated

    async def catch_up(self) -> int:
        """Tries again to translate a few articles that are due for it; gives how many there were."""
        async with self._database.write() as session:
            claimed = await articles.claim_untranslated(
                session, now=self._clock(), limit=LATE_BATCH, owner=self._owner, lease_s=ARTICLE_LEASE_S
            )
            sources = await feeds.by_ids(session, sorted({article.feed_id for article in claimed}))
        if not claimed:
            return 0
        self._passing(Milestone.LATE_CLAIMED)
        await self._queries.refresh()
        readings = await self._read_all(claimed, sources)
        await self._each(self._finish_late, readings)
        return len(claimed)

    async def _finish_late(self, reading: _Reading) -> None:
        article = reading.article
        english = await self._translate(article, article.language or reading.language)
        self._passing(Milestone.LATE_TRANSLATED)
        if english is None:
            await self._postpone(article)
            return
        english_document = _analyse_english(english)
        matches = await self._queries.match(reading.document, english_document, reading.origin)
        now = self._clock()
        async with self._database.write() as session:
            await articles.set_english(
                session, article.id, english, search_keys=_search_keys(reading.document, english_document)
            )
            if article.story_id is not None:
                await self._alert(session, article, article.story_id, matches, now)
            await alerts.enqueue_edits(session, article.id, now=now)
        self._passing(Milestone.LATE_READY)
        self._wakes.alerts.set()

    async def _postpone(self, article: Article) -> None:
        after = self._next_translation(article, article.translate_attempts + 1)
        async with self._database.write() as session:
            await articles.postpone_translation(session, article.id, after)

    # Both

    async def _alert(
        self, session: AsyncSession, article: Article, story_id: int, matches: list[Match], now: datetime
    ) -> None:
        why = {match.query_id: [reason.to_json() for reason in match.why] for match in matches}
        await articles.add_matches(session, article.id, why, now=now)
        if article.backlog:
            return
        readers = await subscriptions.subscribers(session, why)
        self.counters.alerts += await alerts.enqueue(
            session, story_id, article.id, fan_out(why, readers), now=now
        )

    async def _translate(self, article: Article, language: str) -> English | None:
        try:
            title, summary = await self._translator.translate(
                [article.title, article.summary],
                source=language,
                deadline_s=self._tempo.translation_deadline_s,
            )
        except TranslationError as error:
            self.counters.untranslated += 1
            self._reachability.report(
                "Translator",
                ok=False,
                reason=error.reason,
                consequence="Alerts go out in the original language and are updated when it is back.",
            )
            return None
        self.counters.translated += 1
        self._reachability.report("Translator", ok=True)
        return English(title.text, summary.text, title.provider)

    def _next_translation(self, article: Article, attempts: int) -> datetime | None:
        return next_translation(
            attempts=attempts,
            first_seen=article.fetched_at,
            base_s=self._tempo.translation_retry_s,
            now=self._clock(),
        )


def _story_keys(article: Article) -> tuple[str, ...]:
    return story_keys(
        title=article.title,
        url=article.url,
        day=(article.published_at or article.fetched_at).date(),
        fallback=f"{article.feed_id}:{article.identity}",
    )


def _analyse_english(english: English | None) -> Document | None:
    return None if english is None else analyse_article(english.title, english.summary, "en")


def _search_keys(original: Document, english: Document | None) -> str:
    keys = search_keys(original).split()
    if english is not None:
        keys += search_keys(english).split()
    return " ".join(dict.fromkeys(keys))
