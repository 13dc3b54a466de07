"""The words that made an article match, found again in what is shown of it, and underlined. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from bot.delivery.render.pieces import EMPTY, Piece, marked, text
from bot.delivery.render.words import short

MARKS_A_TEXT = 8  # more would mark nothing
WORDS = 24  # of all reasons; entities are scarce
WORD_CHARS = 100
APART = " … "  # between two words of a reason that stand further apart

# Scripts that are written without spaces: there a word may begin and end anywhere.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def with_marks(shown: str, words: Sequence[str]) -> Piece:
    """The text with each of the words in it underlined, whatever the case; whole words only."""
    if not words or not shown:
        return text(shown)
    pattern = _pattern(tuple(words))
    if pattern is None:
        return text(shown)
    piece, at, count = EMPTY, 0, 0
    for found in pattern.finditer(shown):
        if count == MARKS_A_TEXT:
            break
        piece += text(shown[at : found.start()]) + marked(found[0])
        at, count = found.end(), count + 1
    return piece + text(shown[at:])


@functools.lru_cache(maxsize=64)  # one article goes to many chats
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    parts = [short(part, WORD_CHARS) for word in words[:WORDS] for part in word[:1000].split(APART)]
    whole = sorted({part for part in parts if len(part) > 1 or _UNSPACED.match(part)}, key=len, reverse=True)
    if not whole:
        return None
    return re.compile("|".join(map(_alone, whole)), re.IGNORECASE)


def _alone(word: str) -> str:
    """The word with nothing of another word beside it."""
    before = r"(?<!\w)" if re.match(r"\w", word) and not _UNSPACED.match(word) else ""
    after = r"(?!\w)" if re.match(r"\w", word[-1]) and not _UNSPACED.match(word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"
