"""The words of an article's English that mean what its original was found by: they are marked for the reader.

An alert knows the original's own words («logam tanah jarang»), which its English title has not.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Protocol

from bot.language.concepts import Concepts
from bot.language.words import analyse_article
from bot.matching.index import QueryIndex
from bot.matching.query import QueryError, parse_query

REMEMBERED = 256  # one article goes to many chats that ask for the same
CLAUSES = 40


class FindsEnglish(Protocol):
    """What finds such words."""

    def __call__(self, clauses: Iterable[str], title: str, summary: str) -> tuple[str, ...]:
        """See `EnglishWords`."""


def no_english(clauses: Iterable[str], title: str, summary: str) -> tuple[str, ...]:
    """For who marks nothing of its own."""
    return ()


class EnglishWords:
    """Finds them by asking the English text what the original was asked."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._remembered = functools.lru_cache(maxsize=REMEMBERED)(self._find)

    def __call__(self, clauses: Iterable[str], title: str, summary: str) -> tuple[str, ...]:
        """The words, as they stand in the text, each once.

        Args:
            clauses: of a query's canonical form, such as ``#rare_earths``.
            title: in English, as the summary.
            summary: may be empty.
        """
        return self._remembered(tuple(dict.fromkeys(clauses))[:CLAUSES], title, summary)

    def _find(self, clauses: tuple[str, ...], title: str, summary: str) -> tuple[str, ...]:
        index = QueryIndex(self._concepts)
        for number, clause in enumerate(clauses):
            try:
                index.add(number, parse_query(clause, self._concepts))
            except QueryError:  # a concept that left the list; then its words just are not marked
                continue
        matches = index.match(analyse_article(title, summary, "en"), None)
        return tuple(
            dict.fromkeys(word for match in matches for reason in match.why for word in reason.words)
        )
