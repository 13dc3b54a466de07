"""RSS, RDF and Atom to raw items, through feedparser's own parsers with a limit on all that grows.

feedparser is made for feeds, not for attackers: an author of 50,000 letters costs it half a minute (a
regular expression), a tag with 5,000 attributes seven seconds (a search a name), and a document of nothing
but empty tags 50 µs each. Its two parsers are classes made to be built upon, so the costly steps are replaced
here, and those that nobody uses are left out: it reads dates, which `bot.feeds.dates` does better, and
decodes bytes, which `bot.feeds.decode` has done.
"""

from __future__ import annotations

import io
import re
import xml.sax
from typing import TYPE_CHECKING, Any, Final
from xml.sax.expatreader import ExpatParser
from xml.sax.handler import feature_external_ges, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.util import FeedParserDict

from bot.feeds.decode import as_utf8
from bot.feeds.found import MAX_ATTRIBUTES, MAX_CATEGORIES, MAX_ITEMS, MAX_NUMBERS, MAX_STEPS, raw_feed
from bot.feeds.plain_xml import read_plain
from bot.feeds.raw import RawFeed

__all__ = ["MAX_CATEGORIES", "MAX_ITEMS", "MAX_STEPS", "read_with_feedparser", "read_xml"]


# A body has 10 MB; only what `decode` has to escape makes it longer, as no feed does.
MAX_CHARS: Final = 11 * 1024 * 1024
# A tag so long is none; the loose parser needs 150 bytes of memory a character to find its end.
_LONG_TAG: Final = re.compile(r"<(?!!\[CDATA\[)[^<>]{20000,}>?")


class _Enough(Exception):
    """The document has used up its steps; what has been read until here counts."""


class _Parameters(FeedParserDict):  # type: ignore[misc]
    """How a text is written.

    feedparser asks it several times a tag, by way of names that no such dictionary has, and copies it deeply
    for each text, which costs more than reading the text.
    """

    __getitem__ = dict.__getitem__
    __setitem__ = dict.__setitem__
    __contains__ = dict.__contains__
    get = dict.get

    def __deepcopy__(self, memo: Any) -> _Parameters:
        return _Parameters(self)


if TYPE_CHECKING:

    class _Base:
        """What `_Limits` uses of feedparser, which has no types."""

        entries: list[Any]
        feeddata: Any
        version: str
        contentparams: Any
        baseuri: str
        inentry: int

        def __init__(self, baseuri: str, baselang: str | None, encoding: str) -> None: ...
        def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None: ...
        def unknown_endtag(self, tag: str) -> None: ...
        def handle_entityref(self, ref: str) -> None: ...
        def handle_charref(self, ref: str) -> None: ...
        def handle_data(self, text: str, escape: int = 1) -> None: ...
        def push_content(self, tag: str, attrs_d: Any, default: str, expecting_text: Any) -> None: ...
        def resolve_uri(self, uri: str) -> str: ...
        def push(self, element: str, expecting_text: int) -> None: ...
        def pop(self, element: str) -> str | None: ...
        def _get_context(self) -> Any: ...
        def _start_item(self, attrs_d: Any) -> None: ...
        def _add_tag(self, term: Any, scheme: Any, label: Any) -> None: ...

else:
    _Base = object


class _Limits(_Base):
    """What both parsers do otherwise than feedparser's own. Names and signatures are feedparser's."""

    def __init__(self, max_steps: int) -> None:
        self._steps_left = max_steps
        self.hours: list[str] = []
        self.days: list[str] = []
        super().__init__("", None, "utf-8")
        self.contentparams = _Parameters()

    def whole_entries(self) -> list[Any]:
        """All entries but one that the steps did not suffice for."""
        broken = self._steps_left < 0 and self.inentry and len(self.entries) > 1
        return self.entries[:-1] if broken else self.entries

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Enough
        super().unknown_starttag(tag, attrs[:MAX_ATTRIBUTES] if attrs else attrs)

    def unknown_endtag(self, tag: str) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Enough
        super().unknown_endtag(tag)

    def handle_entityref(self, ref: str) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Enough
        super().handle_entityref(ref)

    def handle_charref(self, ref: str) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Enough
        super().handle_charref(ref)

    def handle_data(self, text: str, escape: int = 1) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Enough
        super().handle_data(text, escape)

    def push_content(self, tag: str, attrs_d: Any, default: str, expecting_text: Any) -> None:
        super().push_content(tag, attrs_d, default, expecting_text)
        self.contentparams = _Parameters(self.contentparams)

    def resolve_uri(self, uri: str) -> str:
        return super().resolve_uri(uri) if self.baseuri else uri

    def _sync_author_detail(self, key: str = "author") -> None:
        """Would tell name and address apart, by an expression of quadratic time."""

    def _add_tag(self, term: Any, scheme: Any, label: Any) -> None:
        if len(self._get_context().get("tags") or ()) < MAX_CATEGORIES:
            super()._add_tag(term, scheme, label)

    def _start_item(self, attrs_d: Any) -> None:
        if len(self.entries) >= MAX_ITEMS:
            raise _Enough
        super()._start_item(attrs_d)

    _start_entry = _start_item

    def _end_tags(self) -> None:
        for term in (self.pop("tags") or "").split(",", MAX_CATEGORIES)[:MAX_CATEGORIES]:
            self._add_tag(term.strip(), None, None)

    def _end_published(self) -> None:
        self.pop("published")

    _end_issued = _end_pubdate = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")

    _end_modified = _end_lastbuilddate = _end_updated

    def _end_created(self) -> None:
        self.pop("created")

    def _end_expirationdate(self) -> None:
        self.pop("expired")

    # Lists in a channel, of which feedparser keeps the last.

    def _start_hour(self, attrs_d: Any) -> None:
        self.push("hour", 1)

    def _end_hour(self) -> None:
        self._keep(self.pop("hour"), self.hours)

    def _start_day(self, attrs_d: Any) -> None:
        self.push("day", 1)

    def _end_day(self) -> None:
        self._keep(self.pop("day"), self.days)

    def _keep(self, value: str | None, values: list[str]) -> None:
        if value and not self.inentry and len(values) < MAX_NUMBERS:
            values.append(value)


class _Strict(_Limits, StrictFeedParser):  # type: ignore[misc]
    """For XML that is XML."""

    resolve_relative_uris = False
    sanitize_html = False

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        if len(attrs) > MAX_ATTRIBUTES:
            attrs = AttributesNSImpl({}, {})
        super().startElementNS(name, qname, attrs)


class _Loose(_Limits, LooseFeedParser):  # type: ignore[misc]
    """For all the rest."""

    resolve_relative_uris = False
    sanitize_html = False


class _Reader(ExpatParser):
    """Hands over a text in one piece, not a piece an entity and a line."""

    def reset(self) -> None:
        super().reset()
        self._parser.buffer_text = True  # type: ignore[attr-defined]
        self._parser.buffer_size = 65_536  # type: ignore[attr-defined]


def read_xml(text: str, max_steps: int = MAX_STEPS) -> RawFeed | None:
    """The items of an RSS, RDF or Atom document, or None for one that is none of these.

    A document too large to be read in a few seconds gives what its beginning holds.
    """
    feed = read_plain(as_utf8(text), max_steps) if len(text) <= MAX_CHARS else None
    return feed if feed is not None else read_with_feedparser(text, max_steps)


def read_with_feedparser(text: str, max_steps: int = MAX_STEPS) -> RawFeed | None:
    """As `read_xml`, of any document at all."""
    parser = _parsed(text[:MAX_CHARS], max_steps)
    if not (parser.version or parser.entries):
        return None
    return raw_feed(parser.feeddata, parser.whole_entries(), parser.hours, parser.days)


def _parsed(text: str, max_steps: int) -> _Limits:
    strict = _Strict(max_steps)
    # Expat stops entity bombs by itself, and reads nothing from outside; `decode` leaves it hardly any DTD.
    document = as_utf8(text)
    # In one piece: an expat before 2.6 starts a tag anew with each piece of it, in quadratic time.
    reader = _Reader(bufsize=len(document) + 1)
    reader.setFeature(feature_namespaces, True)
    reader.setFeature(feature_external_ges, False)
    reader.setContentHandler(strict)
    reader.setErrorHandler(strict)
    try:
        reader.parse(io.BytesIO(document))
    except _Enough:
        return strict
    except xml.sax.SAXException:
        pass  # not well-formed; the loose parser starts again
    else:
        return strict
    loose = _Loose(max_steps)
    try:
        loose.feed(_LONG_TAG.sub(" ", text))
    except _Enough:
        pass
    except Exception:
        # It meets any bytes at all, and gives up in many ways. What came before is as good as it ever was.
        if not loose.entries:
            raise
    return loose
