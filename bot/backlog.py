"""What went out untranslated: in which order it is worked off after an outage, and how fast. Pure.

After an outage thousands of articles may wait. Asked for all at once, the translators would turn us away
again; so a few go first, then more while all goes well, and none for a while after a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.intake import TIRED
from bot.translation.failures import FailureKind, TranslationError
from storage.articles import Untranslated

MOST_AT_ONCE = 8
HALF_LIFE_H = 6.0
"""News is worth half as much after so long: what three chats wait for since noon stands behind what one chat
waits for since a minute ago."""
KEPT_FOR_NOBODY = 0.5
"""What an article is worth that no chat has before it, but a watched query keeps."""
MAX_PAUSE_S = 300.0


def in_order(waiting: Iterable[Untranslated], *, now: datetime) -> list[Untranslated]:
    """The most wanted and the newest first; what was old when it was first seen, last."""

    def rank(one: Untranslated) -> tuple[bool, bool, float, int]:
        age_h = max(0.0, (now - one.fetched_at).total_seconds() / 3600)
        worth = (one.readers + KEPT_FOR_NOBODY) * 0.5 ** (age_h / HALF_LIFE_H)
        return (one.backlog, one.attempts >= TIRED, -worth, -one.id)

    return sorted(waiting, key=rank)


def is_outage(error: TranslationError) -> bool:
    """Whether the translators are away, rather than unable to translate this one text."""
    kinds = {failure.kind for failure in error.failures}
    return FailureKind.UNUSABLE not in kinds and kinds != {FailureKind.UNSUPPORTED}


@dataclass(frozen=True, slots=True)
class Pace:
    """How many articles may be tried next, and from when on.

    Args:
        at_once: of the next batch.
        failures: outages in a row.
        not_before: None: at once.
    """

    at_once: int = 1
    failures: int = 0
    not_before: datetime | None = None

    def allows(self, now: datetime) -> int:
        """How many articles may be tried at this moment."""
        return self.at_once if self.not_before is None or now >= self.not_before else 0

    def after_success(self, now: datetime, *, pause_s: float) -> Pace:
        """A whole batch was translated: the next is twice as large, a moment later."""
        return Pace(min(self.at_once * 2, MOST_AT_ONCE), 0, now + timedelta(seconds=pause_s))

    def after_outage(self, now: datetime, *, base_s: float) -> Pace:
        """The translators are away: one article, after a pause that doubles up to five minutes.

        What else fails during the pause was under way already, and says nothing new.
        """
        if self.failures and self.not_before is not None and now < self.not_before:
            return self
        pause_s = min(base_s * 2 ** min(self.failures, 10), MAX_PAUSE_S)
        return Pace(1, self.failures + 1, now + timedelta(seconds=pause_s))

    def after_sign_of_life(self) -> Pace:
        """Fresh news was translated: whoever waits for the translators need not wait any longer."""
        return replace(self, failures=0, not_before=None) if self.failures else self
