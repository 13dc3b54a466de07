"""Which conditions stand in an article, and where: each is looked at once, however many queries have it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.language.concepts import Concepts, Hit
from bot.language.phrases import Phrase, spans
from bot.language.words import Document, Span, form_key, query_keys
from bot.matching.atoms import Atom, Condition
from bot.matching.origin import Origin, fields_of
from bot.matching.tokens import MIN_BEGINNING
from bot.matching.tree import PREFIX, Exact, Field, Named, Near, Or, Titled, Words, render

Positions = Mapping[str, Sequence[int]]
Hits = tuple[Hit, ...]

# A query waits at a word that stands in most articles only if it has nothing else.
_COMMON_WORDS = (
    "the of a and to in for on with is as at by from it be that this new say year will not after over more us"
    " di yang dan untuk dari ke dengan akan ini itu pada dalam tidak jadi juga ada bisa baru tahun hari oleh"
    " в на и с по не о из за к для от что до при как у его это мы год новый быть который"
)

# Keys of which the beginnings asked for are remembered.
_KEYS_KEPT = 131_072


class View:
    """One article as the queries see it: its texts (the original first), and the atoms that stand in them."""

    __slots__ = ("atoms", "documents", "found", "positions")

    def __init__(
        self, documents: Sequence[Document], positions: list[Positions], found: list[Mapping[str, Hits]]
    ) -> None:
        self.documents = documents
        self.positions = positions
        self.found = found
        self.atoms: set[Atom] = set()


class Atoms:
    """All conditions in use.

    A single word waits at its keys, a phrase at the keys of its rarest word, a pair at the atoms of its rarer
    side, a term in the title at the same term anywhere; so an article is only asked about what it may have.
    """

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._common = {key for word in _COMMON_WORDS.split() for key in (*query_keys(word), form_key(word))}
        self._atoms: dict[str, Atom] = {}
        self._words: dict[str, tuple[Atom, ...]] = {}
        self._phrases: dict[str, tuple[Atom, ...]] = {}
        # By the first letters of the beginnings asked for, as many as each has at least.
        self._beginnings: dict[str, dict[str, int]] = {}
        # Keys of articles that have been asked for them, and those that have any; forgotten when they change.
        self._looked_at: set[str] = set()
        self._begun: dict[str, tuple[str, ...]] = {}
        self._concept_atoms: dict[str, tuple[Atom, ...]] = {}
        self._titled: dict[Atom, tuple[Atom, ...]] = {}
        self._pairs: dict[Atom, tuple[Atom, ...]] = {}

    def __len__(self) -> int:
        return len(self._atoms)

    def take(self, condition: Condition) -> Atom:
        """The atom of a condition, for one user more.

        Raises:
            UnknownConceptError: it names a concept these concepts lack.
        """
        text = render(condition)
        atom = self._atoms.get(text)
        if atom is None:
            atom = self._made(condition)
            self._atoms[text] = atom
        atom.users += 1
        return atom

    def drop(self, atom: Atom) -> None:
        """One user less; without users it is forgotten."""
        atom.users -= 1
        if atom.users:
            return
        del self._atoms[atom.text]
        table, places = self._tables(atom)
        for place in places:
            rest = tuple(other for other in table[place] if other is not atom)
            if rest:
                table[place] = rest
            else:
                del table[place]
        for beginning in _beginnings(atom.condition):
            self._forget_beginnings()
            uses = self._beginnings[beginning[:MIN_BEGINNING]]
            uses[beginning] -= 1
            if not uses[beginning]:
                del uses[beginning]
                if not uses:
                    del self._beginnings[beginning[:MIN_BEGINNING]]
        for side in atom.operands:
            for operand in side:
                self.drop(operand)

    def view(self, documents: Sequence[Document], origin: Origin) -> View:
        """Everything that stands in an article."""
        positions = [self._with_beginnings(document.positions) for document in documents]
        asked = bool(self._concept_atoms)
        found: list[Mapping[str, Hits]] = [
            self._concepts.found(document) if asked else {} for document in documents
        ]
        view = View(documents, positions, found)
        standing = view.atoms
        words, phrases, concepts = self._words, self._phrases, self._concept_atoms
        for there, concepts_there in zip(positions, found, strict=True):
            standing.update(*[words[key] for key in there if key in words])
            standing.update(*[concepts[id_] for id_ in concepts_there if id_ in concepts])
            for key in there.keys() & phrases.keys() if phrases else ():
                for atom in phrases[key]:
                    if atom not in standing and _stands(atom.condition.slots, there):  # type: ignore[union-attr]
                        standing.add(atom)
        for plain in standing & self._titled.keys() if self._titled else ():
            standing.update([atom for atom in self._titled[plain] if self._has_place(atom, view)])
        for operand in standing & self._pairs.keys() if self._pairs else ():
            for atom in self._pairs[operand]:
                if atom in standing:
                    continue
                for side in atom.operands:
                    if standing.isdisjoint(side):
                        break
                else:
                    if self._has_place(atom, view):
                        standing.add(atom)
        held = self._atoms
        standing.update([held[text] for text in fields_of(origin) if text in held])
        return view

    def _has_place(self, atom: Atom, view: View) -> bool:
        return any(self.places(atom, view, number) for number in range(len(view.documents)))

    def places(self, atom: Atom, view: View, number: int) -> list[Span]:
        """Where an atom stands in one of the texts, in order. Where it comes from has no place."""
        condition = atom.condition
        if isinstance(condition, Field):
            return []
        if isinstance(condition, Named):
            return sorted({hit.span for hit in self.hits(condition, view, number)})
        if isinstance(condition, Titled):
            title = view.documents[number].zones[0].positions
            (plain,) = atom.operands[0]
            return [span for span in self.places(plain, view, number) if title and span.last <= title[-1]]
        if isinstance(condition, Near):
            whole = (Span(*_ends(pair)) for pair in self.pairs(atom, view, number))
            return sorted(set(whole))
        return spans(condition.slots, view.positions[number])

    def hits(self, condition: Named, view: View, number: int) -> list[Hit]:
        """Where terms of a concept stand in one of the texts, in order."""
        found = view.found[number]
        answers = self._concepts.answers(condition.concept_id)
        hits = [hit for id_ in answers & found.keys() for hit in found[id_]]
        return sorted(hits, key=lambda hit: (hit.span, hit.concept))

    def pairs(self, atom: Atom, view: View, number: int) -> list[tuple[Span, Span]]:
        """Where the two sides of a Near stand near enough: the earlier place and the later, in order."""
        condition = atom.condition
        if not isinstance(condition, Near):
            return []
        left, right = (
            sorted({place for operand in side for place in self.places(operand, view, number)})
            for side in atom.operands
        )
        pairs = set(_followed(left, right, condition.distance))
        if not condition.ordered:
            pairs.update(_followed(right, left, condition.distance))
        return sorted(pairs)

    # Taking up a condition

    def _made(self, condition: Condition) -> Atom:
        operands: tuple[tuple[Atom, ...], ...] = ()
        if isinstance(condition, Titled):
            operands = ((self.take(condition.term),),)
        elif isinstance(condition, Near):
            operands = tuple(
                tuple(self.take(part) for part in (side.parts if isinstance(side, Or) else (side,)))  # type: ignore[arg-type]
                for side in (condition.left, condition.right)
            )
        common = isinstance(condition, Words | Exact) and all(
            not self._common.isdisjoint(slot) for slot in condition.slots
        )
        atom = Atom(condition, operands, common=common)
        if isinstance(condition, Words | Exact):
            atom.waits = min(condition.slots, key=self._slot_cost)
        elif operands:
            atom.waits = min(operands, key=lambda side: max(one.cost for one in side))
        table, places = self._tables(atom)
        for place in places:
            table[place] = (*table.get(place, ()), atom)
        for beginning in _beginnings(condition):
            self._forget_beginnings()
            uses = self._beginnings.setdefault(beginning[:MIN_BEGINNING], {})
            uses[beginning] = uses.get(beginning, 0) + 1
        return atom

    def _tables(self, atom: Atom) -> tuple[dict[Any, tuple[Atom, ...]], Collection[Any]]:
        """Where an atom waits: the table, and the places in it."""
        condition = atom.condition
        if isinstance(condition, Named):
            return self._concept_atoms, self._concepts.answers(condition.concept_id)
        if isinstance(condition, Titled):
            return self._titled, atom.waits
        if isinstance(condition, Near):
            return self._pairs, atom.waits
        if isinstance(condition, Words | Exact):
            return (self._words if len(condition.slots) == 1 else self._phrases), atom.waits
        return {}, ()  # a field is looked up by its text

    def _slot_cost(self, slot: tuple[str, ...]) -> tuple[bool, int]:
        """The higher, the more often the word stands in articles, or the more phrases wait at it."""
        return not self._common.isdisjoint(slot), sum(len(self._phrases.get(key, ())) for key in slot)

    def _with_beginnings(self, positions: Positions) -> Positions:
        """The positions, and those of the beginnings that are asked for and that a word has."""
        if not self._beginnings:
            return positions
        for key in [key for key in positions if key not in self._looked_at]:
            self._look_at(key)
        begun: dict[str, list[int]] = {}
        for key in positions.keys() & self._begun.keys():
            for beginning in self._begun[key]:
                begun.setdefault(beginning, []).extend(positions[key])
        return {**positions, **{key: sorted(places) for key, places in begun.items()}} if begun else positions

    def _look_at(self, key: str) -> None:
        """Remember which beginnings a key's word has: few have any, and of those nothing more is asked."""
        if len(self._looked_at) >= _KEYS_KEPT:
            self._forget_beginnings()
        self._looked_at.add(key)
        if key[0] != "=":
            return
        asked = self._beginnings.get(key[1 : 1 + MIN_BEGINNING], ())
        if begun := tuple(f"{PREFIX}{beginning}" for beginning in asked if key.startswith(beginning, 1)):
            self._begun[key] = begun

    def _forget_beginnings(self) -> None:
        self._looked_at.clear()
        self._begun.clear()


def _beginnings(condition: Condition) -> list[str]:
    """The beginnings of words that a term asks for."""
    if not isinstance(condition, Words | Exact):
        return []
    return [key[1:] for slot in condition.slots for key in slot if key.startswith(PREFIX)]


def _stands(phrase: Phrase, positions: Positions) -> bool:
    for slot in phrase:
        for key in slot:
            if key in positions:
                break
        else:
            return False
    return bool(spans(phrase, positions))


def _ends(pair: tuple[Span, Span]) -> tuple[int, int]:
    return pair[0].first, pair[1].last


def _followed(before: list[Span], after: list[Span], distance: int) -> Iterator[tuple[Span, Span]]:
    """Each place with the nearest one after it, if that is near enough; both lists in order."""
    for span in before:
        nearest = bisect_left(after, (span.last + 1,))
        if nearest < len(after) and after[nearest].first - span.last <= distance:
            yield span, after[nearest]
