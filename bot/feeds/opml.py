"""Lists of feeds as other readers keep them: OPML 1.0 and 2.0, read and written. Pure.

Of the libraries, listparser (MIT, alive) says neither where a file is broken nor what language a feed is in,
and can't write. What is left to do is an outline in an attribute or two, so
the standard library's expat is used directly. Somebody else's file is hostile: a DTD, and with it every
entity, is refused before it can unfold, and size, depth and number are capped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Final, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from bot.errors import RarewatchError

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_FEEDS: Final = 5000
MAX_DEPTH: Final = 50
MAX_TEXT_CHARS: Final = 200  # of a name, a category
MAX_TAGS: Final = 10
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
_OLD_LANGUAGES: Final = {"in": "id"}
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FEED_SCHEME: Final = re.compile(r"feed:(?://)?", re.IGNORECASE)


class OpmlError(RarewatchError):
    """The list of feeds can't be read."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed as an OPML file names it.

    `url` as written (it may be no address at all), `title` and `language` (two or three letters) "" when not
    said, `tags` from its categories and the folders it lies in, `line` where it stands.
    """

    url: str
    title: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    line: int = 0


def read_opml(data: bytes, *, name: str) -> tuple[Outline, ...]:
    """The feeds of an OPML file, in its order; those named twice come twice.

    Args:
        name: of the file, for errors.

    Raises:
        OpmlError: it is too large, no XML, no OPML, or defines entities.
    """
    if len(data) > MAX_BYTES:
        raise OpmlError(name, f"it is larger than {MAX_BYTES // 1024 // 1024} MiB", hint="Split it.")
    return _Reader(name).read(data)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # Without a DTD there are no entities, and without those nothing can unfold or be fetched.
        self._parser.StartDoctypeDeclHandler = self._refuse_dtd
        self._folders: list[str] = []
        self._depth = 0
        self._in_body = False
        self._feeds: list[Outline] = []

    def read(self, data: bytes) -> tuple[Outline, ...]:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise OpmlError(
                f"{self._name}, line {error.lineno}",
                f"it is not well-formed XML ({expat.ErrorString(error.code)})",
                hint="Export it anew from the other reader, or repair that line.",
            ) from error
        except (LookupError, ValueError) as error:  # an encoding nobody knows
            raise OpmlError(self._name, "its encoding is not known here", hint="Save it as UTF-8.") from error
        return tuple(self._feeds)

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        element = element.lower()
        if self._depth == 1 and element != "opml":
            self._fail(f"its root is <{element[:40]}>, no <opml>", "An OPML file begins with <opml>.")
        if self._depth > MAX_DEPTH:
            self._fail(f"it is nested deeper than {MAX_DEPTH}", "Nobody sorts feeds like that.")
        self._in_body = self._in_body or element == "body"
        # Some programs write xmlurl, some XMLURL.
        values = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
        folder = ""
        if element == "outline" and self._in_body:
            if values.get("xmlurl"):
                self._feed(values)
            else:
                folder = values.get("text") or values.get("title") or ""
        self._folders.append(folder[:MAX_TEXT_CHARS])

    def _end(self, _element: str) -> None:
        self._depth -= 1
        self._folders.pop()

    def _feed(self, values: Mapping[str, str]) -> None:
        if len(self._feeds) >= MAX_FEEDS:
            self._fail(f"it lists more than {MAX_FEEDS} feeds", "Split it.")
        found = _LANGUAGE.fullmatch(values.get("language", ""))
        language = found[1].lower() if found else ""
        self._feeds.append(
            Outline(
                url=_web_address(values["xmlurl"]),
                title=(values.get("title") or values.get("text") or "")[:MAX_TEXT_CHARS],
                language=_OLD_LANGUAGES.get(language, language),
                tags=_tags([*self._folders, *_categories(values.get("category", ""))]),
                line=self._parser.CurrentLineNumber,
            )
        )

    def _refuse_dtd(self, *_declared: object) -> NoReturn:
        self._fail("it declares a document type (DTD), which may hide anything", "Delete the <!DOCTYPE …>.")

    def _fail(self, reason: str, hint: str) -> NoReturn:
        raise OpmlError(f"{self._name}, line {self._parser.CurrentLineNumber}", reason, hint=hint)


def _web_address(url: str) -> str:
    """Without the scheme of a click in an old browser: `feed://host/` and `feed:https://host/`."""
    bare = _FEED_SCHEME.sub("", url, count=1) if url[:5].lower() == "feed:" else url
    return bare if bare == url or "://" in bare else f"http://{bare}"


def _categories(text: str) -> Iterable[str]:
    """`/Boston/Weather,/Harvard` is two paths of categories (OPML 2.0); each of their parts is one."""
    return (part for path in text.split(",") for part in path.split("/"))


def _tags(parts: Iterable[str]) -> tuple[str, ...]:
    found = dict.fromkeys(part.strip()[:MAX_TEXT_CHARS] for part in parts)
    return tuple(part for part in found if part)[:MAX_TAGS]


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed to be written into an OPML file."""

    url: str
    name: str
    language: str
    tags: Sequence[str] = field(default=())


def write_opml(feeds: Iterable[Listed], *, title: str, now: datetime) -> str:
    """An OPML 2.0 file that `read_opml` and other readers understand."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "  <head>",
        f"    <title>{_escaped(title)}</title>",
        f"    <dateCreated>{format_datetime(now)}</dateCreated>",
        "  </head>",
        "  <body>",
    ]
    for feed in feeds:
        attributes = {
            "type": "rss",
            "text": feed.name,
            "title": feed.name,
            "xmlUrl": feed.url,
            "language": feed.language,
            # A comma or a slash within a tag would make two of it.
            "category": ",".join(tag.replace(",", " ").replace("/", " ") for tag in feed.tags),
        }
        written = " ".join(
            f"{name}={quoteattr(_NOT_XML.sub('', value))}" for name, value in attributes.items() if value
        )
        lines.append(f"    <outline {written}/>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _escaped(text: str) -> str:
    return quoteattr(_NOT_XML.sub("", text))[1:-1]
