"""The road an article takes, from a due feed to alerts in the outbox.

    poll      due feed → fetch → parse → articles: new           (entries and validators: one transaction)
    read      new, of a feed with full text → its page → new, with its text
    process   new → language, words → wanted? → English → match
              → story, matches, alerts; articles: ready          (one transaction an article)
    catch up  ready, but untranslated → English → match again
              → more matches, edits of what went out             (one transaction an article)

Nobody waits for the translators but the article that needs them: while they work, or hang, the next batches
are read, and what is in English, or what they can't take now, goes on at once.

A process that dies between two transactions resumes at the last: whatever was leased is free again when
the lease runs out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import aiohttp
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.article_pages import ArticlePages, FindsText, read_article, sample_for_language
from bot.backlog import Pace, in_order, is_outage
from bot.delivery.fanout import fan_out
from bot.feeds.hosts import Hosts
from bot.feeds.pool import ParsePool
from bot.intake import next_translation, translate_again_after
from bot.language.detect import Detector
from bot.language.words import Document, analyse_article, search_keys
from bot.loops import report_database
from bot.matching.index import Match
from bot.matching.origin import Origin
from bot.polls import PollOutcome, Polls
from bot.queries import LiveQueries, origin_of
from bot.reachability import Reachability
from bot.road import DATABASE_AWAY, Counters, Milestone, Passing, Tempo, Wakes, pass_by
from bot.stories.grouping import story_keys
from bot.translation.failures import TranslationError
from bot.translation.translator import ORIGINAL, Translation
from storage import alerts, articles, feeds, mutes, stories, subscriptions
from storage.articles import English
from storage.database import Database
from storage.models import Article, ArticleState, Feed

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5  # of an article that our own code fails on
ARTICLE_LEASE_S = 180
BATCH = 50
IN_TRANSLATION = 200
"""Articles that wait for the translators at one time. The rest goes out untranslated at once: with so many
before them, they would not be through within the deadline anyway."""
BACKLOG_LOOKED_AT = 500  # of the untranslated, to find the few to try next
TRANSLATOR_CHARS = 32  # what the database's column holds


@dataclass(frozen=True, slots=True)
class _Reading:
    article: Article
    feed: Feed
    language: str
    document: Document

    @property
    def origin(self) -> Origin:
        return origin_of(self.article, self.feed, self.language)

    @property
    def is_foreign(self) -> bool:
        return self.language != "en"


class Translates(Protocol):
    """The translator, as far as the road needs it."""

    async def translate(self, texts: Sequence[str], *, source: str, deadline_s: float) -> list[Translation]:
        """See `Translator`; raises `TranslationError`."""


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
        translator: Translates,
        reachability: Reachability,
        owner: str,
        clock: Callable[[], datetime],
        wakes: Wakes,
        tempo: Tempo,
        passing: Passing = pass_by,
        chance: random.Random | None = None,
        hosts: Hosts | None = None,
        texts: FindsText | None = None,
    ) -> None:
        self._database = database
        self._detector = detector
        self._queries = queries
        self._translator = translator
        self._reachability = reachability
        self._owner = owner
        self._clock = clock
        self._wakes = wakes
        self._tempo = tempo
        self._passing = passing
        self._translating: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self.counters = Counters()
        self._polls = Polls(
            database,
            session=session,
            pool=pool,
            reachability=reachability,
            owner=owner,
            clock=clock,
            at_once=tempo.polls_at_once,
            wakes=wakes,
            counters=self.counters,
            passing=passing,
            chance=chance or random.Random(),  # noqa: S311 - spreads polls, guards nothing
            hosts=hosts or Hosts(),
        )

        self._pages = ArticlePages(
            database, texts, reachability=reachability, wakes=wakes, counters=self.counters
        )

    # From a due feed to new articles

    async def poll_due(self) -> list[asyncio.Task[PollOutcome]]:
        """Starts polls of feeds that are due, as many as may run at once; gives their tasks."""
        return await self._polls.start_due()

    async def finish(self) -> None:
        """Waits for the polls, the pages and the translations under way."""
        await self._polls.finish()
        await self._pages.finish()
        await self.finish_translations()

    async def cancel(self) -> None:
        """Ends what is under way; feeds and articles are free as soon as the leases are given back."""
        await self._polls.cancel()
        await self._pages.cancel()
        translating = list(self._translating)
        for task in translating:
            task.cancel()
        await asyncio.gather(*translating, return_exceptions=True)

    # From new to ready

    async def process_new(self) -> int:
        """Takes a batch of new articles; gives how many there were.

        Those whose page is to be read first will be new again (see `finish_pages`), those that need the
        translators are left with them (see `finish_translations`), all others are ready.
        """
        async with self._database.write() as session:
            claimed = await articles.claim_new(
                session, now=self._clock(), limit=BATCH, owner=self._owner, lease_s=ARTICLE_LEASE_S
            )
            sources = await feeds.by_ids(session, sorted({article.feed_id for article in claimed}))
        if not claimed:
            return 0
        self._passing(Milestone.CLAIMED)
        await self._queries.refresh()
        here = [one for one in claimed if not self._pages.leave(one, sources[one.feed_id])]
        readings = await self._read_all(here, sources)
        wanted = await self._queries.wanted([(reading.document, reading.origin) for reading in readings])
        unwanted = {
            reading.article.id: reading.language
            for reading, queries in zip(readings, wanted, strict=True)
            if not queries
        }
        self._passing(Milestone.MATCHED)
        async with self._database.write() as session:
            await articles.finish_unwanted(session, unwanted)
        at_once = []
        for reading, queries in zip(readings, wanted, strict=True):
            # Backlog waits its turn behind the news, in `catch_up`.
            if queries and reading.is_foreign and not reading.article.backlog and self._has_room():
                self._leave_with_translators(reading)
            elif queries:
                at_once.append(reading)
        await self._each(self._finish, at_once)
        return len(claimed)

    async def finish_pages(self) -> bool:
        """Waits for the articles whose page is being read, and are new again then; whether there were any."""
        return await self._pages.finish()

    async def finish_translations(self) -> None:
        """Waits for the articles that are with the translators: no longer than a translation's deadline."""
        while self._translating:
            await asyncio.wait(self._translating)

    def _has_room(self) -> bool:
        return len(self._translating) < IN_TRANSLATION

    def _leave_with_translators(self, reading: _Reading) -> None:
        async def go_on() -> None:
            try:
                await self._guarded(self._translate_and_finish, reading)
            except DATABASE_AWAY as error:  # its lease runs out, and it is taken again
                report_database(self._reachability, error)

        task = asyncio.create_task(go_on())
        self._translating.add(task)
        task.add_done_callback(self._translating.discard)

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
        language = self._detector.detect(sample_for_language(article), feed.language)
        return _Reading(article, feed, language, read_article(article, language))

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
            attempts = article.translate_attempts + 1
            after = next_translation(
                attempts=attempts,
                first_seen=article.fetched_at,
                base_s=self._tempo.translation_retry_s,
                now=self._clock(),
            )
            async with self._database.write() as session:
                await articles.postpone_translation(session, article.id, after)
        elif article.attempts >= MAX_ATTEMPTS:
            async with self._database.write() as session:
                await articles.give_up(session, article.id)

    async def _translate_and_finish(self, reading: _Reading) -> None:
        article = reading.article
        outcome = await self._translate(article, reading.language)
        if isinstance(outcome, English):
            await self._finish(reading, outcome)
        else:
            await self._finish(reading, translate_after=self._again(article, outcome, attempts=0))

    async def _finish(
        self, reading: _Reading, english: English | None = None, translate_after: datetime | None = None
    ) -> None:
        """`translate_after`: the time of the next try; None: as soon as `catch_up` comes to it."""
        article, now = reading.article, self._clock()
        if english is None and reading.is_foreign and translate_after is None:
            translate_after = now
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
        """Tries again to translate a few articles that are due for it; gives how many there were.

        None while the translators are busy with news, and for a while after they failed; see `bot.backlog`.
        """
        now = self._clock()
        limit = 0 if self._translating else self._pace.allows(now)
        if not limit:
            return 0
        async with self._database.write() as session:
            waiting = await articles.untranslated(session, now=now, limit=BACKLOG_LOOKED_AT)
            claimed = await articles.claim_untranslated(
                session,
                [one.id for one in in_order(waiting, now=now)[:limit]],
                now=now,
                owner=self._owner,
                lease_s=ARTICLE_LEASE_S,
            )
            sources = await feeds.by_ids(session, sorted({article.feed_id for article in claimed}))
        if not claimed:
            return 0
        self._passing(Milestone.LATE_CLAIMED)
        await self._queries.refresh()
        readings = await self._read_all(claimed, sources)
        outages = self.counters.outages
        await self._each(self._finish_late, readings)
        if self.counters.outages == outages:
            self._pace = self._pace.after_success(self._clock(), pause_s=self._tempo.backlog_pause_s)
        return len(claimed)

    async def _finish_late(self, reading: _Reading) -> None:
        article = reading.article
        english = await self._translate(article, article.language or reading.language)
        self._passing(Milestone.LATE_TRANSLATED)
        if not isinstance(english, English):
            after = self._again(article, english, article.translate_attempts + 1)
            async with self._database.write() as session:
                await articles.postpone_translation(session, article.id, after)
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

    # Both

    async def _alert(
        self, session: AsyncSession, article: Article, story_id: int, matches: list[Match], now: datetime
    ) -> None:
        why = {match.query_id: [reason.to_json() for reason in match.why] for match in matches}
        await articles.add_matches(session, article.id, why, now=now)
        if article.backlog:
            return
        readers = await subscriptions.subscribers(session, why)
        silence = await mutes.about(
            session, story_id=story_id, feed_id=article.feed_id, query_ids=why, now=now
        )
        self.counters.alerts += await alerts.enqueue(
            session, story_id, article.id, fan_out(why, readers, silence), now=now
        )

    async def _translate(self, article: Article, language: str) -> English | TranslationError:
        try:
            title, summary = await self._translator.translate(
                [article.title, article.summary],
                source=language,
                deadline_s=self._tempo.translation_deadline_s,
            )
        except TranslationError as error:
            self.counters.untranslated += 1
            if is_outage(error):
                self.counters.outages += 1
                self._pace = self._pace.after_outage(self._clock(), base_s=self._tempo.translation_retry_s)
                self._reachability.report(
                    "Translator",
                    ok=False,
                    reason=error.reason,
                    consequence="Alerts go out in the original language and are updated when it is back.",
                )
            return error
        self.counters.translated += 1
        self._pace = self._pace.after_sign_of_life()
        self._reachability.report("Translator", ok=True)
        return English(title.text, summary.text, _translators(title, summary))

    def _again(self, article: Article, error: TranslationError, attempts: int) -> datetime | None:
        """When an article is due for another try; in an outage at once: then the pace says when."""
        return translate_again_after(
            attempts=attempts,
            first_seen=article.fetched_at,
            outage=is_outage(error),
            base_s=self._tempo.translation_retry_s,
            now=self._clock(),
        )


def _translators(title: Translation, summary: Translation) -> str:
    """Who made a translation: one name, or the title's and the summary's with a comma between."""
    names = list(dict.fromkeys(one.provider for one in (title, summary) if one.provider != ORIGINAL))
    both = ",".join(names) or ORIGINAL
    return both if len(both) <= TRANSLATOR_CHARS else names[0][:TRANSLATOR_CHARS]


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
