"""What has been found in a document so far, in feedparser's names and shapes.

The rules by which values give way to each other are feedparser's, in its own words: `title_depth` (a title
that is not empty holds against those as deep or deeper), `property_depth_map` (a value gives way to one no
deeper), `hasContent` (a second summary is content, unless there is some), the repairs of letters in `pop`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from bot.feeds.found import MAX_CATEGORIES, MAX_ITEMS
from bot.feeds.xml_names import Names

_TEXT_TYPES: Final = frozenset({"text", "plain", "text/plain", "html", "text/html"})
_C1: Final = re.compile("[\x80-\x9f]")
_WINDOWS_1252: Final = {
    number: bytes([number]).decode("cp1252")
    for number in range(0x80, 0xA0)
    if number not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


class Doubt(Exception):
    """What feedparser would make of this is not known here."""


class Findings(ABC):
    """What a document holds, up to where it has been read, and how deep in it that is.

    Who walks through the document says how elements and texts within others are entered.
    """

    def __init__(self, document: bytes) -> None:
        self.names = Names()
        self.feed: dict[str, Any] = {}
        self.entries: list[dict[str, Any]] = []
        self.entry: dict[str, Any] = {}  # the item we are in
        self.source: dict[str, Any] = {}  # what the item says of its source
        self.hours: list[str] = []
        self.days: list[str] = []
        self.is_feed = False
        self.in_feed = False  # in a channel, or an Atom feed
        self.has_content = False
        self.title_depth = -1
        self.depth = 0
        self.pieces: list[str] = []  # of the text since the last leaf began
        self.attributes: Mapping[str, str] = {}  # of the element met last
        self._depths: dict[str, int] = {}  # at which the values of `entry` were found
        # Whether it has any of the letters that may be misread UTF-8, or windows-1252.
        self.has_latin_letters = b"\xc2" in document or b"\xc3" in document or b"&#" in document

    @abstractmethod
    def enter(self, meanings: Meanings, leave: Callable[[Findings], None] | None = None) -> None:
        """Lets other meanings hold until the element ends, and does that then."""

    @abstractmethod
    def begin_leaf(self, close: Close) -> None:
        """Begins one within a text, of which nothing may stand before it."""

    def begin_item(self) -> None:
        if len(self.entries) + 1 >= MAX_ITEMS:
            raise Doubt
        self.entry = {}
        self._depths = {}
        self.entries.append(self.entry)
        self.title_depth = -1

    def named(self) -> dict[str, str]:
        """The attributes by feedparser's names."""
        return self.names.attributes(self.attributes) if self.attributes else {}

    def raw_text(self) -> str:
        return "".join(self.pieces).strip()

    def text(self) -> str:
        """The text since the last leaf began, as feedparser's `pop` gives it."""
        return self.repaired(self.raw_text())

    def repaired(self, text: str) -> str:
        if text.isascii() or not self.has_latin_letters:
            return text
        with suppress(UnicodeError):  # else it is UTF-8 that somebody took for Latin-1
            text = text.encode("iso-8859-1").decode("utf-8")
        return text.translate(_WINDOWS_1252) if _C1.search(text) else text

    def check_type(self) -> None:
        """Looks what kind of text an element with attributes holds; a doubt if it is no text as it stands."""
        attributes = self.named()
        if attributes.get("type", "text") not in _TEXT_TYPES or attributes.get("mode") == "base64":
            raise Doubt

    def keep(self, name: str, value: str) -> None:
        """Keeps a value of the item, unless there is one less deep."""
        depth = self.depth
        depths = self._depths
        if depth <= depths.get(name, depth):
            depths[name] = depth
            self.entry[name] = value

    def add_content(self, value: str) -> None:
        self.has_content = True
        self.entry.setdefault("content", []).append({"value": value})
        self.entry.setdefault("summary", value)

    def add_category(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self.entry.setdefault("tags", [])
        value = {"term": term, "scheme": scheme, "label": label}
        if len(tags) < MAX_CATEGORIES and (term or scheme or label) and value not in tags:
            tags.append(value)


Close = Callable[[Findings, str], None]  # what to do at the end of a leaf, with its text
Begin = Callable[[Findings], None]  # what to do at the start of an element that may hold others
Meaning = tuple[Close | None, Begin | None]
Meanings = Mapping[str, Meaning]
