"""When a feed is read next: a pure decision over what just happened.

A feed that fails is asked less and less, but never dropped: outlets come back after months. What somebody
wrote into feeds.yaml is obeyed, and what a server asks for in Retry-After too, within a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.feeds.failures import FailureKind

DEFAULT_INTERVAL_S: Final = 600.0
MAX_BACKOFF_S: Final = 6 * 3600.0
MAX_RETRY_AFTER_S: Final = 24 * 3600.0  # some servers ask for 88 hours
JITTER: Final = 0.1  # feeds read at one moment, as after a start, drift apart

# The first wait after a failure. What passes by itself is tried soon, what needs somebody's hand late.
_BASE_S: Final = {
    FailureKind.DNS: 60.0,
    FailureKind.CONNECT: 60.0,
    FailureKind.TIMEOUT: 60.0,
    FailureKind.TLS: 900.0,
    FailureKind.HTTP: 300.0,
    FailureKind.PROTOCOL: 300.0,
    FailureKind.CONTENT: 300.0,
    FailureKind.REDIRECT: 900.0,
    FailureKind.TOO_LARGE: 3600.0,
    FailureKind.REFUSED_ADDRESS: 3600.0,
}
_MAX_DOUBLINGS: Final = 20  # a minute doubled so often is two years; keeps 2 ** n small


@dataclass(frozen=True, slots=True)
class PollState:
    """What the decision needs to know of a feed: the interval written for it, and failures in a row.

    After a failure, `failures` counts that one too.
    """

    interval_s: int | None
    failures: int


def next_poll_after_success(
    state: PollState, *, now: datetime, new_items: int, jitter: float, retry_after_s: float | None = None
) -> datetime:
    """When to read a feed again that was just read.

    Args:
        new_items: how many of its items were new; for intervals that follow a feed's own pace.
        jitter: 0 to 1, drawn anew each time. A written interval is obeyed as written, without it.
        retry_after_s: what the server asked for beside its answer, if anything.
    """
    delay_s = _jittered(DEFAULT_INTERVAL_S, jitter) if state.interval_s is None else float(state.interval_s)
    return now + timedelta(seconds=max(delay_s, _asked_for(retry_after_s)))


def next_poll_after_failure(
    state: PollState, kind: FailureKind, retry_after_s: float | None, *, now: datetime, jitter: float
) -> datetime:
    """When to try a feed again that could not be read: twice as long after each failure, 6 hours at most."""
    base_s = _BASE_S[kind]
    if state.interval_s is not None:
        base_s = min(base_s, float(state.interval_s))
    doublings = min(max(state.failures, 1) - 1, _MAX_DOUBLINGS)
    delay_s = _jittered(min(base_s * 2**doublings, MAX_BACKOFF_S), jitter)
    return now + timedelta(seconds=max(delay_s, _asked_for(retry_after_s)))


def _jittered(delay_s: float, jitter: float) -> float:
    return delay_s * (1 - JITTER + 2 * JITTER * min(max(jitter, 0.0), 1.0))


def _asked_for(retry_after_s: float | None) -> float:
    return min(max(retry_after_s or 0.0, 0.0), MAX_RETRY_AFTER_S)
