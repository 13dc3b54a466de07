"""A stop on the road for articles whose feed is read with full text: their page is read first.

Nobody waits but these articles: they are left here while the batch goes on, and are new again, with their
text or without, when their page has been read. An article comes here once; a process that dies meanwhile
leaves a lease that runs out.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from bot.language.words import Document, analyse_article
from bot.loops import report_database
from bot.reachability import Reachability
from bot.road import DATABASE_AWAY, Counters, Wakes
from storage import articles
from storage.database import Database
from storage.models import Article, Feed

log = structlog.get_logger(__name__)

MAX_VISITS = 3  # after so many claims, each broken off, an article goes on without
SAMPLE_CHARS = 500


class FindsText(Protocol):
    """See `bot.feeds.full_text.FullTexts`."""

    async def get(self, url: str, *, longer_than: int = 0, user_agent: str | None = None) -> str | None:
        """The text on a page, or None."""


def read_article(article: Article, language: str) -> Document:
    """The words of an article in its own language; its page's text counts as the summary's continuation."""
    text = f"{article.summary}\n{article.body}".strip() if article.body else article.summary
    return analyse_article(article.title, text, language)


def sample_for_language(article: Article) -> str:
    """The text that an article's language is told by; where there is only a title, its page says more."""
    return f"{article.title}\n{article.summary or (article.body or '')[:SAMPLE_CHARS]}"


class ArticlePages:
    """Reads the pages of articles that are to have their full text. `texts` None: of none.

    `counters` and `wakes` are those of the whole road.
    """

    def __init__(
        self,
        database: Database,
        texts: FindsText | None,
        *,
        reachability: Reachability,
        wakes: Wakes,
        counters: Counters,
    ) -> None:
        self._database = database
        self._texts = texts
        self._reachability = reachability
        self._wakes = wakes
        self._counters = counters
        self._reading: set[asyncio.Task[None]] = set()

    def leave(self, article: Article, feed: Feed) -> bool:
        """Takes a new article that is to have its full text and has not; False: it need not stop here.

        Old news that come with a feed's first poll go without: nobody is alerted, and one host would be asked
        for a hundred pages.
        """
        if (
            self._texts is None
            or not feed.full_text
            or not article.url
            or article.body is not None
            or article.backlog
            or article.attempts > MAX_VISITS
        ):
            return False
        task = asyncio.create_task(self._read(self._texts, article.id, article.url, article.summary, feed))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return True

    async def finish(self) -> bool:
        """Waits for the pages under way, no longer than a page's deadline; whether there were any."""
        any_under_way = bool(self._reading)
        while self._reading:
            await asyncio.wait(self._reading)
        return any_under_way

    async def cancel(self) -> None:
        """Gives up the pages under way."""
        reading = list(self._reading)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    async def _read(self, texts: FindsText, article_id: int, url: str, summary: str, feed: Feed) -> None:
        """Never raises: nobody waits for the task."""
        try:
            text = await texts.get(url, longer_than=len(summary), user_agent=feed.user_agent)
            async with self._database.write() as session:
                await articles.set_body(session, article_id, text or "")
        except DATABASE_AWAY as error:  # its lease runs out, and it is taken again
            report_database(self._reachability, error)
        except Exception:
            self._counters.faults += 1
            log.exception("article_page_fault", article=article_id, feed=feed.name)
        else:
            self._wakes.articles.set()
