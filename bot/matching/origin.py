"""Where an article comes from, and which of the fields a query may ask for hold of it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.language.words import clean
from bot.matching.tree import Field

# More words than any feed's name has; of a longer one, what stands after them can't be asked for.
_NAME_WORDS = 12
_WHOLE = re.compile(r"\w+(?:[.-]\w+)*")
_PARTS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Origin:
    """An article's feed and language.

    Attributes:
        source: the feed's name.
        host: of the feed or the article, as `www.example.com`.
        language: code of the article's own language.
        country: two letters, where the outlet sits.

    What is empty is unknown: no field asked for holds of it.
    """

    source: str = ""
    host: str = ""
    language: str = ""
    country: str | None = None


UNKNOWN = Origin()


@functools.lru_cache(4096)
def fields_of(origin: Origin) -> frozenset[str]:
    """The canonical texts of all fields that hold: `source:` for runs of words in the name, and for the host
    and the domains it belongs to.
    """
    held = {Field("source", run).text for run in _names(origin.source)}
    labels = origin.host.lower().removeprefix("www.").strip(".").split(".")
    held |= {Field("source", ".".join(labels[start:])).text for start in range(len(labels))}
    if origin.language:
        held.add(Field("lang", origin.language.lower()).text)
    if origin.country:
        held.add(Field("country", origin.country.lower()).text)
    return frozenset(held)


def _names(source: str) -> Iterator[str]:
    name = clean(clean(source).casefold())
    for pattern in (_WHOLE, _PARTS):
        yield from _runs(pattern.findall(name)[:_NAME_WORDS])


def _runs(words: Sequence[str]) -> Iterator[str]:
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            yield " ".join(words[start:end])
