"""Cuts a text into pieces a provider takes, at line ends and sentence ends, and puts their English together.

The law: the pieces with what stood between them are the text again, character for character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.translation.sentence_ends import sentence_ends


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece without space around it, and the space that followed it. The first may be empty."""

    text: str
    after: str


_LOOK_AHEAD = 40  # characters
_CLAUSE_END = re.compile(r"[;:,—–](?=\s)")
_SPACE = re.compile(r"\s+")
# Tried only where the space begins: a long one would be read again from each of its places.
_LINE_END = re.compile(r"(?<!\s)\s*\n\s*")


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
    """The text in its sentences, however long; a line's end always ends one.

    The unit that is remembered, so that wire copy is found again in another article; and what a local model
    takes: it was trained on single sentences, and drops words of longer pieces.
    """
    pieces: list[Segment] = []
    start = 0
    line_ends = _LINE_END.finditer(text) if "\n" in text else ()  # most texts are one line
    for end in (*line_ends, None):
        line = text[start : end.start()] if end else text[start:]
        at = 0
        for stop in sentence_ends(line):
            resume = _behind_space(line, stop)
            pieces += _cut_line(line[at:stop], len(line), after=line[stop:resume])
            at = resume
        pieces += _cut_line(line[at:], max(1, len(line)), after=end.group() if end else "")
        start = end.end() if end else start
    return tuple(pieces)


def join(segments: Sequence[Segment], texts: Sequence[str]) -> str:
    """The translations of the segments, with the space that stood between them."""
    return "".join(text + segment.after for segment, text in zip(segments, texts, strict=True))


def _cut_line(line: str, limit: int, *, after: str) -> list[Segment]:
    pieces: list[Segment] = []
    rest = line.lstrip()
    if lead := line[: len(line) - len(rest)]:
        pieces.append(Segment("", lead))
    end = len(rest.rstrip())
    rest, after = rest[:end], rest[end:] + after
    while len(rest) > limit:
        at, resume = _place_to_cut(rest, limit)
        pieces.append(Segment(rest[:at], rest[at:resume]))
        rest = rest[resume:]
    if rest or after:
        pieces.append(Segment(rest, after))
    return pieces


def _place_to_cut(text: str, limit: int) -> tuple[int, int]:
    """Where the piece ends and where the next one begins."""
    # What stands behind a stop decides what it is: a few words more are looked at than fit.
    ends = [end for end in sentence_ends(text[: limit + _LOOK_AHEAD]) if end <= limit]
    window = text[: limit + 1]
    if not ends:
        ends = [m.end() for m in _CLAUSE_END.finditer(window) if m.end() <= limit]
    if not ends:
        ends = [m.start() for m in _SPACE.finditer(window) if 0 < m.start() <= limit]
    at = ends[-1] if ends else limit
    return at, _behind_space(text, at)


def _behind_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
