"""The budgets as the translator takes from them: slices of a ledger that all processes share."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from bot.translation.budget import Allowance, BudgetLeft, Slice, too_busy, used_up
from bot.translation.failures import ProviderFailure


class Reserved(Protocol):
    """What a ledger granted."""

    @property
    def first(self) -> float:
        """The first place, in Unix time."""

    @property
    def characters(self) -> int:
        """How many characters, of those wanted."""


class Entry(Protocol):
    """What a ledger has written down of one provider."""

    @property
    def next_at(self) -> float:
        """The first place that nobody has, in Unix time."""

    @property
    def day(self) -> date:
        """The day its characters belong to."""

    @property
    def characters(self) -> int:
        """How many of that day are given away."""


class Ledger(Protocol):
    """Where the allowances are kept for all processes: `storage.budgets` has it."""

    async def reserve(
        self,
        provider: str,
        *,
        now: float,
        today: date,
        requests: int,
        interval_s: float,
        latest: float,
        characters: int,
        want_characters: int,
        limit: int,
    ) -> Reserved | None:
        """Reserve places (the first by `latest`) and characters (`characters` at least); or nothing."""

    async def entry(self, provider: str) -> Entry | None:
        """What is written down; None: nothing was ever reserved."""

    async def give_back(self, provider: str, *, day: date, characters: int) -> None:
        """Characters that were reserved and not spent."""


REFUSED_S = 30.0  # so long a refusal stands unasked: a backlog would else write for each of its texts


class SharedBudgets:
    """See Budgets. One for a process, used within one event loop.

    Args:
        ledger: shared by all processes.
        clock: the time, aware, UTC; about the same in all processes.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._slices: dict[str, Slice] = {}
        self._refused: dict[str, tuple[datetime, int]] = {}  # when, and for how many characters
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def take(
        self,
        provider: str,
        *,
        requests: int,
        characters: int,
        allowance: Allowance,
        patience_s: float = math.inf,
    ) -> float | ProviderFailure:
        """See Budgets."""
        if allowance.requests_per_s is None and allowance.characters_per_day is None:
            return 0.0
        async with self._turns[provider]:  # one asks the ledger, the others spend what it got
            now = self._clock()
            at, today = now.timestamp(), now.date()
            held = self._slices.get(provider) or Slice(today)
            outcome = held.spend(at, today, requests=requests, characters=characters, allowance=allowance)
            if not isinstance(outcome, tuple):
                need = outcome
                if self._is_refused(provider, need.characters, now):
                    return used_up(provider, allowance.characters_per_day or 0, now)
                reserved = await self._ledger.reserve(
                    provider,
                    now=at,
                    today=today,
                    requests=need.requests,
                    interval_s=allowance.interval_s,
                    latest=at + patience_s,
                    characters=need.characters,
                    want_characters=need.want_characters,
                    limit=allowance.characters_per_day or 0,
                )
                if reserved is None:
                    return await self._why_not(provider, need.characters, allowance, now)
                held = held.grown(
                    today,
                    first=reserved.first,
                    requests=need.requests,
                    characters=reserved.characters,
                    allowance=allowance,
                )
                self._slices[provider] = held  # it is ours, whatever comes next
                outcome = held.spend(at, today, requests=requests, characters=characters, allowance=allowance)
                if not isinstance(outcome, tuple):
                    raise AssertionError("a slice that just grew must suffice")
            spent, wait_s = outcome
            if wait_s > patience_s:
                return too_busy(provider, allowance)
            self._slices[provider] = spent
            return wait_s

    async def left(self, provider: str, allowance: Allowance) -> BudgetLeft:
        """See Budgets."""
        now = self._clock()
        limit = allowance.characters_per_day
        entry = await self._ledger.entry(provider)
        if entry is None:
            return BudgetLeft(limit)
        waits_s = max(0.0, entry.next_at - now.timestamp()) if allowance.requests_per_s else 0.0
        if limit is None:
            return BudgetLeft(None, waits_s)
        used = entry.characters if entry.day >= now.date() else 0
        return BudgetLeft(max(0, limit - used), waits_s)

    async def aclose(self) -> None:
        """Give back the characters that were reserved and not spent."""
        slices, self._slices = self._slices, {}
        for provider, held in slices.items():
            if held.characters:
                await self._ledger.give_back(provider, day=held.day, characters=held.characters)

    async def _why_not(
        self, provider: str, characters: int, allowance: Allowance, now: datetime
    ) -> ProviderFailure:
        left = (await self.left(provider, allowance)).characters_today
        if left is not None and (characters > left or allowance.requests_per_s is None):
            self._refused[provider] = (now, characters)
            return used_up(provider, allowance.characters_per_day or 0, now)
        return too_busy(provider, allowance)

    def _is_refused(self, provider: str, characters: int, now: datetime) -> bool:
        when, refused = self._refused.get(provider, (now, 0))
        fresh = when.date() == now.date() and (now - when).total_seconds() < REFUSED_S
        return 0 < refused <= characters and fresh
