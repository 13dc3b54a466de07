"""Where phrases stand in an analysed text: one by one, or many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from bot.language.words import Span

# A slot is one word of a phrase: the keys that may stand there. A phrase is slots on neighbouring positions.
Slot = tuple[str, ...]
Phrase = tuple[Slot, ...]
Positions = Mapping[str, Sequence[int]]
T = TypeVar("T")

# Places of a word in a text from which on a set of them finds one faster than the list does.
_MANY = 16


def spans(phrase: Phrase, positions: Positions) -> list[Span]:
    """Where a phrase stands: its slots on neighbouring positions, in order."""
    if len(phrase) == 1:
        return [Span(place, place) for place in slot_positions(phrase[0], positions)]
    first: Sequence[int]
    rest: Sequence[Collection[int]]
    first, *rest = (slot_positions(slot, positions) for slot in phrase)
    if not first or not all(rest):
        return []
    last = len(rest)
    if len(first) > _MANY:
        rest = [frozenset(there) for there in rest]
    return [
        Span(start, start + last)
        for start in first
        if all(start + offset in there for offset, there in enumerate(rest, 1))
    ]


def slot_positions(slot: Slot, positions: Positions) -> Sequence[int]:
    """The positions at which any of the slot's keys stands, ascending."""
    if len(slot) == 1:
        return positions.get(slot[0], ())
    lists = [there for key in slot if (there := positions.get(key)) is not None]
    if len(lists) == 1:
        return lists[0]
    return sorted({position for there in lists for position in there})


class PhraseIndex(Generic[T]):
    """Many phrases, each with what it means to its owner; finds those that stand in a text without asking
    each: a word waits at its keys, a longer phrase at the keys of two of its words.
    """

    def __init__(self, phrases: Iterable[tuple[Phrase, T]]) -> None:
        # Behind a key: what its word means alone, and the phrases by another of their keys.
        self._anchors: dict[str, tuple[list[T], dict[str, list[tuple[Phrase, T]]]]] = {}
        for phrase, meaning in phrases:
            # The longest words are the best guess at the rarest ones.
            rarest, *others = sorted(phrase, key=lambda slot: -min(map(len, slot)))
            for key in rarest:
                alone, seconds = self._anchors.setdefault(key, ([], {}))
                if not others:
                    alone.append(meaning)
                    continue
                for second in others[0]:
                    seconds.setdefault(second, []).append((phrase, meaning))

    def __bool__(self) -> bool:
        return bool(self._anchors)

    def standing(self, positions: Positions) -> list[tuple[T, list[Span]]]:
        """What stands in the text, and where; a phrase with several ways to be written perhaps twice."""
        anchors = self._anchors
        found = []
        for key in [key for key in positions if key in anchors]:
            alone, seconds = anchors[key]
            if alone:
                there = [Span(place, place) for place in positions[key]]
                found += [(meaning, there) for meaning in alone]
            if seconds:
                for second in sorted(seconds.keys() & positions.keys()):  # the same order every time
                    for phrase, meaning in seconds[second]:
                        if there := spans(phrase, positions):
                            found.append((meaning, there))
        return found
