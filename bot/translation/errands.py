"""One segment on its way through the chain, and who waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.memory import Remembered


@dataclass(frozen=True, slots=True)
class Pair:
    """From which language into which, as ISO 639-1."""

    source: str
    target: str


@dataclass(eq=False, slots=True)
class Errand:
    """A segment to be translated: asked for once, however many articles want it.

    `done` gets the translation and its provider, or None when every provider failed (`failures`, in order).
    Times are the event loop's.
    """

    key: str
    text: str
    pair: Pair
    done: asyncio.Future[Remembered | None]
    ends: float = 0.0
    deadline_s: float = 0.0
    waiters: int = 0
    failures: list[ProviderFailure] = field(default_factory=list)
    at: str = ""  # the provider it waits for
    sent_at: float | None = None  # when that provider was asked
    call: asyncio.Task[None] | None = None  # the request it is in

    def join(self, ends: float, deadline_s: float) -> None:
        """One more waits for it, until `ends`."""
        self.waiters += 1
        self.ends, self.deadline_s = max((self.ends, self.deadline_s), (ends, deadline_s))

    def goes_to(self, provider: str) -> None:
        """It stands in the queue of this provider now."""
        self.at, self.sent_at = provider, None

    def reasons(self, now: float, deadline_s: float) -> list[ProviderFailure]:
        """Why who waited until now, which is `deadline_s`, has no translation."""
        if self.done.done():
            return self.failures
        if self.sent_at is None:
            late = ProviderFailure(
                self.at, FailureKind.RESTING, f"had no time for it within {deadline_s:g} s"
            )
        else:
            given_s = now - self.sent_at
            late = ProviderFailure(self.at, FailureKind.TIMEOUT, f"gave no answer within {given_s:.1f} s")
        return [*self.failures, late]
