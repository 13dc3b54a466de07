"""What feedparser says of a document, as raw items; and how much of a document is read at all.

`xml_items` lets feedparser say it. `plain_xml` says the same of ordinary documents, in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.feeds.raw import RawFeed, RawItem

# A step is a tag or a piece of text. It takes feedparser 20 to 40 µs, so that each of its parsers
# ends within 2 to 3 s. A feed of 30 items has some 400.
MAX_STEPS: Final = 100_000
MAX_ITEMS: Final = 6000  # `bot.feeds.parse` hands over fewer, but for items that never end
MAX_ATTRIBUTES: Final = 50
MAX_CATEGORIES: Final = 20
MAX_LINKS: Final = 50
MAX_NUMBERS: Final = 24  # of hours; there are fewer days
_EMAIL_AND_NAME: Final = re.compile(r"\s*[^\s()<>]{1,200}@[^\s()<>]{1,200}\s{0,5}\((.{1,200})\)\s*")
_ADDRESS: Final = re.compile(r"https?://|/", re.IGNORECASE)
_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:\?|\Z)", re.IGNORECASE)
_FULL_TEXTS: Final = ("rbc_news_anons", "rbc_news_full-text", "yandex_full-text", "full-text")


def raw_feed(feed: Any, entries: Iterable[Any], hours: Sequence[str], days: Sequence[str]) -> RawFeed:
    """A document of feedparser's dictionaries: of the feed, and of each entry.

    Args:
        hours, days: those that the feed asks not to be polled at; feedparser itself keeps the last.
    """
    image = dict.get(feed, "image")
    return RawFeed(
        title=_text(feed, "title") or _text(image, "title"),
        language=_text(feed, "language"),
        link=_text(feed, "link"),
        items=tuple([_item(each) for each in entries]),
        ttl=_text(feed, "ttl"),
        update_period=_text(feed, "sy_updateperiod"),
        update_frequency=_text(feed, "sy_updatefrequency"),
        skip_hours=tuple(hours),
        skip_days=tuple(days),
    )


def _item(entry: Any) -> RawItem:
    links = _dicts(entry, "links")
    media = _dicts(entry, "media_content")
    texts = [_text(entry, "summary")]
    if "content" in entry:
        texts += [_text(each, "value") for each in _dicts(entry, "content")]
    if not any(texts):
        texts = [_text(entry, name) for name in _FULL_TEXTS]
    addresses = [
        _text(entry, "feedburner_origlink"),  # its proxies keep the original beside their own
        _link(entry, links),
    ]
    enclosures: list[tuple[str, str, str]] = []
    for each in links:
        rel = _text(each, "rel")
        if rel in ("alternate", ""):
            addresses.append(_text(each, "href"))
        elif rel == "enclosure":
            enclosures.append((_text(each, "href"), _text(each, "type"), _text(each, "length")))
    enclosures += [(_text(each, "url"), _text(each, "type"), _text(each, "filesize")) for each in media]
    source = dict.get(entry, "source")
    return RawItem(
        guid=_text(entry, "id"),
        links=_given(addresses),
        title=_text(entry, "title"),
        texts=_given(texts),
        dates=_given([_text(entry, "published"), _text(entry, "updated"), _text(entry, "created")]),
        images=_images(entry, media, enclosures),
        enclosures=tuple([each for each in enclosures if each[0]]) if enclosures else (),
        author=_author(entry),
        categories=_given([_text(each, "term") or _text(each, "label") for each in _dicts(entry, "tags")]),
        source=(_text(source, "title") or _text(source, "value")) if source else "",
    )


def _link(entry: Any, links: list[Any]) -> str:
    """The link; not a guid that feedparser has put in its place because nothing says that it is none.

    Podcast hosts write `<guid>c41042ae-…</guid>` and an enclosure; an address would be made of it that leads
    nowhere.
    """
    link = _text(entry, "link")
    if link and link == _text(entry, "id") and not _ADDRESS.match(link):
        return link if any(_text(each, "href") == link for each in links) else ""
    return link


def _images(entry: Any, media: list[Any], enclosures: list[tuple[str, str, str]]) -> tuple[str, ...]:
    thumbnails = _dicts(entry, "media_thumbnail")
    image = dict.get(entry, "image")
    if not (enclosures or thumbnails or image):
        return ()
    found = [
        _text(each, "url")
        for each in media
        if _text(each, "medium") == "image"
        or (not _text(each, "type") and _PICTURE.search(_text(each, "url")))
    ]
    found += [address for address, kind, _ in enclosures if kind.lower().startswith("image/")]
    found += [_text(each, "url") for each in thumbnails]
    return _given([*found, _text(image, "href")])


def _author(entry: Any) -> str:
    named = _text(entry, "author")
    if named:
        return _name(named)
    authors = _dicts(entry, "authors")
    return ", ".join(_given([_text(one, "name") for one in authors])) if authors else ""


def _name(author: str) -> str:
    """The name alone of `address (name)`, which RSS asks for; an address alone stays."""
    match = _EMAIL_AND_NAME.fullmatch(author[:600])
    return match[1] if match else author


def _given(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, texts))


def _dicts(mapping: Any, key: str) -> list[Any]:
    values = dict.get(mapping, key)
    if not isinstance(values, list):
        return []
    return values[:MAX_LINKS] if len(values) > MAX_LINKS else values


def _text(mapping: Any, key: str) -> str:
    # dict.get, since feedparser's own answers with another key's value and a warning
    value = dict.get(mapping, key) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else ""
