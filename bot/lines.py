"""Commands that read lines and print lines: the forms of `match` and `translate`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.errors import RarewatchError
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.language.words import analyse_article
from bot.matching.index import QueryIndex
from bot.matching.origin import Origin
from bot.matching.query import Query, parse_query


class LineError(RarewatchError):
    """A line can't be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of input; `number` counts from 1, and serves as id when none is given."""

    number: int
    id: Any
    text: str
    language: str | None


def parse_line(number: int, line: str) -> Line:
    """A JSON object ``{"id", "text", "lang"?}``, or plain text."""
    line = line.rstrip("\r\n")
    if not line.lstrip().startswith("{"):
        return Line(number, number, line, None)
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise LineError(
            f"line {number}", f"not valid JSON: {error.msg} at character {error.colno}"
        ) from error
    except RecursionError as error:
        raise LineError(f"line {number}", "nested too deeply") from error
    text, language = value.get("text"), value.get("lang")
    if not isinstance(text, str):
        raise LineError(f"line {number}", '"text" is missing or not a string')
    if language is not None and not isinstance(language, str):
        raise LineError(f"line {number}", '"lang" is not a string')
    # Half a surrogate pair is a letter in JSON and nowhere else.
    text = text.encode(errors="replace").decode()
    return Line(number, value.get("id", number), text, language)


def read_lines(lines: Iterable[str]) -> Iterator[Line | LineError]:
    """Each line that is not empty, or what is wrong with it."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield parse_line(number, line)
            except LineError as error:
                yield error


class LineMatcher:
    """Says of texts which concepts stand in them, and whether a query wants them.

    Args:
        query: what to match; None: any concept.
    """

    def __init__(self, concepts: Concepts, detector: Detector, query: str | None) -> None:
        self._concepts = concepts
        self._detector = detector
        self._ids = dict(enumerate(concepts.ids))
        self._by_concept = QueryIndex(concepts)
        for number, concept_id in self._ids.items():
            self._by_concept.add(number, parse_query(f"#{concept_id}", concepts))
        self._query: QueryIndex | None = None
        if query is not None:
            self._query = QueryIndex(concepts)
            self._query.add(0, self._parsed(query))

    def _parsed(self, query: str) -> Query:
        return parse_query(query, self._concepts)

    def match(self, line: Line) -> dict[str, Any]:
        """``{"id", "language", "concepts": […], "matched": bool, "why": […]}``."""
        language = line.language or self._detector.detect(line.text, None)
        document = analyse_article(line.text, "", language)
        concepts = list(self._concepts.named(document))
        if self._query is None:
            found = self._by_concept.match(document, None)
            matches = [match for match in found if self._ids[match.query_id] in concepts]
        else:
            matches = self._query.match(document, None, Origin(language=language))
        return {
            "id": line.id,
            "language": language,
            "concepts": concepts,
            "matched": bool(matches),
            "why": [reason.to_json() for match in matches for reason in match.why],
        }
