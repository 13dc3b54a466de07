"""Texts into English, or another language: the memory, then each provider in order; only checked replies.

    texts ─▶ nothing to translate? as it is
          ─▶ sentences ─▶ known? the memory's
                       ─▶ nothing but names? the glossary's
                       ─▶ the chain of providers, together with what others want at the same time
          ─▶ put together again; or TranslationError, naming each provider's reason

Never in the way: a deadline holds for the whole call, the blocking calls sit in daemon threads, and a
provider that keeps failing is left alone for a while.
"""

from __future__ import annotations

import asyncio
import random
import time
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.translation.batching import WINDOW_S, Batcher
from bot.translation.breaker import OPEN_S
from bot.translation.budget import UNLIMITED, Allowance, Budgets
from bot.translation.chain import Chain
from bot.translation.checks import has_letters
from bot.translation.desk import Desk, ProviderStatus, Surroundings
from bot.translation.errands import Pair
from bot.translation.failures import ProviderFailure, TranslationError
from bot.translation.locking import Names, NoNames
from bot.translation.memory import Memory, RecentMemory, Remembered, memory_key, normalise
from bot.translation.providers import Provider
from bot.translation.segments import Segment, sentences
from bot.translation.threads import DaemonThreads

log = structlog.get_logger(__name__)

__all__ = ["GLOSSARY", "ORIGINAL", "Memory", "ProviderStatus", "Translation", "Translator", "memory_key"]

ORIGINAL = "original"
"""The `provider` of a text that needed no translation."""
GLOSSARY = "glossary"
"""The `provider` of a text that is nothing but known names."""

# A call that ends with its deadline is waited for so much longer, to learn from it how it ended.
GRACE_S = 0.02
MOST_PROVIDERS = 3  # named of one text


@dataclass(frozen=True, slots=True)
class Translation:
    """One text translated, who translated it, and whether it came out of the memory.

    A text whose sentences come from several providers names them all: `google+libre`.
    """

    text: str
    provider: str
    cached: bool


class Translator:
    """Translates through a chain of providers. One for a process; used within one event loop.

    Args:
        providers: in the order they are asked.
        memory: where translations are kept; nothing that failed a check gets there.
        threads: how many calls run at once with each provider.
        rest_s: how long a provider that keeps failing is left alone.
        budgets, allowances: how much each provider may be asked, by its name; none is without limit.
        tell: gets a provider's state whenever it changes, or its last error does.
        glossary: the names that a translation keeps.
        window_s: how long a text waits for others to share a request.
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
        budgets: Budgets | None = None,
        allowances: Mapping[str, Allowance] | None = None,
        tell: Callable[[ProviderStatus], Awaitable[None]] | None = None,
        glossary: Names | None = None,
        window_s: float = WINDOW_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._names = glossary or NoNames()
        self._memory = RecentMemory(memory, clock=clock)
        # Each provider's calls are bounded by its desk; the rest is room for calls that hang.
        self._threads = DaemonThreads(name="translate", limit=threads * len(providers) + 64)
        self._chain = Chain(self._memory, version=self._names.version)
        self._budgets = budgets
        self._tell = tell
        around = Surroundings(
            threads=self._threads,
            clock=clock,
            sleep=sleep,
            jitter=jitter,
            late=self._chain.late,
            tell=self._tell_of,
            budgets=budgets,
        )
        self._desks = tuple(
            Desk(
                provider,
                around,
                at_once=threads,
                rest_s=rest_s,
                allowance=(allowances or {}).get(provider.name, UNLIMITED),
            )
            for provider in providers
        )
        self._chain.open(
            [
                Batcher(
                    desk,
                    self._names,
                    deliver=partial(self._chain.deliver, of=number),
                    spawn=self._chain.spawn,
                    clock=clock,
                    jitter=jitter,
                    window_s=window_s,
                )
                for number, desk in enumerate(self._desks)
            ]
        )

    async def translate(
        self, texts: Sequence[str], *, source: str, target: str = "en", deadline_s: float = 20
    ) -> list[Translation]:
        """The translation of each text, in order; a sentence twice is asked for once, also by two callers.

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
        ends = asyncio.get_running_loop().time() + deadline_s
        cuts = [self._cut(text, source, target) for text in texts]
        wanted = {key: segment.text for cut in cuts for key, segment in cut if key}
        known = self._memory.at_hand(wanted)
        missing = [key for key in wanted if key not in known]
        if missing:
            known |= await self._memory.get(missing)
            if target == "en":
                known |= self._names_alone({key: wanted[key] for key in missing if key not in known}, source)
            missing = [key for key in missing if key not in known]
        fresh: dict[str, Remembered] = {}
        if missing:
            known |= self._memory.at_hand(missing)  # what became known while the memory was asked
            segments = [(key, normalise(wanted[key])) for key in missing if key not in known]
            fresh, failures = await self._through_the_chain(segments, Pair(source, target), ends, deadline_s)
            if len(fresh) < len(segments):
                done = known.keys() | fresh.keys() | {""}
                lost = sum(any(key not in done for key, _ in cut) for cut in cuts)
                raise _error(lost, len(texts), source, failures)
        return [_put_together(text, cut, known, fresh) for text, cut in zip(texts, cuts, strict=True)]

    def status(self) -> list[ProviderStatus]:
        """Each provider's state, in the order they are asked."""
        return [desk.status() for desk in self._desks]

    async def aclose(self) -> None:
        """End what is under way; a call that hangs is left to its daemon thread."""
        for desk in self._desks:
            desk.close()
        await self._chain.close()
        self._threads.close()
        if self._budgets is not None:
            try:
                await self._budgets.aclose()
            except Exception as error:  # the database's: what was reserved is lost until midnight
                log.warning("budget_not_given_back", reason=type(error).__name__)

    def _tell_of(self, status: ProviderStatus) -> None:
        if self._tell is not None:
            self._chain.spawn(self._tell_gently(self._tell, status))

    @staticmethod
    async def _tell_gently(tell: Callable[[ProviderStatus], Awaitable[None]], status: ProviderStatus) -> None:
        try:
            await tell(status)
        except Exception as error:  # the database's: it is told again with the next change
            log.warning("translator_state_not_kept", provider=status.name, reason=type(error).__name__)

    def _cut(self, text: str, source: str, target: str) -> list[tuple[str, Segment]]:
        """The sentences of a text with their keys; no key: nothing to translate."""
        if not has_letters(text):
            return []
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        version = self._names.version if target == "en" else ""
        return [
            (memory_key(segment.text, source, target, version) if has_letters(segment.text) else "", segment)
            for segment in sentences(text.strip())
        ]

    def _names_alone(self, texts: Mapping[str, str], source: str) -> dict[str, Remembered]:
        """Those of the texts that are nothing but names the glossary knows."""
        found = {key: self._names.whole(text, source) for key, text in texts.items()}
        return {key: (english, GLOSSARY) for key, english in found.items() if english is not None}

    async def _through_the_chain(
        self, segments: Sequence[tuple[str, str]], pair: Pair, ends: float, deadline_s: float
    ) -> tuple[dict[str, Remembered], list[ProviderFailure]]:
        loop = asyncio.get_running_loop()
        errands = self._chain.want(segments, pair, ends=ends, deadline_s=deadline_s)
        failures: list[ProviderFailure] = []
        fresh: dict[str, Remembered] = {}
        if not errands:
            return fresh, failures
        try:
            await asyncio.wait([one.done for one in errands], timeout=max(0.0, ends - loop.time()) + GRACE_S)
            for errand in errands:
                found = None
                if errand.done.done() and not errand.done.cancelled():
                    found = errand.done.result()  # raises what the memory raised
                if found is None:
                    failures += errand.reasons(loop.time(), deadline_s)
                else:
                    fresh[errand.key] = found
        finally:
            self._chain.leave(errands)
        return fresh, failures


def _put_together(
    text: str,
    cut: Sequence[tuple[str, Segment]],
    known: Mapping[str, Remembered],
    fresh: Mapping[str, Remembered],
) -> Translation:
    if not cut:
        return Translation(text, ORIGINAL, cached=False)
    pieces: list[str] = []
    providers: dict[str, None] = {}
    cached = True
    for key, segment in cut:
        if not key:
            pieces += normalise(segment.text), segment.after
            continue
        remembered = known.get(key)
        if remembered is None:
            remembered, cached = fresh[key], False
        pieces += remembered[0], segment.after
        providers[remembered[1]] = None
    names = [name for name in providers if name != GLOSSARY] or [GLOSSARY]
    return Translation(
        "".join(pieces), "+".join(names[:MOST_PROVIDERS]), cached=cached and names != [GLOSSARY]
    )


def _error(lost: int, of: int, source: str, failures: Sequence[ProviderFailure]) -> TranslationError:
    subject = f"{lost} of {of} text{'s' if of > 1 else ''} ({source})"
    return TranslationError(subject, failures, reason="" if failures else "no translator is configured")
