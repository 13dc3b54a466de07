"""When to stop asking a failing provider, and when to try it again: a circuit breaker as pure data.

Closed: every call goes. After `FAILURES_TO_OPEN` failures in a row it is open for `OPEN_S`, and no call goes.
Then one call, the probe, decides: it closes the breaker or opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_TO_OPEN = 5
OPEN_S = 60.0


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

    def after_failure(self, *, now: float, probe: bool, open_s: float = OPEN_S) -> Breaker:
        """One failure more. Late failures of calls begun before it opened do not prolong the rest."""
        failures = self.failures + 1
        if probe or (self.open_until is None and failures >= FAILURES_TO_OPEN):
            return Breaker(failures, now + open_s)
        return replace(self, failures=failures)

    def after_nothing(self, *, probe: bool) -> Breaker:
        """A call that says nothing about the provider: cancelled, or about its text alone."""
        return replace(self, probing=False) if probe else self
