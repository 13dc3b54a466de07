"""How the feeds stand, as `rarewatch doctor` says it: a line for all, and one for each thing to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.feed_states import FeedState, summary
from bot.feeds.health import State

NAMED = 6  # of the feeds that fail for one reason
SHOWN = 12  # lines of one kind


def examine_feeds(states: Sequence[FeedState]) -> Iterator[tuple[bool | None, str]]:
    """(good, bad, or neither: something to know; the sentence), the general first."""
    if not states:
        yield None, "none polled yet; `rarewatch run` reads them in from the feeds file"
        return
    ill = [state for state in states if state.feed.failures or state.health.troubled]
    yield None if ill else True, summary(states)
    alike: dict[tuple[str, str], list[str]] = {}
    for state in sorted(ill, key=lambda state: -state.feed.failures):
        if state.feed.failures:
            reason = (state.feed.last_error or "no reason known").rstrip(".")
            advice = state.health.advice if state.health.troubled else ""
            alike.setdefault((reason, advice), []).append(state.feed.name)
    for (reason, advice), names in alike.items():
        yield False, f"{reason}: {_names(names)}" + (f". {advice}." if advice else "")
    yield from _each(states, State.SILENT, ok=False)
    yield from _each(states, State.MOVED, ok=None)
    gaps = [f"{state.feed.name} ({state.feed.gaps})" for state in states if state.feed.gaps]
    if gaps:
        missed = f"items may have been missed between two polls, so many times: {_names(gaps)}"
        yield None, f"{missed}. A shorter interval: in feeds.yaml helps."


def _each(states: Sequence[FeedState], kind: State, *, ok: bool | None) -> Iterator[tuple[bool | None, str]]:
    found = [state for state in states if state.health.state is kind]
    for state in found[:SHOWN]:
        yield ok, f"{state.feed.name}: {state.sentence}"
    if len(found) > SHOWN:
        yield ok, f"{len(found) - SHOWN} more are {kind.value}: `rarewatch feeds list` shows them"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
