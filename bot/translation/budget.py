"""How often, and with how much text, a provider may be asked: allowances, and slices of them. Pure.

An allowance is shared by all processes, and asking the database for each request would bind the road's speed
to it. So a process reserves a slice (places in time, characters of the day) and spends it by itself:

    Slice.spend ─▶ enough? a wait in seconds
                ─▶ else: Need, to be reserved at once with some more ─▶ the slice grows ─▶ spend again

Places are `1 / requests_per_s` apart, over all processes, and one that passes unused is gone: within any W
seconds there are never more than `W × requests_per_s + 1` requests. A day is a day of UTC. Characters count
when they are taken: services count a request that failed, too.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from bot.errors import RarewatchError
from bot.translation.failures import FailureKind, ProviderFailure

SLICE_S = 1.0  # a slice never holds more than this much time: other processes wait for its end
LEAST_S = 0.1  # nor less, where that is several places: ten writes a second are enough for any rate
SLICES_A_DAY = 100  # nor more than this part of the day's characters …
MOST_CHARACTERS = 20_000  # … nor more than that: what a killed process had reserved is lost until midnight


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a provider may be asked; None: without limit."""

    requests_per_s: float | None = None
    characters_per_day: int | None = None

    @property
    def interval_s(self) -> float:
        """The time between two requests; 0 without a limit."""
        return 0.0 if self.requests_per_s is None else 1 / self.requests_per_s

    def __str__(self) -> str:
        rate = "" if self.requests_per_s is None else f"{self.requests_per_s:g}/s"
        day = "" if self.characters_per_day is None else f"{self.characters_per_day}/day"
        return " ".join(filter(None, (rate, day))) or "unlimited"


UNLIMITED = Allowance()

DEFAULTS = {
    # deep-translator says of Google: 5 requests a second, 200,000 a day. The page itself promises nothing.
    "google": Allowance(requests_per_s=5),
    "libre": UNLIMITED,  # one's own server
    "mymemory": Allowance(requests_per_s=1, characters_per_day=5_000),  # its free allowance
    # DeepL's staff advise to stay below 50 a second. What a paid key may cost is the account's Cost Control.
    "deepl": Allowance(requests_per_s=20),
    "local": UNLIMITED,
}
DEEPL_FREE = Allowance(requests_per_s=20, characters_per_day=16_000)
"""For keys of DeepL API Free: its 500,000 characters a month then last for the month."""


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What is left of an allowance. Characters that a running process has reserved count as used."""

    characters_today: int | None  # None: without limit
    waits_s: float = 0.0  # until the next free place


class Budgets(Protocol):
    """The allowances as all processes share them."""

    async def take(
        self,
        provider: str,
        *,
        requests: int,
        characters: int,
        allowance: Allowance,
        patience_s: float = math.inf,
    ) -> float | ProviderFailure:
        """Take places for requests about to be made: the seconds to wait before the first.

        A failure takes nothing: QUOTA when the day's characters don't suffice, RESTING when the wait would
        be longer than `patience_s`.
        """

    async def left(self, provider: str, allowance: Allowance) -> BudgetLeft:
        """What is left now."""

    async def aclose(self) -> None:
        """Give back what was taken in advance."""


class BudgetError(RarewatchError):
    """RAREWATCH_TRANSLATOR_BUDGETS can't be read."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a slice lacks: to be reserved at least, and, to ask less often, up to `want_characters`."""

    requests: int = 0
    characters: int = 0
    want_characters: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """What a process has reserved and not spent. Times are seconds of the shared clock (Unix time)."""

    day: date
    at: float = 0.0  # the next place …
    ends: float = 0.0  # … and where the reserved places end
    characters: int = 0
    eager: int = 1  # how many places to reserve next

    def spend(
        self, now: float, today: date, *, requests: int, characters: int, allowance: Allowance
    ) -> tuple[Slice, float] | Need:
        """The slice afterwards and the wait in seconds, or what must be reserved first."""
        paced = allowance.requests_per_s is not None
        counted = allowance.characters_per_day is not None
        kept = self.characters if self.day >= today else 0
        first = max(self.at, now)
        after = first + requests * allowance.interval_s
        lacks_places = paced and after > self.ends + allowance.interval_s / 1000  # sums of fractions
        lacks_characters = counted and characters > kept
        if lacks_places or lacks_characters:
            lacking = characters - kept if lacks_characters else 0
            return self._need(now, requests if lacks_places else 0, lacking, allowance)
        spent = replace(
            self,
            day=max(self.day, today),
            at=after if paced else self.at,
            characters=kept - characters if counted else 0,
        )
        return spent, max(0.0, first - now) if paced else 0.0

    def _need(self, now: float, requests: int, characters: int, allowance: Allowance) -> Need:
        # Whoever runs out of places before their time is over asks for twice as many; a quiet one for few, so
        # that others get theirs at once.
        eager = self.eager if now <= self.ends + LEAST_S else 1
        places = min(max(eager, _places(LEAST_S, allowance)), _places(SLICE_S, allowance))
        share = min((allowance.characters_per_day or 0) // SLICES_A_DAY, MOST_CHARACTERS)
        return Need(
            requests=max(requests, places) if requests else 0,
            characters=characters,
            want_characters=max(characters, share) if characters else 0,
        )

    def grown(
        self, today: date, *, first: float, requests: int, characters: int, allowance: Allowance
    ) -> Slice:
        """With what was reserved: `requests` places from `first` on, and characters of today."""
        kept = self.characters if self.day >= today else 0
        grown = replace(self, day=max(self.day, today), characters=kept + characters)
        if not requests:
            return grown
        return replace(
            grown,
            at=first,
            ends=first + requests * allowance.interval_s,
            eager=min(requests * 2, _places(SLICE_S, allowance)),
        )


def _places(seconds: float, allowance: Allowance) -> int:
    return max(1, math.floor(seconds * (allowance.requests_per_s or 1)))


def used_up(provider: str, limit: int, now: datetime) -> ProviderFailure:
    """The failure of a provider whose characters of the day don't suffice."""
    minutes = 24 * 60 - now.hour * 60 - now.minute
    left = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    reason = f"has used its {limit:,} characters of today (a new day begins in {left}, at midnight UTC)"
    return ProviderFailure(provider, FailureKind.QUOTA, reason)


def too_busy(provider: str, allowance: Allowance) -> ProviderFailure:
    """The failure of a provider whose next free place comes too late."""
    reason = f"has no free place in time (it is asked {allowance.requests_per_s:g} times a second at most)"
    return ProviderFailure(provider, FailureKind.RESTING, reason)


_PART = re.compile(r"(?P<number>\d[\d_]*(?:\.\d+)?)\s*(?P<suffix>[kM]?)/(?P<unit>s|min|day)")


def parse_budgets(text: str) -> dict[str, Allowance]:
    """ "google=5/s 500000/day, mymemory=1/s 5000/day" → an allowance for each provider named.

    A provider may be asked per `s` or `min`, with characters per `day` (500k and 2M are understood), or
    `unlimited`; what is not said of a provider is not limited.

    Raises:
        BudgetError: it can't be read; says which part.
    """
    budgets: dict[str, Allowance] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, equals, limits = (part.strip() for part in entry.partition("="))
        if not equals or not limits:
            raise _unreadable(entry)
        if name not in DEFAULTS:
            raise BudgetError("", f"{name!r} is none of {', '.join(DEFAULTS)}")
        if name in budgets:
            raise BudgetError("", f"{name} stands in it twice")
        budgets[name] = _parse_allowance(entry, limits)
    return budgets


def _parse_allowance(entry: str, limits: str) -> Allowance:
    if limits == "unlimited":
        return UNLIMITED
    allowance = UNLIMITED
    for word in limits.split():
        found = _PART.fullmatch(word)
        if found is None:
            raise _unreadable(entry)
        number = (
            float(found["number"].replace("_", "")) * {"": 1, "k": 1_000, "M": 1_000_000}[found["suffix"]]
        )
        if number <= 0:
            raise BudgetError(
                "", f"{word!r} would never let it be asked; leave it out of the translators instead"
            )
        match found["unit"]:
            case "day":
                allowance = replace(allowance, characters_per_day=max(1, int(number)))
            case "min":
                allowance = replace(allowance, requests_per_s=number / 60)
            case _:
                allowance = replace(allowance, requests_per_s=number)
    return allowance


def _unreadable(entry: str) -> BudgetError:
    return BudgetError(
        "", f"{entry!r} can't be read", hint="Example: google=5/s 500000/day, mymemory=1/s 5000/day"
    )
