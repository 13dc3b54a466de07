"""What a site lets programs read: its robots.txt, fetched and kept as RFC 9309 has it.

A feed is an invitation, and its address is asked whatever robots.txt says. Pages behind its links are not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

from bot.feeds.failures import FetchError
from bot.feeds.fetch import Limits, Validators, fetch

PRODUCT: Final = "Rarewatch"  # the name that robots.txt may address us by
KEPT_S: Final = 24 * 3600.0  # the longest that RFC 9309 allows (2.4)
KEPT_UNREACHABLE_S: Final = 3600.0
MAX_PAUSE_S: Final = 30.0  # a site that asks for more gets this: an article can't wait for an hour
MAX_SITES: Final = 1000
_READ_CHARS: Final = 500 * 1024  # RFC 9309 asks for at least so much (2.5)
_LIMITS: Final = Limits(connect_s=10, read_s=10, deadline_s=20, max_bytes=2 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class _Site:
    until: float
    rules: Any = None  # Protego's; None: everything is forbidden, or everything allowed
    allowed: bool = True

    def allows(self, url: str) -> bool:
        return bool(self.rules.can_fetch(url, PRODUCT)) if self.rules is not None else self.allowed

    @property
    def pause_s(self) -> float:
        asked = self.rules.crawl_delay(PRODUCT) if self.rules is not None else None
        return min(float(asked or 0), MAX_PAUSE_S)


class Robots:
    """The robots.txt of the sites asked for, each fetched once a day. For one event loop.

    Args:
        session: from `bot.feeds.fetch.open_session`.
        turn: waits for a turn at an address's host.
        time: seconds of a clock that never goes back.
        max_sites: how many are remembered.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        turn: Callable[[str], AbstractAsyncContextManager[None]],
        time: Callable[[], float],
        max_sites: int = MAX_SITES,
    ) -> None:
        self._session = session
        self._turn = turn
        self._time = time
        self._max_sites = max_sites
        self._sites: OrderedDict[str, _Site] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[_Site]] = {}

    async def allows(self, url: str) -> bool:
        """Whether this page may be read. Never raises: a site that can't be asked allows nothing for now."""
        where = _robots_of(url)
        if where is None:
            return False
        if where == url:
            return True
        return (await self._site(where)).allows(url)

    def pause_s(self, url: str) -> float:
        """The pause in seconds that the site wants between two pages (`Crawl-delay`), as far as is known."""
        where = _robots_of(url)
        site = self._sites.get(where) if where is not None else None
        return site.pause_s if site is not None else 0.0

    async def aclose(self) -> None:
        """Ends what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _site(self, where: str) -> _Site:
        known = self._sites.get(where)
        if known is not None and self._time() < known.until:
            self._sites.move_to_end(where)
            return known
        task = self._under_way.get(where)
        if task is None:
            task = self._under_way[where] = asyncio.create_task(self._fetch(where))
            task.add_done_callback(lambda _: self._under_way.pop(where, None))
        # Whoever gives up waiting does not take it from the others.
        return await asyncio.shield(task)

    async def _fetch(self, where: str) -> _Site:
        try:
            async with self._turn(where):
                fetched = await fetch(
                    self._session,
                    where,
                    validators=Validators(),
                    limits=_LIMITS,
                    accept="text/plain, */*;q=0.5",
                )
        except FetchError as error:
            site = self._without(error)
        else:
            text = fetched.body.decode("utf-8", "replace").removeprefix("\ufeff")
            rules = _protego().parse(text[:_READ_CHARS])
            site = _Site(self._time() + KEPT_S, rules)
        self._sites[where] = site
        self._sites.move_to_end(where)
        while len(self._sites) > self._max_sites:
            self._sites.popitem(last=False)
        return site

    def _without(self, error: FetchError) -> _Site:
        """A site that has none allows everything; one that is out of order, or fed up, nothing (2.3.1)."""
        if error.status is not None and 400 <= error.status < 500 and error.status != 429:
            return _Site(self._time() + KEPT_S, allowed=True)
        return _Site(self._time() + KEPT_UNREACHABLE_S, allowed=False)


def _robots_of(url: str) -> str | None:
    """Where the robots.txt of a page's site is; None for what is no web address."""
    try:
        return str(URL(url).origin() / "robots.txt")
    except ValueError:
        return None


def _protego() -> Any:
    from protego import Protego  # comes with an extra that most do without

    return Protego
