"""A feed's bytes to text in the right letters, whatever the server and the document say about themselves.

Declarations lie in both directions: windows-1251 bytes declared UTF-8, and UTF-8 declared windows-1251. UTF-8
hardly ever occurs by accident, so bytes that are valid UTF-8 are UTF-8. For the rest, what is declared is one
candidate among others, and the Cyrillic encodings are told apart by which letters Russian uses. The text is
then given a declaration that is true, and freed of what makes strict XML parsers stop (control characters,
named HTML entities, a DTD).
"""

from __future__ import annotations

import codecs
import html.entities
import re
import zlib
from collections.abc import Iterator
from typing import Final

_BOMS: Final = (  # the longer first: a UTF-32 mark starts with the UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How "<?" or "<r" looks in the wide encodings without a mark (XML 1.0, appendix F).
_WIDE: Final = (
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"<\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0<\0[^\0]"), "utf-16-be"),
)
_XML_DECLARATION: Final = re.compile(r"\s*<\?xml\b[^>]{0,500}>", re.I)
_DECLARED_IN_XML: Final = re.compile(
    rb"<\?xml\b[^>]{0,300}?\bencoding\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I
)
_DECLARED_IN_HTTP: Final = re.compile(r"\bcharset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
# Codecs that Python knows and a document can't mean; some of them take quadratic time.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem", "charmap"}
)
_CYRILLIC: Final = ("windows-1251", "koi8-r")
_CYRILLIC_DECLARED: Final = frozenset(
    {"cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic", "ptcp154"}
)
_SEVEN_BIT: Final = re.compile(r"iso2022|hz\b")  # valid as UTF-8 byte for byte, and still something else

_MANY_BYTES: Final = ("gb", "big5", "euc", "shift", "cp932", "cp949", "cp950", "johab", "iso2022", "hz")
# What is declared as the older set is mostly written in the newer (WHATWG Encoding Standard, 4.2).
_SUPERSETS: Final = {"gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932"}

# Share of text made of the commonest letters; lower case, since koi8-r read as windows-1251 is all capitals.
_COMMON_RUSSIAN: Final = frozenset("оеаинтсрвлкмдпуяыьгзбчй")
_RUN_OF_HIGH_BYTES: Final = re.compile(rb"[\x80-\xff]{3,}")
_SAMPLE_BYTES: Final = 200_000

# What XML 1.0 forbids (2.2), and lone surrogates, which can't be encoded.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROLS: Final = bytes({*range(0x20)} - {*b"\t\r\n"})
_LEADS: Final = (b"\xed", b"\xef\xbf")  # of surrogates and Hangul; of the last letters below U+10000
_ROOT: Final = re.compile(r"<(?:\?xml|!DOCTYPE|!--|rss\b|feed\b|[A-Za-z]{1,20}:(?:RDF|rss|feed)\b)", re.I)
_ENTITY: Final = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]{1,31})|#([0-9]{1,10})|#[xX]([0-9A-Fa-f]{1,8}));")
_STRAY: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_XML_ENTITIES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_MAX_PREAMBLE_CHARS: Final = 4000
_MAX_UNPACKED_BYTES: Final = 10 * 1024 * 1024


def decode(body: bytes, content_type: str | None) -> str:
    """The document as text, without an XML declaration.

    Args:
        body: as it came, after decompression.
        content_type: the HTTP header, for its charset.
    """
    return _cleaned(_text(_unpacked(body), content_type))


def as_utf8(text: str) -> bytes:
    """The text with a true declaration, as bytes for an XML parser."""
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace")


def _unpacked(body: bytes) -> bytes:
    """A file packed with gzip, which some outlets serve as it lies on their disk, without saying so."""
    if not body.startswith(b"\x1f\x8b\x08"):
        return body
    try:
        return zlib.decompressobj(31).decompress(body, _MAX_UNPACKED_BYTES)
    except zlib.error:
        return body


def _text(body: bytes, content_type: str | None) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    for pattern, name in _WIDE:
        if pattern.match(body):
            return body.decode(name, "replace")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(body, list(_declared(body, content_type)))
    if b"\x1b" in body or b"~{" in body:
        for name in _declared(body, content_type):
            if _SEVEN_BIT.match(name.replace("_", "").replace("-", "")):
                return body.decode(name, "replace")
    return text


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    """Python's names for the encodings that the document and the server declare."""
    inside = _DECLARED_IN_XML.search(body[:1000])
    outside = _DECLARED_IN_HTTP.search(content_type or "")
    for found in (inside[1].decode("ascii") if inside else None, outside[1] if outside else None):
        if found is None:
            continue
        try:
            name = codecs.lookup(found).name
            b"".decode(name)  # LookupError for rot13, base64 and other codecs that make no text
        except (LookupError, ValueError):
            continue
        # UTF-8 has been tried, and the wide ones show themselves: .NET writes utf-16 into documents that
        # aren't.
        if name not in _NO_CHARSETS and not name.startswith("utf"):
            yield name


def _not_utf8(body: bytes, declared: list[str]) -> str:
    sample = body[:_SAMPLE_BYTES]
    if _nearly_utf8(sample):
        return body.decode("utf-8", "replace")
    for name in declared:  # the many-byte encodings can be proved wrong; one that isn't is believed
        if name.startswith(_MANY_BYTES):
            name = _SUPERSETS.get(name, name)
            text = body.decode(name, "replace")
            if text.count("\ufffd") <= len(body) // 1000:
                return text
    declared = [name for name in declared if not name.startswith(_MANY_BYTES)]
    candidates = [name for name in declared if name in _CYRILLIC_DECLARED] + list(_CYRILLIC)
    if declared and declared[0] not in _CYRILLIC_DECLARED and not _looks_cyrillic(sample):
        return body.decode(declared[0], "replace")
    # max() keeps the first of equals, so what is declared wins a tie.
    best = max(candidates, key=lambda name: _russian_share(sample.decode(name, "replace")))
    if _looks_cyrillic(sample) or (declared and declared[0] in _CYRILLIC_DECLARED):
        return body.decode(best, "replace")
    return body.decode("windows-1252", "replace")


def _nearly_utf8(sample: bytes) -> bool:
    """Whether it is UTF-8 but for a few bytes, such as a summary cut in the middle of a letter."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - broken
    return whole > 10 * broken


def _looks_cyrillic(sample: bytes) -> bool:
    """Whether letters beyond ASCII come in words, as in Russian, and not one at a time, as in French."""
    high = sum(1 for byte in sample if byte > 0x7F)
    in_runs = sum(len(run) for run in _RUN_OF_HIGH_BYTES.findall(sample))
    best = max(_russian_share(sample.decode(name, "replace")) for name in _CYRILLIC)
    return in_runs > 0.6 * high and best > 0.6


def _russian_share(text: str) -> float:
    high = [character for character in text if character > "\x7f"]
    return sum(1 for character in high if character in _COMMON_RUSSIAN) / len(high) if high else 0.0


def _cleaned(text: str) -> str:
    text = (_FORBIDDEN.sub("", text) if _may_be_forbidden(text) else text).lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):  # a PHP warning, a banner: what stands before the document is dropped
        start = _ROOT.search(text, 0, _MAX_PREAMBLE_CHARS)
        text = text[start.start() :] if start else text
    text = _XML_DECLARATION.sub("", text, count=1) if text[:5].lower() == "<?xml" else text
    text = _without_dtd(text)
    if "&" in text:
        text = _escaped(_ENTITY.sub(_character, text))
    return text.lstrip()


def _may_be_forbidden(text: str) -> bool:
    """Whether `_FORBIDDEN` can find anything; asked of the text's bytes, which takes a third of its time."""
    data = text.encode("utf-8", "surrogatepass")
    return len(data.translate(None, _CONTROLS)) < len(data) or any(lead in data for lead in _LEADS)


def _escaped(text: str) -> str:
    """Escapes each & that starts nothing XML knows, except in CDATA, where it already stands for itself.

    One of them makes the strict parser give up, and feedparser's loose one reads AT&T as "AT&T;".
    """
    if not _STRAY.search(text):
        return text
    parts: list[str] = []
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        parts.append(_STRAY.sub("&amp;", text[position:start]))
        end = text.find("]]>", start)
        position = end + 3 if end >= 0 else len(text)
        parts.append(text[start:position])
    parts.append(_STRAY.sub("&amp;", text[position:]))
    return "".join(parts)


def _without_dtd(text: str) -> str:
    """Drops a DOCTYPE with all that it defines: no feed needs it, and an entity bomb starts there."""
    root = re.search(r"<[A-Za-z]", text)
    start = text[: root.start()].upper().find("<!DOCTYPE") if root else -1
    if start < 0 or text[start : start + 14].lower() == "<!doctype html":
        return text
    bracket, end = text.find("[", start), text.find(">", start)
    if 0 <= bracket < end:
        closing = re.compile(r"\]\s*>").search(text, bracket)
        end = closing.end() - 1 if closing else -1
    return text[:start] + text[end + 1 :] if end >= 0 else text


def _character(match: re.Match[str]) -> str:
    """The character an HTML entity names. XML's own five stay, as do names nobody knows.

    A number that XML forbids becomes nothing, since one of them makes a parser give up the document.
    """
    name, decimal, hexadecimal = match.groups()
    if name is None:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        return match[0] if number <= 0x10FFFF and not _FORBIDDEN.match(chr(number)) else ""
    if name in _XML_ENTITIES:
        return match[0]
    found = html.entities.html5.get(f"{name};")
    return match[0] if found is None or found in "<>&" else found
