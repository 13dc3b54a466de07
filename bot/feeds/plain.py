"""Markup to plain text: what a reader would see on one line.

Outlets put HTML into titles and summaries, escaped once, twice, or not at all. Everything is scanned once
from left to right, so that no input takes more than linear time.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

# Only these are taken for tags: "x < y" and "List<int>" are text.
_INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark noindex nobr q s "
    "samp small span strike strong sub sup time tt u var wbr"
)
_BLOCK: Final = (
    "address article aside audio blockquote body br button canvas caption center col colgroup dd "
    "details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 "
    "h4 h5 h6 head header hr html iframe img input legend li link main map menu meta nav noscript "
    "object ol optgroup option output p param picture pre progress section select source summary table "
    "tbody td textarea tfoot th thead title tr track ul video xmp"
)
_UNSEEN: Final = "script style template applet svg"

_KNOWN: Final = "|".join(sorted(f"{_INLINE} {_BLOCK} {_UNSEEN}".split(), key=len, reverse=True))
_TAG: Final = re.compile(
    # a known name; one with a hyphen or colon (<amp-img>, <o:p>) that starts no address; any that has an
    # attribute or that closes
    rf"<(?P<close>/?)(?P<name>{_KNOWN}|(?!https?:)[a-z][a-z0-9]{{0,30}}[-:][a-z0-9:-]{{0,30}}"
    r"|[a-z]{1,30}(?=\s{1,9}[a-z:-]{1,30}=[\"'])|(?<=/)[a-z][a-z0-9]{0,30}(?=\s{0,9}>))"
    r"(?=[\s/>]|$)(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*'|[\"'])*+(?:>|(?=<)|$)"
    r"|<!--|<!\[CDATA\[|\]\]>|<[?!][a-z][^<>]{0,500}>",
    re.IGNORECASE,
)
_INLINE_NAMES: Final = frozenset(_INLINE.split())
_UNSEEN_NAMES: Final = frozenset(_UNSEEN.split())
# With its semicolon only: "?a=1&copy=2" is an address.
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Soft hyphens, zero-width characters, direction marks: invisible, and they keep words from matching. The
# zero-width joiner stays inside emoji, where it is part of the picture.
_INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_JOINER: Final = "\u200d"
_STRAY_JOINER: Final = re.compile("(?<![\u2600-\U0001faff\ufe0f])\u200d")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MAX_LAYERS: Final = 3  # escaping in escaping in escaping: seen twice in the wild, never more
_MAX_INPUT_CHARS: Final = 200_000


def plain_text(markup: str) -> str:
    """The text of a piece of HTML or text, on one line, entities decoded, invisible characters dropped."""
    text = markup[:_MAX_INPUT_CHARS]
    for _ in range(_MAX_LAYERS):
        if "<" in text or "]]>" in text:
            text = _without_tags(text)
        if "&" not in text:
            break
        decoded = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
        if decoded == text:
            break
        text = decoded
    else:
        text = _without_tags(text)
    text = _CONTROL.sub(" ", text)
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        if _JOINER in text:
            text = _STRAY_JOINER.sub("", text)
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def capped(text: str, max_chars: int) -> str:
    """The text, cut at a word's end with an ellipsis if it is longer than `max_chars`."""
    if len(text) <= max_chars:
        return text
    cut = text[: max_chars - 1]
    space = cut.rfind(" ")
    if text[max_chars - 1] != " " and space > max_chars // 2:
        cut = cut[:space]
    return f"{cut.rstrip(' ,;:–—-')}…"


def _without_tags(text: str) -> str:
    parts: list[str] = []
    position = 0
    while match := _TAG.search(text, position):
        parts.append(text[position : match.start()])
        position = match.end()
        name = (match["name"] or "").lower()
        if match[0] == "<!--":
            end = text.find("-->", position)
            position = end + 3 if end >= 0 else len(text)
            parts.append(" ")
        elif name in _UNSEEN_NAMES:
            position = _after_unseen(text, position, name) if not match["close"] else position
            parts.append(" ")
        elif name and name not in _INLINE_NAMES:
            parts.append(" ")
    parts.append(text[position:])
    return "".join(parts)


def _after_unseen(text: str, position: int, name: str) -> int:
    """Where a script or style ends; without an end everything behind it is script, as browsers have it."""
    end = re.compile(rf"</{name}[^<>]*>?", re.IGNORECASE).search(text, position)
    return end.end() if end else len(text)
