"""The feeds of a web page: those its head names, those it links to, and where feeds usually are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from turbohtml import TokenType, tokenize

from bot.feeds.links import absolute
from bot.feeds.plain import capped, plain_text

MAX_NAMED: Final = 10
MAX_PAGE_CHARS: Final = 2_000_000
_TITLE_CHARS: Final = 100
_FEED_TYPES: Final = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/x.atom+xml",
        "application/x-rss+xml",
        "text/rss+xml",
        "text/rss",
    }
)
# What a link to a feed looks like: /rss, /feed/, news.rss, index.xml, rss.php?id=2; and not sitemap.xml.
_FEEDLIKE: Final = re.compile(
    r"/(?:rss|feeds?|atom)(?:[./?-][\w./-]{0,80})?(?:\?|\Z)|\.(?:rss|atom|rdf)(?:\?|\Z)|/(?:rss|feed|index|atom)\.xml",
    re.I,
)
_COMMENTS: Final = re.compile(r"/comments?/|\bcomments?\b|komentar|комментари", re.I)
# In this order; each one costs its host a request.
_USUAL: Final = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml")


@dataclass(frozen=True, slots=True)
class NamedFeed:
    """A feed that a page names: absolute address, and its title or ""."""

    url: str
    title: str = ""


def named_feeds(page: str, url: str) -> tuple[NamedFeed, ...]:
    """The feeds a page names, the likeliest first: in its head, then by links; comments last.

    Args:
        page: HTML.
        url: where it is, for its relative links.
    """
    base = url
    in_head: dict[str, str] = {}
    linked: dict[str, str] = {}
    for token in tokenize(page[:MAX_PAGE_CHARS]):
        if token.type is not TokenType.START_TAG:
            continue
        if token.tag == "base":
            base = urljoin(url, token.attr("href") or "")
        elif token.tag == "link":
            rel = (token.attr("rel") or "").lower().split()
            kind = (token.attr("type") or "").lower().partition(";")[0].strip()
            link = absolute(token.attr("href") or "", base)
            if link and link != url and "alternate" in rel and kind in _FEED_TYPES:
                in_head.setdefault(link, capped(plain_text(token.attr("title") or ""), _TITLE_CHARS))
        elif token.tag == "a" and len(linked) < MAX_NAMED:
            link = absolute(token.attr("href") or "", base)
            if link and link != url and _FEEDLIKE.search(link):
                linked.setdefault(link, "")
    found = [NamedFeed(link, title) for link, title in (linked | in_head).items()]
    found.sort(key=lambda feed: (bool(_COMMENTS.search(f"{feed.url} {feed.title}")), feed.url not in in_head))
    return tuple(found[:MAX_NAMED])


def usual_addresses(url: str) -> tuple[str, ...]:
    """Where the feeds of a page usually are: beside it, and at its site's root."""
    root = urljoin(url, "/")
    page = url.partition("#")[0].partition("?")[0]
    beside = [f"{page.rstrip('/')}/{_USUAL[0]}", f"{page.rstrip('/')}/{_USUAL[1]}"] if page != root else []
    return tuple(dict.fromkeys([*beside, *(root + name for name in _USUAL)]))
