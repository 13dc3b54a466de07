"""What came instead of a feed, in words, with what to do about it."""

from __future__ import annotations

import re
from typing import Final

from bot.feeds.addresses import shown
from bot.feeds.entry import ParseError
from bot.feeds.links import absolute

# Behind comments, processing instructions and a DOCTYPE.
_ROOT_NAME: Final = re.compile(
    r"(?:\s++|<!--(?:[^-]|-(?!->))*+-->|<[?!][A-Za-z][^<>]{0,1000}+>)*+<([A-Za-z_][\w.:-]{0,60})"
)
# A site's template that has slipped around its feed: the body begins with it. Markup in an article does not.
_WRAPPED_FEED: Final = re.compile(
    r"<html\b[^<>]{0,500}>\s*+(?:<head\s*/>\s*+|<head>\s*+</head>\s*+)?<body\b[^<>]{0,500}>\s*+"
    r"<(?:feed\b[^<>]{0,500}\bxmlns\s*=\s*[\"']http://www\.w3\.org/2005/Atom|rss\b[^<>]{0,500}\bversion\s*=)",
    re.I,
)
_FEED_LINK: Final = re.compile(
    r"<link\b[^>]{0,500}\btype\s*=\s*[\"']?application/(?:rss|atom|feed)\+(?:xml|json)[^>]{0,1000}>", re.I
)
_HREF: Final = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s>]{1,1000})", re.I)
_CHALLENGE: Final = re.compile(
    r"captcha|cf-browser-verification|challenge-platform|just a moment|"
    r"checking your browser|ddos-guard|enable javascript",
    re.I,
)
_LOGIN: Final = re.compile(r"<input\b[^>]{0,300}\btype\s*=\s*[\"']?password", re.I)
_PAGE_CHARS: Final = 100_000  # how much of a page is looked at to say what it is


def is_page(text: str) -> bool:
    """Whether a document is a web page, though it may hold what looks like items."""
    return _has_page_root(text) and not _WRAPPED_FEED.search(text, 0, _PAGE_CHARS)


def no_feed(text: str, url: str) -> ParseError:
    """The error for a document that is no feed."""
    page = text[:_PAGE_CHARS]
    name = _root_name(page)
    if _has_page_root(page):
        if _CHALLENGE.search(page):
            reason, hint = (
                "a page that wants proof of a human came, no feed",
                "The outlet shuts programs out.",
            )
        elif _LOGIN.search(page):
            reason, hint = "a login page came, no feed", "Use an address that needs no login."
        else:
            reason, hint = "a web page came, no feed", "Look on that page for a link to its feed."
            if named := _named_feed(page, url):
                hint = f"That page names this feed: {named}"
    elif name.lower() == "opml":
        reason, hint = (
            "a list of feeds (OPML) came, no feed",
            "The address of each feed stands in it as xmlUrl.",
        )
    elif name:
        reason, hint = (
            f"a document <{name}> came, no RSS or Atom",
            "Look for the outlet's RSS or Atom address.",
        )
    elif page.startswith(("{", "[")):
        reason, hint = "JSON came that is no JSON Feed", "Look for the outlet's RSS or Atom address."
    else:
        reason, hint = "what came is no RSS or Atom", "Check the address in a browser."
    return ParseError(shown(url), reason, hint=hint)


def _has_page_root(text: str) -> bool:
    return _root_name(text).lower() in ("html", "head", "body")


def _root_name(text: str) -> str:
    """The name of a document's first element, as it is written, or ""."""
    match = _ROOT_NAME.match(text)
    return match[1] if match else ""


def _named_feed(page: str, url: str) -> str:
    for tag in _FEED_LINK.finditer(page):
        href = _HREF.search(tag[0])
        if href and (link := absolute(href[1], url)):
            return shown(link)
    return ""
