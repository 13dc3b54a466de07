"""What came of an action in a chat, for `texts` and its neighbours to put into words. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from bot.matching.explain import Reason
from bot.phrase import Phrase
from bot.preview import Preview


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A new subscription.

    Args:
        count: of the chat's subscriptions, this one counted.
        id: the database's.
        concept_words: its terms that a concept (by id) knows in every language.
    """

    text: str
    count: int
    id: int = field(default=0, compare=False)
    concept_words: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class AlreadySubscribed:
    """The chat has an equal query: `text`, as it was typed then, at `number` of its list."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class QueryRefused:
    """The query can't be read.

    Args:
        text: as typed, cleaned.
        reason: the query parser's own words.
        hint: what to do, a sentence.
        position: 1-based character of `text`, or None when it is about the whole.
    """

    text: str
    reason: Phrase
    hint: Phrase | None
    position: int | None


@dataclass(frozen=True, slots=True)
class TooMany:
    """The chat has as many subscriptions as one may have."""

    limit: int


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """These ended; `count` are left."""

    texts: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class NotSubscribed:
    """None of the chat's `count` subscriptions is the one that was asked for."""

    asked: str
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """The chat's daily digest.

    Args:
        at: local time of day; None: there is no digest.
        zone: IANA name.
        today: the chat's local day.
        next_day: the local day of the next digest; None without one.
        now: the moment all this was true.
    """

    at: time | None
    zone: str
    today: date
    next_day: date | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """What a chat follows, in the order of its numbers, and its digest."""

    texts: tuple[str, ...]
    digest: Digest


@dataclass(frozen=True, slots=True)
class LatestItem:
    """An article the chat was alerted to; `title` is the original one unless `english`."""

    title: str
    url: str | None
    source: str
    published: datetime
    language: str | None
    english: bool


@dataclass(frozen=True, slots=True)
class Latest:
    """A chat's newest alerts, the newest first; `following` is its number of subscriptions."""

    items: tuple[LatestItem, ...]
    following: int
    zone: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a query would have brought this chat."""

    text: str
    result: Preview
    zone: str


@dataclass(frozen=True, slots=True)
class Why:
    """All that is known of one alert.

    Args:
        item: the article.
        original: its title as published.
        reasons: (the subscription as it was typed, what was found for it), in the chat's order.
        translator: who translated it; None when it is in English itself, or not translated yet.
        published: None when the feed didn't say.
        sent: None when it is still on its way.
    """

    item: LatestItem
    original: str
    country: str | None
    tier: str
    reasons: tuple[tuple[str, tuple[Reason, ...]], ...]
    translator: str | None
    published: datetime | None
    fetched: datetime
    sent: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class NoAlert:
    """There is no alert to explain; `following` is the chat's number of subscriptions.

    Args:
        replied: the message that was replied to is none of the chat's alerts.
    """

    replied: bool
    following: int
