"""From a page to the article on it: the text alone, or what stands in the article's place.

This runs in the process pool: the library is large, and a page can be made to be slow. The library is loaded
at the first page, since most run without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.feeds.decode import decode
from bot.feeds.entry import ParseError

MAX_TEXT_CHARS: Final = 20_000
MAX_TAGS: Final = (
    40_000  # the library takes 2 kB and up to 0.3 ms for each; a long encyclopedia page has 30,000
)
_NOTICE_CHARS: Final = 1500  # what is longer than this is an article, whatever words stand in it
_HEAD_BYTES: Final = 4096
_META_CHARSET: Final = re.compile(
    rb"<meta\b[^>]{0,300}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.I
)
_HAS_CHARSET: Final = re.compile(r"\bcharset\s*=", re.I)
# schema.org's own words for a page behind a paywall.
_NOT_FREE: Final = re.compile(r"\"isAccessibleForFree\"\s*:\s*\"?(?:false|no)\b", re.I)
_PAYWALL: Final = re.compile(
    r"subscribe (?:now )?to (?:read|continue|keep reading|unlock)|subscribers only|already a subscriber|"
    r"(?:sign|log) in to (?:read|continue)|to continue reading|"
    r"berlangganan untuk|khusus (?:untuk )?pelanggan|masuk untuk (?:membaca|melanjutkan)|"
    r"(?:только|доступ\w+) (?:для|по) подпис\w+|оформите подписку|для подписчиков|войдите,? чтобы",
    re.I,
)
_CONSENT: Final = re.compile(
    r"(?:we|our partners) (?:use|store|value your) (?:cookies|privacy)|accept (?:all )?cookies|"
    r"manage (?:your )?(?:cookie|privacy) |before you continue|"
    r"(?:situs|kami) (?:ini )?menggunakan cookie|menyetujui penggunaan cookie|"
    r"использу\w+ (?:файлы )?(?:cookie|куки)|файл\w+ cookie",
    re.I,
)
_CHALLENGE: Final = re.compile(
    r"captcha|just a moment|checking your browser|ddos-guard|(?:enable|turn on) javascript|are you a robot|"
    r"verify (?:that )?you are (?:a )?human|включите javascript|вы не робот|aktifkan javascript",
    re.I,
)


class Obstacle(StrEnum):
    """What stands where the article should."""

    EMPTY = "empty"  # no article was found on the page
    PAYWALL = "paywall"
    CONSENT = "consent"  # to cookies, before anything is shown
    CHALLENGE = "challenge"  # prove that you are human


@dataclass(frozen=True, slots=True)
class PageText:
    """An article's text, its paragraphs a line each, or the obstacle ("" then)."""

    text: str
    obstacle: Obstacle | None = None


def article_text(page: bytes, content_type: str | None) -> PageText:
    """The article on an HTML page, cut at 20,000 characters.

    Args:
        page: as it came, after decompression.
        content_type: the HTTP header, for its charset.

    Raises:
        ImportError: the extra `fulltext` is not installed.
        ParseError: it has more tags than any article.
    """
    import trafilatura

    html = decode(page, _with_charset(page, content_type))
    if html.count("<") > MAX_TAGS:
        raise ParseError("an article's page", f"it has more than {MAX_TAGS} tags")
    if _NOT_FREE.search(html):
        return PageText("", Obstacle.PAYWALL)
    found = trafilatura.extract(
        html,
        include_comments=False,
        include_tables=False,
        include_formatting=False,
        favor_precision=True,
        output_format="txt",
    )
    text = _cut((found or "").strip())
    if obstacle := _obstacle(text):
        return PageText("", obstacle)
    return PageText(text)


def _with_charset(page: bytes, content_type: str | None) -> str | None:
    """The content type, with the page's own charset where the server names none."""
    declared = _META_CHARSET.search(page[:_HEAD_BYTES])
    if declared is None or _HAS_CHARSET.search(content_type or ""):
        return content_type
    return f"text/html; charset={declared[1].decode('ascii')}"


def _obstacle(text: str) -> Obstacle | None:
    if not text:
        return Obstacle.EMPTY
    if len(text) <= _NOTICE_CHARS:
        for pattern, obstacle in (
            (_CHALLENGE, Obstacle.CHALLENGE),
            (_PAYWALL, Obstacle.PAYWALL),
            (_CONSENT, Obstacle.CONSENT),
        ):
            if pattern.search(text):
                return obstacle
    return None


def _cut(text: str) -> str:
    """At the end of a paragraph if one is near, else between words."""
    if len(text) <= MAX_TEXT_CHARS:
        return text
    text = text[:MAX_TEXT_CHARS]
    end = text.rfind("\n", MAX_TEXT_CHARS // 2)
    end = end if end > 0 else text.rfind(" ", MAX_TEXT_CHARS // 2)
    return text[:end] if end > 0 else text
