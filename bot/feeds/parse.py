"""A feed document to entries: plain titles, absolute links, moments in UTC, and an identity that lasts.

Pure, and made to run in another process: bytes in, small frozen values or a ParseError out, whatever the
bytes are. The documents are read by `xml_items` and `json_feed`; here what they hold is cleaned.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.feeds.addresses import shown
from bot.feeds.dates import parse_date
from bot.feeds.decode import decode
from bot.feeds.entry import Enclosure, Entry, ParsedFeed, ParseError
from bot.feeds.identity import Marks, Trace, content_hash, identify, keys
from bot.feeds.json_feed import read_json
from bot.feeds.links import absolute
from bot.feeds.no_feed import is_page, no_feed
from bot.feeds.plain import capped, first_image, plain_text
from bot.feeds.raw import RawFeed, RawItem
from bot.feeds.tails import without_tail
from bot.feeds.titles import Habits, feed_names, folded, habits_of, undressed
from bot.feeds.xml_items import MAX_STEPS, read_xml

__all__ = ["Enclosure", "Entry", "ParseError", "ParsedFeed", "parse_document", "shortened"]

MAX_ENTRIES: Final = 2000
MAX_TITLE_CHARS: Final = 500
MAX_SUMMARY_CHARS: Final = 2000
MAX_URL_CHARS: Final = 2000
MAX_GUID_CHARS: Final = 4000
MAX_ENCLOSURES: Final = 10
# Of a document with more items, the two ends are read, since the newest stand at one of them.
MAX_ITEMS_READ: Final = 5000
_TITLE_FROM_SUMMARY_CHARS: Final = 120
_SHORT_CHARS: Final = 200  # of an author, a category, a media type
_FIRST_MOMENT: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before there were feeds: 1970 is a zero, not a date
_FUTURE: Final = timedelta(days=1)  # a wrong time zone explains less than a day

_ITEM_TAG: Final = re.compile(r"<(/?)(?:[A-Za-z0-9_]{1,20}:)?(item|entry)(?=[\s/>])", re.IGNORECASE)
_ITEM_END: Final = re.compile(r"</(?:[A-Za-z0-9_]{1,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_END: Final = re.compile(
    r"</(?:[A-Za-z0-9_]{1,20}:)?(?:rss|feed|RDF|channel)\s*>\s*(?:<!--[^>]*-->\s*)?\Z", re.I
)
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
_OLD_LANGUAGES: Final = {"in": "id"}  # ISO 639 before 1989, still what Java writes for Indonesian
_PERIODS_S: Final = {
    "hourly": 3600,
    "daily": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MAX_ASKED_S: Final = 31_536_000  # a year; more is a slip


@dataclass(frozen=True, slots=True)
class TextRead:
    """A document read, and what the next reading of its feed can use.

    `habits` are those that were applied, or that the titles show if none were given; `traces` are the
    identity and the trace of each of its items, in the document's order.
    """

    feed: ParsedFeed
    habits: Habits
    traces: tuple[tuple[str, Trace], ...]


def parse_document(
    body: bytes, *, url: str, content_type: str | None, now: datetime, names: Sequence[str] = ()
) -> ParsedFeed:
    """Reads an RSS, RDF, Atom or JSON Feed document.

    Args:
        body: the bytes as fetched, after decompression.
        url: where they came from; relative links start there. A file's path will do.
        content_type: the HTTP header, for its charset.
        now: a date more than a day after this is no date.
        names: what the feed is called here; titles that end in one of them lose it.

    Raises:
        ParseError: the document is empty, a web page, or something else that is no feed.
    """
    return read_text(as_text(body, url=url, content_type=content_type), url=url, now=now, names=names).feed


def as_text(body: bytes, *, url: str, content_type: str | None) -> str:
    """The document in the right letters. Raises ParseError for an empty one."""
    if not body.strip():
        raise ParseError(
            shown(url), "the answer is empty", hint="It is tried again later; if it stays empty, take it out."
        )
    try:
        return decode(body, content_type)
    except Exception as error:  # any bytes at all come here; whatever a codec raises means this
        raise _too_broken(url) from error


def read_text(
    text: str,
    *,
    url: str,
    now: datetime,
    names: Sequence[str] = (),
    habits: Habits | None = None,
    others: Sequence[Trace] = (),
) -> TextRead:
    """As `parse_document`, of a decoded document.

    Args:
        habits: of the feed's titles, when an earlier reading has found them.
        others: the traces of items that belong to the document and were cut out of it.
    """
    try:
        page = is_page(text)
        raw = None if page else read_json(text) if text.startswith(("{", "[")) else read_xml(shortened(text))
    except Exception as error:  # the loose parser meets any text at all; whatever it raises means this
        raise _too_broken(url) from error
    if raw is None:
        raise no_feed(text, url)
    items = raw.items
    if len(items) > 1 and _breaks_off(text):
        # Its guid or half its title may be missing; whole, it will come with the next poll.
        items = items[:-1]
    base = url if absolute(url, "") else absolute(raw.link, "")  # a file has no address
    title = capped(plain_text(raw.title), MAX_TITLE_CHARS)
    called = feed_names(title, raw.link, base).union(*(feed_names(name, "", "") for name in names))
    titles = [plain_text(item.title) for item in items]
    habits = habits_of(titles) if habits is None else habits
    bare = undressed(titles, called, (plain_text(item.source) for item in items), habits)
    entries, traces = _entries(items, bare, others, base, now)
    hours = (_number(hour) for hour in raw.skip_hours)
    feed = ParsedFeed(
        title=title or None,
        language=_language(raw.language),
        entries=_newest(entries),
        ttl_s=_asked_s(_number(raw.ttl), 60),
        update_period_s=_update_period_s(raw),
        skip_hours=frozenset(hour % 24 for hour in hours if hour is not None and hour <= 24),
        skip_days=frozenset(
            _DAYS.index(day) for day in (each.strip().lower()[:3] for each in raw.skip_days) if day in _DAYS
        ),
    )
    return TextRead(feed, habits, traces)


def _too_broken(url: str) -> ParseError:
    return ParseError(
        shown(url), "the document is too broken to read", hint="Check the address in a browser."
    )


def _entries(
    items: Sequence[RawItem],
    bare: Sequence[tuple[str, str]],
    others: Sequence[Trace],
    base: str,
    now: datetime,
) -> tuple[list[Entry], tuple[tuple[str, Trace], ...]]:
    links = [_first_link(item, base) for item in items]
    texts = [plain_text(next(filter(str.strip, item.texts), "")) for item in items]
    summaries = [
        _summary(text, title, subtitle, item.source)
        for item, text, (title, subtitle) in zip(items, texts, bare, strict=True)
    ]
    marks = [
        Marks(
            guid=" ".join(item.guid.split())[:MAX_GUID_CHARS],
            link=link,
            title=title or summary,
        )
        for item, link, (title, _), summary in zip(items, links, bare, summaries, strict=True)
    ]
    identified = identify(marks, others)
    entries: dict[str, Entry] = {}
    for item, mark, (identity, _), (title, _), summary in zip(
        items, marks, identified, bare, summaries, strict=True
    ):
        if not (mark.guid or mark.link or mark.title):
            continue
        entry = _entry(item, mark, identity, title, summary, base, now)
        known = entries.get(identity)
        if known is None or _age_key(entry) > _age_key(known):
            entries[identity] = entry
    return list(entries.values()), tuple(identified)


def _entry(
    item: RawItem, mark: Marks, identity: str, title: str, summary: str, base: str, now: datetime
) -> Entry:
    title = (
        capped(title, MAX_TITLE_CHARS)
        or capped(summary, _TITLE_FROM_SUMMARY_CHARS)
        or capped(" ".join((mark.link or mark.guid).split()), MAX_TITLE_CHARS)
    )
    summary = capped(summary, MAX_SUMMARY_CHARS)
    link_key, title_key = keys(mark.link, title)
    return Entry(
        identity=identity,
        guid=mark.guid or None,
        url=mark.link if 0 < len(mark.link) <= MAX_URL_CHARS else None,  # cut short it would lead nowhere
        title=title,
        summary=summary,
        published=_published(item, now),
        content_hash=content_hash(title, summary),
        link_key=link_key,
        title_key=title_key,
        image=_image(item, base),
        enclosures=_enclosures(item, base),
        author=capped(plain_text(item.author), _SHORT_CHARS) or None,
        categories=_categories(item) if item.categories else (),
    )


def _categories(item: RawItem) -> tuple[str, ...]:
    cleaned = [capped(plain_text(each), _SHORT_CHARS) for each in item.categories]
    return tuple(dict.fromkeys(filter(None, cleaned)))


def _summary(text: str, title: str, subtitle: str, source: str) -> str:
    text = without_tail(text)
    # Said twice: by some outlets, and by Google News with the source behind it.
    if title and text.startswith(title) and folded(text) in (folded(title), folded(title + source)):
        text = ""
    if not subtitle or text.startswith(subtitle):
        return text
    if not text:
        return subtitle
    return f"{subtitle} {text}" if subtitle.endswith((".", "!", "?", "…", ":")) else f"{subtitle}. {text}"


def _first_link(item: RawItem, base: str) -> str:
    """The article's address, absolute, or "". A podcast may have nothing but its file."""
    for each in item.links:
        if link := absolute(each, base):
            return link
    return next((link for each, _, _ in item.enclosures if (link := absolute(each, base))), "")


def _image(item: RawItem, base: str) -> str | None:
    for each in item.images or [first_image(text) for text in item.texts[:2]]:
        if each and 0 < len(link := absolute(each, base)) <= MAX_URL_CHARS:
            return link
    return None


def _enclosures(item: RawItem, base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for address, kind, length in item.enclosures:
        link = absolute(address, base)
        if 0 < len(link) <= MAX_URL_CHARS and len(found) < MAX_ENCLOSURES:
            found.setdefault(link, Enclosure(link, kind.strip()[:_SHORT_CHARS], _number(length)))
    return tuple(found.values())


def _newest(entries: list[Entry]) -> tuple[Entry, ...]:
    """At most `MAX_ENTRIES`, in the document's order."""
    if len(entries) <= MAX_ENTRIES:
        return tuple(entries)
    newest = sorted(entries, key=_age_key, reverse=True)[
        :MAX_ENTRIES
    ]  # stable: without dates, the first ones
    chosen = {entry.identity for entry in newest}
    return tuple(entry for entry in entries if entry.identity in chosen)


def _age_key(entry: Entry) -> datetime:
    return entry.published or _FIRST_MOMENT


def _published(item: RawItem, now: datetime) -> datetime | None:
    for text in item.dates:
        moment = parse_date(text)
        if moment and _FIRST_MOMENT <= moment <= now + _FUTURE:
            return moment
    return None


def _update_period_s(raw: RawFeed) -> int | None:
    period = _PERIODS_S.get(raw.update_period.strip().lower())
    if period is None:
        return None
    return _asked_s(1, period // max(1, _number(raw.update_frequency) or 1))


def _asked_s(number: int | None, unit_s: int) -> int | None:
    return number * unit_s if number and 0 < number * unit_s <= _MAX_ASKED_S else None


def _number(text: str) -> int | None:
    text = text.strip()[:20]
    return int(text) if text.isascii() and text.isdecimal() else None


def _language(text: str) -> str | None:
    match = _LANGUAGE.fullmatch(text.strip())
    return _OLD_LANGUAGES.get(match[1].lower(), match[1].lower()) if match else None


def shortened(text: str, max_items: int = MAX_ITEMS_READ, max_tags: int = MAX_STEPS) -> str:
    """A document with too many items, or too many tags, without the items in its middle."""
    tags = text.count("<")
    if tags <= 2 * max_items and tags <= max_tags:  # the quick way out, for nearly every feed
        return text
    ends = [match.end() for match in _ITEM_END.finditer(text)]
    if tags > max_tags and ends:
        max_items = min(max_items, max(2, max_tags * 9 // 10 * len(ends) // tags))
    if len(ends) <= max_items:
        return text
    half = max_items // 2
    return text[: ends[half - 1]] + text[ends[-half - 1] :]


def _breaks_off(text: str) -> bool:
    """Whether the document ends inside an item."""
    if text.startswith(("{", "[")) or _ROOT_END.search(text, max(0, len(text) - 1000)):
        return False
    tags = deque(_ITEM_TAG.finditer(text), maxlen=1)
    return bool(tags) and not tags[0][1]
