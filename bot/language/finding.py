"""Which concepts are named in an analysed article, and where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

from bot.language.concept import Concept, Hit, Rule
from bot.language.phrases import Phrase, PhraseIndex, Positions, spans
from bot.language.words import Document, Span


class Neighbours:
    """Words and phrases that decide whether a term beside them is meant."""

    __slots__ = ("_index", "_keys", "longest")

    def __init__(self, keys: frozenset[str], phrases: tuple[Phrase, ...]) -> None:
        self._keys = keys
        self._index = PhraseIndex((phrase, None) for phrase in phrases)
        self.longest = max(map(len, phrases), default=1)

    def places(self, positions: Positions) -> list[Span]:
        """Where they stand, in order."""
        found = [Span(place, place) for key in self._keys.intersection(positions) for place in positions[key]]
        if self._index:
            found += [span for _, there in self._index.standing(positions) for span in there]
        found.sort()
        return found


class _Case:
    """A rule of a concept with what decides about its hits."""

    __slots__ = ("concept_id", "forbids", "needs", "rule")

    def __init__(
        self, concept_id: str, rule: Rule, needs: tuple[Neighbours, ...], forbids: Neighbours | None
    ) -> None:
        self.concept_id = concept_id
        self.rule = rule
        self.needs = needs
        self.forbids = forbids


class Finder:
    """Finds all concepts in one look at an article: only the rules of which a term may stand are asked."""

    def __init__(self, concepts: Collection[Concept]) -> None:
        # Many rules name the same neighbours, and an article is searched for them once.
        shared: dict[tuple[frozenset[str], tuple[Phrase, ...]], Neighbours] = {}

        def neighbours(keys: frozenset[str], phrases: tuple[Phrase, ...]) -> Neighbours | None:
            if not keys and not phrases:
                return None
            return shared.setdefault((keys, phrases), Neighbours(keys, phrases))

        terms: list[tuple[Phrase, _Case]] = []
        self._voids: dict[str, PhraseIndex[None]] = {}
        for concept in concepts:
            if concept.excludes:
                self._voids[concept.id] = PhraseIndex((phrase, None) for phrase in concept.excludes)
            for rule in concept.rules:
                needs = (
                    neighbours(rule.near_keys, rule.near),
                    neighbours(rule.second_keys, rule.second),
                )
                case = _Case(
                    concept.id,
                    rule,
                    tuple(one for one in needs if one is not None),
                    neighbours(rule.far_keys, rule.far),
                )
                terms += [(phrase, case) for phrase in rule.phrases]
        self._terms = PhraseIndex(terms)
        self._keys = frozenset(key for concept in concepts for key in keys_of(concept))

    def found(self, document: Document) -> dict[str, tuple[Hit, ...]]:
        """The concepts whose own terms stand in the document, with the places, in the order of the text.

        Where two rules name a concept at one place, the same one is told of every time.
        """
        # Most words of an article mean nothing to any concept.
        positions = {key: there for key, there in document.positions.items() if key in self._keys}
        found: dict[str, dict[Span, Hit]] = {}
        voids: dict[str, frozenset[int]] = {}
        # A long text must not be searched anew at each of its hits.
        standing: dict[Neighbours, list[Span]] = {}
        for case, places in self._terms.standing(positions):
            id_, rule = case.concept_id, case.rule
            hits = found.get(id_)
            if hits is None:
                hits = found[id_] = {}
                if id_ in self._voids:
                    voids[id_] = _covered(self._voids[id_], positions)
            void = voids.get(id_)
            for span in places:
                if span in hits or (void and not void.isdisjoint(range(span.first, span.last + 1))):
                    continue
                if not all(_reaches(span, one, rule.within, positions, standing) for one in case.needs):
                    continue
                if case.forbids is not None and _reaches(span, case.forbids, rule.apart, positions, standing):
                    continue
                hits[span] = Hit(id_, span, rule.language, rule)
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


def _covered(phrases: PhraseIndex[None], positions: Positions) -> frozenset[int]:
    """The positions that belong to one of the phrases."""
    return frozenset(
        place
        for _, there in phrases.standing(positions)
        for span in there
        for place in range(span.first, span.last + 1)
    )


def _reaches(
    span: Span,
    neighbours: Neighbours,
    reach: int,
    positions: Positions,
    standing: dict[Neighbours, list[Span]],
) -> bool:
    """Whether one of the neighbours stands within `reach` words of the span."""
    there = standing.get(neighbours)
    if there is None:
        there = standing[neighbours] = neighbours.places(positions)
    return bool(there) and _near(span, there, reach, neighbours.longest)


def _near(span: Span, there: Sequence[Span], reach: int, longest: int) -> bool:
    first, last = span.first - reach, span.last + reach
    for at in range(bisect_left(there, (first - longest + 1,)), len(there)):
        one = there[at]
        if one.first > last:
            return False
        if one.last >= first:
            return True
    return False
