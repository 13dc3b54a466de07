"""Pieces of a message in Telegram's HTML and as plain text at once, with what they take of the limits. Pure.

Escaping is done here and nowhere else.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

TEXT_LIMIT = 4096
"""Code points of a message's text after its tags are parsed (https://core.telegram.org/bots/api#sendmessage)."""
ENTITY_LIMIT = 90
"""Entities a message; Telegram ignores those after about 100, and finds hashtags by itself."""
ENTITY_BYTES_LIMIT = 8_500
"""Bytes of all entities with their addresses; Telegram drops entities beyond about 9.5 kB."""
ENTITY_BYTES = 32
"""What an entity costs besides its address: type, offset, length (measured generously)."""
TIME_FORMAT = "Dt"  # the day in words and the time of day, as the reader's own Telegram writes them
LATEST_UNIX = 2**31 - 1

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a message in both forms, with what it takes of the limits.

    Args:
        html: Telegram's.
        plain: for a terminal.
        chars: code points of the html's text.
        entities: in the html, those counted that Telegram finds by itself.
        entity_bytes: what these cost.
        marks: stretches of `plain` to be made to stand out, from and to (behind the last character).
    """

    html: str
    plain: str
    chars: int
    entities: int = 0
    entity_bytes: int = 0
    marks: tuple[Span, ...] = ()

    def __add__(self, other: Piece) -> Piece:
        marks = self.marks
        if other.marks:
            at = len(self.plain)
            marks += tuple((begin + at, end + at) for begin, end in other.marks)
        return Piece(
            self.html + other.html,
            self.plain + other.plain,
            self.chars + other.chars,
            self.entities + other.entities,
            self.entity_bytes + other.entity_bytes,
            marks,
        )

    @property
    def fits(self) -> bool:
        """Whether a message may consist of it."""
        return (
            self.chars <= TEXT_LIMIT
            and self.entities <= ENTITY_LIMIT
            and self.entity_bytes <= ENTITY_BYTES_LIMIT
        )


EMPTY = Piece("", "", 0)
NEWLINE = Piece("\n", "\n", 1)


def text(words: str) -> Piece:
    """Words as they stand."""
    return Piece(html.escape(words, quote=False), words, len(words))


def bold(inner: str | Piece) -> Piece:
    """In bold."""
    return _within("b", inner)


def italic(inner: str | Piece) -> Piece:
    """In italics."""
    return _within("i", inner)


def marked(words: str) -> Piece:
    """Underlined, and made to stand out in a terminal."""
    return replace(_within("u", words), marks=((0, len(words)),))


def quotation(inner: Piece) -> Piece:
    """A quotation of which the first lines are shown, and the rest when it is tapped."""
    return _within("blockquote", inner, " expandable")


def link(url: str, label: str, *, plain: str) -> Piece:
    """Words that lead to an address, which must be a safe one; `plain` stands for both in a terminal."""
    markup = f'<a href="{html.escape(url, quote=True)}">{html.escape(label, quote=False)}</a>'
    return Piece(markup, plain, len(label), 1, ENTITY_BYTES + len(url.encode()))


def time(moment: datetime, shown: str) -> Piece:
    """A moment that Telegram shows in the reader's own zone and language; elsewhere as `shown`."""
    unix = int(moment.timestamp())
    if not 0 < unix <= LATEST_UNIX:
        return text(shown)
    return _within("tg-time", text(shown), f' unix="{unix}" format="{TIME_FORMAT}"')


def hashtag(name: str) -> Piece:
    """One that can be tapped; Telegram finds it by itself."""
    tag = text(f"#{name}")
    return Piece(tag.html, tag.plain, tag.chars, 1, ENTITY_BYTES)


def join(lines: Iterable[Piece], by: Piece = NEWLINE) -> Piece:
    """One below the other."""
    whole: Piece | None = None
    for line in lines:
        whole = line if whole is None else whole + by + line
    return whole or EMPTY


def _within(tag: str, inner: str | Piece, attributes: str = "") -> Piece:
    piece = text(inner) if isinstance(inner, str) else inner
    if not piece.chars:  # Telegram knows no formatting of nothing
        return piece
    return Piece(
        f"<{tag}{attributes}>{piece.html}</{tag}>",
        piece.plain,
        piece.chars,
        piece.entities + 1,
        piece.entity_bytes + ENTITY_BYTES,
        piece.marks,
    )
