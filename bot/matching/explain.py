"""Why an article matched: for each clause that held, the words in the text and the language they were found
in.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English",
    "id": "Indonesian",
    "kk": "Kazakh",
    "ms": "Malay",
    "ru": "Russian",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One clause of a query that held.

    Attributes:
        clause: the clause as the query's canonical form writes it (`#rare_earths`, `nickel`, `"export ban"`).
        words: the words that satisfied it, as they stand in the text; each once, in the text's order, at most
        three. language: code of the language that fired.
    """

    clause: str
    words: tuple[str, ...]
    language: str

    def to_json(self) -> dict[str, Any]:
        """The reason as plain data for `json.dumps`."""
        return {"clause": self.clause, "words": list(self.words), "language": self.language}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reason:
        """The reason that `to_json` wrote.

        Raises:
            KeyError, TypeError: the data was not written by `to_json`.
        """
        return cls(str(data["clause"]), tuple(map(str, data["words"])), str(data["language"]))


@functools.cache
def language_codes() -> Mapping[str, str]:
    """How a person may write a language (its code, or its English name in small letters), and its code."""
    return {way.lower(): code for code, name in _LANGUAGE_NAMES.items() for way in (code, name)}


def language_name(code: str) -> str:
    """The English name of a language, or its code when it is none of ours."""
    return _LANGUAGE_NAMES.get(code, code)


def describe(reasons: Iterable[Reason]) -> str:
    """All reasons in one line of plain text: ``#rare_earths: «logam tanah jarang» (Indonesian); export:
    «export» (English)``.
    """
    parts = []
    for reason in reasons:
        words = ", ".join(f"«{word}»" for word in reason.words)
        parts.append(f"{reason.clause}: {words} ({language_name(reason.language)})")
    return "; ".join(parts)
