"""A look at an address before it is kept: the feed there, or those of the page there, and what is wrong.

Addresses come from people in chats, so that everything is fetched as feeds are: guarded, with limits.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.errors import RarewatchError
from bot.feeds.check import entry_rows
from bot.feeds.decode import decode
from bot.feeds.diagnosis import Remark, remarks
from bot.feeds.fetch import Fetched, Validators, fetch, open_session
from bot.feeds.hosts import Hosts
from bot.feeds.no_feed import is_page
from bot.feeds.page_links import named_feeds, usual_addresses
from bot.feeds.parse import ParsedFeed, ParseError
from bot.feeds.pool import ParsePool
from bot.feeds.turns import Turns
from bot.language.detect import Detector

log = structlog.get_logger(__name__)

MAX_FOUND = 3  # feeds of a page that are looked at
LANGUAGE_ENTRIES = 30  # that say what a feed is written in
PATIENCE_S = 60.0  # for everything
MAX_FILE_BYTES = 10 * 1024 * 1024  # as for a body that is fetched


class NotFinishedError(RarewatchError):
    """The address can't be looked at."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A feed that can be read.

    `url` is its address; `page` the page that led to it, None when it was asked for itself; `language` that
    of most of its entries.
    """

    url: str
    parsed: ParsedFeed
    language: str
    remarks: tuple[Remark, ...] = ()
    page: str | None = None

    @property
    def name(self) -> str:
        """What to call it: its own title, or its host."""
        return self.parsed.title or urlsplit(self.url).hostname or self.url

    @property
    def newest(self) -> datetime | None:
        """When its newest entry was published, if it says so."""
        return max((entry.published for entry in self.parsed.entries if entry.published), default=None)


class Inspector:
    """Looks at addresses. The session's guard keeps it off private networks.

    Args:
        user_agents: by address, where an outlet wants to be asked as feeds.yaml says.
        hosts: shared with whoever else asks them, such as the polls of the same process.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        pool: ParsePool,
        detector: Detector,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        user_agents: Mapping[str, str] | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        self._user_agents = dict(user_agents or {})
        self._session = session
        self._pool = pool
        self._detector = detector
        self._clock = clock
        self._turns = Turns(Hosts() if hosts is None else hosts, sleep)

    async def look(self, url: str) -> list[Inspection]:
        """The feed at an address; or the feeds of the page there, three at most, the likeliest first.

        Raises:
            RarewatchError: it can't be fetched, or is neither a feed nor a page that has one.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._look(url)
        except TimeoutError as error:
            raise NotFinishedError(url, f"it took longer than {PATIENCE_S:g} s") from error

    async def look_at_file(self, name: str) -> Inspection:
        """A feed in a file.

        Raises:
            ParseError: it can't be opened, or is no feed.
        """
        body, now = await asyncio.to_thread(read_file, name), self._clock()
        parsed = await self._pool.parse(body, url=name, content_type=None, now=now)
        return await self._judged(name, parsed, body, now)

    def entry_rows(self, target: str, inspection: Inspection) -> list[dict[str, Any]]:
        """Its entries as they are understood, for `target` as the person named it."""
        return entry_rows(target, inspection.parsed, self._detector.detect)

    async def _look(self, url: str) -> list[Inspection]:
        fetched = await self._fetch(url)
        try:
            return [await self._inspect(url, fetched)]
        except ParseError as error:
            text = await asyncio.to_thread(decode, fetched.body, fetched.content_type)
            if not is_page(text):
                raise
            found = await self._feeds_of(text, fetched.url)
            if not found:
                raise ParseError(
                    error.subject,
                    f"{error.reason}, and none was found from there",
                    hint="Look for RSS on the site, or for a Google News search that has it.",
                ) from error
            return found

    async def _feeds_of(self, text: str, url: str) -> list[Inspection]:
        named = [feed.url for feed in await asyncio.to_thread(named_feeds, text, url)]
        found = await self._first(named[: 2 * MAX_FOUND], MAX_FOUND, page=url)
        # Only a page that names no feed is worth knocking at doors.
        return found or await self._first(usual_addresses(url), 1, page=url)

    async def _first(
        self, addresses: tuple[str, ...] | list[str], most: int, *, page: str
    ) -> list[Inspection]:
        found: list[Inspection] = []
        for address in addresses:
            if len(found) == most:
                break
            try:
                inspection = await self._inspect(address, await self._fetch(address), page=page)
            except RarewatchError as error:
                log.debug("no_feed_there", page=page, reason=error.reason)  # one guess fewer
                continue
            if inspection.url not in [one.url for one in found]:
                found.append(inspection)
        return found

    async def _fetch(self, url: str) -> Fetched:
        async with self._turns.at(url):
            return await fetch(
                self._session,
                url,
                validators=Validators(),
                now=self._clock(),
                user_agent=self._user_agents.get(url),
            )

    async def _inspect(self, url: str, fetched: Fetched, *, page: str | None = None) -> Inspection:
        now = self._clock()
        parsed = await self._pool.parse(
            fetched.body, url=fetched.url, content_type=fetched.content_type, now=now
        )
        return await self._judged(
            url,
            parsed,
            fetched.body,
            now,
            content_type=fetched.content_type,
            moved_to=fetched.moved_permanently_to,
            page=page,
        )

    async def _judged(
        self,
        url: str,
        parsed: ParsedFeed,
        body: bytes,
        now: datetime,
        *,
        content_type: str | None = None,
        moved_to: str | None = None,
        page: str | None = None,
    ) -> Inspection:
        language = await asyncio.to_thread(self._language, parsed)
        found = remarks(
            parsed, body=body, content_type=content_type, language=language, moved_to=moved_to, now=now
        )
        return Inspection(url, parsed, language, found, page)

    def _language(self, parsed: ParsedFeed) -> str:
        texts = [f"{entry.title}\n{entry.summary}".strip() for entry in parsed.entries[:LANGUAGE_ENTRIES]]
        counts = Counter(self._detector.detect(text, parsed.language) for text in texts)
        return counts.most_common(1)[0][0] if counts else parsed.language or ""


def read_file(name: str) -> bytes:
    """A feed's file. Raises ParseError when it can't be opened or is too large."""
    try:
        with Path(name).open("rb") as file:
            body = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        hint = "An address begins with https:// or http://." if isinstance(error, FileNotFoundError) else ""
        raise ParseError(name, (error.strerror or "it can't be opened").lower(), hint=hint) from error
    if len(body) > MAX_FILE_BYTES:
        raise ParseError(name, f"it is larger than {MAX_FILE_BYTES // 1024 // 1024} MB")
    return body


@asynccontextmanager
async def open_inspector(
    *, allow_private: bool, clock: Callable[[], datetime], user_agents: Mapping[str, str] | None = None
) -> AsyncIterator[Inspector]:
    """An inspector with a session and a parser of its own, for a command."""
    pool = ParsePool()
    async with open_session(allow_private=allow_private) as session:
        try:
            yield Inspector(session, pool, Detector(), clock=clock, user_agents=user_agents)
        finally:
            pool.close()
