"""When a feed is read next: a pure decision over what just happened.

A feed nobody wrote an interval for is read as often as its own pace deserves. With a given number of requests
the mean delay over all feeds is least when each feed's interval grows with the square root of the time
between its items (the square-root law of Cho and Garcia-Molina, "Synchronizing a database to improve
freshness", 2000), and a feed whose items stay for an hour only is read before they are gone. A feed that
fails is asked less and less, but never dropped: outlets come back after months. What somebody wrote into
feeds.yaml is obeyed, and what a server asks for in Retry-After too, within a day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.feeds.failures import FailureKind
from bot.feeds.pace import Pace

DEFAULT_INTERVAL_S: Final = 600.0
MIN_INTERVAL_S: Final = 120.0
MAX_INTERVAL_S: Final = 24 * 3600.0
# An item an hour is read every ten minutes, one a day every 49 minutes, one a month every 4½ hours.
_ROOT_FACTOR: Final = 10.0
# What a feed asks for in `ttl` or `sy:` is often its software's default: WordPress writes "hourly" into all.
MAX_ASKED_S: Final = 1800.0
_READINGS_A_WINDOW: Final = 3  # a poll may fail, and the pace may double, before an item is missed
MAX_BACKOFF_S: Final = 6 * 3600.0
MAX_RETRY_AFTER_S: Final = 24 * 3600.0  # some servers ask for 88 hours
JITTER: Final = 0.1  # feeds read at one moment, as after a start, drift apart

# The first wait after a failure, and the longest. What passes by itself is tried soon, what needs somebody's
# hand late.
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
# What a status says more than that something failed: (first wait, longest wait) in seconds.
_REFUSED: Final = (1800.0, 12 * 3600.0)
_BY_STATUS: Final = {
    401: (3600.0, 24 * 3600.0),  # somebody has to enter a password
    403: _REFUSED,
    404: (3600.0, 12 * 3600.0),
    410: (24 * 3600.0, 24 * 3600.0),  # "gone for good"; outlets have said so by mistake
    429: (900.0, MAX_BACKOFF_S),
    451: (3600.0, 24 * 3600.0),  # for legal reasons
}
# These are asked no sooner, however short the interval that somebody wrote: each try makes it worse.
_NOT_HURRIED: Final = frozenset({410, 429})
_MAX_DOUBLINGS: Final = 20  # a minute doubled so often is two years; keeps 2 ** n small


@dataclass(frozen=True, slots=True)
class PollState:
    """What the decision needs to know of a feed.

    `interval_s` is the one written for it, `failures` those in a row (after a failure, that one too),
    `asked_s` the interval the feed or its server asks for.
    """

    interval_s: int | None
    failures: int
    pace: Pace = field(default_factory=Pace)
    asked_s: float | None = None


def interval_s(state: PollState) -> float:
    """Seconds between two readings of a feed that can be read."""
    if state.interval_s is not None:
        return float(state.interval_s)
    gap_s, window_s = state.pace.gap_s, state.pace.window_s
    found_s = DEFAULT_INTERVAL_S if gap_s is None else _ROOT_FACTOR * math.sqrt(gap_s)
    found_s = max(found_s, min(state.asked_s or 0.0, MAX_ASKED_S))
    if window_s is not None:
        found_s = min(found_s, window_s / _READINGS_A_WINDOW)
    return min(max(found_s, MIN_INTERVAL_S), MAX_INTERVAL_S)


def next_poll_after_success(
    state: PollState, *, now: datetime, jitter: float, retry_after_s: float | None = None
) -> datetime:
    """When to read a feed again that was just read.

    Args:
        jitter: 0 to 1, drawn anew each time. A written interval is obeyed as written, without it.
        retry_after_s: what the server asked for beside its answer, if anything.
    """
    delay_s = interval_s(state)
    if state.interval_s is None:
        delay_s = min(max(_jittered(delay_s, jitter), MIN_INTERVAL_S), MAX_INTERVAL_S)
    return now + timedelta(seconds=max(delay_s, _asked_for(retry_after_s)))


def next_poll_after_failure(
    state: PollState,
    kind: FailureKind,
    retry_after_s: float | None,
    *,
    now: datetime,
    jitter: float,
    status: int | None = None,
) -> datetime:
    """When to try a feed again that could not be read: twice as long after each failure, up to a limit.

    The limit is 6 hours, or what the `status` of an HTTP failure deserves: half a day to a day for a feed
    that is refused or not there.
    """
    base_s, longest_s = _waits(kind, status)
    if state.interval_s is not None and status not in _NOT_HURRIED:
        base_s = min(base_s, float(state.interval_s))
    doublings = min(max(state.failures, 1) - 1, _MAX_DOUBLINGS)
    delay_s = min(_jittered(min(base_s * 2**doublings, longest_s), jitter), MAX_INTERVAL_S)
    return now + timedelta(seconds=max(delay_s, _asked_for(retry_after_s)))


def _waits(kind: FailureKind, status: int | None) -> tuple[float, float]:
    if kind is FailureKind.HTTP and status is not None:
        if status in _BY_STATUS:
            return _BY_STATUS[status]
        if 400 <= status < 500 and status not in (408, 425):  # those two mean "not now"
            return _REFUSED
    return _BASE_S[kind], MAX_BACKOFF_S


def _jittered(delay_s: float, jitter: float) -> float:
    return delay_s * (1 - JITTER + 2 * JITTER * min(max(jitter, 0.0), 1.0))


def _asked_for(retry_after_s: float | None) -> float:
    return min(max(retry_after_s or 0.0, 0.0), MAX_RETRY_AFTER_S)
