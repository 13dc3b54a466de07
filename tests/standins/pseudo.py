"""English of a kind for any text: the same each time, with its numbers, acronyms, signs and marks kept."""

from __future__ import annotations

import re
import zlib

_WORDS = """
    the of and to for with from by on at is are was were has will its as after over that this trade export
    price mine ore plant output quota tariff company state growth import market metal supply policy year
"""
_ENGLISH = tuple(_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+")


def pseudo(text: str) -> str:
    """A translation nobody can read, but one that looks like one."""
    return _WORD.sub(_english, text)


def _english(found: re.Match[str]) -> str:
    word = found.group()
    if len(word) > 1 and word.isupper() and word.isascii():
        return word  # PT, USD
    english = _ENGLISH[zlib.crc32(word.casefold().encode()) % len(_ENGLISH)]
    english *= max(1, len(word) // 8)
    return english.capitalize() if word[0].isupper() else english
