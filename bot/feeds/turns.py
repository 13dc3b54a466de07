"""Waiting for one's turn at a host: while it is busy, and for the pause that it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bot.feeds.hosts import Hosts


def host_of(url: str) -> str:
    """The host an address names, in small letters; "" when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class Turns:
    """Turns at hosts, for those who would rather wait than come back later.

    Args:
        hosts: shared with whoever else asks them.
        sleep: waits a number of seconds.
    """

    def __init__(self, hosts: Hosts, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._hosts = hosts
        self._sleep = sleep

    @asynccontextmanager
    async def at(self, url: str) -> AsyncIterator[None]:
        """Holds a turn at an address's host. Waits for as long as it takes: the deadline is the caller's."""
        host, time = host_of(url), asyncio.get_running_loop().time
        while wait_s := self._hosts.begin(host, now=time()):
            await self._sleep(wait_s)
        try:
            yield
        finally:
            self._hosts.end(host, now=time())


class Bookings:
    """Who may ask a host that wants a pause between two requests, and when: in the order in which they come.

    Times are seconds of any one clock.
    """

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    def book(self, host: str, pause_s: float, *, now: float, within_s: float) -> float | None:
        """The seconds to wait for one's turn, which is then taken; None when that is not within so many."""
        if pause_s <= 0:
            return 0.0
        self._free_at = {name: free_at for name, free_at in self._free_at.items() if free_at > now}
        begins_at = self._free_at.get(host, now)
        if begins_at - now > within_s:
            return None
        self._free_at[host] = begins_at + pause_s
        return begins_at - now
