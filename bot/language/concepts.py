"""What a text is about: concepts, each with its terms in three languages, found in an analysed article.

`concepts.yaml` says how a concept is written down; this file reads, checks and applies it. A concept fires
where one of its terms stands, unless that very place is part of an excluded phrase (`tarif tol`), and, for a
term that is only sometimes meant (`tarif`), only near words that say so (`with`) and away from words that say
otherwise (`without`).
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.errors import RarewatchError
from bot.language.words import (
    Document,
    Span,
    acronym_key,
    form_key,
    is_acronym,
    split_words,
    term_keys,
)

LANGUAGES = ("en", "id", "ru")
# Words between a term and its required or forbidden neighbour when the rule does not say: about a clause.
DEFAULT_WITHIN = 5
# "Anywhere in the article": larger than any position can be.
ANYWHERE = 1 << 30

# Places of a word in a text from which on a set of them finds one faster than the list does.
_MANY = 16

_FILE = Path(__file__).with_name("concepts.yaml")
_CONCEPT_FIELDS = ("name", "group", "source", "terms", "excludes", "includes", "also")
_RULE_FIELDS = ("any", "with", "within", "without", "apart")

# A slot is one word of a phrase: the keys that may stand there. A phrase is slots on neighbouring positions.
Slot = tuple[str, ...]
Phrase = tuple[Slot, ...]


class ConceptsError(RarewatchError):
    """The concepts can't be read."""


class UnknownConceptError(RarewatchError):
    """No such concept."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way a concept is named: any of the phrases (written as `texts`), if a `near` phrase is within reach
    and no `far` phrase is.

    `within` and `apart` are distances in words; ANYWHERE means the whole article. Words of one slot are kept
    apart as plain sets (`near_keys`, `far_keys`) because they are many and are looked up all at once.
    """

    language: str
    texts: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    near: tuple[Phrase, ...] = ()
    near_keys: frozenset[str] = frozenset()
    within: int = DEFAULT_WITHIN
    far: tuple[Phrase, ...] = ()
    far_keys: frozenset[str] = frozenset()
    apart: int = DEFAULT_WITHIN


@dataclass(frozen=True, slots=True)
class Concept:
    """A subject a person can ask for as `#id`.

    Attributes:
        includes: concepts that are kinds of this one: a text about them is about this.
        also: concepts a query for this one brings as well, though a text about them need not be about this.
        source: where the terms come from: glossary, news, law, or an operator's own word.
    """

    id: str
    name: str
    group: str
    terms: Mapping[str, tuple[str, ...]]
    includes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    excludes: tuple[Phrase, ...] = field(default=(), repr=False)


class Hit(NamedTuple):
    """A place where a concept is named, the concept whose term it is, the term's language, and its rule."""

    concept: str
    span: Span
    language: str
    rule: Rule


class Concepts:
    """All concepts, and the index that finds them in a document by the rarest word of each phrase.

    `acronyms` are the words in capitals among their terms and neighbours (REE, РЗМ): a query that has one of
    them means it as it stands.
    """

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts = {concept.id: concept for concept in concepts}
        self._kinds = {id_: self._closure(id_, also=False) for id_ in self._concepts}
        self._answers = {id_: self._closure(id_, also=True) for id_ in self._concepts}
        self.acronyms = frozenset(
            key[1:]
            for concept in self._concepts.values()
            for key in _all_keys(concept)
            if key.startswith("!")
        )
        self._anchors: dict[str, list[tuple[str, Rule, Phrase]]] = {}
        for concept in self._concepts.values():
            for rule in concept.rules:
                for phrase in rule.phrases:
                    # The longest word is the best guess at the rarest one.
                    for key in max(phrase, key=lambda slot: min(map(len, slot))):
                        self._anchors.setdefault(key, []).append((concept.id, rule, phrase))

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
        file = path or _FILE
        try:
            data = yaml.load(file.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
        except OSError as error:
            raise ConceptsError(str(file), error.strerror or "it can't be opened") from error
        except UnicodeDecodeError as error:
            raise ConceptsError(str(file), "it is not UTF-8 text") from error
        except yaml.YAMLError as error:
            raise ConceptsError(str(file), f"not valid YAML: {' '.join(str(error).split())}") from error
        reader = _Reader(file.name)
        return cls(reader.read(data) if not own else reader.read_own(data, own, own_file))

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
        found: dict[str, dict[Span, Hit]] = {}
        voids: dict[str, set[int]] = {}
        positions = document.positions
        # Where phrases stand, by their identity: a long text must not be searched anew at each of its hits.
        standing: dict[int, list[Span]] = {}
        # In order: where two rules name a concept at one place, the same one is told of every time.
        for key in sorted(positions.keys() & self._anchors.keys()):
            for concept_id, rule, phrase in self._anchors[key]:
                for span in spans(phrase, positions):
                    hits = found.setdefault(concept_id, {})
                    if span in hits:
                        continue
                    if concept_id not in voids:
                        voids[concept_id] = {
                            position
                            for excluded in self._concepts[concept_id].excludes
                            for void in spans(excluded, positions)
                            for position in range(void.first, void.last + 1)
                        }
                    if not voids[concept_id].isdisjoint(range(span.first, span.last + 1)):
                        continue
                    if _allowed(rule, span, positions, standing):
                        hits[span] = Hit(concept_id, span, rule.language, rule)
        return {
            id_: tuple(sorted(hits.values(), key=lambda hit: hit.span)) for id_, hits in found.items() if hits
        }

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


def _all_keys(concept: Concept) -> Iterator[str]:
    for rule in concept.rules:
        yield from rule.near_keys
        yield from rule.far_keys
        for phrase in (*rule.phrases, *rule.near, *rule.far):
            for slot in phrase:
                yield from slot


def spans(phrase: Phrase, positions: Mapping[str, Sequence[int]]) -> list[Span]:
    """Where a phrase stands: its slots on neighbouring positions, in order."""
    first: Sequence[int]
    rest: Sequence[Collection[int]]
    first, *rest = (slot_positions(slot, positions) for slot in phrase)
    if not first or not all(rest):
        return []
    last = len(rest)
    if last and len(first) > _MANY:
        rest = [frozenset(there) for there in rest]
    return [
        Span(start, start + last)
        for start in first
        if all(start + offset in there for offset, there in enumerate(rest, 1))
    ]


def slot_positions(slot: Slot, positions: Mapping[str, Sequence[int]]) -> Sequence[int]:
    """The positions at which any of the slot's keys stands, ascending."""
    lists = [there for key in slot if (there := positions.get(key)) is not None]
    if len(lists) == 1:
        return lists[0]
    return sorted({position for there in lists for position in there})


def _distance(one: Span, other: Span) -> int:
    """Words from one span to the other: 1 for neighbours, 0 where they overlap."""
    return max(other.first - one.last, one.first - other.last, 0)


def needed_neighbour(hit: Hit, document: Document) -> Span | None:
    """The nearest of the words without which the hit would mean nothing (`larang` beside `ekspor`); None
    where its rule needs none.
    """
    rule, positions = hit.rule, document.positions
    there = [Span(place, place) for key in positions.keys() & rule.near_keys for place in positions[key]]
    there += [span for phrase in rule.near for span in spans(phrase, positions)]
    return min(there, key=lambda span: (_distance(hit.span, span), span), default=None)


def _allowed(
    rule: Rule, span: Span, positions: Mapping[str, Sequence[int]], standing: dict[int, list[Span]]
) -> bool:
    if (rule.near or rule.near_keys) and not _reaches(
        span, rule.near, rule.near_keys, rule.within, positions, standing
    ):
        return False
    return not _reaches(span, rule.far, rule.far_keys, rule.apart, positions, standing)


def _reaches(
    span: Span,
    phrases: tuple[Phrase, ...],
    keys: frozenset[str],
    reach: int,
    positions: Mapping[str, Sequence[int]],
    standing: dict[int, list[Span]],
) -> bool:
    """Whether one of the phrases or single words stands within `reach` words of the span."""
    for key in positions.keys() & keys:
        places = positions[key]
        nearest = bisect_left(places, span.first - reach)
        if nearest < len(places) and places[nearest] <= span.last + reach:
            return True
    for phrase in phrases:
        there = standing.get(id(phrase))
        if there is None:
            there = standing[id(phrase)] = spans(phrase, positions)
        nearest = bisect_left(there, (span.first - reach - len(phrase) + 1,))
        if nearest < len(there) and there[nearest].first <= span.last + reach:
            return True
    return False


class _StrictLoader(yaml.SafeLoader):
    """YAML without its silent surprise: of two equal keys the last would win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    line = key_node.start_mark.line + 1
                    raise yaml.YAMLError(
                        f'"{key}" stands twice in one mapping, the second time in line {line}'
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)


class _Reader:
    """Turns the file's plain data into concepts, and says exactly what is wrong with it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._sets: dict[str, dict[str, list[str]]] = {}

    def read_own(self, data: object, own: Mapping[str, object], own_file: str) -> list[Concept]:
        """The file's concepts, with an operator's own in their places and after them."""
        concepts = {concept.id: concept for concept in self.read(data)}
        self._file = own_file
        added = [self._concept(id_, body) for id_, body in own.items()]
        concepts.update((concept.id, concept) for concept in added)
        self._check_ids(added, concepts)
        return list(concepts.values())

    def read(self, data: object) -> list[Concept]:
        top = self._mapping(data, "the file", ("sets", "concepts"))
        for name, languages in self._mapping(top.get("sets") or {}, "sets").items():
            where = f"sets.{name}"
            self._sets[name] = {
                language: self._texts(words, f"{where}.{language}")
                for language, words in self._mapping(languages, where, LANGUAGES).items()
            }
        bodies = self._mapping(top.get("concepts"), "concepts")
        concepts = [self._concept(id_, body) for id_, body in bodies.items()]
        self._check_ids(concepts, bodies)
        return concepts

    def _check_ids(self, concepts: Iterable[Concept], known: Collection[str]) -> None:
        for concept in concepts:
            for name, ids in (("includes", concept.includes), ("also", concept.also)):
                for id_ in ids:
                    if id_ not in known:
                        raise self._error(f"concepts.{concept.id}.{name}", "the id of a concept", id_)

    def _concept(self, id_: str, body: object) -> Concept:
        where = f"concepts.{id_}"
        if not id_.replace("_", "").isalnum() or not id_.isascii() or id_ != id_.lower():
            raise self._error(where, "an id of lower-case letters, digits and _", id_)
        parts = self._mapping(body, where, _CONCEPT_FIELDS)
        terms = self._mapping(parts.get("terms"), f"{where}.terms", LANGUAGES)
        if not terms:
            raise self._error(f"{where}.terms", "terms in at least one language", terms)
        excludes = self._mapping(parts.get("excludes") or {}, f"{where}.excludes", LANGUAGES)
        rules: list[Rule] = []
        written: dict[str, tuple[str, ...]] = {}
        for language, items in terms.items():
            if not isinstance(items, list) or not items:
                raise self._error(f"{where}.terms.{language}", "a list of terms", items)
            made = [
                self._rule(item, language, f"{where}.terms.{language}[{number}]")
                for number, item in enumerate(items)
            ]
            rules += made
            written[language] = tuple(text for rule in made for text in rule.texts)
        return Concept(
            id=id_,
            name=self._text(parts.get("name"), f"{where}.name"),
            group=self._text(parts.get("group"), f"{where}.group"),
            terms=written,
            includes=tuple(self._texts(parts.get("includes") or [], f"{where}.includes")),
            also=tuple(self._texts(parts.get("also") or [], f"{where}.also")),
            source=tuple(self._texts(parts.get("source") or [], f"{where}.source")),
            rules=tuple(rules),
            excludes=tuple(
                phrase
                for language, items in excludes.items()
                for phrase in self._phrases(items, language, f"{where}.excludes.{language}")[0]
            ),
        )

    def _rule(self, item: object, language: str, where: str) -> Rule:
        if isinstance(item, str | list):
            phrases, texts = self._phrases(item, language, where)
            return Rule(language, tuple(texts), phrases)
        parts = self._mapping(item, where, _RULE_FIELDS)
        if "any" not in parts:
            raise self._error(where, "a term, or a mapping with `any`", item)
        phrases, texts = self._phrases(parts["any"], language, f"{where}.any")
        near, _ = self._phrases(parts.get("with") or [], language, f"{where}.with")
        far, _ = self._phrases(parts.get("without") or [], language, f"{where}.without")
        return Rule(
            language,
            tuple(texts),
            phrases,
            near=tuple(phrase for phrase in near if len(phrase) > 1),
            near_keys=frozenset(key for phrase in near if len(phrase) == 1 for key in phrase[0]),
            within=self._distance(parts.get("within", DEFAULT_WITHIN), f"{where}.within"),
            far=tuple(phrase for phrase in far if len(phrase) > 1),
            far_keys=frozenset(key for phrase in far if len(phrase) == 1 for key in phrase[0]),
            apart=self._distance(parts.get("apart", DEFAULT_WITHIN), f"{where}.apart"),
        )

    def _phrases(self, items: object, language: str, where: str) -> tuple[tuple[Phrase, ...], list[str]]:
        """Phrases, and their texts, with `$sets` put in their place."""
        texts: list[str] = []
        for text in self._texts(items, where):
            if not text.startswith("$"):
                texts.append(text)
            elif (named := self._sets.get(text[1:])) is None:
                raise self._error(
                    where, f"the name of a set ({', '.join(self._sets) or 'there are none'})", text
                )
            else:
                texts += named.get(language, [])
        return tuple(self._phrase(text, language, where) for text in texts), texts

    def _phrase(self, text: str, language: str, where: str) -> Phrase:
        slots: list[Slot] = []
        for part in text.split():
            choices = [(split_words(choice), choice.startswith("=")) for choice in part.split("/")]
            if any(not words or (len(choices) > 1 and len(words) > 1) for words, _ in choices):
                raise self._error(where, "words, with single words between slashes", text)
            for number in range(len(choices[0][0])):
                slot = (
                    key
                    for words, exact in choices
                    for key in self._keys(words[number], language, exact=exact)
                )
                slots.append(tuple(dict.fromkeys(slot)))
        return tuple(slots)

    @staticmethod
    def _keys(word: str, language: str, *, exact: bool) -> tuple[str, ...]:
        if exact:
            return (form_key(word),)
        if is_acronym(word):
            return (acronym_key(word),)
        return term_keys(word, (language,))

    def _distance(self, value: object, where: str) -> int:
        if value == "text":
            return ANYWHERE
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._error(where, "a number of words from 1 up, or text", value)
        return value

    def _mapping(self, value: object, where: str, fields: Sequence[str] | None = None) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._error(where, "a mapping", value)
        for name in value:
            if not isinstance(name, str):
                raise self._error(where, "names that are text (put them in quotes)", name)
            if fields is not None and name not in fields:
                near = difflib.get_close_matches(name, fields, n=1)
                hint = f"Did you mean {near[0]}?" if near else ""
                raise self._error(where, f"only {', '.join(fields)}", name, hint=hint)
        return value

    def _texts(self, value: object, where: str) -> list[str]:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            raise self._error(where, "a list of texts", value)
        return [self._text(item, f"{where}[{number}]") for number, item in enumerate(value)]

    def _text(self, value: object, where: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self._error(where, "text (numbers and yes/no in quotes)", value)
        return value.strip()

    def _error(self, where: str, expected: str, got: object, *, hint: str = "") -> ConceptsError:
        shown = "nothing" if got is None else repr(got)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
        return ConceptsError(f"{self._file}, {where}", f"expected {expected}, got {shown}", hint=hint)
