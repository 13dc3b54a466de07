"""Which of many queries does an article satisfy: an inverted index in which each query waits at its rarest
condition, and each condition is looked at once.

Two questions are asked of it. Phase A, `wanted`: does the original alone, in its own words, promise enough to
translate it? Exclusions are left aside there, because only the whole text can tell. Phase B, `match`: the
whole query over the original and its English together; a phrase must stand within one of the two, an excluded
term may stand in neither.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from bot.language.concepts import Concepts
from bot.language.words import Document
from bot.matching.atoms import (
    All,
    Atom,
    Branch,
    No,
    Part,
    anchors,
    atoms,
    branches,
    compiled,
    excludes,
    holds,
    promises,
    rules_out_origins,
    with_id,
    without_id,
)
from bot.matching.evidence import reason
from bot.matching.explain import Reason
from bot.matching.origin import UNKNOWN, Origin
from bot.matching.query import Query
from bot.matching.standing import Atoms, View

# Pairs at an atom from which on walking through what stands is faster than looking for each.
_MANY_PAIRS = 12


class Match:
    """A query that an article satisfies. Why it does is worked out when somebody asks."""

    __slots__ = ("_atoms", "_part", "_told", "_view", "query_id")

    def __init__(
        self, query_id: int, part: Part, view: View, atoms: Atoms, told: dict[Atom, Reason | None]
    ) -> None:
        self.query_id = query_id
        self._part = part
        self._view = view
        self._atoms = atoms
        # Shared by all matches of the article: most reasons are those of several queries.
        self._told = told

    def __repr__(self) -> str:
        return f"Match({self.query_id})"

    @property
    def why(self) -> tuple[Reason, ...]:
        """A reason for each clause that made the query hold."""
        return tuple(_why(self._part, self._view, self._atoms, self._told))


class QueryIndex:
    """All active queries. Queries are added and removed while it runs; safe in threads."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._atoms = Atoms(concepts)
        # A query over shared atoms, and the branches it waits at; its own text is not kept.
        self._entries: dict[int, tuple[Part, tuple[Branch, ...]]] = {}
        # Queries that a branch alone does not decide: in phase A, and in phase B.
        self._undecided: set[int] = set()
        self._excluding: set[int] = set()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, query_id: object) -> bool:
        return query_id in self._entries

    @property
    def conditions(self) -> int:
        """How many different conditions its queries have between them."""
        return len(self._atoms)

    def add(self, query_id: int, query: Query) -> None:
        """Take a query up under an id; a query already there under the same id is replaced.

        Raises:
            UnknownConceptError: the query names a concept these concepts lack.
        """
        with self._lock:
            for id_ in query.concept_ids:
                self._concepts.get(id_)  # before anything is changed
            self.remove(query_id)
            part = compiled(query.root, self._atoms.take)
            ways, exact = branches(part)
            waiting = tuple({frozenset(way): _rarest_first(way) for way in ways}.values())
            self._entries[query_id] = (part, waiting)
            if not exact or rules_out_origins(part):
                self._undecided.add(query_id)
            if not exact or excludes(part):
                self._excluding.add(query_id)
            for branch in waiting:
                _wait(branch, query_id)

    def remove(self, query_id: int) -> None:
        """Drop a query; nothing happens if there is none of this id."""
        with self._lock:
            entry = self._entries.pop(query_id, None)
            if entry is None:
                return
            part, waiting = entry
            for branch in waiting:
                _leave(branch, query_id)
            self._undecided.discard(query_id)
            self._excluding.discard(query_id)
            for atom in atoms(part):
                self._atoms.drop(atom)

    def wanted(self, original: Document, origin: Origin = UNKNOWN) -> set[int]:
        """Phase A: the queries whose positive part the original satisfies, exclusions left aside.

        Args:
            original: the article as published.
            origin: its feed and language; no field asked for holds of an unknown one.
        """
        with self._lock:
            standing = self._atoms.view((original,), origin).atoms
            found = _promised(standing)
            for query_id in found & self._undecided:
                if not promises(self._entries[query_id][0], standing):
                    found.discard(query_id)
            return found

    def match(self, original: Document, english: Document | None, origin: Origin = UNKNOWN) -> list[Match]:
        """Phase B: the queries that the original and its English satisfy together, in the order of their ids.

        Args:
            original: the article as published.
            english: its translation; None when there is none, or when the original is English.
            origin: its feed and language; no field asked for holds of an unknown one.
        """
        with self._lock:
            view = self._atoms.view((original,) if english is None else (original, english), origin)
            standing = view.atoms
            found = _promised(standing)
            for query_id in found & self._excluding:
                if not holds(self._entries[query_id][0], standing):
                    found.discard(query_id)
            told: dict[Atom, Reason | None] = {}
            return [
                Match(query_id, self._entries[query_id][0], view, self._atoms, told)
                for query_id in sorted(found)
            ]


def _why(part: Part, view: View, known: Atoms, told: dict[Atom, Reason | None]) -> Iterator[Reason]:
    """A reason for each clause that made the query hold; `told` keeps them for the next query."""
    if isinstance(part, Atom):
        if part not in told:
            told[part] = reason(part, view, known)
        if (why := told[part]) is not None:
            yield why
    elif not isinstance(part, No):
        for inner in part:
            if isinstance(part, All) or holds(inner, view.atoms):
                yield from _why(inner, view, known, told)


def _rarest_first(branch: Branch) -> Branch:
    """The branch with the atom it waits at first, then the next rare; fields last."""
    first = anchors(branch)
    return (*first, *(atom for atom in branch if atom not in first))


def _wait(branch: Branch, query_id: int) -> None:
    anchor, *others = branch
    if not others:
        anchor.alone = with_id(anchor.alone, query_id)
        return
    second, *rest = others
    if not rest:
        if anchor.pairs is None:
            anchor.pairs = {}
        anchor.pairs[second] = with_id(anchor.pairs.get(second, ()), query_id)
        return
    if anchor.more is None:
        anchor.more = {}
    anchor.more[second] = (*anchor.more.get(second, ()), (tuple(rest), query_id))


def _leave(branch: Branch, query_id: int) -> None:
    anchor, *others = branch
    if not others:
        anchor.alone = without_id(anchor.alone, query_id)
        return
    second, *rest = others
    if not rest:
        pairs = anchor.pairs or {}
        pairs[second] = without_id(pairs[second], query_id)
        if not pairs[second]:
            del pairs[second]
        anchor.pairs = pairs or None
        return
    more = anchor.more or {}
    more[second] = tuple(row for row in more[second] if row != (tuple(rest), query_id))
    if not more[second]:
        del more[second]
    anchor.more = more or None


def _promised(standing: set[Atom]) -> set[int]:
    """The queries of which a branch stands whole."""
    found: set[int] = set()
    for atom in standing:
        if atom.alone:
            found.update(atom.alone)
        if (pairs := atom.pairs) is not None:
            # At most atoms few queries wait. Otherwise the shorter of the two is walked through.
            if len(pairs) < _MANY_PAIRS:
                for second in pairs:
                    if second in standing:
                        found.update(pairs[second])
            else:
                for second in pairs.keys() & standing:
                    found.update(pairs[second])
        if (more := atom.more) is not None:
            for second in more.keys() & standing:
                for rest, query_id in more[second]:
                    if standing.issuperset(rest):
                        found.add(query_id)
    return found
