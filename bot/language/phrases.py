"""Where phrases stand in an analysed text: one by one, or many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
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
    if len(phrase) == 2:
        before, after = slot_positions(phrase[0], positions), slot_positions(phrase[1], positions)
        if len(before) <= _MANY:
            return [Span(place, place + 1) for place in before if place + 1 in after]
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
    """Many phrases, each with what it means to its owner; finds those that may stand in a text without asking
    each: a word waits at its keys, a longer phrase at the keys of two of its words.
    """

    def __init__(self, phrases: Iterable[tuple[Phrase, T]]) -> None:
        self._phrases = list(phrases)
        # Behind a key, numbers of phrases: those of this word alone, and those by another of their keys.
        self._anchors: dict[str, tuple[list[int], dict[str, list[int]]]] = {}
        for number, (phrase, _) in enumerate(self._phrases):
            # The longest words are the best guess at the rarest ones.
            rarest, *others = sorted(phrase, key=lambda slot: -min(map(len, slot)))
            for key in rarest:
                alone, seconds = self._anchors.setdefault(key, ([], {}))
                if not others:
                    alone.append(number)
                    continue
                for second in others[0]:
                    seconds.setdefault(second, []).append(number)
        self.anchors = frozenset(self._anchors)
        """The keys of which one at least stands wherever any of the phrases does."""

    def candidates(self, present: Set[str]) -> list[tuple[Phrase, T]]:
        """The phrases that may stand in a text, in the order in which they were given.

        Args:
            present: the text's keys, or those of them that the phrases have.
        """
        standing = self.anchors & present
        if not standing:
            return []
        numbers: set[int] = set()
        for key in standing:
            alone, seconds = self._anchors[key]
            numbers.update(alone)
            if seconds:
                for second in seconds.keys() & present:
                    numbers.update(seconds[second])
        phrases = self._phrases
        return [phrases[number] for number in sorted(numbers)]
