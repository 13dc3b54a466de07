"""One provider as the chain deals with it: its breaker, its budget, its threads, one retry, and its state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.translation.breaker import Breaker, Permission
from bot.translation.budget import UNLIMITED, Allowance, Budgets
from bot.translation.failures import BREAKING, PASSING, FailureKind, ProviderFailure
from bot.translation.providers import Provider
from bot.translation.requests import Reading, Request
from bot.translation.threads import DaemonThreads, NoThreadFree

log = structlog.get_logger(__name__)

RETRY_PAUSE_S = 0.4  # before the one retry, times 0.5 to 1.5
FAIR_CHANCE_S = 3.0  # a call cut off by the deadline sooner than this says nothing about its provider


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """One provider as `rarewatch doctor` shows it."""

    name: str
    state: str  # untried, working, failing, resting, probing
    last_error: str | None
    seconds_since_error: float | None
    seconds_since_success: float | None
    rests_for_s: float | None  # until it is tried again


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take: `deadline_s` for all, which `ends` at a time of the event loop."""

    ends: float
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all desks share.

    clock is monotonic, in seconds; sleep and jitter are the pause before a retry and a random number from 0
    to 1; `late` gets the reading of a reply that came after its deadline, `tell` a provider's state when that
    or the last error has changed.
    """

    threads: DaemonThreads
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    late: Callable[[Request, Reading], None]
    tell: Callable[[ProviderStatus], None]
    budgets: Budgets | None = None


class Desk:
    """One provider and what is known of it."""

    def __init__(
        self,
        provider: Provider,
        around: Surroundings,
        *,
        at_once: int,
        rest_s: float,
        allowance: Allowance = UNLIMITED,
    ) -> None:
        self.provider = provider
        self.slots = asyncio.Semaphore(at_once)
        self._around = around
        self._rest_s = rest_s
        self._allowance = allowance
        self._breaker = Breaker()
        self._last_failure: ProviderFailure | None = None
        self._failed_at: float | None = None
        self._succeeded_at: float | None = None
        self._late: set[asyncio.Future[Any]] = set()
        self._told: tuple[str, str | None] = ("untried", None)

    @property
    def name(self) -> str:
        """The provider's."""
        return self.provider.name

    def refusal(self) -> ProviderFailure | None:
        """Why it is not asked now: it rests, or another call is its probe."""
        now = self._around.clock()
        return self._resting(now) if self._breaker.permission(now=now) is Permission.REFUSED else None

    async def budget(self, request: Request, patience: Patience) -> ProviderFailure | None:
        """Wait for the provider's turn; a failure when its budget allows no request in time."""
        if self._around.budgets is None:
            return None
        try:
            wait = await self._around.budgets.take(
                self.name,
                requests=1,
                characters=request.characters,
                allowance=self._allowance,
                patience_s=max(0.0, patience.ends - asyncio.get_running_loop().time()),
            )
        except Exception as error:  # the database's: without a budget nothing is asked, and nothing hangs
            log.warning("budget_unknown", provider=self.name, reason=type(error).__name__)
            wait = self._failure(
                FailureKind.RESTING,
                f"is not asked, because its budget can't be read ({type(error).__name__})",
            )
        if isinstance(wait, ProviderFailure):
            self._note(wait)
            self._tell()
            return wait
        if wait > 0:
            await self._around.sleep(wait)
        return None

    async def ask(self, request: Request, patience: Patience) -> Reading | ProviderFailure:
        """Make the request, whose budget is taken; once more after a passing fault."""
        reply = await self._once(request, patience)
        if isinstance(reply, Reading) or reply.kind not in PASSING:
            return reply
        pause_s = RETRY_PAUSE_S * (0.5 + self._around.jitter())
        if asyncio.get_running_loop().time() + pause_s >= patience.ends:
            return reply
        await self._around.sleep(pause_s)
        if await self.budget(request, patience) is not None:
            return reply
        again = await self._once(request, patience)
        # That the breaker has opened meanwhile is no news: the first reason is what a person should read.
        if isinstance(again, ProviderFailure) and again.kind is FailureKind.RESTING:
            return reply
        return again

    def status(self) -> ProviderStatus:
        """Its state now."""
        now, breaker = self._around.clock(), self._breaker
        if breaker.probing:
            state = "probing"
        elif not breaker.closed:
            state = "resting"
        elif breaker.failures:
            state = "failing"
        else:
            state = "untried" if self._succeeded_at is None and self._failed_at is None else "working"
        return ProviderStatus(
            name=self.name,
            state=state,
            last_error=self._last_failure.reason if self._last_failure else None,
            seconds_since_error=None if self._failed_at is None else now - self._failed_at,
            seconds_since_success=None if self._succeeded_at is None else now - self._succeeded_at,
            rests_for_s=None if breaker.open_until is None else max(0.0, breaker.open_until - now),
        )

    def close(self) -> None:
        """Wait for no reply any more."""
        for reply in tuple(self._late):
            reply.cancel()

    async def _once(self, request: Request, patience: Patience) -> Reading | ProviderFailure:
        if refusal := self.refusal():
            return refusal
        probe = self._breaker.permission(now=self._around.clock()) is Permission.PROBE
        if probe:
            self._breaker = self._breaker.with_probe()
        outcome: Reading | ProviderFailure | None = None
        fair = True
        try:
            outcome, fair = await self._in_a_thread(request, patience)
        finally:  # also when cancelled: a probe never reported would keep the breaker open for ever
            self._record(outcome, probe=probe, fair=fair)
        return outcome

    async def _in_a_thread(
        self, request: Request, patience: Patience
    ) -> tuple[Reading | ProviderFailure, bool]:
        """The reply, read, and whether a failure may be held against the provider."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            call = self._around.threads.submit(_ask, self.provider, request)
        except NoThreadFree as exc:
            return self._failure(FailureKind.RESTING, f"is not asked, because {exc.reason}"), False
        reply = asyncio.wrap_future(call)
        try:
            async with asyncio.timeout_at(patience.ends):
                await asyncio.wait((reply,))
        except TimeoutError:
            self._keep_if_late(request, reply)
            given_s = loop.time() - begun
            fair = given_s >= min(FAIR_CHANCE_S, patience.deadline_s / 2)
            return self._failure(FailureKind.TIMEOUT, f"gave no answer within {given_s:.1f} s"), fair
        except asyncio.CancelledError:
            reply.cancel()
            raise
        replies = reply.result()
        return (replies if isinstance(replies, ProviderFailure) else request.read(replies)), True

    def _keep_if_late(self, request: Request, reply: asyncio.Future[list[str] | ProviderFailure]) -> None:
        """What was asked for is paid for: it is worth remembering also when nobody waits for it any more."""

        def read(reply: asyncio.Future[list[str] | ProviderFailure]) -> None:
            self._late.discard(reply)
            if not reply.cancelled() and not isinstance(found := reply.result(), ProviderFailure):
                self._around.late(request, request.read(found))

        self._late.add(reply)
        reply.add_done_callback(read)

    def _failure(self, kind: FailureKind, reason: str) -> ProviderFailure:
        return ProviderFailure(self.name, kind, reason)

    def _resting(self, now: float) -> ProviderFailure:
        rests_for_s = max(0.0, (self._breaker.open_until or now) - now)
        last = f"; last it {self._last_failure.reason}" if self._last_failure else ""
        return self._failure(
            FailureKind.RESTING,
            f"rests for {rests_for_s:.0f} s more after {self._breaker.failures} failures in a row{last}",
        )

    def _note(self, failure: ProviderFailure) -> None:
        self._last_failure, self._failed_at = failure, self._around.clock()
        log.debug("translation_failed", provider=self.name, kind=failure.kind, reason=failure.reason)

    def _tell(self) -> None:
        status = self.status()
        if (status.state, status.last_error) != self._told:
            self._told = (status.state, status.last_error)
            self._around.tell(status)

    def _record(self, outcome: Reading | ProviderFailure | None, *, probe: bool, fair: bool) -> None:
        """Take note of how a call ended; None: it was cancelled."""
        now, was_closed = self._around.clock(), self._breaker.closed
        failure = outcome.failure if isinstance(outcome, Reading) else outcome
        if outcome is not None and failure is None:
            self._succeeded_at = now
            self._breaker = self._breaker.after_success()
        elif failure is not None and fair and failure.kind in BREAKING:
            self._breaker = self._breaker.after_failure(
                now=now, probe=probe, open_s=self._rest_s, jitter=self._around.jitter()
            )
        else:
            self._breaker = self._breaker.after_nothing(probe=probe)
        if failure is not None:
            self._note(failure)
        if was_closed and not self._breaker.closed:
            reason = self._last_failure.reason if self._last_failure else ""
            log.warning("translator_resting", provider=self.name, reason=reason)
        elif not was_closed and self._breaker.closed:
            log.info("translator_back", provider=self.name)
        self._tell()


def _ask(provider: Provider, request: Request) -> list[str] | ProviderFailure:
    """In the thread: a provider promises to raise nothing; one that does is a failure like any other."""
    try:
        replies = provider.translate_many(request.texts, request.pair.source, request.pair.target)
        if isinstance(replies, ProviderFailure) or len(replies) == len(request.texts):
            return replies
    except Exception as exc:  # its text may hold a key: only the kind of exception is told
        return ProviderFailure(
            provider.name, FailureKind.CRASHED, f"failed in an unforeseen way ({type(exc).__name__})"
        )
    return ProviderFailure(
        provider.name, FailureKind.PROTOCOL, f"sent {len(replies)} texts for {len(request.texts)}"
    )
