"""How often a feed publishes, and how long an item stays in it: learned from each reading. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DAY_S: Final = 86_400.0
MEMORY_S: Final = (
    2 * DAY_S
)  # what was two days ago counts a third: weekends are noticed, an hour's rush is not
_FIRST_LOOK: Final = timedelta(days=14)  # how far back the dates of a first document say something
_LEAST_SPAN_S: Final = 3600.0  # thirty items stamped with one minute are an import, no pace
_LEAST_SILENCE_S: Final = 2 * DAY_S
# A feed that publishes at random is silent for so many of its usual gaps once in a million.
_GAPS_OF_SILENCE: Final = 14.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`items_per_day`: a mean that forgets; `window_s`: how long an item stays in the document, at this pace.

    Either is None as long as nothing is known of it.
    """

    items_per_day: float | None = None
    window_s: float | None = None

    @property
    def gap_s(self) -> float | None:
        """Seconds from one item to the next."""
        return DAY_S / self.items_per_day if self.items_per_day else None


def first_pace(published: Sequence[datetime | None], *, now: datetime) -> Pace:
    """What the dates in a feed's first document say; undated items say nothing."""
    dates = [date for date in published if date is not None and date <= now]
    recent = [date for date in dates if now - date <= _FIRST_LOOK]
    if recent:
        span_s = max((now - min(recent)).total_seconds(), _LEAST_SPAN_S)
        per_day = len(recent) * DAY_S / span_s
    elif dates:
        per_day = DAY_S / (now - max(dates)).total_seconds()
    else:
        return Pace()
    return _with_window(per_day, len(published))


def next_pace(pace: Pace, *, new_items: int, in_document: int | None, elapsed_s: float) -> Pace:
    """The pace after another reading.

    Args:
        new_items: items that were not in the document at the last reading.
        in_document: all its items; None when nothing changed.
        elapsed_s: since the last reading.
    """
    if elapsed_s <= 0:
        return pace
    seen_per_day = new_items * DAY_S / max(elapsed_s, 60.0)
    weight = 1 - math.exp(-elapsed_s / MEMORY_S)
    before = pace.items_per_day
    per_day = seen_per_day if before is None else before + weight * (seen_per_day - before)
    if in_document is None:
        in_document = round((pace.window_s or 0) * (before or 0) / DAY_S)
    return _with_window(per_day, in_document)


def is_silent(pace: Pace, *, newest_at: datetime, now: datetime) -> bool:
    """Whether a feed has brought nothing for longer than can be chance."""
    if pace.gap_s is None:
        return False
    # The pace itself sinks while nothing comes; what it was when something last came is what counts.
    silent_s = (now - newest_at).total_seconds()
    gap_s = pace.gap_s * math.exp(-silent_s / MEMORY_S)
    return silent_s > max(_LEAST_SILENCE_S, _GAPS_OF_SILENCE * gap_s)


def _with_window(per_day: float, in_document: int) -> Pace:
    window_s = in_document * DAY_S / per_day if per_day > 0 and in_document > 0 else None
    return Pace(per_day, window_s)
