"""Marks that stand in a text for something a translator must carry over: a name, or the border of two texts.

A mark is a number, written in the form that suits a provider. The plain form is digits in double square
brackets. Words as marks (XQX7, __name__, TOKEN_7) come back translated, transliterated or in another case, so
there are no letters; rare brackets (⟦7⟧) are unknown to the vocabularies of Argos and OPUS models, and single
braces are read as code; square brackets come back with spaces in them, made single or made wide, and all of
that is understood here. Numbers have at most three digits, so that nobody groups them (4,817).

Marks of one request are told from leftovers and from a page's own footnotes by their numbers: count them from
`first_number`, and take only the numbers that were sent.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

MOST_NUMBER = 999
_FIRST_NUMBERS = range(100, 800)  # leaves 200 marks for a request


class Marks(StrEnum):
    """How a mark is written for a provider."""

    BRACKETS = "brackets"  # [[7]], in plain text
    XML = "xml"  # <x id="7"/>, for a provider that handles tags; see `to_xml`
    NONE = "none"  # this provider keeps none: its texts are neither locked nor packed


class Mark(NamedTuple):
    """A mark as found: its number, and where it stands in the text."""

    number: int
    start: int
    end: int


_S = "[ \t\u00a0\u2009\u200b\u202f]{0,2}"
_OPEN, _CLOSE = r"[\[［【〚⟦]", r"[\]］】〛⟧]"
# Round and curly brackets only when doubled: single ones are ordinary text.
_BRACKETS = re.compile(
    rf"(?:{_OPEN}{_S}){{1,2}}(\d{{1,3}}){_S}{_CLOSE}(?:{_S}{_CLOSE})?"
    rf"|[(（]{_S}[(（]{_S}(\d{{1,3}}){_S}[)）]{_S}[)）]"
    rf"|[{{｛]{_S}[{{｛]{_S}(\d{{1,3}}){_S}[}}｝]{_S}[}}｝]"
)
_Q = "[\"'“”„«»‘’″]"
_XML = re.compile(
    rf"<{_S}x{_S}\sid{_S}={_S}{_Q}?{_S}(\d{{1,3}}){_S}{_Q}?{_S}(?:/{_S}>|>{_S}<{_S}/{_S}x{_S}>)",
    re.IGNORECASE,
)


def write(marks: Marks, number: int) -> str:
    """The mark of a number (0 to 999), as `find` finds it.

    Raises:
        ValueError: a number out of range, or a provider that keeps no marks.
    """
    if not 0 <= number <= MOST_NUMBER:
        raise ValueError(f"a mark's number must be from 0 to {MOST_NUMBER}")
    if marks is Marks.BRACKETS:
        return f"[[{number}]]"
    if marks is Marks.XML:
        return f'<x id="{number}"/>'
    raise ValueError("this provider keeps no marks")


def find(marks: Marks, text: str) -> list[Mark]:
    """The marks in a text, from left to right, also as translators bend them.

    Understood: spaces inside, brackets made single, wide, round or curly, another kind of quotes, upper case,
    wide digits. Anything that could be ordinary text is no mark. Whether a number was ever sent is for the
    caller to ask.
    """
    pattern = _pattern(marks)
    if pattern is None:
        return []
    return [Mark(int(m[m.lastindex or 0]), *m.span()) for m in pattern.finditer(text)]


def occurs(marks: Marks, text: str) -> bool:
    """Whether a text holds something like a mark by itself ("[7]", a footnote): then it can't be marked."""
    pattern = _pattern(marks)
    return pattern is not None and pattern.search(text) is not None


def first_number(jitter: Callable[[], float]) -> int:
    """A number to count the marks of one request from; `jitter` gives a random number, 0 ≤ n < 1."""
    return _FIRST_NUMBERS[int(jitter() * len(_FIRST_NUMBERS))]


def to_xml(text: str) -> str:
    """A text with XML marks, made well-formed: everything but the marks is escaped."""
    return _around(text, lambda plain: html.escape(plain, quote=False))


def from_xml(text: str) -> str:
    """The reverse of `to_xml`, for a reply."""
    return _around(text, html.unescape)


def _around(text: str, change: Callable[[str], str]) -> str:
    pieces = []
    at = 0
    for mark in find(Marks.XML, text):
        pieces += [change(text[at : mark.start]), text[mark.start : mark.end]]
        at = mark.end
    return "".join([*pieces, change(text[at:])])


def _pattern(marks: Marks) -> re.Pattern[str] | None:
    if marks is Marks.BRACKETS:
        return _BRACKETS
    return _XML if marks is Marks.XML else None
