"""Lines in, lines out: JSON or plain, and a bad one spoils no other."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.lines import (
    LINES_AT_ONCE,
    Line,
    LineError,
    LineMatcher,
    TranslatedLine,
    parse_line,
    read_lines,
    translate_lines,
)
from bot.matching.query import QueryError
from bot.translation.failures import FailureKind, ProviderFailure, TranslationError
from bot.translation.translator import ORIGINAL, Translation

NIKEL = "Pemerintah melarang ekspor bijih nikel mulai tahun depan"


@pytest.fixture(scope="module")
def concepts() -> Concepts:
    return Concepts.load()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("nikel\n", Line(3, 3, "nikel", None), id="plain"),
        pytest.param("  [1] nikel\r\n", Line(3, 3, "  [1] nikel", None), id="plain, as it stands"),
        pytest.param('{"text": "x"}', Line(3, 3, "x", None), id="without id"),
        pytest.param(r'{"text": "\ud800 x"}', Line(3, 3, "? x", None), id="half a character"),
        pytest.param('{"id": "a", "text": "x", "lang": "id"}', Line(3, "a", "x", "id"), id="whole"),
        pytest.param(' {"id": null, "text": "", "more": 1}', Line(3, None, "", None), id="null is an id"),
    ],
)
def test_a_line_is_json_or_plain_text(text: str, expected: Line) -> None:
    assert parse_line(3, text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ('{"text": "x"} more', "not valid JSON"),
        ('{"id": 1}', '"text" is missing'),
        ('{"text": 5}', '"text" is missing or not a string'),
        ('{"text": "x", "lang": 5}', '"lang" is not a string'),
        ('{"text": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(text: str, reason: str) -> None:
    with pytest.raises(LineError, match=reason) as caught:
        parse_line(7, text)
    assert "line 7" in str(caught.value)


def test_a_bad_line_spoils_no_other_and_empty_ones_only_count() -> None:
    found = list(read_lines(io.StringIO("a\n\n{\n   \nb")))
    assert [(one.number, one.text) for one in found if isinstance(one, Line)] == [(1, "a"), (5, "b")]
    assert [str(one.subject) for one in found if isinstance(one, LineError)] == ["line 3"]


def test_without_a_query_any_concept_counts(concepts: Concepts, detector: Detector) -> None:
    row = LineMatcher(concepts, detector, None).match(Line(1, "x", NIKEL, None))
    assert (row["id"], row["language"], row["matched"]) == ("x", "id", True)
    assert "nickel" in row["concepts"]
    assert {reason["clause"] for reason in row["why"]} == {f"#{concept}" for concept in row["concepts"]}
    assert json.loads(json.dumps(row)) == row
    nothing = LineMatcher(concepts, detector, None).match(Line(1, 1, "Timnas menang dua gol", "id"))
    assert (nothing["matched"], nothing["concepts"], nothing["why"]) == (False, [], [])


def test_a_query_decides_and_concepts_are_told_all_the_same(concepts: Concepts, detector: Detector) -> None:
    matcher = LineMatcher(concepts, detector, "nikel -bijih")
    row = matcher.match(Line(1, 1, NIKEL, "id"))
    assert not row["matched"]
    assert row["why"] == []
    assert "nickel" in row["concepts"]
    assert matcher.match(Line(2, 2, "Harga nikel turun", "id"))["matched"]


@pytest.mark.parametrize("language", ["xx", "", "EN", "id-ID", "\ud800"])
def test_a_language_nobody_knows_is_no_fault(concepts: Concepts, detector: Detector, language: str) -> None:
    LineMatcher(concepts, detector, "nickel").match(Line(1, 1, "nickel ore", language))


@pytest.mark.parametrize("text", ["", " ", "\0\0", "🙂" * 500, "a" * 20_000])
def test_no_text_is_a_fault(concepts: Concepts, detector: Detector, text: str) -> None:
    LineMatcher(concepts, detector, "nickel").match(Line(1, 1, text, None))


def test_a_query_that_can_not_be_read_is_said_before_any_line(concepts: Concepts, detector: Detector) -> None:
    with pytest.raises(QueryError, match="character"):
        LineMatcher(concepts, detector, "nickel OR")


class Upside:
    """A translator that finishes the last it was asked first, and can't take some lines."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Event] = []
        self.most_waiting = 0
        self.sources: list[str] = []

    async def translate(self, texts: Sequence[str], *, source: str, deadline_s: float) -> list[Translation]:
        [text] = texts
        self.sources.append(source)
        if source == "en":
            return [Translation(text, ORIGINAL, cached=False)]
        mine = asyncio.Event()
        self.waiting.append(mine)
        self.most_waiting = max(self.most_waiting, len(self.waiting))
        for _ in range(50):  # later lines may still come
            await asyncio.sleep(0)
        self.waiting[-1].set()
        await mine.wait()
        self.waiting.remove(mine)
        if self.waiting:
            self.waiting[-1].set()
        if "bad" in text:
            raise TranslationError("1 of 1 text", [ProviderFailure("libre", FailureKind.SERVER, "is down")])
        return [Translation(f"<{text}>", "libre", cached=False)]


async def as_they_come(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def test_lines_are_translated_many_at_once_and_keep_their_order(detector: Detector) -> None:
    translator = Upside()
    lines = [f"baris {number}\n" for number in range(3 * LINES_AT_ONCE)]
    found = [
        line.english
        async for line in translate_lines(as_they_come(*lines), translator, detector, source="id")
    ]
    assert found == [f"<baris {number}>" for number in range(3 * LINES_AT_ONCE)]
    assert 8 < translator.most_waiting <= LINES_AT_ONCE + 2


async def test_a_line_that_fails_says_why_and_spoils_no_other(detector: Detector) -> None:
    found = [
        line
        async for line in translate_lines(
            as_they_come("satu", "", "  ", "bad dua", "tiga"), Upside(), detector, source="id"
        )
    ]
    assert [line.english for line in found] == ["<satu>", None, "<tiga>"]
    assert found[1].to_json() == {
        "source": "id",
        "text": "bad dua",
        "english": None,
        "provider": None,
        "cached": False,
        "error": found[1].error,
    }
    assert "libre is down" in str(found[1].error)
    assert "error" not in found[0].to_json()


async def test_each_line_has_its_own_language_and_english_passes_through(detector: Detector) -> None:
    translator = Upside()
    english = "The ministry bans exports of nickel ore from next year"
    russian = "Россия увеличила экспорт никеля в Китай"
    found = [
        line async for line in translate_lines(as_they_come(NIKEL, russian, english), translator, detector)
    ]
    assert [line.source for line in found] == ["id", "ru", "en"]
    assert found[2] == TranslatedLine("en", english, english, ORIGINAL)


async def test_lines_that_can_not_be_read_to_the_end_are_an_error_after_those_that_could(
    detector: Detector,
) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "satu"
        raise OSError("gone")

    found = translate_lines(broken(), Upside(), detector, source="id")
    assert (await anext(found)).english == "<satu>"
    with pytest.raises(OSError, match="gone"):
        await anext(found)
