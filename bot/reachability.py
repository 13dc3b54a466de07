"""What of the outside world can't be reached: said once when it goes, once when it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

FEEDS_NAMED = 5  # of those that fail for one reason


@dataclass
class Reachability:
    """Remembers what was said. One a process."""

    _down: dict[str, str] = field(default_factory=dict)
    _feeds_failing: dict[str, str] = field(default_factory=dict)
    _feeds_said: set[str] = field(default_factory=set)
    _feeds_fine: set[str] = field(default_factory=set)
    _feeds_untried: set[str] = field(default_factory=set)  # since the network came back
    _none_said: bool = False

    @property
    def down(self) -> Mapping[str, str]:
        """subject → reason, of what can't be reached now."""
        return dict(self._down)

    def report(self, subject: str, *, ok: bool, reason: str = "", consequence: str = "") -> None:
        """Says a change once. `consequence`: what happens until it is back, a sentence."""
        if ok:
            if self._down.pop(subject, None) is not None:
                log.info("reachable_again", subject=subject, says=f"{subject} can be reached again.")
            return
        if subject not in self._down:
            said = f"{subject} can't be reached: {reason.rstrip('.')}. {consequence}".strip()
            log.warning("cannot_reach", subject=subject, reason=reason, says=said)
        self._down[subject] = reason

    def feed_failed(self, name: str, reason: str) -> None:
        """Notes a feed's failure; `summarise_feeds` says it."""
        self._feeds_fine.discard(name)
        self._feeds_failing[name] = reason
        self._feeds_untried.discard(name)

    def feed_read(self, name: str) -> None:
        """Notes that a feed could be read."""
        self._feeds_fine.add(name)
        self._feeds_failing.pop(name, None)
        self._feeds_untried.discard(name)
        if self._none_said:
            self._none_said = False
            self._feeds_said.clear()
            # They failed with the network: each gets a line of its own only if it fails again without.
            self._feeds_untried = set(self._feeds_failing)
            log.info("feeds_reachable_again", says="Feeds can be reached again.")
        elif name in self._feeds_said:
            log.info("feed_reachable_again", feed=name, says=f"{name} can be read again.")
        self._feeds_said.discard(name)

    def summarise_feeds(self) -> None:
        """Says what is newly failing: one line for all when none can be reached, else a line a reason."""
        if not self._feeds_failing or self._none_said:
            return
        if not self._feeds_fine and len(self._feeds_failing) > 1:
            self._none_said = True
            self._feeds_said.update(self._feeds_failing)
            example, reason = next(iter(self._feeds_failing.items()))
            count = len(self._feeds_failing)
            log.warning(
                "no_feed_reachable",
                feeds=count,
                example=example,
                reason=reason,
                says=f"None of {count} feeds can be reached ({example}: {reason}). Check the network. "
                "Rarewatch keeps trying, with growing pauses, and loses nothing.",
            )
            return
        by_reason: dict[str, list[str]] = {}
        for name, reason in self._feeds_failing.items():
            if name not in self._feeds_said and name not in self._feeds_untried:
                by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            self._feeds_said.update(names)
            log.warning("feed_failing", feed=", ".join(names), reason=reason, says=_failing(names, reason))


def _failing(names: list[str], reason: str) -> str:
    reason = reason.rstrip(".")
    if len(names) == 1:
        return f"{names[0]} can't be read: {reason}. It is tried again, with growing pauses."
    shown = ", ".join(names[:FEEDS_NAMED]) + (" …" if len(names) > FEEDS_NAMED else "")
    return f"{len(names)} feeds can't be read: {reason} ({shown}). They are tried again, with growing pauses."
