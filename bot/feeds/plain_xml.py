"""Documents that hold nothing odd, read straight from expat, to exactly what feedparser would give.

feedparser takes a quarter of a millisecond an item, nearly all of it for the generality of its handlers. An
ordinary feed needs a few of them: texts that stand one after another in an item. Here each element has a
meaning by its place (in the feed, an item, an image ...), which is what feedparser's handler of that name
does there to what `bot.feeds.found` asks for. What has no meaning in a place is passed over if feedparser
would only file it away; everything else is a doubt, and feedparser, the reader of record, reads the document:
markup within a text, base addresses, base64, items in items, a DTD, namespaces that change their meaning.

Its rules followed here, by the names it gives them: `title_depth` (a title that is not empty holds against
those as deep or deeper), `property_depth_map` (a value gives way to one no deeper), `hasContent` (a second
summary is content, unless there is some), `guidislink`, and the repairs of letters in `pop`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from xml.parsers import expat

from feedparser.api import StrictFeedParser

from bot.feeds.found import MAX_ATTRIBUTES, MAX_CATEGORIES, MAX_ITEMS, MAX_NUMBERS, MAX_STEPS, raw_feed
from bot.feeds.raw import RawFeed
from bot.feeds.xml_names import Names

_BUFFER_BYTES: Final = 65_536  # of text that expat hands over in one piece
_HANDLED: Final = frozenset(
    name.partition(start)[2]
    for name in dir(StrictFeedParser)
    for start in ("_start_", "_end_")
    if name.startswith(start)
)
# Elements unknown to feedparser are filed under their name. Under these it keeps something else.
_KEPT_OTHERWISE: Final = frozenset(
    {
        *("author_detail", "authors", "contributors", "date", "generator_detail", "license", "links"),
        *("media_content", "media_credit", "media_license", "media_player", "media_rating"),
        *("media_restriction", "media_thumbnail", "psc_chapters", "publisher_detail", "tags", "where"),
    }
)
_HTML: Final = frozenset({"text/html", "html", "application/xhtml+xml", "xhtml"})
_TEXT_TYPES: Final = frozenset({"text", "plain", "text/plain", "html", "text/html"})
_AMPERSANDS: Final = re.compile("&([A-Za-z0-9_]+);")
_C1: Final = re.compile("[\x80-\x9f]")
_WINDOWS_1252: Final = {
    number: bytes([number]).decode("cp1252")
    for number in range(0x80, 0xA0)
    if number not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


class _Doubt(Exception):
    """What feedparser would make of this is not known here."""


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
        walk.parser.Parse(document, True)
    except (_Doubt, expat.ExpatError):
        return None
    if not (walk.is_feed or walk.names.names_a_version or walk.entries):
        return None
    return raw_feed(walk.feed, walk.entries, walk.hours, walk.days)


class _Walk:
    """One pass of expat over a document. What is found has the names and shapes of feedparser."""

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
        self.attributes: Mapping[str, str] = {}  # of the leaf we are in
        self._depths: dict[str, int] = {}  # at which the values of `entry` were found
        self._leaf: Callable[[_Walk], None] | None = None
        self._place = _Place(_DOCUMENT)
        self._place_depth = 0
        self._places: list[tuple[_Place, int, Callable[[_Walk], None]]] = []  # around it; its close
        self._known_places: dict[int, _Place] = {}
        self._known_attributes: set[str] = set()
        letters = b"\xc2" in document or b"\xc3" in document or b"&#" in document
        self._has_latin_letters = letters  # those that may be misread UTF-8, or windows-1252
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.buffer_size = _BUFFER_BYTES
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.pieces.append
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = _doubt
        parser.SkippedEntityHandler = _doubt

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        if self._leaf is not None:
            raise _Doubt
        self.depth += 1
        place = self._place
        meaning = place.get(raw)
        if meaning is None:
            meaning = place[raw] = place.meaning(self.names.element(raw))
        if attributes and not self._known_attributes.issuperset(attributes):
            self._meet(attributes)
        leaf, act = meaning
        if leaf:
            self._leaf = act
            self.attributes = attributes
            self.pieces.clear()
        elif act is not None:
            self.attributes = attributes
            act(self)

    def _end(self, _raw: str) -> None:
        leaf = self._leaf
        if leaf is not None:
            leaf(self)
            self._leaf = None
        elif self.depth == self._place_depth:
            self._place, self._place_depth, close = self._places.pop()
            close(self)
        self.depth -= 1

    def _declare(self, prefix: str | None, address: str | None) -> None:
        if not self.names.declare(prefix, address or "", before_all=self.depth == 0):
            raise _Doubt

    def _meet(self, attributes: Mapping[str, str]) -> None:
        """Looks at attributes of new names."""
        self._known_attributes.update(attributes)
        # So no element has more than feedparser is given, which counts those with a prefix twice.
        if len(self._known_attributes) > MAX_ATTRIBUTES // 2:
            raise _Doubt
        if any("base" in (raw.lower(), *raw.lower().split()[1:2]) for raw in attributes):
            raise _Doubt

    def enter(self, meanings: _Meanings, close: Callable[[_Walk], None]) -> None:
        """Lets other meanings hold until the element ends."""
        self._places.append((self._place, self._place_depth, close))
        place = self._known_places.get(id(meanings))
        if place is None:
            place = self._known_places[id(meanings)] = _Place(meanings)
        self._place, self._place_depth = place, self.depth

    def begin_leaf(self, close: Callable[[_Walk], None]) -> None:
        """Begins one within a text, of which nothing may stand before it."""
        if self.raw_text():
            raise _Doubt
        self._leaf = close
        self.pieces.clear()

    def begin_item(self) -> None:
        if len(self.entries) + 1 >= MAX_ITEMS:
            raise _Doubt
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
        """The element's text, as feedparser's `pop` gives it."""
        text = "".join(self.pieces).strip()
        if text.isascii() or not self._has_latin_letters:
            return text
        with suppress(UnicodeError):  # else it is UTF-8 that somebody took for Latin-1
            text = text.encode("iso-8859-1").decode("utf-8")
        return text.translate(_WINDOWS_1252) if _C1.search(text) else text

    def markup(self) -> str:
        """As `text`, of an element that says what kind of text it holds."""
        if self.attributes:
            attributes = self.named()
            if attributes.get("type", "text") not in _TEXT_TYPES or attributes.get("mode") == "base64":
                raise _Doubt
        return self.text()

    def keep(self, name: str, value: str) -> None:
        """Keeps a value of the item, unless there is one less deep."""
        if self.depth <= self._depths.get(name, self.depth):
            self._depths[name] = self.depth
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


# What an element means: whether it is a leaf, and what to do at its end if it is one, else at its start.
_Meaning = tuple[bool, Callable[[_Walk], None] | None]
_Meanings = Mapping[str, _Meaning]


class _Place(dict[str, _Meaning]):
    """The meanings of raw names in a place, as they are met."""

    def __init__(self, meanings: _Meanings) -> None:
        super().__init__()
        self._meanings = meanings

    def meaning(self, name: str) -> _Meaning:
        meaning = self._meanings.get(name)
        if meaning is not None:
            return meaning
        # In the feed and in an item, feedparser files away what it does not know.
        if "" not in self._meanings or name in _HANDLED or name in _KEPT_OTHERWISE:
            raise _Doubt
        return self._meanings[""]


def _doubt(*_: object) -> None:
    raise _Doubt


def _nothing(_walk: _Walk) -> None:
    pass


# The document, its root and its channel.


def _root(walk: _Walk) -> None:
    attributes = walk.named()
    language = attributes.get("xml:lang", attributes.get("lang"))
    if language:
        walk.feed["language"] = language.replace("_", "-")
    walk.is_feed = True
    walk.enter(_FEED, _nothing)


def _rdf(walk: _Walk) -> None:
    walk.enter(_FEED, _nothing)


def _atom(walk: _Walk) -> None:
    _root(walk)
    walk.in_feed = True


def _channel(walk: _Walk) -> None:
    if not {"lastmod", "href"}.isdisjoint(walk.named()):
        raise _Doubt
    walk.in_feed = True
    walk.enter(_FEED, _leave_channel)


def _leave_channel(walk: _Walk) -> None:
    walk.in_feed = False


def _item(walk: _Walk) -> None:
    attributes = walk.named()
    if "lastmod" in attributes or "href" in attributes:
        raise _Doubt
    walk.begin_item()
    about = walk.names.about(attributes)
    if about:
        walk.entry["id"] = about
    walk.enter(_ITEM, _leave_item)


def _leave_item(walk: _Walk) -> None:
    walk.has_content = False


def _feed_text(name: str) -> _Meaning:
    def close(walk: _Walk) -> None:
        if walk.in_feed:
            walk.feed[name] = walk.text()

    return True, close


def _feed_number(name: str) -> _Meaning:
    def close(walk: _Walk) -> None:
        if walk.attributes:  # feedparser keeps these in the number's place
            raise _Doubt
        if walk.in_feed:
            walk.feed[name] = walk.text()

    return True, close


def _feed_title(walk: _Walk) -> None:
    _titled(walk, walk.feed if walk.in_feed else {})


def _titled(walk: _Walk, kept: dict[str, Any]) -> None:
    title = walk.markup()
    if not -1 < walk.title_depth <= walk.depth:
        kept["title"] = title
    if title:
        walk.title_depth = walk.depth


def _feed_media_title(walk: _Walk) -> None:
    before = walk.title_depth
    _feed_title(walk)
    walk.title_depth = before


def _feed_link(walk: _Walk) -> None:
    link, address = _link_of(walk)
    if address is not None:
        if link["rel"] == "alternate" and link["type"] in _HTML:
            walk.feed["link"] = address
    elif walk.in_feed:
        walk.feed["link"] = _AMPERSANDS.sub(r"&\g<1>", walk.text())


def _link_of(walk: _Walk) -> tuple[dict[str, str], str | None]:
    """A link's attributes, and its address if these say it."""
    if not walk.attributes:
        return {"rel": "alternate", "type": "text/html"}, None
    link = walk.named()
    rel = link.setdefault("rel", "alternate")
    link.setdefault("type", "application/atom+xml" if rel == "self" else "text/html")
    return link, _address(link)


def _address(attributes: dict[str, str]) -> str | None:
    found = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if found:
        attributes["href"] = found
    return attributes.get("href")


def _feed_id(walk: _Walk) -> None:
    value = walk.text()
    if walk.named().get("ispermalink", "true") == "true":
        walk.feed.setdefault("link", value)


def _feed_description(walk: _Walk) -> None:
    walk.markup()
    if "summary" in walk.feed:
        walk.has_content = True  # so the first item's second summary is none


def _feed_summary(walk: _Walk) -> None:
    value = walk.markup()
    if "summary" in walk.feed and not walk.has_content:
        walk.has_content = True
    elif walk.in_feed:
        walk.feed["summary"] = value


def _feed_content(walk: _Walk) -> None:
    walk.has_content = True
    walk.feed.setdefault("summary", walk.markup())


def _feed_picture(walk: _Walk) -> None:
    attributes = walk.named()
    address = attributes.get("href") or attributes.get("url")
    if address:
        walk.feed["image"] = {"href": address}


def _feed_license(walk: _Walk) -> None:
    if not walk.in_feed or walk.attributes:
        raise _Doubt


def _hour(walk: _Walk) -> None:
    _listed(walk.text(), walk.hours)


def _day(walk: _Walk) -> None:
    _listed(walk.text(), walk.days)


def _listed(value: str, values: list[str]) -> None:
    if value and len(values) < MAX_NUMBERS:
        values.append(value)


def _image(walk: _Walk) -> None:
    walk.feed.setdefault("image", {})
    walk.title_depth = -1
    walk.enter(_IMAGE, _nothing)


def _image_title(walk: _Walk) -> None:
    _titled(walk, walk.feed["image"] if walk.in_feed else {})


def _text_input(walk: _Walk) -> None:
    walk.title_depth = -1
    walk.enter(_TEXT_INPUT, _nothing)


def _unkept_title(walk: _Walk) -> None:
    _titled(walk, {})


# An item.


def _text(name: str) -> _Meaning:
    def close(walk: _Walk) -> None:
        walk.keep(name, walk.text())

    return True, close


def _bare_text(name: str) -> _Meaning:
    def close(walk: _Walk) -> None:
        if walk.attributes:  # feedparser keeps these in the text's place
            raise _Doubt
        walk.keep(name, walk.text())

    return True, close


def _title(walk: _Walk) -> None:
    title = walk.markup()
    if not -1 < walk.title_depth <= walk.depth:
        walk.keep("title", title)
    if title:
        walk.title_depth = walk.depth


def _media_title(walk: _Walk) -> None:
    before = walk.title_depth
    _title(walk)
    walk.title_depth = before


def _link(walk: _Walk) -> None:
    link, address = _link_of(walk)
    walk.entry.setdefault("links", []).append(link)
    if address is not None:
        if link["rel"] == "alternate" and link["type"] in _HTML:
            walk.entry["link"] = address
        return
    text = walk.text()
    if "&" in text:
        text = _AMPERSANDS.sub(r"&\g<1>", text.replace("&amp;", "&"))
    walk.entry["link"] = text
    if text:
        link["href"] = text


def _guid(walk: _Walk) -> None:
    value = walk.text()
    walk.keep("id", value)
    if not walk.attributes or walk.named().get("ispermalink", "true") == "true":
        walk.entry.setdefault("link", value)


def _summary(walk: _Walk) -> None:
    value = walk.markup()
    if "summary" in walk.entry and not walk.has_content:
        walk.add_content(value)
    else:
        walk.keep("summary", value)


def _content(walk: _Walk) -> None:
    walk.add_content(walk.markup())


def _enclosure(walk: _Walk) -> None:
    link = walk.named()
    _address(link)
    link["rel"] = "enclosure"
    walk.entry.setdefault("links", []).append(link)


def _media_content(walk: _Walk) -> None:
    walk.entry.setdefault("media_content", []).append(walk.named())


def _thumbnail(walk: _Walk) -> None:
    attributes = walk.named()
    text = walk.text()
    if text:
        attributes.setdefault("url", text)
    walk.entry.setdefault("media_thumbnail", []).append(attributes)


def _picture(walk: _Walk) -> None:
    attributes = walk.named()
    address = attributes.get("href") or attributes.get("url")
    if address:
        walk.entry["image"] = {"href": address}


def _category(walk: _Walk) -> None:
    attributes = walk.named()
    scheme = attributes.get("scheme", attributes.get("domain"))
    _classified(walk, attributes.get("term"), scheme, attributes.get("label"))


def _media_category(walk: _Walk) -> None:
    walk.attributes = {"scheme": "http://search.yahoo.com/mrss/category_schema", **walk.named()}
    _category(walk)


def _itunes_category(walk: _Walk) -> None:
    _classified(walk, walk.named().get("text"), "http://www.itunes.com/", None)


def _classified(walk: _Walk, term: str | None, scheme: str | None, label: str | None) -> None:
    walk.add_category(term, scheme, label)
    value = walk.text()
    if value:
        tags = walk.entry["tags"]
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = value
        else:
            walk.add_category(value, None, None)


def _keywords(scheme: str | None) -> _Meaning:
    def close(walk: _Walk) -> None:
        if walk.attributes:  # feedparser keeps these instead
            return
        for term in walk.text().split(","):
            if term.strip():
                walk.add_category(term.strip(), scheme, None)

    return True, close


def _author(walk: _Walk) -> None:
    walk.entry.setdefault("authors", []).append({})
    walk.pieces.clear()
    walk.enter(_AUTHOR, _leave_author)


def _leave_author(walk: _Walk) -> None:
    walk.keep("author", walk.text())
    walk.pieces.clear()


def _author_name(walk: _Walk) -> None:
    walk.entry["authors"][-1]["name"] = walk.raw_text()


def _contributor(walk: _Walk) -> None:
    walk.enter(_CONTRIBUTOR, _nothing)


def _source(walk: _Walk) -> None:
    walk.title_depth = -1
    walk.source = {}
    walk.pieces.clear()
    walk.enter(_SOURCE, _leave_source)


def _leave_source(walk: _Walk) -> None:
    name = walk.text()
    walk.pieces.clear()
    if name:
        walk.source["title"] = name
    walk.entry["source"] = walk.source


def _source_title(walk: _Walk) -> None:
    _titled(walk, walk.source)


def _source_link(walk: _Walk) -> None:
    if walk.raw_text() and _link_of(walk)[1] is not None:  # the text would be the source's name
        raise _Doubt


def _item_image(walk: _Walk) -> None:
    walk.title_depth = -1
    walk.enter(_ITEM_IMAGE, _nothing)


def _within_text(close: Callable[[_Walk], None]) -> _Meaning:
    def end(walk: _Walk) -> None:
        close(walk)
        walk.pieces.clear()

    return False, lambda walk: walk.begin_leaf(end)


def _all(meaning: _Meaning, names: str) -> dict[str, _Meaning]:
    return dict.fromkeys(names.split(), meaning)


_SKIPPED_LEAF: Final[_Meaning] = (True, _nothing)
_PASSED_OVER: Final[_Meaning] = (False, None)
# What feedparser keeps where nobody asks for it, in the feed and in an item.
_KEPT_IN_VAIN: Final = _all(
    _SKIPPED_LEAF,
    "copyright rights dc_rights subtitle tagline itunes_subtitle generator cloud webmaster dc_publisher"
    " dc_contributor name email itunes_name itunes_email uri url homepage width height expirationdate"
    " media_credit media_rating media_restriction media_license media_player itunes_explicit itunes_block"
    " georss_point",
)
_DOCUMENT: Final[_Meanings] = {
    "rss": (False, _root),
    "feed": (False, _atom),
    "rdf_rdf": (False, _rdf),
}
_FEED: Final[_Meanings] = {
    "": _PASSED_OVER,
    **_KEPT_IN_VAIN,
    **_all(
        _SKIPPED_LEAF,
        "published issued pubdate dcterms_issued updated modified lastbuilddate dc_date dcterms_modified"
        " created dcterms_created category keywords dc_subject media_category media_keywords itunes_keywords"
        " media_thumbnail enclosure",
    ),
    **_all(
        _PASSED_OVER,
        "author managingeditor dc_creator dc_author itunes_author contributor itunes_owner itunes_category"
        " media_group media_content",
    ),
    "channel": (False, _channel),
    **_all((False, _item), "item entry"),
    **_all((True, _feed_title), "title dc_title"),
    "media_title": (True, _feed_media_title),
    "link": (True, _feed_link),
    **_all((True, _feed_id), "id guid"),
    **_all(_feed_text("language"), "language dc_language"),
    **{name: _feed_number(name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")},
    **_all((True, _feed_description), "description dc_description media_description"),
    **_all((True, _feed_summary), "summary itunes_summary"),
    **_all((True, _feed_content), "content content_encoded"),
    "itunes_image": (True, _feed_picture),
    "creativecommons_license": (True, _feed_license),
    "hour": (True, _hour),
    "day": (True, _day),
    "image": (False, _image),
    "textinput": (False, _text_input),
}
_ITEM: Final[_Meanings] = {
    "": _PASSED_OVER,
    **_KEPT_IN_VAIN,
    **_all(_SKIPPED_LEAF, "language dc_language"),
    **_all(_PASSED_OVER, "media_group"),
    **_all((True, _title), "title dc_title"),
    "media_title": (True, _media_title),
    "link": (True, _link),
    **_all((True, _guid), "id guid"),
    **_all(_text("published"), "published issued pubdate dcterms_issued"),
    **_all(_text("updated"), "updated modified lastbuilddate dc_date dcterms_modified"),
    **_all(_text("created"), "created dcterms_created"),
    **_all((True, _summary), "description summary dc_description media_description itunes_summary"),
    **_all((True, _content), "content content_encoded fullitem"),
    **{
        name: _bare_text(name)
        for name in (
            "feedburner_origlink",
            "rbc_news_anons",
            "rbc_news_full-text",
            "yandex_full-text",
            "full-text",
        )
    },
    **_all((True, _category), "category keywords dc_subject"),
    "media_category": (True, _media_category),
    "itunes_category": (True, _itunes_category),
    "media_keywords": _keywords(None),
    "itunes_keywords": _keywords("http://www.itunes.com/"),
    "enclosure": (True, _enclosure),
    "media_content": (False, _media_content),
    "media_thumbnail": (True, _thumbnail),
    "itunes_image": (True, _picture),
    **_all((False, _author), "author managingeditor dc_creator dc_author itunes_author"),
    "contributor": (False, _contributor),
    "source": (False, _source),
    "image": (False, _item_image),
}
_IMAGE: Final[_Meanings] = {
    "title": (True, _image_title),
    **_all(_SKIPPED_LEAF, "link description url width height"),
}
_TEXT_INPUT: Final[_Meanings] = {
    "title": (True, _unkept_title),
    **_all(_SKIPPED_LEAF, "link description name"),
}
_ITEM_IMAGE: Final[_Meanings] = {"title": (True, _title), **_all(_SKIPPED_LEAF, "url width height")}
_AUTHOR: Final[_Meanings] = {
    "name": _within_text(_author_name),
    **_all(_within_text(_nothing), "email uri url homepage"),
}
_CONTRIBUTOR: Final[_Meanings] = _all(_SKIPPED_LEAF, "name email uri url homepage")
_SOURCE: Final[_Meanings] = {
    "title": _within_text(_source_title),
    "link": _within_text(_source_link),
    **_all(_within_text(_nothing), "id updated published subtitle rights generator category"),
}
