"""The text of an article's own page, for feeds that bring only its first lines.

A page is asked for once, politely (robots.txt, one at a time and a pause between at each host), behind the
same guards as a feed, and with a deadline for all of it: an article goes on without its text rather than
late. Whatever goes wrong is counted, never raised.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

import aiohttp
import structlog
from yarl import URL

from bot.errors import RarewatchError
from bot.feeds.addresses import shown
from bot.feeds.article_text import MAX_TEXT_CHARS, PageText
from bot.feeds.failures import FetchError
from bot.feeds.fetch import Limits, Validators, fetch
from bot.feeds.hosts import Hosts
from bot.feeds.robots import Robots
from bot.feeds.turns import Bookings, Turns, host_of

log = structlog.get_logger(__name__)

DEADLINE_S: Final = (
    90.0  # for a page, its host's other pages and its robots.txt; less than an article's lease
)
AT_ONCE: Final = 8
CACHED_PAGES: Final = 200  # at 20,000 Russian characters 8 MB
CACHED_S: Final = 3600.0  # a page that is rewritten all day comes with new items
PAGE_LIMITS: Final = Limits(
    connect_s=10, read_s=10, deadline_s=30, max_bytes=2 * 1024 * 1024, too_large_hint="It goes without."
)
_ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9"
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})

Extract = Callable[[bytes, str | None], Awaitable[PageText]]


class WhyNot(StrEnum):
    """Why an article goes without the text of its page."""

    NOT_INSTALLED = "not_installed"  # the extra `fulltext`
    ROBOTS = "robots"  # the site's robots.txt forbids it, or can't be read
    NOT_FETCHED = "not_fetched"
    NO_PAGE = "no_page"  # a PDF, a film
    UNREADABLE = "unreadable"  # it took too long, or broke the library
    TOO_LATE = "too_late"
    EMPTY = "empty"
    PAYWALL = "paywall"
    CONSENT = "consent"
    CHALLENGE = "challenge"
    TOO_SHORT = "too_short"  # the summary says as much


FOUND: Final = "found"  # the counter of texts


class _ForbiddenHop(FetchError):
    """A page leads to one that may not be read."""


def is_installed() -> bool:
    """Whether the libraries for full text are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("trafilatura", "protego"))


class FullTexts:
    """Texts of articles' pages. One for a process; used within one event loop; closed with `aclose`.

    Args:
        session: from `bot.feeds.fetch.open_session`.
        extract: `article_text` in another process; may raise a RarewatchError.
        hosts: shared with the polls, which ask the same hosts.
        time: seconds of a clock that never goes back; the event loop's when not given.
        installed: whether the libraries are there.

    Attributes:
        counters: how many texts were found (`found`), and why not the others (`WhyNot`).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        extract: Extract,
        hosts: Hosts,
        time: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limits: Limits = PAGE_LIMITS,
        deadline_s: float = DEADLINE_S,
        installed: bool | None = None,
    ) -> None:
        self._session = session
        self._extract = extract
        self._turns = Turns(hosts, sleep)
        self._sleep = sleep
        self._bookings = Bookings()  # of pages alone: a feed is asked for whatever robots.txt says
        self._time = time or asyncio.get_running_loop().time
        self._robots = Robots(session, turn=self._turns.at, time=self._time)
        self._limits = limits
        self._deadline_s = deadline_s
        self._installed = is_installed() if installed is None else installed
        self._told = False
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._cache: OrderedDict[str, tuple[float, str | WhyNot]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[str | WhyNot]] = {}
        self.counters: Counter[str] = Counter()

    async def get(self, url: str, *, longer_than: int = 0, user_agent: str | None = None) -> str | None:
        """The text on a page, at most 20,000 characters; None when there is none to be had.

        Args:
            longer_than: characters; a text that isn't is no gain on the summary.
            user_agent: the feed's own, if it has one. robots.txt is read as `Rarewatch` in any case.
        """
        found = await self._find(url, user_agent)
        if not isinstance(found, WhyNot) and len(found) <= longer_than:
            found = WhyNot.TOO_SHORT
        self.counters[found if isinstance(found, WhyNot) else FOUND] += 1
        return None if isinstance(found, WhyNot) else found

    async def aclose(self) -> None:
        """Ends what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._robots.aclose()

    async def _find(self, url: str, user_agent: str | None) -> str | WhyNot:
        if not self._installed:
            self._say_what_to_install()
            return WhyNot.NOT_INSTALLED
        until, known = self._cache.get(url, (0.0, WhyNot.EMPTY))
        if self._time() < until:
            self._cache.move_to_end(url)
            return known
        return await self._together(url, user_agent)

    def _say_what_to_install(self) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "full_text_not_installed",
                says="Some feeds are to be read with full text, but what that needs is not installed: "
                "pip install 'rarewatch[fulltext]'. Their articles go without.",
            )

    async def _together(self, url: str, user_agent: str | None) -> str | WhyNot:
        """One request for all who want the same page now: an outlet's feeds overlap."""
        task = self._under_way.get(url)
        if task is None:
            task = self._under_way[url] = asyncio.create_task(self._in_time(url, user_agent))
            task.add_done_callback(lambda _: self._under_way.pop(url, None))
        return await asyncio.shield(task)

    async def _in_time(self, url: str, user_agent: str | None) -> str | WhyNot:
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await self._read(url, user_agent)
        except TimeoutError:
            return WhyNot.TOO_LATE  # not remembered: the host was busy
        if found not in (WhyNot.NOT_FETCHED, WhyNot.TOO_LATE):
            self._cache[url] = self._time() + CACHED_S, found
            self._cache.move_to_end(url)
        while len(self._cache) > CACHED_PAGES:
            self._cache.popitem(last=False)
        return found

    async def _read(self, url: str, user_agent: str | None) -> str | WhyNot:
        if not await self._robots.allows(url):
            return WhyNot.ROBOTS
        pause_s = self._robots.pause_s(url)
        wait_s = self._bookings.book(host_of(url), pause_s, now=self._time(), within_s=self._deadline_s)
        if wait_s is None:
            return WhyNot.TOO_LATE
        try:
            if wait_s:
                await self._sleep(wait_s)
            # The turn first: whoever waits for a busy host takes no slot from the others.
            async with self._turns.at(url), self._slots:
                fetched = await fetch(
                    self._session,
                    url,
                    validators=Validators(),
                    limits=self._limits,
                    user_agent=user_agent,
                    accept=_ACCEPT,
                    before_each=self._forbid,
                )
        except _ForbiddenHop:
            return WhyNot.ROBOTS
        except FetchError as error:
            log.debug("page_not_fetched", url=shown(url), reason=error.reason)
            return WhyNot.NOT_FETCHED
        if (fetched.content_type or "").partition(";")[0].strip().lower() not in _PAGES:
            return WhyNot.NO_PAGE
        if (URL(fetched.url).host or "").startswith("consent."):
            return WhyNot.CONSENT
        try:
            page = await self._extract(fetched.body, fetched.content_type)
        except ImportError:
            return WhyNot.NOT_INSTALLED
        except RarewatchError as error:
            log.info("page_unreadable", url=shown(url), reason=error.reason)
            return WhyNot.UNREADABLE
        return WhyNot(page.obstacle) if page.obstacle is not None else page.text[:MAX_TEXT_CHARS]

    async def _forbid(self, url: str) -> None:
        """A redirect may lead to a page that is not to be read."""
        if not await self._robots.allows(url):
            raise _ForbiddenHop(shown(url), "its robots.txt forbids it")
