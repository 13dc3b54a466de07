"""An item as a document holds it, in whatever format: what the readers hand to `bot.feeds.parse`.

Nothing here is cleaned or believed yet; texts may be markup, links relative, dates in any language.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item. Texts are "" where the document has none; the best candidates stand first.

    `links` lead to the article, `texts` say what it is about (a summary, then the whole text), `images` are
    addresses of pictures, `enclosures` are (address, type, length) as declared, `source` is the outlet
    that a collection such as Google News took the item from.
    """

    guid: str = ""
    links: tuple[str, ...] = ()
    title: str = ""
    texts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    enclosures: tuple[tuple[str, str, str], ...] = ()
    author: str = ""
    categories: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A document. `ttl`, `update_period` and so on are what it asks of those who poll it, as written."""

    title: str = ""
    language: str = ""
    link: str = ""
    items: tuple[RawItem, ...] = ()
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    skip_hours: tuple[str, ...] = ()
    skip_days: tuple[str, ...] = ()
