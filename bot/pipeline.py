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
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.fanout import fan_out
from bot.feeds.fetch import FailureKind, FetchError, Validators, fetch
from bot.feeds.parse import Entry, ParseError
from bot.feeds.pool import ParsePool
from bot.feeds.schedule import PollState, next_poll_after_failure, next_poll_after_success
from bot.language.detect import Detector
from bot.language.words import Document, analyse_article, search_keys
from bot.matching.index import Match
from bot.queries import LiveQueries
from bot.reachability import Reachability
from bot.road import Milestone, Passing, pass_by
from bot.stories.grouping import story_keys
from bot.translation.failures import TranslationError
from bot.translation.translator import Translator
from storage import alerts, articles, feeds, stories, subscriptions
from storage.articles import English, NewArticle
from storage.database import Database
from storage.models import Article, Feed

log = structlog.get_logger(__name__)

BACKLOG_AGE = timedelta(hours=24)  # older news is kept, but nobody is woken by it
GIVE_UP_TRANSLATING = timedelta(days=3)
MAX_TRANSLATE_PAUSE_S = 900.0
MAX_ATTEMPTS = 5  # of an article that our own code fails on

POLL_LEASE_S = 180  # a fetch has a deadline of a minute, a parse of half a minute
ARTICLE_LEASE_S = 180
BATCH = 50
LATE_BATCH = 10


@dataclass(frozen=True, slots=True)
class Tempo:
    """How long the road waits where it waits; tests and the demo are in more of a hurry."""

    polls_at_once: int = 20
    translation_deadline_s: float = 20.0
    translation_retry_s: float = 30.0
    translator_rest_s: float = 60.0  # of a provider that keeps failing


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll of one feed brought. `error` None and `new` 0: nothing new."""

    feed: str
    url: str
    new: int = 0
    unchanged: bool = False
    error: str | None = None


@dataclass(slots=True)
class Counters:
    """What this process has done."""

    polls: int = 0
    unchanged: int = 0
    failed_polls: int = 0
    articles: int = 0
    wanted: int = 0
    translated: int = 0
    untranslated: int = 0
    alerts: int = 0
    faults: int = 0


@dataclass(slots=True)
class Wakes:
    """Set when there may be work, so that nobody has to wait for the next look."""

    articles: asyncio.Event = field(default_factory=asyncio.Event)
    alerts: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Reading:
    article: Article
    feed: Feed
    language: str
    document: Document


def is_backlog(published: datetime | None, *, first_poll: bool, now: datetime) -> bool:
    """Whether an item is too old to alert about when it is first seen.

    An item without a date counts as old when it comes with the first poll of its feed: it may have stood
    there for a year.
    """
    if published is None:
        return first_poll
    return now - published > BACKLOG_AGE


def to_new_article(entry: Entry, *, first_poll: bool, now: datetime) -> NewArticle:
    """A feed's entry as it is stored. A date in the future is now: clocks and schedulers err."""
    published = min(entry.published, now) if entry.published is not None else None
    return NewArticle(
        identity=entry.identity,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        published_at=published,
        backlog=is_backlog(published, first_poll=first_poll, now=now),
    )


def next_translation(*, attempts: int, first_seen: datetime, base_s: float, now: datetime) -> datetime | None:
    """When to try again after `attempts` failures; None when the news is too old to bother."""
    if now - first_seen > GIVE_UP_TRANSLATING:
        return None
    return now + timedelta(seconds=min(base_s * 2 ** min(attempts, 10), MAX_TRANSLATE_PAUSE_S))


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
        self.counters.polls += 1
        try:
            outcome = await self._poll_one(feed)
        except (FetchError, ParseError) as error:
            outcome = await self._poll_failed(feed, error)
        except Exception as error:
            # A fault of ours in one feed must not stop the others.
            self.counters.faults += 1
            log.exception("poll_fault", feed=feed.name)
            outcome = await self._poll_failed(feed, ParseError(feed.url, f"a fault ({type(error).__name__})"))
        return outcome

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
        readings = await asyncio.to_thread(self._read_all, claimed, sources)
        wanted = await self._queries.wanted([reading.document for reading in readings])
        unwanted = {
            reading.article.id: reading.language
            for reading, queries in zip(readings, wanted, strict=True)
            if not queries
        }
        self._passing(Milestone.MATCHED)
        given_up = {
            article.id: sources[article.feed_id].language
            for article in claimed
            if article.attempts >= MAX_ATTEMPTS and article.id not in {one.article.id for one in readings}
        }
        async with self._database.write() as session:
            await articles.finish_unwanted(session, unwanted | given_up)
        await asyncio.gather(
            *(
                self._guarded(self._finish, reading)
                for reading, queries in zip(readings, wanted, strict=True)
                if queries
            )
        )
        return len(claimed)

    def _read_all(self, batch: Sequence[Article], sources: dict[int, Feed]) -> list[_Reading]:
        """Language and words of each article; one that can't be read is left for another attempt."""
        readings = []
        for article in batch:
            feed = sources[article.feed_id]
            try:
                language = self._detector.detect(f"{article.title}\n{article.summary}", feed.language)
                document = analyse_article(article.title, article.summary, language)
            except Exception:
                self.counters.faults += 1
                log.exception("article_fault", article=article.id)
                continue
            readings.append(_Reading(article, feed, language, document))
        return readings

    async def _guarded(self, step: Callable[[_Reading], Awaitable[None]], reading: _Reading) -> None:
        """Runs a step for one article so that a fault in it does not reach the others."""
        try:
            await step(reading)
        except Exception:
            self.counters.faults += 1
            log.exception("article_fault", article=reading.article.id)

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
        matches = await self._queries.match(reading.document, english_document)
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
        readings = await asyncio.to_thread(self._read_all, claimed, sources)
        await asyncio.gather(*(self._guarded(self._finish_late, reading) for reading in readings))
        return len(claimed)

    async def _finish_late(self, reading: _Reading) -> None:
        article = reading.article
        english = await self._translate(article, article.language or reading.language)
        self._passing(Milestone.LATE_TRANSLATED)
        if english is None:
            async with self._database.write() as session:
                await articles.postpone_translation(
                    session, article.id, self._next_translation(article, article.translate_attempts + 1)
                )
            return
        english_document = _analyse_english(english)
        matches = await self._queries.match(reading.document, english_document)
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
