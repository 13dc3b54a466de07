"""Which concepts are named in an analysed article, and where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence, Set

from bot.language.concept import Concept, Hit, Rule
from bot.language.phrases import Phrase, PhraseIndex, Positions, spans
from bot.language.words import Document, Span


class _Neighbours:
    """Words and phrases that decide whether a term beside them is meant."""

    __slots__ = ("_keys", "_phrases", "bit", "longest")

    def __init__(self, keys: frozenset[str], phrases: tuple[Phrase, ...], bit: int) -> None:
        self._keys = keys
        self._phrases = PhraseIndex((phrase, None) for phrase in phrases)
        self.bit = bit
        self.longest = max(map(len, phrases), default=1)

    @property
    def telling(self) -> frozenset[str]:
        """The keys of which one at least stands wherever one of them does."""
        return self._keys | self._phrases.anchors

    def places(self, present: Set[str], positions: Positions) -> list[Span]:
        """Where they stand, in order; `present` are the text's keys, or those that mean anything."""
        found = [Span(place, place) for key in self._keys & present for place in positions[key]]
        for phrase, _ in self._phrases.candidates(present):
            found += spans(phrase, positions)
        found.sort()
        return found


class _Text:
    """An article while it is searched: what has been looked for in it is remembered.

    `possible` has the bits of the neighbours that may stand in it.
    """

    __slots__ = ("_places", "_present", "positions", "possible")

    def __init__(self, positions: Positions, present: Set[str], possible: int) -> None:
        self.positions = positions
        self.possible = possible
        self._present = present
        # A long text must not be searched anew at each of its hits.
        self._places: dict[_Neighbours, list[Span]] = {}

    def near(self, span: Span, neighbours: _Neighbours, reach: int) -> bool:
        """Whether one of the neighbours stands within `reach` words of the span."""
        if not self.possible & neighbours.bit:
            return False
        there = self._places.get(neighbours)
        if there is None:
            there = self._places[neighbours] = neighbours.places(self._present, self.positions)
        first, last = span.first - reach, span.last + reach
        for at in range(bisect_left(there, (first - neighbours.longest + 1,)), len(there)):
            one = there[at]
            if one.first > last:
                return False
            if one.last >= first:
                return True
        return False


class _Case:
    """A rule of a concept with what decides about its hits; `bits` are those of all neighbours it needs."""

    __slots__ = ("_forbids", "_needs", "bits", "concept_id", "rule")

    def __init__(
        self,
        concept_id: str,
        rule: Rule,
        needs: Sequence[_Neighbours],
        forbids: Sequence[tuple[_Neighbours, int]],
    ) -> None:
        self.concept_id = concept_id
        self.rule = rule
        self._needs = needs
        self._forbids = forbids
        self.bits = sum(needed.bit for needed in needs)

    def means(self, span: Span, text: _Text) -> bool:
        """Whether its term, standing there, means the concept."""
        for needed in self._needs:
            if not text.near(span, needed, self.rule.within):
                return False
        return not any(text.near(span, forbidden, apart) for forbidden, apart in self._forbids)


class Finder:
    """Finds all concepts in one look at an article: only the rules of which a term may stand are asked."""

    def __init__(self, concepts: Collection[Concept]) -> None:
        # Many rules name the same neighbours, and an article is searched for them once.
        shared: dict[tuple[frozenset[str], tuple[Phrase, ...]], _Neighbours] = {}

        def neighbours(keys: frozenset[str], phrases: tuple[Phrase, ...]) -> _Neighbours:
            known = shared.get((keys, phrases))
            if known is None:
                known = shared[keys, phrases] = _Neighbours(keys, phrases, 1 << len(shared))
            return known

        terms: list[tuple[Phrase, _Case]] = []
        for concept in concepts:
            # An excluded phrase forbids what overlaps it.
            excludes = [(neighbours(frozenset(), concept.excludes), 0)] if concept.excludes else []
            for rule in concept.rules:
                groups = ((rule.near_keys, rule.near), (rule.second_keys, rule.second))
                needs = [neighbours(keys, phrases) for keys, phrases in groups if keys or phrases]
                far = rule.far_keys or rule.far
                forbids = [(neighbours(rule.far_keys, rule.far), rule.apart)] if far else []
                case = _Case(concept.id, rule, needs, forbids + excludes)
                terms += [(phrase, case) for phrase in rule.phrases]
        self._terms = PhraseIndex(terms)
        # Every key that means anything, with the bits of the neighbours it tells of: most of an article's
        # terms need neighbours of which there are none, and one look at its keys says so.
        self._bits = {key: 0 for concept in concepts for key in keys_of(concept)}
        for one in shared.values():
            for key in one.telling:
                self._bits[key] |= one.bit

    def found(self, document: Document) -> dict[str, tuple[Hit, ...]]:
        """The concepts whose own terms stand in the document, with the places, in the order of the text.

        Where two rules name a concept at one place, the first of them is told of.
        """
        positions = document.positions
        present = positions.keys() & self._bits.keys()
        possible = 0
        for key in present:
            possible |= self._bits[key]
        text = _Text(positions, present, possible)
        found: dict[str, dict[Span, Hit]] = {}
        for phrase, case in self._terms.candidates(present):
            if case.bits & possible != case.bits:
                continue
            for span in spans(phrase, positions):
                hits = found.setdefault(case.concept_id, {})
                if span not in hits and case.means(span, text):
                    hits[span] = Hit(case.concept_id, span, case.rule.language, case.rule)
        return {
            id_: tuple(sorted(hits.values(), key=lambda hit: hit.span)) for id_, hits in found.items() if hits
        }


def keys_of(concept: Concept) -> Iterator[str]:
    """Every key that its rules look for."""
    for rule in concept.rules:
        yield from rule.near_keys
        yield from rule.second_keys
        yield from rule.far_keys
        for phrase in (*rule.phrases, *rule.near, *rule.second, *rule.far):
            for slot in phrase:
                yield from slot
    for phrase in concept.excludes:
        for slot in phrase:
            yield from slot


def needed_neighbour(hit: Hit, document: Document) -> Span | None:
    """The nearest of the words without which the hit would mean nothing (`larang` beside `ekspor`); None
    where its rule needs none.
    """
    rule, positions = hit.rule, document.positions
    there = [Span(place, place) for key in rule.near_keys.intersection(positions) for place in positions[key]]
    there += [span for phrase in rule.near for span in spans(phrase, positions)]
    return min(there, key=lambda span: (_distance(hit.span, span), span), default=None)


def _distance(one: Span, other: Span) -> int:
    """Words from one span to the other: 1 for neighbours, 0 where they overlap."""
    return max(other.first - one.last, one.first - other.last, 0)
