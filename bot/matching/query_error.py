"""Why a text is no query: at which place, for what reason, and what to write instead. Pure."""

from __future__ import annotations

from bot.errors import RarewatchError
from bot.phrase import Phrase


class QueryError(RarewatchError):
    """The query can't be understood.

    `position` is the 1-based character the error points at; 0 when it is about the whole query. `said` and
    `advice` are the reason, without the place, and the hint for readers of any language.
    """

    def __init__(self, text: str, said: Phrase, *, position: int = 0, hint: Phrase | None = None) -> None:
        self.position = position
        self.said = said
        self.advice = hint
        where = f", at character {position}" if position else ""
        shown = text if len(text) <= 80 else f"{text[:79]}…"
        super().__init__(shown, f"{said}{where}", hint=str(hint or ""))
