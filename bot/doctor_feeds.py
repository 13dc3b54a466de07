"""How the feeds stand, as `rarewatch doctor` says it: a line for all, and one for each thing to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.feed_states import FeedState, summary
from bot.feeds.health import State

NAMED = 6  # of the feeds that fail for one reason
SHOWN = 12  # lines of one kind
ENOUGH_PAGES = 5  # without a text on any of them, there is something in the way


def examine_feeds(
    states: Sequence[FeedState], pages: Mapping[int, tuple[int, int]] | None = None
) -> Iterator[tuple[bool | None, str]]:
    """(good, bad, or neither: something to know; the sentence), the general first.

    Args:
        pages: of feeds that are read with full text, by id: (pages asked for lately, those with a text).
    """
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
    yield from _full_texts(states, pages or {})


def _full_texts(
    states: Sequence[FeedState], pages: Mapping[int, tuple[int, int]]
) -> Iterator[tuple[bool | None, str]]:
    read = [(state.feed.name, *pages[state.feed.id]) for state in states if state.feed.id in pages]
    if not read:
        return
    asked, found = (sum(counts) for counts in zip(*(counts for _, *counts in read), strict=True))
    yield None, f"full text of {found} of {asked} articles in the last days"
    without = [name for name, asked, found in read if not found and asked >= ENOUGH_PAGES]
    if without:
        what = f"no text on any article's page: {_names(without)}"
        why = "A subscription, scripts or robots.txt (the `counted` lines of the log name the reasons)"
        yield False, f"{what}. {why}; `full_text: false` spares the requests."


def _each(states: Sequence[FeedState], kind: State, *, ok: bool | None) -> Iterator[tuple[bool | None, str]]:
    found = [state for state in states if state.health.state is kind]
    for state in found[:SHOWN]:
        yield ok, f"{state.feed.name}: {state.sentence}"
    if len(found) > SHOWN:
        yield ok, f"{len(found) - SHOWN} more are {kind.value}: `rarewatch feeds list` shows them"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
