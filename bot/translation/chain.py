"""Errands from provider to provider, in the operator's order, until one has a translation.

errand ─▶ batcher 1 ─▶ translated? into the memory, and to all who wait for it
              │ no
              ▼
          batcher 2 ─▶ … ─▶ nobody: the failures of each
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from bot.translation.batching import Batcher, Outcome
from bot.translation.errands import Errand, Pair
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.memory import RecentMemory, memory_key
from bot.translation.requests import Reading, Request


class Chain:
    """The errands under way. A segment that is wanted twice at the same time is asked for once."""

    def __init__(self, memory: RecentMemory, *, version: str) -> None:
        self._memory = memory
        self._version = version
        self._batchers: tuple[Batcher, ...] = ()
        self._under_way: dict[str, Errand] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def open(self, batchers: Sequence[Batcher]) -> None:
        """The queues of the providers, in order."""
        self._batchers = tuple(batchers)

    def want(
        self, segments: Sequence[tuple[str, str]], pair: Pair, *, ends: float, deadline_s: float
    ) -> list[Errand]:
        """The errands for segments (key, text), in the order they stand in an article.

        Whoever calls this waits for each errand's `done` until `ends`, and then calls `leave`.
        """
        loop = asyncio.get_running_loop()
        errands, new = [], []
        for key, text in segments:
            errand = self._under_way.get(key)
            if errand is None:
                errand = Errand(key, text, pair, loop.create_future())
                self._under_way[key] = errand
                new.append(errand)
            errand.join(ends, deadline_s)
            errands.append(errand)
        if new:
            self._pass_on(new, to=0)
        return errands

    def leave(self, errands: Sequence[Errand]) -> None:
        """One who waited does so no more; what nobody waits for is given up."""
        for errand in errands:
            errand.waiters -= 1
        calls = {errand.call for errand in errands if errand.call is not None and not errand.waiters}
        for errand in errands:
            if not errand.waiters and not errand.done.done():
                errand.done.cancel()
                self._forget(errand)
        for call in calls:
            if all(errand.waiters <= 0 for errand in self._under_way.values() if errand.call is call):
                call.cancel()

    def late(self, request: Request, reading: Reading) -> None:
        """Remember what came when nobody waited for it any more."""
        rows = {
            memory_key(piece.text, request.pair.source, request.pair.target, self._version): (
                verdict,
                request.provider,
            )
            for piece, verdict in zip(request.pieces, reading.verdicts, strict=True)
            if isinstance(verdict, str)
        }
        if rows:
            self.spawn(self._memory.put(rows))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that is kept until it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End all that is under way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for errand in tuple(self._under_way.values()):
            errand.done.cancel()
            self._forget(errand)

    async def deliver(self, outcomes: Sequence[Outcome], *, of: int) -> None:
        """What the provider number `of` made of errands: remember translations, pass the others on."""
        done: list[tuple[Errand, tuple[str, str]]] = []
        failed: list[Errand] = []
        for errand, outcome in outcomes:
            errand.call = None
            if isinstance(outcome, ProviderFailure):
                errand.failures.append(outcome)
                failed.append(errand)
            else:
                done.append((errand, (outcome, self._batchers[of].desk.name)))
        self._pass_on(failed, to=of + 1)
        if not done:
            return
        try:
            await self._memory.put({errand.key: found for errand, found in done})
        except Exception as error:  # the store's, for each who waits, as if they had stored it themselves
            for errand, _ in done:
                self._forget(errand)
                if not errand.done.done():
                    errand.done.set_exception(error)
            return
        for errand, found in done:
            self._forget(errand)
            if not errand.done.done():
                errand.done.set_result(found)

    def _pass_on(self, errands: Sequence[Errand], *, to: int) -> None:
        wanted = [errand for errand in errands if not errand.done.done()]
        if to < len(self._batchers):
            now = asyncio.get_running_loop().time()
            in_time = [errand for errand in wanted if errand.ends > now]
            if in_time:
                self._batchers[to].add(in_time)
            wanted = [errand for errand in wanted if errand.ends <= now]
        for errand in wanted:
            late = f"had no time for it within {errand.deadline_s:g} s"
            errand.failures += [
                ProviderFailure(batcher.desk.name, FailureKind.RESTING, late)
                for batcher in self._batchers[to:]
            ]
        for errand in wanted:
            self._forget(errand)
            errand.done.set_result(None)

    def _forget(self, errand: Errand) -> None:
        if self._under_way.get(errand.key) is errand:
            del self._under_way[errand.key]
