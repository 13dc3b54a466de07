"""Reads concepts.yaml, and an operator's own concepts, and says exactly what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.language.concept import ANYWHERE, DEFAULT_WITHIN, LANGUAGES, Concept, ConceptsError, Rule
from bot.language.phrases import Phrase, Slot
from bot.language.words import acronym_key, form_key, is_acronym, split_words, term_keys

_CONCEPT_FIELDS = ("name", "group", "source", "terms", "excludes", "includes", "also")
_RULE_FIELDS = ("any", "with", "and", "within", "without", "apart")


def read_concepts(file: Path, *, own: Mapping[str, object] | None, own_file: str) -> list[Concept]:
    """See `Concepts.load`."""
    try:
        data = yaml.load(file.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise ConceptsError(str(file), error.strerror or "it can't be opened") from error
    except UnicodeDecodeError as error:
        raise ConceptsError(str(file), "it is not UTF-8 text") from error
    except yaml.YAMLError as error:
        raise ConceptsError(str(file), f"not valid YAML: {' '.join(str(error).split())}") from error
    reader = _Reader(file.name)
    return reader.read(data) if not own else reader.read_own(data, own, own_file)


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
        second, _ = self._phrases(parts.get("and") or [], language, f"{where}.and")
        far, _ = self._phrases(parts.get("without") or [], language, f"{where}.without")
        return Rule(
            language,
            tuple(texts),
            phrases,
            near=_longer(near),
            near_keys=_single(near),
            second=_longer(second),
            second_keys=_single(second),
            within=self._distance(parts.get("within", DEFAULT_WITHIN), f"{where}.within"),
            far=_longer(far),
            far_keys=_single(far),
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


def _longer(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    return tuple(phrase for phrase in phrases if len(phrase) > 1)


def _single(phrases: Iterable[Phrase]) -> frozenset[str]:
    return frozenset(key for phrase in phrases if len(phrase) == 1 for key in phrase[0])
