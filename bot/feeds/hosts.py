"""How often one host is asked: at most two requests at once, and some time between their beginnings.

A reader of a thousand feeds asks some hosts for dozens of them, and those that find it rude refuse them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from bot.feeds.addresses import is_literal, is_public

AT_ONCE: Final = 2
SPACING_S: Final = 1.0
_BUSY_S: Final = 0.5  # ask again after so long while two requests are under way


@dataclass(slots=True)
class _Host:
    under_way: int = 0
    free_at: float = 0.0


@dataclass(slots=True)
class Hosts:
    """Who is being asked. Times are seconds of any one clock.

    One's own machine and network (`localhost`, a private address) are not spared: nobody else's patience is
    at stake.
    """

    at_once: int = AT_ONCE
    spacing_s: float = SPACING_S
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def begin(self, name: str, *, now: float) -> float:
        """Takes a turn at a host: 0.0, or the seconds after which to ask for one again."""
        if _is_own(name):
            return 0.0
        host = self._hosts.setdefault(name, _Host())
        if host.free_at > now:
            return host.free_at - now
        if host.under_way >= self.at_once:
            return _BUSY_S
        host.under_way += 1
        host.free_at = now + self.spacing_s
        return 0.0

    def end(self, name: str, *, now: float) -> None:
        """Gives a turn back."""
        if (host := self._hosts.get(name)) is None:
            return
        host.under_way -= 1
        if not host.under_way and host.free_at <= now:
            del self._hosts[name]  # or they would gather for ever


@lru_cache(maxsize=4096)  # asked twice a poll, and reading an address takes long
def _is_own(name: str) -> bool:
    return name == "localhost" or (is_literal(name) and not is_public(name))
