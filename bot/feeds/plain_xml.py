"""Documents that hold nothing odd, read straight from expat, to exactly what feedparser would give.

feedparser takes a quarter of a millisecond an item, nearly all of it for the generality of its handlers. An
ordinary feed needs a few of them: texts that stand one after another in an item. Here each element has a
meaning by its place, as `plain_meanings` has it. Everything else is a doubt, and feedparser, the reader of
record, reads the document: markup within a text, base addresses, base64, items in items, a DTD, namespaces
that change their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

from bot.feeds.found import MAX_ATTRIBUTES, MAX_STEPS, raw_feed
from bot.feeds.plain_findings import Close, Doubt, Findings, Meaning, Meanings
from bot.feeds.plain_meanings import DOCUMENT, meaning_of
from bot.feeds.raw import RawFeed

_BUFFER_BYTES: Final = 65_536  # of text that expat hands over in one piece


def read_plain(document: bytes, max_steps: int = MAX_STEPS) -> RawFeed | None:
    """The items of a document, or None on any doubt.

    Args:
        document: as feedparser would get it: UTF-8 with a true declaration.
        max_steps: None, too, for a document that might take feedparser more steps.
    """
    # A tag that is empty counts twice, and each may have a text behind it.
    if 3 * document.count(b"<") + 2 * len(document) // _BUFFER_BYTES + 3 > max_steps:
        return None
    walk = _Walk(document)
    try:
        walk.read(document)
    except (Doubt, expat.ExpatError):
        return None
    if not (walk.is_feed or walk.names.names_a_version or walk.entries):
        return None
    return raw_feed(walk.feed, walk.entries, walk.hours, walk.days)


class _Walk(Findings):
    """One pass of expat over a document."""

    def __init__(self, document: bytes) -> None:
        super().__init__(document)
        self._close: Close | None = None  # of the leaf we are in
        # What the raw names of the place we are in mean, as they are met, and how deep the place is.
        self._meanings = DOCUMENT
        self._met: dict[str, Meaning] = {}
        self._place_depth = 0
        self._around: list[_Place] = []
        self._met_by_place: dict[int, dict[str, Meaning]] = {}
        self._known_attributes: set[str] = set()

    def read(self, document: bytes) -> None:
        """Raises Doubt, and ExpatError for a document that is not well-formed."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.buffer_size = _BUFFER_BYTES
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.pieces.append
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = _doubt
        parser.SkippedEntityHandler = _doubt
        parser.Parse(document, True)

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        if self._close is not None:
            raise Doubt  # markup within a text
        self.depth += 1
        meaning = self._met.get(raw)
        if meaning is None:
            meaning = self._met[raw] = meaning_of(self.names.element(raw), self._meanings)
        if attributes and not self._known_attributes.issuperset(attributes):
            self._meet(attributes)
        self.attributes = attributes
        close, begin = meaning
        if close is not None:
            self._close = close
            self.pieces.clear()
        elif begin is not None:
            begin(self)

    def _end(self, _raw: str) -> None:
        close = self._close
        if close is not None:
            text = "".join(self.pieces).strip()
            close(self, text if text.isascii() else self.repaired(text))
            self._close = None
        elif self.depth == self._place_depth:
            self._meanings, self._met, self._place_depth, leave = self._around.pop()
            if leave is not None:
                leave(self)
        self.depth -= 1

    def _declare(self, prefix: str | None, address: str | None) -> None:
        if not self.names.declare(prefix, address or "", before_all=self.depth == 0):
            raise Doubt

    def _meet(self, attributes: Mapping[str, str]) -> None:
        """Looks at attributes of new names."""
        self._known_attributes.update(attributes)
        # So no element has more than feedparser is given, which counts those with a prefix twice.
        if len(self._known_attributes) > MAX_ATTRIBUTES // 2:
            raise Doubt
        if any("base" in (raw.lower(), *raw.lower().split()[1:2]) for raw in attributes):
            raise Doubt

    def enter(self, meanings: Meanings, leave: Callable[[Findings], None] | None = None) -> None:
        self._around.append((self._meanings, self._met, self._place_depth, leave))
        self._meanings = meanings
        self._met = self._met_by_place.setdefault(id(meanings), {})
        self._place_depth = self.depth

    def begin_leaf(self, close: Close) -> None:
        if self.raw_text():
            raise Doubt
        self._close = close
        self.pieces.clear()


_Place = tuple[Meanings, dict[str, Meaning], int, Callable[[Findings], None] | None]


def _doubt(*_: object) -> None:
    raise Doubt
