"""Which of many queries does an article satisfy: an inverted index in which each query waits at its rarest
word.

Two questions are asked of it. Phase A, `wanted`: does the original alone, in its own words, promise enough to
translate it? Exclusions are left aside there, because only the whole text can tell. Phase B, `match`: the
whole query over the original and its English together; a phrase must stand within one of the two, an excluded
term may stand in neither.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.language.concepts import Concepts, Hit, Phrase, Slot, needed_neighbour, spans
from bot.language.words import Document, Span, key_language, query_keys
from bot.matching.explain import Reason
from bot.matching.query import And, Exact, Leaf, Named, Node, Not, Or, Query, Words

# An alert has room for so many of the words that satisfied one clause.
_WORDS_PER_REASON = 3
# Where a text says the same a thousand times, the first places explain it.
_HITS_ASKED = 20
# A term and the neighbour it needs are shown with the words between them, unless these would say more than
# the two do.
_WORDS_SHOWN_WHOLE = 5

# A query waits at a word that stands in most articles only if it has nothing else.
_COMMON_WORDS = (
    "the of a and to in for on with is as at by from it be that this new say year will not after over more us"
    " di yang dan untuk dari ke dengan akan ini itu pada dalam tidak jadi juga ada bisa baru tahun hari oleh"
    " в на и с по не о из за к для от что до при как у его это мы год новый быть который"
)
_COMMON_COST = 1_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """A query that an article satisfies, and why."""

    query_id: int
    why: tuple[Reason, ...]


class _View:
    """One article as the queries see it: its texts (the original first), all their keys, and the concepts
    named in them.
    """

    __slots__ = ("concepts", "documents", "found", "keys")

    def __init__(
        self, documents: Sequence[Document], concepts: Concepts, asked: Mapping[str, frozenset[str]]
    ) -> None:
        self.documents = documents
        self.keys: frozenset[str] = frozenset().union(*(document.positions for document in documents))
        self.found = [concepts.found(document) for document in documents]
        present = frozenset().union(*self.found)
        # Only concepts that some query asks for; each is there if any concept that answers it is.
        self.concepts = (
            {id_ for id_, answers in asked.items() if not answers.isdisjoint(present)} if present else set()
        )


_Test = Callable[[_View], bool]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A query at work: its tests for the two phases, and the keys it waits at."""

    query: Query
    promises: _Test
    holds: _Test
    anchors: tuple[str, ...]


class QueryIndex:
    """All active queries. Queries are added and removed while it runs; safe in threads."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._entries: dict[int, _Entry] = {}
        self._waiting: dict[str, list[int]] = {}
        # How many queries use a key: what many ask for is what the news is full of, so it says how rare a
        # word is not.
        self._uses: Counter[str] = Counter()
        self._asked: dict[str, frozenset[str]] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, query_id: object) -> bool:
        return query_id in self._entries

    def add(self, query_id: int, query: Query) -> None:
        """Take a query up under an id; a query already there under the same id is replaced.

        Raises:
            UnknownConceptError: the query names a concept these concepts lack.
        """
        with self._lock:
            if query_id in self._entries:
                self.remove(query_id)
            for id_ in query.concept_ids:
                self._asked.setdefault(id_, self._concepts.answers(id_))
            self._uses.update(_all_keys(query.root))
            anchors = tuple(dict.fromkeys(self._anchor(query.root)[1]))
            holds = self._test(query.root, positive_only=False)
            promises = self._test(query.root, positive_only=True) if _excludes(query.root) else holds
            self._entries[query_id] = _Entry(query, promises, holds, anchors)
            for key in anchors:
                self._waiting.setdefault(key, []).append(query_id)

    def remove(self, query_id: int) -> None:
        """Drop a query; nothing happens if there is none of this id."""
        with self._lock:
            entry = self._entries.pop(query_id, None)
            if entry is None:
                return
            for key in entry.anchors:
                waiting = self._waiting[key]
                waiting.remove(query_id)
                if not waiting:
                    del self._waiting[key]
            for key in _all_keys(entry.query.root):
                self._uses[key] -= 1
                if not self._uses[key]:
                    del self._uses[key]

    def wanted(self, original: Document) -> set[int]:
        """Phase A: the queries whose positive part the original satisfies, exclusions left aside."""
        with self._lock:
            view = _View((original,), self._concepts, self._asked)
            return {query_id for query_id in self._candidates(view) if self._entries[query_id].promises(view)}

    def match(self, original: Document, english: Document | None) -> list[Match]:
        """Phase B: the queries that the original and its English satisfy together, in the order of their ids.

        Args:
            original: the article as published.
            english: its translation; None when there is none, or when the original is English.
        """
        with self._lock:
            view = _View((original,) if english is None else (original, english), self._concepts, self._asked)
            held = sorted(
                query_id for query_id in self._candidates(view) if self._entries[query_id].holds(view)
            )
            return [Match(id_, tuple(self._reasons(self._entries[id_].query.root, view))) for id_ in held]

    def _candidates(self, view: _View) -> set[int]:
        candidates: set[int] = set()
        waiting = self._waiting
        for key in view.keys & waiting.keys():
            candidates.update(waiting[key])
        for id_ in view.concepts:
            candidates.update(waiting.get(f"#{id_}", ()))
        return candidates

    def _anchor(self, node: Node) -> tuple[int, tuple[str, ...]]:
        """The cheapest set of keys of which every article that satisfies the node has at least one, with its
        cost.

        An excluded part has no such set: its cost is beyond any other.
        """
        if isinstance(node, Not):
            return _COMMON_COST**3, ()
        if isinstance(node, And):
            return min((self._anchor(part) for part in node.parts), key=lambda anchor: anchor[0])
        if isinstance(node, Or):
            anchors = [self._anchor(part) for part in node.parts]
            return sum(cost for cost, _ in anchors), tuple(key for _, keys in anchors for key in keys)
        return min(((self._cost(slot), slot) for slot in _slots(node)), key=lambda anchor: anchor[0])

    def _cost(self, slot: Slot) -> int:
        return sum(_COMMON_COST if key in _common_keys() else self._uses[key] for key in slot)

    def _test(self, node: Node, *, positive_only: bool) -> _Test:
        if isinstance(node, Not):
            if positive_only:
                return lambda view: True
            part = self._test(node.part, positive_only=False)
            return lambda view: not part(view)
        if isinstance(node, And | Or):
            tests = tuple(self._test(part, positive_only=positive_only) for part in node.parts)
            if isinstance(node, And):
                return lambda view: all(test(view) for test in tests)
            return lambda view: any(test(view) for test in tests)
        if isinstance(node, Named):
            concept_id = node.concept_id
            return lambda view: concept_id in view.concepts
        return _phrase_test(node.slots)

    def _reasons(self, node: Node, view: _View) -> Iterator[Reason]:
        """A reason for each clause that holds and is not excluded."""
        if isinstance(node, Not):
            return
        if isinstance(node, And | Or):
            for part in node.parts:
                yield from self._reasons(part, view)
            return
        for document, found in zip(view.documents, view.found, strict=True):
            if reason := self._reason(node, document, found):
                yield reason
                # The original's own words explain best; the English is only asked when they don't.
                return

    def _reason(self, leaf: Leaf, document: Document, found: Mapping[str, tuple[Hit, ...]]) -> Reason | None:
        if isinstance(leaf, Named):
            hits = [hit for id_ in self._asked[leaf.concept_id] for hit in found.get(id_, ())]
            if not hits:
                return None
            hits.sort(key=lambda hit: (hit.span, hit.concept))
            language = hits[0].language
            told = [hit for hit in hits if hit.language == language][:_HITS_ASKED]
            return _told(leaf, _evidence(told, document), language)
        places = spans(leaf.slots, document.positions)
        if not places:
            return None
        first = places[0].first
        key = next(key for key in leaf.slots[0] if first in document.positions.get(key, ()))
        return _told(leaf, map(document.words, places), key_language(key, document.language))


def _evidence(hits: Sequence[Hit], document: Document) -> Iterator[str]:
    """The words that made each hit: its term, with the neighbour that the term needs (`larang ekspor`)."""
    # "rare-earth magnets" needs no neighbour, so what "magnets" within it needs explains nothing more.
    settled = {
        place
        for hit in hits
        if not (hit.rule.near or hit.rule.near_keys)
        for place in range(hit.span.first, hit.span.last + 1)
    }
    for hit in hits:
        neighbour = needed_neighbour(hit, document)
        if neighbour is None:
            yield document.words(hit.span)
        elif not settled.issuperset(range(hit.span.first, hit.span.last + 1)):
            first, second = sorted((hit.span, neighbour))
            whole = Span(first.first, max(first.last, second.last))
            if whole.last - whole.first < _WORDS_SHOWN_WHOLE:  # zones are further apart than that
                yield document.words(whole)
            else:
                yield f"{document.words(first)} … {document.words(second)}"


@functools.cache
def _common_keys() -> frozenset[str]:
    return frozenset(key for word in _COMMON_WORDS.split() for key in query_keys(word))


def _told(leaf: Leaf, words: Iterable[str], language: str) -> Reason:
    once: dict[str, str] = {}
    for word in words:
        once.setdefault(word.casefold(), word)
    # "rare-earth magnets" says it all; "magnets" beside it says nothing more.
    telling = [
        word for folded, word in once.items() if not any(folded in other for other in once if other != folded)
    ]
    return Reason(leaf.text, tuple(telling)[:_WORDS_PER_REASON], language)


def _phrase_test(phrase: Phrase) -> _Test:
    if len(phrase) == 1:
        slot = frozenset(phrase[0])
        return lambda view: not slot.isdisjoint(view.keys)
    return lambda view: any(spans(phrase, document.positions) for document in view.documents)


def _slots(leaf: Leaf) -> Phrase:
    if isinstance(leaf, Words | Exact):
        return leaf.slots
    return ((leaf.text,),)


def _all_keys(node: Node) -> Iterator[str]:
    """The keys a query can wait at: those of every term that is not excluded."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from _all_keys(part)
    elif not isinstance(node, Not):
        for slot in _slots(node):
            yield from slot


def _excludes(node: Node) -> bool:
    if isinstance(node, And | Or):
        return any(map(_excludes, node.parts))
    return isinstance(node, Not)
