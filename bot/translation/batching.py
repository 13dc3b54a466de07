"""What waits for one provider, gathered for a moment and sent in as few requests as are safe.

    errands ─▶ parts within the provider's limit ─▶ queue ─(20 ms, or full)─▶ request ─▶ verdicts
                                                      ▲                                    │
                                                      └── alone, or with names unlocked ◀──┤
                                                          settled: translated, or refused ◀┘

An article's parts stay together where they fit in one request, in order, so that each has its context. When a
whole request comes back unusable its first part is asked for alone; only if that helps are the others, too: a
provider that sends rubbish is not asked a dozen times for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.translation.breaker import Breaker, Permission
from bot.translation.checks import has_letters
from bot.translation.desk import Desk, Patience
from bot.translation.errands import Errand, Pair
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.locking import Names
from bot.translation.marks import Marks, first_number
from bot.translation.packing import border_length
from bot.translation.requests import Again, Piece, Reading, Request, Verdict, compose
from bot.translation.segments import Segment, cut, join

log = structlog.get_logger(__name__)

WINDOW_S = 0.02
# A provider that keeps losing borders, or the marks of names, is sent none for so long.
WITHOUT_MARKS_S = 600.0

ABOUT_THE_REQUEST = frozenset({FailureKind.PROTOCOL, FailureKind.UNUSABLE, FailureKind.UNSUPPORTED})

Outcome = tuple[Errand, str | ProviderFailure]


class Batcher:
    """The queue before one desk. Within one event loop.

    Args:
        deliver: gets each errand's translation, or why this provider has none.
        spawn: starts a task, and keeps it.
        clock: monotonic, in seconds; jitter: a random number from 0 to 1.
    """

    def __init__(
        self,
        desk: Desk,
        names: Names,
        *,
        deliver: Callable[[Sequence[Outcome]], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        clock: Callable[[], float],
        jitter: Callable[[], float],
        window_s: float = WINDOW_S,
    ) -> None:
        self.desk = desk
        self._names = names
        self._deliver = deliver
        self._spawn = spawn
        self._clock = clock
        self._jitter = jitter
        self._window_s = window_s
        self._queues: dict[Pair, deque[_Part]] = {}
        self._came = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._packing = Breaker()  # of the borders between texts
        self._locking = Breaker()  # of the marks of names

    def add(self, errands: Sequence[Errand]) -> None:
        """Queue what one caller wants, in the order it stands in the article."""
        group = object()
        for errand in errands:
            errand.goes_to(self.desk.name)
            self._queue(_Visit.parts_of(errand, self.desk.provider.max_chars, group))

    def _queue(self, parts: Iterable[_Part], *, first: bool = False) -> None:
        for part in parts:
            queue = self._queues.setdefault(part.visit.errand.pair, deque())
            queue.appendleft(part) if first else queue.append(part)
        self._came.set()
        if self._pump is None or self._pump.done():
            self._pump = self._spawn(self._run())

    async def _run(self) -> None:
        while self._queues:
            await self._gather()
            await self.desk.slots.acquire()
            sent = False
            try:
                sent = await self._send_next()
            finally:
                if not sent:
                    self.desk.slots.release()

    async def _gather(self) -> None:
        """Wait until a request is full, or nothing came that could make it fuller."""
        if self.desk.refusal() or not self._packs:
            return
        try:
            async with asyncio.timeout(self._window_s):
                while not self._full():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return

    @property
    def _packs(self) -> bool:
        provider = self.desk.provider
        if provider.max_texts > 1:
            return True
        return (
            provider.marks is not Marks.NONE
            and self._packing.permission(now=self._clock()) is not Permission.REFUSED
        )

    def _full(self) -> bool:
        provider = self.desk.provider
        return any(
            queue[0].alone
            or len(queue) >= provider.max_texts > 1
            or sum(len(part.text) for part in queue) >= provider.max_chars
            for queue in self._queues.values()
        )

    async def _send_next(self) -> bool:
        """Start a request for what has waited longest; False when none was started."""
        if refusal := self.desk.refusal():
            waiting = [part for queue in self._queues.values() for part in queue]
            self._queues.clear()
            await self._settle([(part, refusal) for part in waiting])
            return False
        await self._settle(self._expired())
        taken = self._take() if self._queues else None
        if taken is None:
            return False
        parts, request = taken
        if request is None:
            await self._settle([(part, self._fault()) for part in parts])
            return False
        patience = _patience(parts)
        if failure := await self.desk.budget(request, patience):
            await self._settle([(part, failure) for part in parts])
            return False
        now = asyncio.get_running_loop().time()
        for part in parts:
            part.visit.errand.sent_at = now
        task = self._spawn(self._ask(parts, request, patience))
        for part in parts:
            part.visit.errand.call = task
        return True

    def _expired(self) -> list[tuple[_Part, Verdict]]:
        """The parts whose time is over before their turn came, taken out of the queues."""
        now = asyncio.get_running_loop().time()
        found: list[tuple[_Part, Verdict]] = []
        for pair, queue in list(self._queues.items()):
            for part in [part for part in queue if part.visit.errand.ends <= now]:
                late = f"had no time for it within {part.visit.errand.deadline_s:g} s"
                found.append((part, ProviderFailure(self.desk.name, FailureKind.RESTING, late)))
                queue.remove(part)
            if not queue:
                del self._queues[pair]
        return found

    def _take(self) -> tuple[list[_Part], Request | None] | None:
        """The next parts of the queue that go together, and their request, if one can be made of them."""
        pair, queue = next(iter(self._queues.items()))
        while queue and queue[0].over:
            queue.popleft()
        if not queue:
            del self._queues[pair]
            return None
        parts = self._together(queue)
        first = first_number(self._jitter)
        request: Request | None = None
        try:
            request = compose(self.desk.provider, pair, self._pieces(parts), self._names, first=first)
        except Exception:  # a fault of ours at a text must not stand at the queue's head for ever
            log.exception("request_fault", provider=self.desk.name)
        del parts[1 if request is None else len(request.pieces) :]
        for _ in parts:
            queue.popleft()
        # Those of another pair of languages come next, however long this queue is.
        del self._queues[pair]
        if queue:
            self._queues[pair] = queue
        return parts, request

    def _together(self, queue: deque[_Part]) -> list[_Part]:
        """The head of the queue, as much as may fit; an article that fits in a request is not torn apart."""
        provider = self.desk.provider
        head = queue[0]
        if head.alone or not self._packs:
            return [head]
        border = 0 if provider.max_texts > 1 else border_length(provider.marks)
        parts: list[_Part] = []
        room = most = provider.max_chars - border
        complete = 0  # how many parts end with their article
        for part in queue:
            if part.alone:
                break
            if parts and part.group is not parts[-1].group:
                complete = len(parts)
            room -= len(part.text) + border
            if parts and room < 0:
                whole = sum(len(other.text) + border for other in queue if other.group is part.group)
                return parts[:complete] if complete and whole <= most else parts
            parts.append(part)
        return parts

    def _pieces(self, parts: Sequence[_Part]) -> list[Piece]:
        locks = self._locking.permission(now=self._clock()) is not Permission.REFUSED
        return [Piece(part.text, lock=part.lock and locks) for part in parts]

    async def _ask(self, parts: list[_Part], request: Request, patience: Patience) -> None:
        reply: Reading | ProviderFailure
        try:
            reply = await self.desk.ask(request, patience)
        except Exception:
            log.exception("reply_fault", provider=self.desk.name)
            reply = self._fault()
        finally:
            self.desk.slots.release()
        if isinstance(reply, Reading):
            self._learn(request, reply)
            verdicts: tuple[Verdict, ...] = reply.verdicts
        else:
            # It may be too much at once, or one of the texts, that this provider can't take.
            verdicts = (Again.ALONE if reply.kind in ABOUT_THE_REQUEST else reply,) * len(parts)
        if len(parts) > 1 and all(verdict is Again.ALONE for verdict in verdicts):
            scout, *others = parts
            scout.alone, scout.lock, scout.followers = True, False, others
            self._queue([scout], first=True)
            return
        if len(parts) == 1 and isinstance(reply, ProviderFailure):
            verdicts = (reply,)
        await self._settle(list(zip(parts, verdicts, strict=True)))

    def _fault(self) -> ProviderFailure:
        return ProviderFailure(
            self.desk.name, FailureKind.CRASHED, "could not be asked for a fault of Rarewatch's own"
        )

    def _learn(self, request: Request, reading: Reading) -> None:
        """Whether this provider keeps marks."""
        now = self._clock()
        if request.first is not None:
            self._packing = _after(self._packing, kept=not reading.borders_lost, now=now)
        locked = [
            verdict
            for verdict, lock in zip(reading.verdicts, request.locked, strict=True)
            if lock is not None and not reading.borders_lost
        ]
        if locked:
            kept = any(verdict is not Again.UNLOCKED for verdict in locked)
            self._locking = _after(self._locking, kept=kept, now=now)

    async def _settle(self, verdicts: Sequence[tuple[_Part, Verdict]]) -> None:
        outcomes: list[Outcome] = []
        again: list[_Part] = []
        for part, verdict in verdicts:
            if isinstance(verdict, Again):
                part.lock = False
                part.alone = part.alone or verdict is Again.ALONE
                again.append(part)
                continue
            failed = isinstance(verdict, ProviderFailure)
            for follower in part.followers:
                if failed:
                    outcomes += follower.visit.settle(follower, verdict)
                else:
                    follower.alone = True
                    again.append(follower)
            part.followers = []
            outcomes += part.visit.settle(part, verdict)
        if again:
            self._queue(reversed(again), first=True)
        if outcomes:
            await self._deliver(outcomes)


@dataclass(eq=False, slots=True)
class _Part:
    """As much of a segment as the provider takes at once, and how it is to be asked for."""

    visit: _Visit
    index: int
    text: str
    group: object  # the parts of one caller
    lock: bool = True
    alone: bool = False
    followers: list[_Part] = field(default_factory=list)  # asked for alone only if this one succeeds

    @property
    def over(self) -> bool:
        """Whether nobody waits for it."""
        return not self.followers and (self.visit.over or self.visit.errand.done.done())


@dataclass(eq=False, slots=True)
class _Visit:
    """One errand at this provider: its parts, and what has come back of them."""

    errand: Errand
    segments: tuple[Segment, ...]
    replies: list[str | None]
    over: bool = False

    @classmethod
    def parts_of(cls, errand: Errand, limit: int, group: object) -> list[_Part]:
        """The parts of a new visit; one, unless the segment is longer than the provider takes."""
        segments = cut(errand.text, limit)
        visit = cls(errand, segments, [None if has_letters(one.text) else one.text for one in segments])
        return [
            _Part(visit, index, segment.text, group)
            for index, segment in enumerate(segments)
            if visit.replies[index] is None
        ]

    def settle(self, part: _Part, verdict: str | ProviderFailure) -> list[Outcome]:
        """Take a part's translation or failure; gives the errand's outcome when it is decided by this."""
        if self.over:
            return []
        if isinstance(verdict, ProviderFailure):
            self.over = True
            return [(self.errand, verdict)]
        self.replies[part.index] = verdict
        replies = [reply for reply in self.replies if reply is not None]
        if len(replies) < len(self.replies):
            return []
        self.over = True
        return [(self.errand, join(self.segments, replies))]


def _patience(parts: Sequence[_Part]) -> Patience:
    longest = max((part.visit.errand for part in parts), key=lambda errand: errand.ends)
    return Patience(longest.ends, longest.deadline_s)


def _after(breaker: Breaker, *, kept: bool, now: float) -> Breaker:
    if kept:
        return breaker.after_success()
    probe = breaker.permission(now=now) is Permission.PROBE
    return breaker.after_failure(now=now, probe=probe, open_s=WITHOUT_MARKS_S)
