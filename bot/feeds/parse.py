"""A feed document to entries: plain titles, absolute links, moments in UTC, and an identity that lasts.

Pure, and made to run in another process: bytes in, small frozen values or a ParseError out, whatever the
bytes are.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import feedparser

from bot.errors import RarewatchError
from bot.feeds.addresses import shown
from bot.feeds.dates import parse_date
from bot.feeds.decode import as_utf8, decode
from bot.feeds.plain import capped, plain_text

MAX_ENTRIES: Final = 2000
MAX_TITLE_CHARS: Final = 500
MAX_SUMMARY_CHARS: Final = 2000
MAX_URL_CHARS: Final = 2000
MAX_GUID_CHARS: Final = 4000
# feedparser takes 150 µs an item. Of a document with more, the two ends are read, since the newest items
# stand at one of them.
MAX_ITEMS_READ: Final = 20_000
_TITLE_FROM_SUMMARY_CHARS: Final = 120
_FIRST_MOMENT: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before there were feeds: 1970 is a zero, not a date
_FUTURE: Final = timedelta(days=1)  # a wrong time zone explains less than a day

_ITEM_TAG: Final = re.compile(r"<(/?)(?:[A-Za-z0-9_]{1,20}:)?(item|entry)(?=[\s/>])", re.IGNORECASE)
_ITEM_END: Final = re.compile(r"</(?:[A-Za-z0-9_]{1,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_END: Final = re.compile(
    r"</(?:[A-Za-z0-9_]{1,20}:)?(?:rss|feed|RDF|channel)\s*>\s*(?:<!--[^>]*-->\s*)?\Z", re.I
)
# Behind comments, processing instructions and a DOCTYPE.
_ROOT_NAME: Final = re.compile(
    r"(?:\s++|<!--(?:[^-]|-(?!->))*+-->|<[?!][A-Za-z][^<>]{0,1000}+>)*+<([A-Za-z_][\w.:-]{0,60})"
)
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
_OLD_LANGUAGES: Final = {"in": "id"}  # ISO 639 before 1989, still what Java writes for Indonesian
_FEED_LINK: Final = re.compile(
    r"<link\b[^>]{0,500}\btype\s*=\s*[\"']?application/(?:rss|atom)\+xml[^>]{0,1000}>", re.I
)
_HREF: Final = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s>]{1,1000})", re.I)
_CHALLENGE: Final = re.compile(
    r"captcha|cf-browser-verification|challenge-platform|just a moment|"
    r"checking your browser|ddos-guard|enable javascript",
    re.I,
)
_LOGIN: Final = re.compile(r"<input\b[^>]{0,300}\btype\s*=\s*[\"']?password", re.I)
_PAGE_CHARS: Final = 100_000  # how much of a page is looked at to say what it is
_SPACES: Final = re.compile(r"[\x00-\x20\x7f]+")
# They say where a reader came from, change from poll to poll, and lead to the same article.
_TRACKING: Final = re.compile(r"utm_.*|(?:fb|g|y|tw|dc)clid|msclkid|_openstat|mc_[ce]id|_ga|_gl", re.I)


class ParseError(RarewatchError):
    """A feed can't be read."""

    def __reduce__(self) -> tuple[Any, ...]:
        # It crosses from a worker process, and its keyword-only argument would keep it from being unpickled.
        return _parse_error, (self.subject, self.reason, self.hint)


def _parse_error(subject: str, reason: str, hint: str) -> ParseError:
    return ParseError(subject, reason, hint=hint)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed.

    `identity` is 64 hex digits, unique in its feed and the same at every poll. `title` and `summary` are
    plain text on one line (the title is never empty, the summary may be); `url` is absolute, http or https;
    `published` is aware, in UTC.
    """

    identity: str
    guid: str | None
    url: str | None
    title: str
    summary: str
    published: datetime | None


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a document holds. `language` is the two or three letters that the feed declares, often wrongly."""

    title: str | None
    language: str | None
    entries: tuple[Entry, ...]


def parse_document(body: bytes, *, url: str, content_type: str | None, now: datetime) -> ParsedFeed:
    """Reads an RSS, RDF or Atom document.

    Args:
        body: the bytes as fetched, after decompression.
        url: where they came from; relative links start there. A file's path will do.
        content_type: the HTTP header, for its charset.
        now: a date more than a day after this is no date.

    Raises:
        ParseError: the document is empty, a web page, or something else that is no feed.
    """
    if not body.strip():
        raise ParseError(
            shown(url), "the answer is empty", hint="It is tried again later; if it stays empty, take it out."
        )
    try:
        text = decode(body, content_type)
        document = feedparser.parse(
            io.BytesIO(as_utf8(shortened(text))),  # never bytes: feedparser takes them for a file's name
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except (
        Exception
    ) as error:  # feedparser's loose parser meets any bytes at all; whatever it raises means this
        raise ParseError(
            shown(url), "the document is too broken to read", hint="Check the address in a browser."
        ) from error
    if _is_page(text) or not (document.version or document.entries):
        raise _no_feed(text, url)
    feed = document.feed
    raw: list[Any] = list(document.entries)
    if _breaks_off(text) and len(raw) > 1:
        raw.pop()  # its guid or half its title may be missing; whole, it will come with the next poll
    base = url if _absolute(url, "") else _absolute(_text(feed, "link"), "") or ""  # a file has no address
    return ParsedFeed(
        title=capped(plain_text(_text(feed, "title")), MAX_TITLE_CHARS) or None,
        language=_language(_text(feed, "language")),
        entries=_entries(raw, base, now),
    )


def _entries(items: list[Any], base: str, now: datetime) -> tuple[Entry, ...]:
    links = [_link(item, base) for item in items]
    guids = [" ".join(_text(item, "id").split())[:MAX_GUID_CHARS] for item in items]
    # One guid, or one link, on every item tells nothing apart.
    use_guids, use_links = _tells_apart(guids), _tells_apart(links)
    entries: dict[str, Entry] = {}
    for item, guid, link in zip(items, guids, links, strict=True):
        entry = _entry(item, guid, link, now, use_guid=use_guids, use_link=use_links)
        known = entries.get(entry.identity) if entry else None
        if entry and (known is None or _age_key(entry) > _age_key(known)):
            entries[entry.identity] = entry
    kept = tuple(entries.values())
    if len(kept) <= MAX_ENTRIES:
        return kept
    newest = sorted(kept, key=_age_key, reverse=True)[:MAX_ENTRIES]  # stable: without dates, the first ones
    chosen = {entry.identity for entry in newest}
    return tuple(entry for entry in kept if entry.identity in chosen)


def _age_key(entry: Entry) -> datetime:
    return entry.published or _FIRST_MOMENT


def _tells_apart(values: Iterable[str]) -> bool:
    present = [value for value in values if value]
    return len(present) < 2 or len(set(present)) > 1


def _entry(item: Any, guid: str, link: str, now: datetime, *, use_guid: bool, use_link: bool) -> Entry | None:
    title, summary = plain_text(_text(item, "title")), plain_text(_summary(item))
    if not (guid or link or title or summary):
        return None
    if guid and use_guid:
        identity = f"guid:{guid}"
    elif link and use_link:
        identity = f"link:{_without_tracking(link)}"
    else:
        identity = f"title:{title or summary or link or guid}"
    return Entry(
        identity=hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest(),
        guid=guid or None,
        url=link if 0 < len(link) <= MAX_URL_CHARS else None,  # cut short it would lead nowhere
        title=capped(title, MAX_TITLE_CHARS)
        or capped(summary, _TITLE_FROM_SUMMARY_CHARS)
        or capped(link or guid, MAX_TITLE_CHARS),
        summary=capped(summary, MAX_SUMMARY_CHARS),
        published=_published(item, now),
    )


def _summary(item: Any) -> str:
    """The description, else the article's own text, under whatever name."""
    content = dict.get(item, "content")
    texts = [_text(each, "value") for each in content] if isinstance(content, list) else []
    # RBC and Yandex put the text into elements of their own.
    texts += [
        _text(item, name)
        for name in ("rbc_news_anons", "rbc_news_full-text", "yandex_full-text", "full-text")
    ]
    return next((text for text in (_text(item, "summary"), *texts) if text.strip()), "")


def _link(item: Any, base: str) -> str:
    """The article's address, absolute, or "". FeedBurner's proxies keep the original beside their own."""
    candidates = [_text(item, "feedburner_origlink"), _text(item, "link")]
    links = dict.get(item, "links")
    if isinstance(links, list):
        candidates += [_text(each, "href") for each in links if _text(each, "rel") in ("alternate", "")]
    return next((link for link in (_absolute(each, base) for each in candidates) if link), "")


def _absolute(link: str, base: str) -> str:
    """An http or https address, or "" for javascript:, mailto:, and what is none at all."""
    link = _SPACES.sub(" ", link.replace("&amp;", "&")).strip()  # escaped twice, as many are
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        if parts.scheme and not parts.netloc:  # "https://" alone would become the feed's own address
            return ""
        link = urljoin(base, link.replace(" ", "%20"))
        parts = urlsplit(link)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return ""
    return link if usable else ""


def _without_tracking(link: str) -> str:
    head, mark, query = link.partition("?")
    if not mark:
        return link
    query, mark, fragment = query.partition("#")
    kept = "&".join(part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0]))
    return head + (f"?{kept}" if kept else "") + mark + fragment


def _published(item: Any, now: datetime) -> datetime | None:
    for name in ("published", "updated", "created"):
        moment = parse_date(_text(item, name))
        if moment and _FIRST_MOMENT <= moment <= now + _FUTURE:
            return moment
    return None


def _text(mapping: Any, key: str) -> str:
    # dict.get, since feedparser's own answers with another key's value and a warning
    value = dict.get(mapping, key) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else ""


def _language(text: str) -> str | None:
    match = _LANGUAGE.fullmatch(text.strip())
    return _OLD_LANGUAGES.get(match[1].lower(), match[1].lower()) if match else None


def shortened(text: str, max_items: int = MAX_ITEMS_READ) -> str:
    """A document with too many items, without those in its middle."""
    if text.count("</") <= max_items:  # the quick way out, for nearly every feed
        return text
    ends = [match.end() for match in _ITEM_END.finditer(text)]
    if len(ends) <= max_items:
        return text
    half = max_items // 2
    return text[: ends[half - 1]] + text[ends[-half - 1] :]


def _breaks_off(text: str) -> bool:
    """Whether the document ends inside an item."""
    if _ROOT_END.search(text, max(0, len(text) - 1000)):
        return False
    tags = deque(_ITEM_TAG.finditer(text), maxlen=1)
    return bool(tags) and not tags[0][1]


def _root_name(text: str) -> str:
    """The name of a document's first element, as it is written, or ""."""
    match = _ROOT_NAME.match(text)
    return match[1] if match else ""


def _is_page(text: str) -> bool:
    return _root_name(text).lower() in ("html", "head", "body")


def _no_feed(text: str, url: str) -> ParseError:
    """Says what came instead of a feed, and what to do about it."""
    page = text[:_PAGE_CHARS]
    name = _root_name(page)
    if _is_page(page):
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
        reason, hint = "JSON came, no RSS or Atom", "Look for the outlet's RSS or Atom address."
    else:
        reason, hint = "what came is no RSS or Atom", "Check the address in a browser."
    return ParseError(shown(url), reason, hint=hint)


def _named_feed(page: str, url: str) -> str:
    for tag in _FEED_LINK.finditer(page):
        href = _HREF.search(tag[0])
        if href and (link := _absolute(href[1], url)):
            return shown(link)
    return ""
