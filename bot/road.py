"""The road's milestones: where an article or an alert is, between two transactions.

A test that ends the process at each of them shows that nothing is lost. In the service they cost a call.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Milestone(StrEnum):
    """A point between two arrows of the road."""

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
