"""Markup to plain text: what a reader would see on one line.

Outlets put HTML into titles and summaries, escaped once, twice, or not at all. It is read by turbohtml's
tokenizer, which follows the HTML standard in linear time. No tree is built: the standard's rules for broken
nesting make one of quadratic size, and the text is all that is wanted.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from turbohtml import TokenType, tokenize

# These stand within words; all other elements separate them.
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
# What stands in these is not shown.
_UNSEEN: Final = "script style template applet svg math iframe object noembed noframes"
_INLINE_NAMES: Final = frozenset(_INLINE.split())
_UNSEEN_NAMES: Final = frozenset(_UNSEEN.split())
_KNOWN: Final = "|".join(sorted(f"{_INLINE} {_BLOCK} {_UNSEEN}".split(), key=len, reverse=True))
# A `<` that starts no tag is text: "x < y", "List<int>", "<me@example.org>". A tag has a known name, or one
# with a hyphen or colon (<amp-img>, <o:p>) that starts no address, or has an attribute, or closes something.
_NO_TAG: Final = re.compile(
    rf"<(?!/?(?:{_KNOWN})(?=[\s/>]|\Z)|/?(?!https?:)[a-z][a-z0-9]{{0,30}}[-:][a-z0-9:-]{{0,30}}(?=[\s/>])"
    r"|[a-z]{1,30}\s{1,9}[a-z:-]{1,30}=[\"']|/[a-z][a-z0-9]{0,30}\s{0,9}>|!--|![a-z][^<>]{0,500}>|\?[a-z])",
    re.IGNORECASE,
)
# Elements whose content the tokenizer takes for text without tags until they close: harmless here as a <p>.
_RAW: Final = re.compile(r"<(?=/?(?:title|textarea|xmp|plaintext|noscript|listing)\b)/?[a-z]+", re.IGNORECASE)
_CDATA: Final = re.compile(r"<!\[CDATA\[|\]\]>")
# Names need their semicolon: "?a=1&copy=2" is an address.
_NO_ENTITY: Final = re.compile(r"&(?!#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
_ENTITY: Final = re.compile(r"&(?:#|[A-Za-z])[A-Za-z0-9]{1,31};")
# Soft hyphens, zero-width characters, direction marks: invisible, and they keep words from matching. The
# zero-width joiner stays inside emoji, where it is part of the picture.
_INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_JOINER: Final = "\u200d"
_STRAY_JOINER: Final = re.compile("(?<![\u2600-\U0001faff\ufe0f])\u200d")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
# UTF-8 read as windows-1252 and written as UTF-8 again: what it makes of ’ “ – é and of Cyrillic letters.
_TWICE_ENCODED: Final = re.compile(
    "(?:[\u00c2-\u00df](?:[\u0080-\u00bf]|[€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ])"
    "|[\u00e1-\u00ef](?:[\u0080-\u00bf]|[€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]){2})+"
)
_MAX_LAYERS: Final = 3  # escaping in escaping in escaping: seen twice in the wild, never more
_UNSEEN_SIZES: Final = frozenset({"0", "1", "1px", "0px"})
_COUNTS: Final = re.compile(
    r"pixel|counter|/~r/|/~4/|feedsportal\.com|doubleclick|/b\.gif|stats?\.wordpress", re.I
)
_PICTURE: Final = re.compile(r"<img", re.IGNORECASE | re.ASCII)
_MAX_INPUT_CHARS: Final = 200_000


def plain_text(markup: str) -> str:
    """The text of a piece of HTML or text, on one line, entities decoded, invisible characters dropped."""
    if not markup:
        return ""
    text = markup[:_MAX_INPUT_CHARS]
    for _ in range(_MAX_LAYERS):
        if "]]>" in text or "<![" in text:
            text = _CDATA.sub("", text)
        if "<" not in text and not ("&" in text and _ENTITY.search(text)):
            break
        read = _read(text)
        if read == text:
            break
        text = read
    else:
        text = _read(text)
    # Python calls nothing printable that is invisible or controls, nor any space but the usual one, and tells
    # it in a tenth of the time of an expression.
    printable = text.isprintable()
    if not printable:
        text = _CONTROL.sub(" ", text)
    if not text.isascii():
        if "\u00e2\u20ac" in text or "\u00d0" in text or "\u00c3" in text:
            text = _TWICE_ENCODED.sub(_once, text)
            printable = False
        if not printable:
            text = _INVISIBLE.sub("", text)
            if _JOINER in text:
                text = _STRAY_JOINER.sub("", text)
        text = unicodedata.normalize("NFC", text)
    return text.strip() if printable and "  " not in text else " ".join(text.split())


def capped(text: str, max_chars: int) -> str:
    """The text, cut at a word's end with an ellipsis if it is longer than `max_chars`."""
    if len(text) <= max_chars:
        return text
    cut = text[: max_chars - 1]
    space = cut.rfind(" ")
    if text[max_chars - 1] != " " and space > max_chars // 2:
        cut = cut[:space]
    return f"{cut.rstrip(' ,;:–—-')}…"


def first_image(markup: str) -> str:
    """The address of the first picture in a piece of HTML, as it is written there, or "".

    One that nobody sees counts readers and is no picture.
    """
    found = _PICTURE.search(markup, 0, _MAX_INPUT_CHARS) if "<" in markup else None
    if found is None:
        return ""
    for token in tokenize(markup[found.start() : found.start() + 20_000]):
        if token.type is TokenType.START_TAG and token.tag == "img":
            source = token.attr("src") or ""
            size = {token.attr("width"), token.attr("height")}
            if (
                source
                and not source.startswith("data:")
                and not size & _UNSEEN_SIZES
                and not _COUNTS.search(source)
            ):
                return source
    return ""


def _once(match: re.Match[str]) -> str:
    """What was encoded twice, if it was. feedparser undoes this only for texts without curly quotes."""
    # The five bytes that windows-1252 leaves undefined stand for themselves.
    data = b"".join(
        character.encode("cp1252", "ignore") or character.encode("latin-1", "ignore")
        for character in match[0]
    )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _read(text: str) -> str:
    """One layer of markup taken off."""
    if "<" in text:
        text = _RAW.sub("<p", _NO_TAG.sub("&lt;", text))
    if "&" in text:
        text = _NO_ENTITY.sub("&amp;", text)
    parts: list[str] = []
    unseen, depth = "", 0  # the element whose end is waited for
    for token in tokenize(text, capture_attributes=False):
        kind = token.type
        if kind is TokenType.TEXT:
            if not unseen:
                parts.append(token.data or "")
        elif kind is TokenType.START_TAG or kind is TokenType.END_TAG:
            name = token.tag or ""
            if unseen:
                if name == unseen:
                    depth += 1 if kind is TokenType.START_TAG and not token.self_closing else -1
                    unseen = unseen if depth > 0 else ""
            elif name in _UNSEEN_NAMES and kind is TokenType.START_TAG and not token.self_closing:
                unseen, depth = name, 1
                parts.append(" ")
            elif name not in _INLINE_NAMES:
                parts.append(" ")
        else:
            parts.append(" ")
    return "".join(parts)
