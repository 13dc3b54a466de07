"""What all who walk the road share: its milestones, its tempo, wake-up calls, and what was counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.exc import InterfaceError, OperationalError

# The database itself is away. Any other of its errors is about one row, and a fault of ours.
DATABASE_AWAY = (OperationalError, InterfaceError)


class Milestone(StrEnum):
    """A point between two arrows of the road: where an article or an alert is, between two transactions.

    A test that ends the process at each of them shows that nothing is lost. In the service they cost a call.
    """

    FETCHED = "fetched"  # the document is here, nothing stored
    STORED = "stored"  # entries and validators committed
    CLAIMED = "claimed"  # articles leased by this process
    MATCHED = "matched"  # phase A done, nothing stored
    TRANSLATED = "translated"  # English at hand, nothing stored
    READY = "ready"  # English, story, matches and alerts committed
    SENDING = "sending"  # an alert leased and marked
    DELIVERED = "delivered"  # the message is out, nobody has written it down
    SENT = "sent"  # written down
    LATE_CLAIMED = "late claimed"  # an untranslated article leased for another try
    LATE_TRANSLATED = "late translated"
    LATE_READY = "late ready"  # English and edits committed
    DIGEST_PLANNED = "digest planned"
    DIGEST_SENDING = "digest sending"
    DIGEST_DELIVERED = "digest delivered"


Passing = Callable[[Milestone], None]


def pass_by(_milestone: Milestone) -> None:
    """What the service does at a milestone: nothing."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How long the road waits where it waits; tests and the demo are in more of a hurry."""

    polls_at_once: int = 64
    translation_deadline_s: float = 20.0
    translation_retry_s: float = 30.0  # after the first failure; then twice as long each time
    backlog_pause_s: float = 1.0  # between two batches of what went out untranslated
    translator_rest_s: float = 60.0  # of a provider that keeps failing


@dataclass(slots=True)
class Counters:
    """What this process has done."""

    polls: int = 0
    unchanged: int = 0
    postponed: int = 0  # polls put off because their host was being asked for other feeds
    failed_polls: int = 0
    gaps: int = 0  # polls that found nothing of what the last one had seen: items may have been missed
    articles: int = 0
    wanted: int = 0
    translated: int = 0
    untranslated: int = 0
    outages: int = 0  # of the untranslated: the translators were away, whatever the text
    alerts: int = 0
    faults: int = 0


@dataclass(slots=True)
class Wakes:
    """Set when there may be work, so that nobody has to wait for the next look."""

    articles: asyncio.Event = field(default_factory=asyncio.Event)
    alerts: asyncio.Event = field(default_factory=asyncio.Event)
