"""Words from outside made fit to be read: cleaned of what can't be seen, cut at sentences; links checked;
times and languages named. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone_name

from bot.speech import ENGLISH, Phrase, Speech

HREF_LIMIT = 2048
"""Characters of an address worth linking; longer ones are junk, and eat the entity bytes of a digest."""
NAME_CHARS = 80  # a source, a country, a tier
TIERS = {
    "official": Phrase("official source"),
    "agency": Phrase("news agency"),
    "state": Phrase("state media"),
    "independent": Phrase("independent media"),
    "trade": Phrase("trade press"),
}


def reason(words: Sequence[str], language: str | None, speech: Speech = ENGLISH) -> str:
    """What was found, ready to read: ``«logam tanah jarang» (Indonesian)``."""
    quoted = ", ".join(f"«{clean(word)}»" for word in words)
    name = language_name(language, speech)
    return f"{quoted} ({name})" if name else quoted


def language_name(code: str | None, speech: Speech = ENGLISH) -> str:
    """The name of a language; its code when it has none; empty for None."""
    return short(speech.language_name(code), NAME_CHARS)


def country_name(country: str | None, speech: Speech = ENGLISH) -> str:
    """The name of a country; what is given when that is no code; empty for None."""
    return short(speech.country_name(country), NAME_CHARS)


def tier_name(tier: str | None, speech: Speech = ENGLISH) -> str:
    """What a tier is called; what is given when it is none of ours; empty for None."""
    known = TIERS.get(tier or "")
    return speech.say(known) if known is not None else short(tier or "", NAME_CHARS)


# Not seen, yet not of category Cf: fillers that are letters to Unicode, the grapheme joiner, the blank
# braille pattern, variation selectors other than the emoji one (runs of them smuggle text).
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code) for code in (*range(0xFE00, 0xFE0F), *range(0xE0100, 0xE01F0))
)
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
_MARKS_IN_A_ROW = 4  # no language stacks more; more is "Zalgo", which paints over the lines around it


# Latin and Cyrillic letters and ordinary signs: nothing among them is unseen, nor a mark over another letter.
_ORDINARY = re.compile("[ -~¡-¬®-ʯЀ-҂Ҋ-ԯ‐-‧‰-⁞€₽№™]*")


def clean(text: str) -> str:
    """The text as one line of visible characters.

    Control characters (an escape sequence's first among them), bidirectional overrides and isolates, zero
    widths, lone surrogates and private use characters go; white space of any kind becomes one space.
    """
    if _ORDINARY.fullmatch(text):  # nearly all that comes
        return " ".join(text.split())
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
SENTENCE_END = re.compile(r"""(?<=\w\w\w)[.!?…]+["'»”)]?(?=\s)|[。！？]""")


def cut(text: str, limit: int) -> str:
    """The text within `limit` characters: whole, or up to a sentence's end, or up to a word's and "…"."""
    if len(text) <= limit:
        return text
    for match in reversed(list(SENTENCE_END.finditer(text, 0, limit + 1))):
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


def host(url: str) -> str:
    """The address's host, as short as it is known by."""
    return short((urlsplit(url).hostname or "").removeprefix("www."), NAME_CHARS)


def short(text: str, limit: int) -> str:
    """The text cleaned, and cut to `limit` characters."""
    # Sliced before it is cleaned: a megabyte of title must not cost a second.
    return cut(clean(text[: limit * 8]), limit)


def locale_of(name: str) -> Locale:
    """The locale of a name; English when there is none such."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return ENGLISH.locale  # a locale is checked when it is set; a message must come out in any case


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
    language = locale_of(locale)
    name = local.tzname() or ""
    if not name.isalpha():  # the zone database has "+0545" where people have no abbreviation
        name = get_timezone_name(local, width="long", locale=language)
        if offset := _GMT_OFFSET.fullmatch(name):
            name = f"UTC{offset[1]}{offset[2]}" + (f":{offset[3]}" if offset[3] != "00" else "")
    return f"{format_datetime(local, 'd MMM y, HH:mm', locale=language)} {name}"
