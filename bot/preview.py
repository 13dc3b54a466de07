"""What a query would have brought in the last seven days, before anybody subscribes to it.

The stored articles are gone through from the newest, in batches, in a worker thread: alerts would have come
one a story, so stories are counted. What was old when it was first seen alerts nobody, and is counted apart.
An article nobody wanted was never translated: in it only the original's own words can be found, which is also
how a live query finds it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.article_pages import read_article
from bot.delivery.render import local_time
from bot.language.concepts import Concepts
from bot.language.words import analyse_article
from bot.matching.explain import Reason
from bot.matching.index import QueryIndex
from bot.matching.query import Exact, Query, Words, leaves
from bot.queries import origin_of
from bot.speech import ENGLISH, Speech
from bot.stories.grouping import story_keys
from storage import articles
from storage.database import Database
from storage.models import Article, Feed

DAYS = 7  # the text of what nobody wanted is kept so long
EXAMPLES = 5
DEADLINE_S = 120.0
BATCH = 200

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Example:
    """One alert there would have been.

    Args:
        title: in English, or the original one while there is no English.
        original: the title as published.
        language: of the original.
        english: whether `title` is English.
        translator: who translated it, as `bot.translation.credits` reads it; None for nobody.
        published: when, or when it was first seen if the feed didn't say.
    """

    article_id: int
    title: str
    original: str
    language: str
    english: bool
    source: str
    published: datetime
    url: str | None
    why: tuple[Reason, ...]
    translator: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the last days would have brought.

    Args:
        alerts: stories a chat would have been alerted to.
        examples: up to five of them, the newest first.
        old: stories that match but were more than a day old when first seen: kept, alerted to nobody.
        articles: how many were looked at.
        untranslated: how many of these are neither English nor translated, so that English words were not
            looked for there; 0 when the query has only concepts, which know all three languages.
        since: the moment this looks back to.
        cut_short: time ran out before all of the seven days were looked at.
        whole: all of the seven days were looked at, and there is something older still.
    """

    alerts: int
    examples: tuple[Example, ...]
    old: int
    articles: int
    untranslated: int
    since: datetime
    cut_short: bool
    whole: bool


async def preview(
    database: Database,
    query: Query,
    concepts: Concepts,
    *,
    now: datetime,
    deadline_s: float = DEADLINE_S,
    progress: Progress = lambda _done, _total: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Preview:
    """Looks back over the last seven days.

    Args:
        deadline_s: no new batch is begun after so many seconds; the answer says how far it came.
        progress: called after each batch with how many articles are done, and of how many.
    """
    ends = monotonic() + deadline_s
    since = now - timedelta(days=DAYS)
    search = _Search(query, concepts)
    async with database.read() as session:
        total = await articles.count_read(session, since=since)
    before: int | None = None
    reached = since
    whole = cut_short = False
    while True:
        async with database.read() as session:
            batch = await articles.read_before(session, before, limit=BATCH)
        recent = [(article, feed) for article, feed in batch if article.fetched_at >= since]
        if recent:
            await asyncio.to_thread(search.take, recent)
            reached = recent[-1][0].fetched_at
            progress(search.count, max(total, search.count))
        if len(recent) < len(batch):
            reached, whole = since, True  # what is older was there, and needs no look
        if len(recent) < BATCH:
            break
        before = batch[-1][0].id
        if monotonic() >= ends:
            cut_short = True
            break
    return search.result(since=reached, cut_short=cut_short, whole=whole)


def about(result: Preview, *, zone: str, speech: Speech = ENGLISH) -> list[str]:
    """The result in plain sentences, one a line; the first says the number."""
    if not result.articles:
        return [
            speech.gettext("Nothing was read in the last 7 days, so there is nothing to look through."),
        ]
    from_time = local_time(result.since, zone, speech.language)
    alerts = speech.ngettext("{count} alert", "{count} alerts", result.alerts)
    if result.whole:
        first = speech.ngettext(
            "{alerts} in the last 7 days, from {count} article.",
            "{alerts} in the last 7 days, from {count} articles.",
            result.articles,
            alerts=alerts,
        )
    else:
        first = speech.ngettext(
            "{alerts} in the time since {time}, from {count} article.",
            "{alerts} in the time since {time}, from {count} articles.",
            result.articles,
            alerts=alerts,
            time=from_time,
        )
    lines = [first]
    if result.cut_short:
        lines.append(speech.gettext("There was no time to look further back than {time}.", time=from_time))
    elif not result.whole:
        lines.append(speech.gettext("Nothing older has been read yet."))
    if result.old:
        lines.append(
            speech.ngettext(
                "{count} more story matches, but had been published more than a day before being read: no "
                "alert.",
                "{count} more stories match, but had been published more than a day before being read: no "
                "alert.",
                result.old,
            )
        )
    if result.untranslated:
        lines.append(
            speech.ngettext(
                "{count} of them was not translated, so English words were not looked for there.",
                "{count} of them were not translated, so English words were not looked for there.",
                result.untranslated,
            )
        )
    return lines


def preview_json(query: str, result: Preview) -> Iterator[dict[str, Any]]:
    """An object an example, then the summary."""
    for example in result.examples:
        yield {
            "title": example.title,
            "original": example.original,
            "language": example.language,
            "english": example.english,
            "translator": example.translator,
            "source": example.source,
            "published": _iso(example.published),
            "url": example.url,
            "why": [reason.to_json() for reason in example.why],
        }
    yield {
        "query": query,
        "alerts": result.alerts,
        "old": result.old,
        "articles": result.articles,
        "untranslated": result.untranslated,
        "since": _iso(result.since),
        "cut_short": result.cut_short,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class _Search:
    """The articles so far. Articles come newest first, so the last of a story is the one that would have
    alerted.
    """

    def __init__(self, query: Query, concepts: Concepts) -> None:
        self._index = QueryIndex(concepts)
        self._index.add(0, query)
        self._has_words = any(isinstance(leaf, Words | Exact) for leaf in leaves(query.root))
        self._alerts = _Stories()
        self._old = _Stories()
        self._untranslated = 0
        self.count = 0

    def take(self, rows: Sequence[tuple[Article, Feed]]) -> None:
        for article, feed in rows:
            self.count += 1
            language = article.language or feed.language
            original = read_article(article, language)
            english = None
            if article.english_title is not None:
                english = analyse_article(article.english_title, article.english_summary or "", "en")
            elif language != "en":
                self._untranslated += 1
            for match in self._index.match(original, english, origin_of(article, feed, language)):
                stories = self._old if article.backlog else self._alerts
                stories.add(_keys(article), _example(article, feed, language, match.why))

    def result(self, *, since: datetime, cut_short: bool, whole: bool) -> Preview:
        alerts = self._alerts.newest_first()
        return Preview(
            alerts=len(alerts),
            examples=tuple(alerts[:EXAMPLES]),
            old=len(self._old.newest_first()),
            articles=self.count,
            untranslated=self._untranslated if self._has_words else 0,
            since=since,
            cut_short=cut_short,
            whole=whole,
        )


class _Stories:
    """Articles that share a key are one story; so are two stories that a third article joins."""

    def __init__(self) -> None:
        self._story_of: dict[str, int] = {}
        self._joined: dict[int, int] = {}  # story → the one it became part of
        self._first: dict[int, Example] = {}

    def add(self, keys: Sequence[str], example: Example) -> None:
        known = {self._root(self._story_of[key]) for key in keys if key in self._story_of}
        story = min(known, default=len(self._joined))
        self._joined.setdefault(story, story)
        for other in known - {story}:
            self._joined[other] = story
            del self._first[other]
        self._story_of.update(dict.fromkeys(keys, story))
        self._first[story] = example

    def newest_first(self) -> list[Example]:
        return sorted(self._first.values(), key=lambda example: -example.article_id)

    def _root(self, story: int) -> int:
        while self._joined[story] != story:
            story = self._joined[story]
        return story


def _keys(article: Article) -> tuple[str, ...]:
    keys = story_keys(
        title=article.title,
        url=article.url,
        day=(article.published_at or article.fetched_at).date(),
        fallback=f"{article.feed_id}:{article.identity}",
    )
    return keys if article.story_id is None else (*keys, f"story {article.story_id}")


def _example(article: Article, feed: Feed, language: str, why: tuple[Reason, ...]) -> Example:
    return Example(
        article_id=article.id,
        title=article.english_title or article.title,
        original=article.title,
        language=language,
        english=language == "en" or article.english_title is not None,
        source=feed.name,
        published=article.published_at or article.fetched_at,
        url=article.url,
        why=why,
        translator=article.translator,
    )
