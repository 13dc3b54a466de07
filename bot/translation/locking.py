"""What the chain asks of a glossary, and the glossary that knows no names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.translation.marks import Marks


class LockedText(Protocol):
    """A text whose names are marks."""

    @property
    def text(self) -> str:
        """What is sent."""

    @property
    def names(self) -> Sequence[object]:
        """The names locked in it, a mark each, numbered from the first number given."""

    def restore(self, reply: str) -> str | None:
        """The reply with the names in place of the marks; None when one was lost, doubled or made up."""


class Names(Protocol):
    """A glossary: the names that a translation must keep."""

    @property
    def version(self) -> str:
        """Of its content: a translation is remembered under it. Empty: no names at all."""

    def lock(self, text: str, source: str, marks: Marks, first_number: int) -> LockedText:
        """The text with its names as marks, counted from `first_number`."""

    def whole(self, text: str, source: str) -> str | None:
        """The English of a text that is nothing but known names."""


class NoNames:
    """A glossary without any names."""

    version = ""

    def lock(self, text: str, source: str, marks: Marks, first_number: int) -> LockedText:
        """See Names."""
        return _Unlocked(text)

    def whole(self, text: str, source: str) -> str | None:
        """See Names."""
        return None


class _Unlocked:
    names = ()

    def __init__(self, text: str) -> None:
        self.text = text

    def restore(self, reply: str) -> str | None:
        return reply
