"""From an article to the words a reader sees: Telegram HTML that is always valid, and the same as plain text.

Pure. Every string that comes from a feed is hostile: it is cleaned of what can't be seen (control and
bidirectional characters, zero widths), cut, and escaped, here and nowhere else.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, get_timezone_name

TEXT_LIMIT = 4096
"""Code points of a message's text after its tags are parsed (https://core.telegram.org/bots/api#sendmessage)."""
ENTITY_LIMIT = 90
"""Entities a message; Telegram ignores those after about 100, and finds hashtags by itself."""
ENTITY_BYTES_LIMIT = 8_500
"""Bytes of all entities with their addresses; Telegram drops entities beyond about 9.5 kB."""
ENTITY_BYTES = 32
"""What an entity costs besides its address: type, offset, length (measured generously)."""
HREF_LIMIT = 2048
"""Characters of an address worth linking; longer ones are junk, and eat the entity bytes of a digest."""

TITLE_CHARS = 300
SUMMARY_CHARS = 300  # about two lines on a desk, five on a telephone
DIGEST_TITLE_CHARS = 200
NAME_CHARS = 80  # a source, a country, a tier
SUBSCRIPTION_CHARS = 120
REASON_CHARS = 120
WHY_LINES = 5
REASONS_A_LINE = 4

NOT_TRANSLATED = "Not translated yet; this message will be updated."
NOT_YET = "not translated yet"
NO_TITLE = "(no title)"
OTHER_STORIES = "Other stories"
TIERS = {
    "official": "official source",
    "agency": "news agency",
    "state": "state media",
    "independent": "independent media",
    "trade": "trade press",
}
ENGLISH = Locale("en")


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message.

    Args:
        html: Telegram HTML, valid and within the limits.
        plain: the same for a terminal; no control characters but the line feed.
        url: where it leads, when it is about one article with a usable http(s) link.
    """

    html: str
    plain: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class WhyLine:
    """Why one subscription wanted an article.

    Args:
        subscription: the query as the chat knows it, for example ``#rare_earths``.
        reasons: what was found, each ready to read; see `reason`.
    """

    subscription: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertView:
    """All that an alert shows; plain text in every field, as untrusted as the feed it came from.

    Args:
        title: the title in English, or the original one while there is no English.
        summary: in the same language as `title`; may be empty.
        original_title: as published.
        original_language: its code (``id``), or None when not known.
        english: whether `title` is English. False means: not translated yet.
        source: the feed's name.
        country: of the source, an ISO 3166 code or a name; may be empty.
        tier: the feed's tier; may be empty.
        published: aware, or None when the feed didn't say.
        url: of the article; linked only when http(s).
        why: one line for each subscription of the chat that matched.
        zone: the chat's IANA time zone; UTC when it is unknown here.
        locale: how dates are written.
    """

    title: str
    summary: str
    original_title: str
    original_language: str | None
    english: bool
    source: str
    country: str | None
    tier: str | None
    published: datetime | None
    url: str | None
    why: tuple[WhyLine, ...]
    zone: str
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One story in a digest.

    Args:
        title: in English when there is English.
        url: of its first article.
        source: the name of that article's source.
        sources: how many sources wrote about it, this one counted.
        concepts: their names, the most telling first; the story stands under the first.
        untranslated: the code of the language that `title` is in, while there is no English.
    """

    title: str
    url: str | None
    source: str
    sources: int
    concepts: tuple[str, ...]
    untranslated: str | None = None


@dataclass(frozen=True, slots=True)
class DigestView:
    """All that a digest shows; the stories best first.

    Args:
        chat_title: for the heading; None in a private chat.
        local_date: the day in the chat's zone.
        zone: the chat's IANA time zone.
        locale: how the date is written.
        stories: none gives no message.
    """

    chat_title: str | None
    local_date: date
    zone: str
    locale: str
    stories: tuple[DigestLine, ...]


def render_alert(view: AlertView) -> Message:
    """One alert as one message; always below the limits, because each part is cut to its own."""
    title = _short(view.title if view.english else view.original_title or view.title, TITLE_CHARS) or NO_TITLE
    original = _short(view.original_title, TITLE_CHARS)
    language = language_name(view.original_language)
    head = [_bold(title)]
    if not view.english:
        head.append(_italic(f"{language} original. {NOT_TRANSLATED}" if language else NOT_TRANSLATED))
    summary = _short(view.summary, SUMMARY_CHARS)
    if summary and summary != title:  # many feeds say the same twice
        head += [_EMPTY, _text(summary)]
    tail = []
    if view.english and view.original_language != "en" and original and original != title:
        tail.append(_italic(original) + _text(f" ({language})" if language else ""))
    if origin := _origin(view):
        tail.append(_text(origin))
    tail += _why(view.why)
    url = safe_url(view.url)
    if url is not None:
        tail.append(_link(url, f"Read at {_host(url)}", plain=url))
    page = _join([*head, _EMPTY, *tail] if tail else head)
    return Message(page.html, page.plain, url)


def render_digest(view: DigestView, *, even_if_empty: bool = False) -> list[Message]:
    """A day's stories under their concepts, in as many messages as the limits ask for, split between stories.

    Args:
        view: what to show.
        even_if_empty: say "nothing today" instead of nothing.
    """
    day = format_date(view.local_date, "EEEE, d MMMM y", locale=_locale(view.locale))
    chat = _short(view.chat_title or "", NAME_CHARS)
    heading = f"Daily digest for {chat} · {day}" if chat else f"Daily digest · {day}"
    if not view.stories:
        if not even_if_empty:
            return []
        page = _join([_bold(heading), _text("Nothing new today.")])
        return [Message(page.html, page.plain)]
    count = "1 story" if len(view.stories) == 1 else f"{len(view.stories)} stories"
    about = _text(f"{count} · {_short(view.zone, NAME_CHARS) or 'UTC'}")
    # The heading's number (2/3) is known only when all is laid out, so its room is kept free: the longest
    # possible one.
    room = _bold(f"{heading} ({len(view.stories)}/{len(view.stories)})") + _NEWLINE + about + _NEWLINE
    bodies = _lay_out(_groups(view.stories), room)
    messages = []
    for number, body in enumerate(bodies, start=1):
        part = f" ({number}/{len(bodies)})" if len(bodies) > 1 else ""
        page = _join([_bold(heading + part), *([about] if number == 1 else []), body])
        messages.append(Message(page.html, page.plain))
    return messages


def reason(words: Sequence[str], language: str | None) -> str:
    """What was found, ready to read: ``«logam tanah jarang» (Indonesian)``."""
    quoted = ", ".join(f"«{clean(word)}»" for word in words)
    name = language_name(language)
    return f"{quoted} ({name})" if name else quoted


def language_name(code: str | None) -> str:
    """The English name of a language code; the code itself when it has none; empty for None."""
    if not code:
        return ""
    return ENGLISH.languages.get(code.lower().split("-")[0]) or _short(code, NAME_CHARS)


# Not seen, yet not of category Cf: fillers that are letters to Unicode, the grapheme joiner, the blank
# braille pattern, variation selectors other than the emoji one (runs of them smuggle text).
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code) for code in (*range(0xFE00, 0xFE0F), *range(0xE0100, 0xE01F0))
)
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
_MARKS_IN_A_ROW = 4  # no language stacks more; more is "Zalgo", which paints over the lines around it


def clean(text: str) -> str:
    """The text as one line of visible characters.

    Control characters (an escape sequence's first among them), bidirectional overrides and isolates, zero
    widths, lone surrogates and private use characters go; white space of any kind becomes one space.
    """
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if char.isspace():
            kept.append(" ")
        elif (
            category in _DROPPED
            or char in _UNSEEN
            or ord(char) & 0xFFFE == 0xFFFE
            or "\ufdd0" <= char <= "\ufdef"
        ):
            continue
        elif category in {"Mn", "Me"}:
            marks += 1
            if marks <= _MARKS_IN_A_ROW:
                kept.append(char)
            continue
        else:
            kept.append(char)
        marks = 0
    return " ".join("".join(kept).split())


# After three letters or more: not after "т. е." or "U.S."
_SENTENCE_END = re.compile(r"""(?<=\w\w\w)[.!?…]+["'»”)]?(?=\s)|[。！？]""")


def cut(text: str, limit: int) -> str:
    """The text within `limit` characters: whole, or up to a sentence's end, or up to a word's and "…"."""
    if len(text) <= limit:
        return text
    for match in reversed(list(_SENTENCE_END.finditer(text, 0, limit + 1))):
        if limit // 2 <= match.end() <= limit:
            return text[: match.end()]
    space = text.rfind(" ", limit // 2, limit)
    end = space if space != -1 else limit - 1
    while end > 1 and unicodedata.combining(text[end]):
        end -= 1  # never between a letter and its accent
    return text[:end].rstrip(" ,;:–—-«(") + "…"


def safe_url(url: str | None) -> str | None:
    """The address if it may be linked: absolute http(s), nothing hidden in it, not endless; else None."""
    if url is None:
        return None
    url = url.strip(" \t\r\n")
    if clean(url[: HREF_LIMIT + 1]) != url:
        return None
    # A browser reads a backslash as a slash, and a terminal's link detection ends at quotes and brackets.
    url = url.translate(_UNSAFE_IN_URL)
    if len(url) > HREF_LIMIT:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # both raise ValueError on nonsense
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or port == 0 or parts.username is not None:
        return None
    return url


_UNSAFE_IN_URL = {ord(char): f"%{ord(char):02X}" for char in " \\\"'<>`^{|}"}


def _host(url: str) -> str:
    return _short((urlsplit(url).hostname or "").removeprefix("www."), NAME_CHARS)


def _short(text: str, limit: int) -> str:
    # Sliced before it is cleaned: a megabyte of title must not cost a second.
    return cut(clean(text[: limit * 8]), limit)


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return ENGLISH  # a chat's locale is checked when it is set; a message must come out in any case


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC  # the zone's name is shown, so the reader sees that it is UTC


# "GMT+07:00" where a person wrote, and is answered, "UTC+7".
_GMT_OFFSET = re.compile(r"GMT([+−-])0?(\d{1,2}):(\d\d)")


def local_time(moment: datetime, zone: str, locale: str = "en") -> str:
    """``23 Nov 2026, 14:05 WIB``: an aware moment in an IANA zone, named by its abbreviation if any."""
    try:
        local = moment.astimezone(_zone(zone))
    except OverflowError:  # within a day of year 1 or 9999
        local = moment.astimezone(UTC)
    language = _locale(locale)
    name = local.tzname() or ""
    if not name.isalpha():  # the zone database has "+0545" where people have no abbreviation
        name = get_timezone_name(local, width="long", locale=language)
        if offset := _GMT_OFFSET.fullmatch(name):
            name = f"UTC{offset[1]}{offset[2]}" + (f":{offset[3]}" if offset[3] != "00" else "")
    return f"{format_datetime(local, 'd MMM y, HH:mm', locale=language)} {name}"


def _origin(view: AlertView) -> str:
    country = view.country or ""
    parts = [
        _short(view.source, NAME_CHARS),
        ENGLISH.territories.get(country.upper(), "") or _short(country, NAME_CHARS),
        TIERS.get(view.tier or "", "") or _short(view.tier or "", NAME_CHARS),
        local_time(view.published, view.zone, view.locale) if view.published is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _why(why: Sequence[WhyLine]) -> list[_Piece]:
    lines: list[str] = []
    for line in why[:WHY_LINES]:
        reasons = [_short(text, REASON_CHARS) for text in line.reasons[:REASONS_A_LINE]]
        if len(line.reasons) > REASONS_A_LINE:
            reasons.append("…")
        found = ", ".join(text for text in reasons if text)
        subscription = _short(line.subscription, SUBSCRIPTION_CHARS)
        lines.append(" — ".join(part for part in (subscription, found) if part))
    lines = [line for line in lines if line]
    if len(why) > WHY_LINES:
        lines.append(f"and {len(why) - WHY_LINES} more")
    if not lines:
        return []
    if len(lines) == 1:
        return [_text(f"Why: {lines[0]}")]
    return [_text("Why:"), *(_text(f"• {line}") for line in lines)]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a message in both forms, with what it takes of the limits."""

    html: str
    plain: str
    chars: int  # code points of the html's text
    entities: int = 0
    entity_bytes: int = 0

    def __add__(self, other: _Piece) -> _Piece:
        return _Piece(
            self.html + other.html,
            self.plain + other.plain,
            self.chars + other.chars,
            self.entities + other.entities,
            self.entity_bytes + other.entity_bytes,
        )

    @property
    def fits(self) -> bool:
        return (
            self.chars <= TEXT_LIMIT
            and self.entities <= ENTITY_LIMIT
            and self.entity_bytes <= ENTITY_BYTES_LIMIT
        )


_EMPTY = _Piece("", "", 0)
_NEWLINE = _Piece("\n", "\n", 1)


def _text(text: str) -> _Piece:
    return _Piece(html.escape(text, quote=False), text, len(text))


def _bold(text: str) -> _Piece:
    return _Piece(f"<b>{html.escape(text, quote=False)}</b>", text, len(text), 1, ENTITY_BYTES)


def _italic(text: str) -> _Piece:
    return _Piece(f"<i>{html.escape(text, quote=False)}</i>", text, len(text), 1, ENTITY_BYTES)


def _link(url: str, label: str, *, plain: str) -> _Piece:
    markup = f'<a href="{html.escape(url, quote=True)}">{html.escape(label, quote=False)}</a>'
    return _Piece(markup, plain, len(label), 1, ENTITY_BYTES + len(url.encode()))


def _join(lines: Iterable[_Piece]) -> _Piece:
    whole: _Piece | None = None
    for line in lines:
        whole = line if whole is None else whole + _NEWLINE + line
    return whole or _EMPTY


def _groups(stories: Sequence[DigestLine]) -> list[tuple[_Piece, list[_Piece]]]:
    groups: dict[str, list[_Piece]] = {}
    for story in stories:
        concept = _short(story.concepts[0], NAME_CHARS).lstrip("# ") if story.concepts else ""
        groups.setdefault(concept, []).append(_story(story))
    rest = groups.pop("", None)
    hashtag = _Piece("", "", 0, 1, ENTITY_BYTES)  # the one that Telegram finds by itself
    named = [(_bold(f"#{concept}") + hashtag, lines) for concept, lines in groups.items()]
    if rest is not None:
        named.append((_bold(OTHER_STORIES if named else "Stories"), rest))
    return named


def _story(story: DigestLine) -> _Piece:
    title = _short(story.title, DIGEST_TITLE_CHARS) or NO_TITLE
    url = safe_url(story.url)
    origin = _short(story.source, NAME_CHARS)
    if story.sources > 1:
        more = f"{story.sources - 1} more"
        origin = f"{origin} and {more}" if origin else f"{story.sources} sources"
    line = _text("• ") + (_link(url, title, plain=title) if url is not None else _text(title))
    if origin:
        line += _text(f" — {origin}")
    if story.untranslated:
        line += _text(f" ({language_name(story.untranslated)}, {NOT_YET})")
    if url is not None:
        line += _Piece("", f"\n  {url}", 0)  # a terminal shows no links behind words
    return line


def _lay_out(groups: Sequence[tuple[_Piece, list[_Piece]]], room: _Piece) -> list[_Piece]:
    """The groups in as few pages as hold them in order, each below the limits together with `room`.

    A group that goes on in the next page has its heading again. One story always fits: its parts are cut
    far below.
    """
    pages: list[_Piece] = []
    page = _EMPTY
    for heading, lines in groups:
        for index, line in enumerate(lines):
            addition = _NEWLINE + line
            if index == 0:
                addition = _NEWLINE + heading + addition
                if page.chars:
                    addition = _NEWLINE + addition
            if page.chars and not (room + page + addition).fits:
                pages.append(page)
                page, addition = _EMPTY, _NEWLINE + heading + _NEWLINE + line
            page += addition
    pages.append(page)
    return pages
