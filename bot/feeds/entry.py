"""What a feed says, cleaned: entries and what the feed asks of those who poll it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from bot.errors import RarewatchError


class ParseError(RarewatchError):
    """A feed can't be read."""

    def __reduce__(self) -> tuple[Any, ...]:
        # It crosses from a worker process, and its keyword-only argument would keep it from being unpickled.
        return _parse_error, (self.subject, self.reason, self.hint)


def _parse_error(subject: str, reason: str, hint: str) -> ParseError:
    return ParseError(subject, reason, hint=hint)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that comes with an entry: absolute address, media type or "", bytes as declared or None."""

    url: str
    type: str
    length: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed.

    `identity` is 64 hex digits, unique in its feed and the same at every poll (but see
    `bot.feeds.identity.recognised`). `title` and `summary` are plain text on one line (the title is never
    empty, the summary may be); `url` is absolute, http or https; `published` is aware, in UTC.

    `content_hash` is 16 hex digits that change when title or summary do. `link_key` and `title_key` are 32
    hex digits each, for recognising the entry should its feed change its guids; `link_key` is None without a
    link. `image` is the absolute address of a picture.
    """

    identity: str
    guid: str | None
    url: str | None
    title: str
    summary: str
    published: datetime | None
    content_hash: str = ""
    link_key: str | None = None
    title_key: str = ""
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    author: str | None = None
    categories: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        # They cross from a worker process by the dozen; by position takes half the time of by name.
        return Entry, _values(self)


_values: Final = attrgetter(*(each.name for each in fields(Entry)))


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a document holds. `language` is the two or three letters that the feed declares, often wrongly.

    What it asks for: `ttl_s` and `update_period_s` are the seconds for which a copy is good (RSS's `ttl`) and
    between two updates (`sy:`); in `skip_hours` (0 to 23, UTC) and on `skip_days` (0 is Monday) nothing new
    is to be expected. None or empty where it says nothing or nonsense.
    """

    title: str | None
    language: str | None
    entries: tuple[Entry, ...]
    ttl_s: int | None = None
    update_period_s: int | None = None
    skip_hours: frozenset[int] = field(default=frozenset())
    skip_days: frozenset[int] = field(default=frozenset())
