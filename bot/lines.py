"""Commands that read lines and print lines: the forms of `match` and `translate`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import RarewatchError
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.language.words import analyse_article
from bot.matching.index import QueryIndex
from bot.matching.origin import Origin
from bot.matching.query import Query, parse_query
from bot.translation.failures import TranslationError
from bot.translation.translator import Translation

LINES_AT_ONCE = 32
LINE_DEADLINE_S = 60.0
"""Longer than for news: nobody's alert waits, and lines queue up behind the translators' budgets."""


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


class Translates(Protocol):
    """The translator, as far as this needs it."""

    async def translate(self, texts: Sequence[str], *, source: str, deadline_s: float) -> list[Translation]:
        """See `Translator`."""


@dataclass(frozen=True, slots=True)
class TranslatedLine:
    """A line in English, or why not: `english` None and `error` in words."""

    source: str
    text: str
    english: str | None
    provider: str | None
    cached: bool = False
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """``{"source", "text", "english", "provider", "cached"}``, with ``"error"`` when there is one."""
        row = {
            "source": self.source,
            "text": self.text,
            "english": self.english,
            "provider": self.provider,
            "cached": self.cached,
        }
        return row if self.error is None else row | {"error": self.error}


async def translate_lines(
    lines: AsyncIterable[str], translator: Translates, detector: Detector, *, source: str | None = None
) -> AsyncIterator[TranslatedLine]:
    """Each line that is not empty, translated many at once and given in their order.

    Args:
        source: the lines' language; None: each line's own is detected.
    """

    async def translated(text: str) -> TranslatedLine:
        language = await asyncio.to_thread(detector.detect, text, None) if source is None else source
        try:
            [done] = await translator.translate([text], source=language, deadline_s=LINE_DEADLINE_S)
        except TranslationError as error:
            return TranslatedLine(language, text, None, None, error=str(error))
        return TranslatedLine(language, text, done.text, done.provider, done.cached)

    # Bounded: a file of a million lines is not read faster than it is translated.
    begun: asyncio.Queue[asyncio.Task[TranslatedLine] | None] = asyncio.Queue(LINES_AT_ONCE)

    async def begin() -> None:
        try:
            async for line in lines:
                if text := line.strip():
                    await begun.put(asyncio.create_task(translated(text)))
        finally:
            await begun.put(None)

    reading = asyncio.create_task(begin())
    try:
        while (task := await begun.get()) is not None:
            yield await task
        await reading  # raises what made reading impossible
    finally:
        reading.cancel()
        while not begun.empty():
            if (task := begun.get_nowait()) is not None:
                task.cancel()
