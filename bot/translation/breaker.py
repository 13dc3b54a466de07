"""When to stop asking a failing provider, and when to try it again: a circuit breaker as pure data.

Closed: every call goes. After `FAILURES_TO_OPEN` failures in a row it is open for `OPEN_S`, and no call goes.
Then one call, the probe, decides: it closes the breaker, or opens it again for twice as long, `LONGEST_TIMES`
as long in the end. Rests after the first are drawn out by chance, up to `SPREAD`: several processes that were
turned away together don't come back together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_TO_OPEN = 5
OPEN_S = 60.0
LONGEST_TIMES = 16  # of OPEN_S: a quarter of an hour
SPREAD = 0.25


class Permission(StrEnum):
    """What the breaker says to a call."""

    CALL = "call"
    PROBE = "probe"  # as a call; its outcome decides, and must be reported
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one provider. Times are seconds of a monotonic clock."""

    failures: int = 0
    open_until: float | None = None
    probing: bool = False
    rests: int = 0  # in a row, without a success between them

    @property
    def closed(self) -> bool:
        """Whether calls go through as they come."""
        return self.open_until is None

    def permission(self, *, now: float) -> Permission:
        """What a call that is about to start may do. A PROBE is taken by `with_probe`."""
        if self.open_until is None:
            return Permission.CALL
        if self.probing or now < self.open_until:
            return Permission.REFUSED
        return Permission.PROBE

    def with_probe(self) -> Breaker:
        """The probe is under way."""
        return replace(self, probing=True)

    def after_success(self) -> Breaker:
        """Any success closes it, that of a call begun before it opened too: the provider works."""
        return Breaker()

    def after_failure(
        self, *, now: float, probe: bool, open_s: float = OPEN_S, jitter: float = 0.0
    ) -> Breaker:
        """One failure more. Late failures of calls begun before it opened do not prolong the rest.

        `open_s` is the first rest, `jitter` a random number from 0 to 1.
        """
        failures = self.failures + 1
        if probe or (self.open_until is None and failures >= FAILURES_TO_OPEN):
            rest_s = open_s * min(2**self.rests, LONGEST_TIMES)
            if self.rests:
                rest_s *= 1 + SPREAD * jitter
            return Breaker(failures, now + rest_s, rests=min(self.rests + 1, LONGEST_TIMES))
        return replace(self, failures=failures)

    def after_nothing(self, *, probe: bool) -> Breaker:
        """A call that says nothing about the provider: cancelled, or about its text alone."""
        return replace(self, probing=False) if probe else self
