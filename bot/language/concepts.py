"""What a text is about: concepts, each with its terms in three languages, found in an analysed article.

`concepts.yaml` says how a concept is written down (`concept_file` reads and checks it). A concept fires where
one of its terms stands, unless that very place is part of an excluded phrase (`tarif tol`), and, for a term
that is only sometimes meant (`tarif`), only near words that say so (`with`) and away from words that say
otherwise (`without`); `finding` applies that.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bot.language.concept import (
    ANYWHERE,
    LANGUAGES,
    Concept,
    ConceptsError,
    Hit,
    Rule,
    UnknownConceptError,
)
from bot.language.concept_file import read_concepts
from bot.language.finding import Finder, keys_of, needed_neighbour
from bot.language.words import Document

__all__ = [
    "ANYWHERE",
    "LANGUAGES",
    "Concept",
    "Concepts",
    "ConceptsError",
    "Hit",
    "Rule",
    "UnknownConceptError",
    "needed_neighbour",
]

_FILE = Path(__file__).with_name("concepts.yaml")


class Concepts:
    """All concepts, and what finds them in a document.

    `acronyms` are the words in capitals among their terms and neighbours (REE, РЗМ): a query that has one of
    them means it as it stands.
    """

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts = {concept.id: concept for concept in concepts}
        self._kinds = {id_: self._closure(id_, also=False) for id_ in self._concepts}
        self._answers = {id_: self._closure(id_, also=True) for id_ in self._concepts}
        self.acronyms = frozenset(
            key[1:] for concept in self._concepts.values() for key in keys_of(concept) if key.startswith("!")
        )
        self._finder = Finder(list(self._concepts.values()))

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        own: Mapping[str, object] | None = None,
        own_file: str = "feeds.yaml",
    ) -> Concepts:
        """Read and check a concepts file (the one that comes with the program unless another is given).

        Args:
            own: concepts of an operator, in the form of the file's `concepts:`; one with the id of a concept
                of the file takes its place. They may use the file's sets.
            own_file: where they stand, for error messages.

        Raises:
            ConceptsError: names the file, the place in it, what was expected and what was found.
        """
        return cls(read_concepts(path or _FILE, own=own, own_file=own_file))

    @property
    def ids(self) -> tuple[str, ...]:
        """Every concept's id, in the order of the file."""
        return tuple(self._concepts)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._concepts.values())

    def __contains__(self, concept_id: object) -> bool:
        return concept_id in self._concepts

    def get(self, concept_id: str) -> Concept:
        """The concept of this id.

        Raises:
            UnknownConceptError: with the nearest known id as its hint.
        """
        try:
            return self._concepts[concept_id]
        except KeyError:
            near = self.nearest(concept_id)
            hint = f"Did you mean #{near}?" if near else ""
            raise UnknownConceptError(
                f"#{concept_id}", "there is no concept of this name", hint=hint
            ) from None

    def nearest(self, concept_id: str) -> str | None:
        """The known id most like this one, if any is near."""
        wanted = concept_id.casefold().replace("-", "_")
        if wanted in self._concepts:
            return wanted
        near = difflib.get_close_matches(wanted, self._concepts, n=1, cutoff=0.6)
        return near[0] if near else None

    def answers(self, concept_id: str) -> frozenset[str]:
        """The concepts whose terms satisfy `#concept_id` in a query: itself, its kinds, and what it also
        brings.
        """
        return self._answers[self.get(concept_id).id]

    def found(self, document: Document) -> dict[str, tuple[Hit, ...]]:
        """The concepts whose own terms stand in the document, with the places, in the order of the text."""
        return self._finder.found(document)

    def named(self, document: Document) -> dict[str, tuple[Hit, ...]]:
        """The concepts the document is about: those found in it, and those they are kinds of, in the order of
        the file.
        """
        own = self.found(document)
        return {
            id_: tuple(hit for kind in self._concepts if kind in kinds for hit in own.get(kind, ()))
            for id_, kinds in self._kinds.items()
            if not kinds.isdisjoint(own)
        }

    def _closure(self, concept_id: str, *, also: bool) -> frozenset[str]:
        reached: set[str] = set()
        waiting = [concept_id]
        while waiting:
            if (id_ := waiting.pop()) not in reached:
                reached.add(id_)
                concept = self._concepts[id_]
                waiting += concept.includes
                if also:
                    waiting += concept.also
        return frozenset(reached)
