"""Which concepts are named in an analysed article, and where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

from bot.language.concept import Concept, Hit, Rule
from bot.language.phrases import Phrase, PhraseIndex, Positions, spans
from bot.language.words import Document, Span


class Neighbours:
    """Words and phrases that decide whether a term beside them is meant."""

    __slots__ = ("_keys", "_phrases", "_telling", "longest")

    def __init__(self, keys: frozenset[str], phrases: tuple[Phrase, ...]) -> None:
        self._keys = keys
        self._phrases = PhraseIndex((phrase, None) for phrase in phrases) if phrases else None
        self._telling = keys | self._phrases.anchors if self._phrases is not None else keys
        self.longest = max(map(len, phrases), default=1)

    def places(self, present: set[str], positions: Positions) -> list[Span]:
        """Where they stand, in order; `present` are the text's keys, or those that mean anything."""
        telling = self._telling & present
        if not telling:  # so it is mostly
            return []
        found = [Span(place, place) for key in telling & self._keys for place in positions[key]]
        if self._phrases is not None:
            found += self._phrases.standing(present, positions)
        found.sort()
        return found


class _Text:
    """An article while it is searched: what has been looked for in it is remembered."""

    __slots__ = ("_places", "_voids", "positions", "present")

    def __init__(self, positions: Positions, present: set[str]) -> None:
        self.positions = positions
        self.present = present
        # A long text must not be searched anew at each of its hits.
        self._places: dict[Neighbours, list[Span]] = {}
        self._voids: dict[PhraseIndex[None], frozenset[int]] = {}

    def places(self, neighbours: Neighbours) -> list[Span]:
        """Where the neighbours stand, in order."""
        there = self._places.get(neighbours)
        if there is None:
            there = self._places[neighbours] = neighbours.places(self.present, self.positions)
        return there

    def covered(self, phrases: PhraseIndex[None]) -> frozenset[int]:
        """The positions that belong to one of the phrases."""
        void = self._voids.get(phrases)
        if void is None:
            void = self._voids[phrases] = frozenset(
                place
                for span in phrases.standing(self.present, self.positions)
                for place in range(span.first, span.last + 1)
            )
        return void


class _Case:
    """A rule of a concept with what decides about its hits."""

    __slots__ = ("concept_id", "excludes", "forbids", "needs", "rule")

    def __init__(
        self,
        concept_id: str,
        rule: Rule,
        needs: tuple[Neighbours, ...],
        forbids: Neighbours | None,
        excludes: PhraseIndex[None] | None,
    ) -> None:
        self.concept_id = concept_id
        self.rule = rule
        self.needs = needs
        self.forbids = forbids
        self.excludes = excludes

    def means(self, span: Span, text: _Text) -> bool:
        """Whether its term, standing there, means the concept."""
        for needed in self.needs:
            if not _near(span, text.places(needed), self.rule.within, needed.longest):
                return False
        forbids = self.forbids
        if forbids is not None and _near(span, text.places(forbids), self.rule.apart, forbids.longest):
            return False
        return self.excludes is None or text.covered(self.excludes).isdisjoint(
            range(span.first, span.last + 1)
        )


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
        for concept in concepts:
            voids = concept.excludes
            excludes = PhraseIndex((phrase, None) for phrase in voids) if voids else None
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
                    excludes,
                )
                terms += [(phrase, case) for phrase in rule.phrases]
        self._terms = PhraseIndex(terms)
        self._keys = {key for concept in concepts for key in keys_of(concept)}

    def found(self, document: Document) -> dict[str, tuple[Hit, ...]]:
        """The concepts whose own terms stand in the document, with the places, in the order of the text.

        Where two rules name a concept at one place, the first of them is told of.
        """
        # Most words of an article mean nothing to any concept.
        text = _Text(document.positions, self._keys.intersection(document.positions))
        found: dict[str, dict[Span, Hit]] = {}
        for phrase, case in self._terms.candidates(text.present):
            # Most terms that need a neighbour have none in the whole article.
            for needed in case.needs:
                if not text.places(needed):
                    break
            else:
                if there := spans(phrase, text.positions):
                    hits = found.setdefault(case.concept_id, {})
                    for span in there:
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


def _near(span: Span, there: Sequence[Span], reach: int, longest: int) -> bool:
    """Whether one of the neighbours, none of them longer than `longest`, is within `reach` words."""
    if not there:
        return False
    first, last = span.first - reach, span.last + reach
    for at in range(bisect_left(there, (first - longest + 1,)), len(there)):
        one = there[at]
        if one.first > last:
            return False
        if one.last >= first:
            return True
    return False
