"""Texts into English, or another language: the memory, then each provider in order; only checked replies.

    texts ─▶ nothing to translate? as it is
          ─▶ known? the memory's
          ─▶ provider 1 ─▶ checks ─▶ provider 2 ─▶ … ─▶ into the memory
                                                     ─▶ TranslationError, naming each provider's reason

Never in the way: a deadline holds for the whole call, the blocking calls sit in daemon threads, and a
provider that keeps failing is left alone for a while.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.translation.breaker import OPEN_S, Breaker, Permission
from bot.translation.checks import check_reply, has_letters, is_warning
from bot.translation.failures import (
    BREAKING,
    PASSING,
    FailureKind,
    ProviderFailure,
    TranslationError,
)
from bot.translation.providers import Provider
from bot.translation.segments import cut, join
from bot.translation.threads import DaemonThreads, NoThreadFree

log = structlog.get_logger(__name__)

ORIGINAL = "original"
"""The `provider` of a text that needed no translation."""

RETRY_PAUSE_S = 0.4  # before the one retry, times 0.5 to 1.5
FAIR_CHANCE_S = 3.0  # a call cut off by the deadline sooner than this says nothing about its provider


@dataclass(frozen=True, slots=True)
class Translation:
    """One text translated, who translated it, and whether it came out of the memory."""

    text: str
    provider: str
    cached: bool


class Memory(Protocol):
    """What has been translated before. Keys are those of `memory_key`; values (English text, provider)."""

    async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The rows that are known, of those asked for."""

    async def put(self, rows: Mapping[str, tuple[str, str]]) -> None:
        """Keep them; a key that is there already may keep either text."""


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """One provider as `rarewatch doctor` shows it."""

    name: str
    state: str  # untried, working, failing, resting, probing
    last_error: str | None
    seconds_since_error: float | None
    seconds_since_success: float | None
    rests_for_s: float | None  # until it is tried again


def normalise(text: str) -> str:
    """The form under which a text is remembered: canonical Unicode, single spaces, no space around."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def memory_key(text: str, source: str, target: str = "en") -> str:
    """The key of a text in the memory: 64 hexadecimal digits."""
    return hashlib.sha256(f"{source}\n{target}\n{normalise(text)}".encode()).hexdigest()


class Translator:
    """Translates through a chain of providers. One for a process; used within one event loop.

    Args:
        providers: in the order they are asked.
        memory: where translations are kept; nothing that failed a check gets there.
        threads: how many calls run at once with each provider.
        rest_s: how long a provider that keeps failing is left alone.
        clock: a monotonic clock in seconds, for the breakers.
        sleep, jitter: the pause before a retry, and a random number from 0 to 1.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        memory: Memory,
        *,
        threads: int = 16,
        rest_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._desks = tuple(_Desk(provider, asyncio.Semaphore(threads), rest_s) for provider in providers)
        self._memory = memory
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        # Each provider's calls are bounded by its semaphore; the rest is room for calls that hang.
        self._threads = DaemonThreads(name="translate", limit=threads * len(self._desks) + 64)

    async def translate(
        self, texts: Sequence[str], *, source: str, target: str = "en", deadline_s: float = 20
    ) -> list[Translation]:
        """The translation of each text, in order; a text twice is asked once.

        A text without letters, and any text when `source` is the target, comes back as it is. Line ends are
        kept, other space is folded. What could be translated is remembered even when another text could not.

        Args:
            texts: such as an article's title and summary.
            source, target: ISO 639-1.
            deadline_s: for the whole call.

        Raises:
            TranslationError: no provider could translate one of them in time.
        """
        if source == target:
            return [Translation(text, ORIGINAL, cached=False) for text in texts]
        wish = _Wish(source, target, deadline_s, asyncio.get_running_loop().time() + deadline_s)
        wanted = {memory_key(text, source, target): text for text in texts if has_letters(text)}
        if not wanted:
            return [Translation(text, ORIGINAL, cached=False) for text in texts]

        done = {
            key: Translation(known, provider, cached=True)
            for key, (known, provider) in (await self._memory.get(tuple(wanted))).items()
        }
        missing = [key for key in wanted if key not in done]
        outcomes = await asyncio.gather(*(self._through_the_chain(wanted[key], wish) for key in missing))
        fresh = {
            key: outcome
            for key, outcome in zip(missing, outcomes, strict=True)
            if isinstance(outcome, Translation)
        }
        if fresh:
            await self._memory.put({key: (found.text, found.provider) for key, found in fresh.items()})
        failures = [failure for outcome in outcomes if isinstance(outcome, list) for failure in outcome]
        if len(fresh) < len(missing):
            raise _error(len(missing) - len(fresh), len(texts), source, failures)
        done |= fresh
        return [
            done[memory_key(text, source, target)]
            if has_letters(text)
            else Translation(text, ORIGINAL, cached=False)
            for text in texts
        ]

    def status(self) -> list[ProviderStatus]:
        """Each provider's state, in the order they are asked."""
        return [desk.status(self._clock()) for desk in self._desks]

    async def aclose(self) -> None:
        """End the threads that are idle; a call that hangs is left to its daemon thread."""
        self._threads.close()

    async def _through_the_chain(self, text: str, wish: _Wish) -> Translation | list[ProviderFailure]:
        failures: list[ProviderFailure] = []
        for desk in self._desks:
            reply = await self._whole_text(desk, text, wish)
            if isinstance(reply, str):
                return Translation(reply, desk.name, cached=False)
            failures.append(reply)
        return failures

    async def _whole_text(self, desk: _Desk, text: str, wish: _Wish) -> str | ProviderFailure:
        segments = cut(unicodedata.normalize("NFC", text).strip(), desk.provider.max_chars)
        english: list[str] = []
        for segment in segments:
            piece = normalise(segment.text)
            if not has_letters(piece):
                english.append(piece)
                continue
            reply = await self._with_one_retry(desk, piece, wish)
            if isinstance(reply, ProviderFailure):
                return reply
            english.append(reply)
        return join(segments, english)

    async def _with_one_retry(self, desk: _Desk, text: str, wish: _Wish) -> str | ProviderFailure:
        reply = await self._once(desk, text, wish)
        if isinstance(reply, str) or reply.kind not in PASSING:
            return reply
        pause_s = RETRY_PAUSE_S * (0.5 + self._jitter())
        if asyncio.get_running_loop().time() + pause_s >= wish.ends:
            return reply
        await self._sleep(pause_s)
        again = await self._once(desk, text, wish)
        # That the breaker has opened meanwhile is no news: the first reason is what a person should read.
        return reply if isinstance(again, ProviderFailure) and again.kind is FailureKind.RESTING else again

    async def _once(self, desk: _Desk, text: str, wish: _Wish) -> str | ProviderFailure:
        try:
            async with asyncio.timeout_at(wish.ends):
                await desk.slots.acquire()
        except TimeoutError:
            return desk.failure(FailureKind.RESTING, f"had no time for it within {wish.deadline_s:g} s")
        try:
            permission = desk.breaker.permission(now=self._clock())
            if permission is Permission.REFUSED:
                return desk.resting(self._clock())
            probe = permission is Permission.PROBE
            if probe:
                desk.breaker = desk.breaker.with_probe()
            outcome: str | ProviderFailure | None = None
            fair = True
            try:
                outcome, fair = await self._in_a_thread(desk, text, wish)
            finally:  # also when cancelled: a probe never reported would keep the breaker open for ever
                desk.record(outcome, probe=probe, fair=fair, now=self._clock())
            return outcome
        finally:
            desk.slots.release()

    async def _in_a_thread(self, desk: _Desk, text: str, wish: _Wish) -> tuple[str | ProviderFailure, bool]:
        """The checked reply, and whether a failure may be held against the provider."""
        begun = asyncio.get_running_loop().time()
        try:
            call = self._threads.submit(_ask, desk.provider, text, wish.source, wish.target)
        except NoThreadFree as exc:
            return desk.failure(FailureKind.RESTING, f"is not asked, because {exc.reason}"), False
        try:
            async with asyncio.timeout_at(wish.ends):
                reply = await asyncio.wrap_future(call)
        except TimeoutError:
            given_s = asyncio.get_running_loop().time() - begun
            fair = given_s >= min(FAIR_CHANCE_S, wish.deadline_s / 2)
            return desk.failure(FailureKind.TIMEOUT, f"gave no answer within {given_s:.1f} s"), fair
        if isinstance(reply, ProviderFailure):
            return reply, True
        if reason := check_reply(text, reply, wish.source, wish.target):
            kind = FailureKind.QUOTA if is_warning(reply) else FailureKind.UNUSABLE
            return desk.failure(kind, reason), True
        return normalise(reply), True


@dataclass(frozen=True, slots=True)
class _Wish:
    """What every part of one call of `translate` must know."""

    source: str
    target: str
    deadline_s: float
    ends: float  # the deadline, as the event loop's time


@dataclass(slots=True)
class _Desk:
    """One provider and what is known of it."""

    provider: Provider
    slots: asyncio.Semaphore
    rest_s: float
    breaker: Breaker = field(default_factory=Breaker)
    last_failure: ProviderFailure | None = None
    failed_at: float | None = None
    succeeded_at: float | None = None

    @property
    def name(self) -> str:
        return self.provider.name

    def failure(self, kind: FailureKind, reason: str) -> ProviderFailure:
        return ProviderFailure(self.name, kind, reason)

    def resting(self, now: float) -> ProviderFailure:
        rests_for_s = max(0.0, (self.breaker.open_until or now) - now)
        last = f"; last it {self.last_failure.reason}" if self.last_failure else ""
        return self.failure(
            FailureKind.RESTING,
            f"rests for {rests_for_s:.0f} s more after {self.breaker.failures} failures in a row{last}",
        )

    def record(self, outcome: str | ProviderFailure | None, *, probe: bool, fair: bool, now: float) -> None:
        """Take note of how a call ended; None: it was cancelled."""
        was_closed = self.breaker.closed
        if isinstance(outcome, str):
            self.succeeded_at = now
            self.breaker = self.breaker.after_success()
        elif outcome is not None and fair and outcome.kind in BREAKING:
            self.breaker = self.breaker.after_failure(now=now, probe=probe, open_s=self.rest_s)
        else:
            self.breaker = self.breaker.after_nothing(probe=probe)
        if isinstance(outcome, ProviderFailure):
            self.last_failure, self.failed_at = outcome, now
            log.debug("translation_failed", provider=self.name, kind=outcome.kind, reason=outcome.reason)
        if was_closed and not self.breaker.closed:
            reason = self.last_failure.reason if self.last_failure else ""
            log.warning("translator_resting", provider=self.name, reason=reason)
        elif not was_closed and self.breaker.closed:
            log.info("translator_back", provider=self.name)

    def status(self, now: float) -> ProviderStatus:
        if self.breaker.probing:
            state = "probing"
        elif not self.breaker.closed:
            state = "resting"
        elif self.breaker.failures:
            state = "failing"
        else:
            state = "untried" if self.succeeded_at is None and self.failed_at is None else "working"
        return ProviderStatus(
            name=self.name,
            state=state,
            last_error=self.last_failure.reason if self.last_failure else None,
            seconds_since_error=None if self.failed_at is None else now - self.failed_at,
            seconds_since_success=None if self.succeeded_at is None else now - self.succeeded_at,
            rests_for_s=None if self.breaker.open_until is None else max(0.0, self.breaker.open_until - now),
        )


def _ask(provider: Provider, text: str, source: str, target: str) -> str | ProviderFailure:
    """In the thread: a provider promises to raise nothing; one that does is a failure like any other."""
    try:
        reply = provider.translate_many([text], source, target)
        return reply if isinstance(reply, ProviderFailure) else reply[0]
    except Exception as exc:  # its text may hold a key: only the kind of exception is told
        return ProviderFailure(
            provider.name, FailureKind.CRASHED, f"failed in an unforeseen way ({type(exc).__name__})"
        )


def _error(lost: int, of: int, source: str, failures: Sequence[ProviderFailure]) -> TranslationError:
    subject = f"{lost} of {of} text{'s' if of > 1 else ''} ({source})"
    return TranslationError(subject, failures, reason="" if failures else "no translator is configured")
