"""The demo's articles and outlets: samples.yaml as checked, frozen data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import yaml

from bot.errors import RarewatchError

FILE = Path(__file__).with_name("samples.yaml")
LANGUAGES = ("id", "ru", "en")
TIERS = ("official", "agency", "state", "independent", "trade")
MARKERS = {"id": "(contoh)", "ru": "(пример)", "en": "(sample)"}
"""In each outlet's name, so that nobody takes it for a real one."""


class SamplesError(RarewatchError):
    """The demo's samples can't be used."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A made-up source of news, and the habits of its feed.

    `dates` is rfc822, indonesian or russian (an Atom feed always writes ISO 8601); `encoding` utf-8 or
    windows-1251; with `markup` its summaries come as HTML.
    """

    id: str
    name: str
    language: str
    country: str
    tier: str
    tags: tuple[str, ...]
    zone: tzinfo
    format: str = "rss"
    dates: str = "rfc822"
    encoding: str = "utf-8"
    markup: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    """One sample article, with its English.

    `alert`: a watcher of rare earths and trade wants it; `concepts` are then found in it at least.
    `minutes_ago` is how old it is when the demo starts; None: it is published later.
    """

    id: str
    outlet: str
    language: str
    title: str
    summary: str
    english_title: str
    english_summary: str
    alert: bool
    concepts: tuple[str, ...]
    minutes_ago: int | None


@dataclass(frozen=True, slots=True)
class Samples:
    """Everything the demo's world knows, articles in the order of publication."""

    outlets: tuple[Outlet, ...]
    articles: tuple[Article, ...]

    @property
    def first(self) -> tuple[Article, ...]:
        """Those that are there when the demo starts."""
        return tuple(article for article in self.articles if article.minutes_ago is not None)

    @property
    def later(self) -> tuple[Article, ...]:
        """Those that are published while it runs, in this order."""
        return tuple(article for article in self.articles if article.minutes_ago is None)


def load_samples(path: Path = FILE) -> Samples:
    """Read and check the samples.

    Raises:
        SamplesError: naming the entry and the field that is wrong.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise SamplesError(path.name, f"it can't be read ({type(exc).__name__})") from exc
    return check_samples(document, file=path.name)


def check_samples(document: object, *, file: str) -> Samples:
    """The samples of a document as YAML gives it; `file` is named in errors.

    Raises:
        SamplesError: naming the entry and the field that is wrong.
    """
    lists = ("outlets", "articles")
    if not isinstance(document, dict) or not all(isinstance(document.get(key), list) for key in lists):
        raise SamplesError(file, "expected two lists, outlets and articles")
    outlets = tuple(_outlet(_Entry(file, raw)) for raw in document["outlets"])
    languages = {outlet.id: outlet.language for outlet in outlets}
    articles = tuple(_article(_Entry(file, raw), languages) for raw in document["articles"])
    _unique(file, "outlet id", [outlet.id for outlet in outlets])
    _unique(file, "article id", [article.id for article in articles])
    _unique(file, "title", [article.title for article in articles])
    _unique(file, "summary", [article.summary for article in articles])
    return Samples(outlets, articles)


def fold(text: str) -> str:
    """Single spaces, none around: the form in which texts are compared."""
    return " ".join(text.split())


class _Entry:
    """One mapping of the file, whose fields are taken with their checks; none may be left over."""

    def __init__(self, file: str, raw: object, name: str = "") -> None:
        if not isinstance(raw, dict):
            raise SamplesError(f"{file}, {name}" if name else file, f"expected fields, got {str(raw)[:60]}")
        self._file = file
        self._left: dict[str, Any] = dict(raw)
        self.name = name or str(raw.get("id", "an entry without id"))

    def wrong(self, field: str, reason: str) -> SamplesError:
        return SamplesError(f"{self._file}, {self.name}, {field}", reason)

    def text(self, field: str, *, one_of: tuple[str, ...] = (), default: str | None = None) -> str:
        value = self._left.pop(field, default)
        if not isinstance(value, str) or not fold(value):
            raise self.wrong(field, "expected a text")
        if one_of and value not in one_of:
            raise self.wrong(field, f"expected one of {', '.join(one_of)}, got {value}")
        return value

    def flag(self, field: str, *, default: bool | None = None) -> bool:
        value = self._left.pop(field, default)
        if not isinstance(value, bool):
            raise self.wrong(field, "expected true or false")
        return value

    def words(self, field: str) -> tuple[str, ...]:
        value = self._left.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise self.wrong(field, "expected a list of words")
        return tuple(value)

    def number(self, field: str) -> int:
        value = self._left.pop(field, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(field, "expected a whole number, 0 or more")
        return value

    def entry(self, field: str) -> _Entry:
        return _Entry(self._file, self._left.pop(field, None), f"{self.name}, {field}")

    def end(self) -> None:
        if self._left:
            raise self.wrong(", ".join(map(str, self._left)), "no such field here")


def _outlet(entry: _Entry) -> Outlet:
    language = entry.text("language", one_of=LANGUAGES)
    outlet = Outlet(
        id=_identifier(entry),
        name=entry.text("name"),
        language=language,
        country=entry.text("country"),
        tier=entry.text("tier", one_of=TIERS),
        tags=entry.words("tags"),
        zone=_zone(entry),
        format=entry.text("format", one_of=("rss", "atom"), default="rss"),
        dates=entry.text("dates", one_of=("rfc822", "indonesian", "russian"), default="rfc822"),
        encoding=entry.text("encoding", one_of=("utf-8", "windows-1251"), default="utf-8"),
        markup=entry.flag("markup", default=False),
    )
    if MARKERS[language] not in outlet.name:
        raise entry.wrong(
            "name", f"expected {MARKERS[language]} in it, so that nobody takes it for a real outlet"
        )
    entry.end()
    return outlet


def _article(entry: _Entry, languages: dict[str, str]) -> Article:
    identifier = _identifier(entry)
    outlet = entry.text("outlet", one_of=tuple(languages))
    language = entry.text("lang", one_of=(languages[outlet],))
    title, summary = fold(entry.text("title")), fold(entry.text("summary"))
    english_title, english_summary = title, summary
    if language != "en":
        english = entry.entry("english")
        english_title, english_summary = fold(english.text("title")), fold(english.text("summary"))
        english.end()
    alert = entry.flag("alert")
    concepts = entry.words("concepts")
    if alert != bool(concepts):
        raise entry.wrong("concepts", "expected for an article that alerts, and for no other")
    first = entry.text("wave", one_of=("first", "later")) == "first"
    minutes_ago = entry.number("minutes_ago") if first else None
    entry.end()
    return Article(
        id=identifier,
        outlet=outlet,
        language=language,
        title=title,
        summary=summary,
        english_title=english_title,
        english_summary=english_summary,
        alert=alert,
        concepts=concepts,
        minutes_ago=minutes_ago,
    )


def _identifier(entry: _Entry) -> str:
    value = entry.text("id")
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", value):
        raise entry.wrong("id", "expected small letters, digits and hyphens: it becomes part of an address")
    return value


def _zone(entry: _Entry) -> tzinfo:
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)", entry.text("utc_offset"))
    if match is None:
        raise entry.wrong("utc_offset", "expected a form like +07:00")
    offset = timedelta(hours=int(match.group(2)), minutes=int(match.group(3)))
    return timezone(-offset if match.group(1) == "-" else offset)


def _unique(file: str, what: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise SamplesError(file, f"the same {what} twice: {twice[0]}")
