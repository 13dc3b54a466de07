"""The queries somebody wants, kept in step with the database while chats subscribe and leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog

from bot.language.concepts import Concepts
from bot.language.words import Document
from bot.matching.index import Match, QueryIndex
from bot.matching.origin import Origin
from bot.matching.query import QueryError, parse_query
from storage import subscriptions
from storage.database import Database
from storage.models import Article, Feed

log = structlog.get_logger(__name__)


class LiveQueries:
    """A `QueryIndex` over the active queries. Several tasks may call; the index sees one at a time."""

    def __init__(self, database: Database, concepts: Concepts) -> None:
        self._database = database
        self._concepts = concepts
        self._index = QueryIndex(concepts)
        self._held: dict[int, str] = {}
        self._lock = asyncio.Lock()
        self.unreadable = 0

    def __len__(self) -> int:
        return len(self._held)

    async def refresh(self) -> None:
        """Takes in what was subscribed or ended since, by whatever process."""
        async with self._database.read() as session:
            wanted = await subscriptions.active_queries(session)
        async with self._lock:
            for query_id in self._held.keys() - wanted.keys():
                self._index.remove(query_id)
                del self._held[query_id]
            for query_id, canonical in wanted.items():
                if query_id not in self._held:
                    self._held[query_id] = canonical
                    self._add(query_id, canonical)

    def _add(self, query_id: int, canonical: str) -> None:
        try:
            self._index.add(query_id, parse_query(canonical, self._concepts))
        except QueryError as error:
            # A concept that left the list, say. The others must go on; the subscriber sees it in /list.
            self.unreadable += 1
            log.warning("query_unreadable", query=canonical, reason=str(error))

    async def wanted(self, readings: Sequence[tuple[Document, Origin]]) -> list[set[int]]:
        """Phase A for each document: the queries its own words may satisfy."""
        async with self._lock:
            return await asyncio.to_thread(
                lambda: [self._index.wanted(document, origin) for document, origin in readings]
            )

    async def match(self, original: Document, english: Document | None, origin: Origin) -> list[Match]:
        """Phase B: the queries that want the article, and why."""
        async with self._lock:
            return await asyncio.to_thread(self._index.match, original, english, origin)


def origin_of(article: Article, feed: Feed, language: str) -> Origin:
    """What a query's fields are asked of: the feed, the host its link leads to, the article's language."""
    return Origin(feed.name, _host(article.url) or _host(feed.url), language, feed.country)


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:  # brackets that are no IPv6 address
        return ""
