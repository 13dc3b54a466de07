"""Cuts a text into pieces a provider takes, at line ends and sentence ends, and puts their English together.

The law: the pieces with what stood between them are the text again, character for character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece without space around it, and the space that followed it. The first may be empty."""

    text: str
    after: str


# A full stop after these ends no sentence. In lower case; "a single letter" (initials) is a rule of its own.
_ABBREVIATED = """
    г гг тыс млн млрд трлн руб коп им ул д стр см т п др пр напр акад проф гл ст
    no pt tbk rp dr drs ir hj jl kab prov dll dkk dsb st jend letjen mayjen prof yth hlm
    mr mrs ms inc ltd co corp vs gov sen rep gen
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_SENTENCE_END = re.compile(r"[.!?…]+[\"'»”’)\]]*(?=\s+[\"'«“‘(\[]*[A-ZА-ЯЁ0-9])")
_CLAUSE_END = re.compile(r"[;:,—–](?=\s)")
_SPACE = re.compile(r"\s+")
_LINE_END = re.compile(r"\s*\n\s*")


def cut(text: str, limit: int) -> tuple[Segment, ...]:
    """The text in pieces of at most `limit` characters.

    Lines are always pieces of their own (a translator would run them together); a line longer than the
    limit is cut at ends of sentences, one longer sentence at a comma or a space, one longer word anywhere.
    """
    if limit < 1:
        raise ValueError("limit must be 1 or more")
    pieces: list[Segment] = []
    start = 0
    for end in _LINE_END.finditer(text):
        pieces += _cut_line(text[start : end.start()], limit, after=end.group())
        start = end.end()
    pieces += _cut_line(text[start:], limit, after="")
    return tuple(pieces)


def sentences(text: str) -> tuple[Segment, ...]:
    """The text in its sentences: a local model was trained on single ones, and drops words of longer."""
    pieces: list[Segment] = []
    start = 0
    for end in (*_LINE_END.finditer(text), None):
        line = text[start : end.start()] if end else text[start:]
        at = 0
        for stop in _SENTENCE_END.finditer(line):
            space = _SPACE.match(line, stop.end())
            if space and _ends_here(line, stop):
                pieces += _cut_line(line[at : stop.end()], len(line), after=space.group())
                at = space.end()
        pieces += _cut_line(line[at:], max(1, len(line)), after=end.group() if end else "")
        start = end.end() if end else start
    return tuple(pieces)


def join(segments: Sequence[Segment], texts: Sequence[str]) -> str:
    """The translations of the segments, with the space that stood between them."""
    return "".join(text + segment.after for segment, text in zip(segments, texts, strict=True))


def _cut_line(line: str, limit: int, *, after: str) -> list[Segment]:
    pieces: list[Segment] = []
    rest = line
    if lead := re.match(r"\s+", rest):
        pieces.append(Segment("", lead.group()))
        rest = rest[lead.end() :]
    if trail := re.search(r"\s+$", rest):
        rest, after = rest[: trail.start()], trail.group() + after
    while len(rest) > limit:
        at, resume = _place_to_cut(rest, limit)
        pieces.append(Segment(rest[:at], rest[at:resume]))
        rest = rest[resume:]
    if rest or after:
        pieces.append(Segment(rest, after))
    return pieces


def _place_to_cut(text: str, limit: int) -> tuple[int, int]:
    """Where the piece ends and where the next one begins."""
    window = text[: limit + 1]  # a stop as the last allowed character shows by the space behind it
    stops = _SENTENCE_END.finditer(text, 0, limit + 2)
    ends = [stop.end() for stop in stops if stop.end() <= limit and _ends_here(text, stop)]
    if not ends:
        ends = [m.end() for m in _CLAUSE_END.finditer(window) if m.end() <= limit]
    if not ends:
        ends = [m.start() for m in _SPACE.finditer(window) if 0 < m.start() <= limit]
    at = ends[-1] if ends else limit
    space = _SPACE.match(text, at)
    return at, space.end() if space else at


def _ends_here(text: str, stop: re.Match[str]) -> bool:
    if stop.group()[0] != ".":
        return True
    word = re.search(r"[^\W\d_]+$", text[max(0, stop.start() - 12) : stop.start()])
    return not (word and (word.group().lower() in _ABBREVIATIONS or len(word.group()) == 1))
