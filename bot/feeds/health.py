"""How a feed stands, in one word and a sentence with what to do, and which of it the operator is told. Pure.

What passes by itself is shown to who looks, and nobody is called: only a feed that fails for a day, is gone
for good, or has fallen silent is told, once, and once more when it is back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.feeds.pace import Pace, is_silent

LONG: Final = timedelta(days=1)  # what fails for so long does not come back by itself
TELL_EVERY: Final = timedelta(hours=1)
ENDED: Final = timedelta(days=60)  # the least age of the newest article of a feed that has ended
GAPS_OF_SILENCE: Final = 14  # as in `bot.feeds.pace`
GONE_FAILURES: Final = 3  # in a row: a server that is being rebuilt says 410, too, for a moment

# The status is kept nowhere but in the sentence that `bot.feeds.fetch` made of it.
_GONE: Final = re.compile(r"\(status 410\)")


class State(StrEnum):
    """How a feed stands."""

    NEW = "new"  # not read so far
    FINE = "fine"
    MOVED = "moved"  # read at another address than the one that is written down
    FAILING = "failing"
    FAILING_LONG = "failing for a day"
    SILENT = "silent"  # it can be read, and brings nothing any more
    GONE = "gone"


TROUBLED: Final = frozenset({State.FAILING_LONG, State.SILENT, State.GONE})


@dataclass(frozen=True, slots=True)
class Dated:
    """When the articles of a feed were published, by their own dates: the first, the last, how many."""

    oldest: datetime
    newest: datetime
    count: int

    def is_over(self, now: datetime) -> bool:
        """Whether nothing has followed for longer than the dates themselves would lead to expect."""
        gap = (self.newest - self.oldest) / max(self.count - 1, 1)
        return now - self.newest > max(ENDED, GAPS_OF_SILENCE * gap)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a feed.

    `newest_at` is when something new last came (to us: a feed that had ended before it was first read brought
    all it had that day), `empty` that no article ever came; `dated` is known of those that bring little;
    `moved_to` is the address it is read at, when that is another than its own.
    """

    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    newest_at: datetime | None = None
    pace: Pace = field(default_factory=Pace)
    empty: bool = False
    dated: Dated | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """A feed's state; `problem` what is wrong and `advice` what to do, sentences without an end, or ""."""

    state: State
    problem: str = ""
    advice: str = ""
    since: datetime | None = None

    @property
    def troubled(self) -> bool:
        """Whether somebody has to act."""
        return self.state in TROUBLED


def health(facts: Facts, *, now: datetime) -> Health:
    """How a feed stands at a moment."""
    if facts.failures:
        return _failing(facts, now)
    if facts.last_success_at is None:
        return Health(State.NEW)
    if facts.empty:
        return Health(
            State.SILENT,
            "it can be read, but there was never an article in it",
            "See whether the outlet has another feed: `rarewatch feeds check` finds those of a page",
        )
    if facts.dated is not None and facts.dated.is_over(now):
        return Health(
            State.SILENT,
            f"it can be read, but its newest article is {_days(now - facts.dated.newest)} old",
            "See on its site whether it still publishes, and whether it has another feed",
            facts.dated.newest,
        )
    if facts.newest_at is not None and is_silent(facts.pace, newest_at=facts.newest_at, now=now):
        return Health(
            State.SILENT,
            f"it can be read, but has brought nothing new for {_days(now - facts.newest_at)}",
            "See on its site whether it still publishes, and whether it has another feed",
            facts.newest_at,
        )
    if facts.moved_to is not None:
        return Health(
            State.MOVED,
            f"it has moved to {facts.moved_to}, and is read there",
            "Write down the new address: the old one will not lead there for ever",
        )
    return Health(State.FINE)


def _failing(facts: Facts, now: datetime) -> Health:
    reason = (facts.last_error or "no reason is known").rstrip(".")
    since = facts.failing_since
    if facts.failures >= GONE_FAILURES and _GONE.search(reason):
        return Health(State.GONE, reason, "Take it out, or look for its successor", since)
    if since is not None and now - since >= LONG:
        return Health(
            State.FAILING_LONG,
            f"not readable for {_days(now - since)}: {reason}",
            "Look for its new address on the outlet's site, give it a fallback, or take it out",
            since,
        )
    return Health(State.FAILING, reason, "It is tried again, with growing pauses", since)


def _days(time: timedelta) -> str:
    hours = int(time.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


@dataclass(frozen=True, slots=True)
class Known:
    """A feed, how it stands, and when the operator was told of its trouble."""

    id: int
    name: str
    health: Health
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class News:
    """What the operator is to be told: feeds that are newly in trouble, and those that are back."""

    troubled: tuple[Known, ...] = ()
    back: tuple[Known, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.troubled or self.back)


def news(feeds: Iterable[Known], *, last_told_at: datetime | None, now: datetime) -> News:
    """What to tell now; nothing when something was told within the hour.

    A feed is back when it is read well again; while it merely fails for a shorter time it is neither.
    """
    feeds = list(feeds)
    told = [known.told_at for known in feeds if known.told_at is not None]
    if any(now - at < TELL_EVERY for at in [*told, *([last_told_at] if last_told_at else [])]):
        return News()
    return News(
        troubled=tuple(known for known in feeds if known.health.troubled and known.told_at is None),
        back=tuple(
            known
            for known in feeds
            if known.told_at is not None and known.health.state in (State.FINE, State.MOVED)
        ),
    )
