"""What a chat can have done: follow, stop following, list, set its digest, look back. Free of Telegram.

Every action is one transaction, and gives an outcome that is put into words elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import zones
from bot.chat.outcomes import (
    AlreadySubscribed,
    Digest,
    Latest,
    LatestItem,
    Listing,
    NoAlert,
    NotSubscribed,
    Previewed,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
    Why,
)
from bot.chat.terms import concept_words, with_words, words_of
from bot.delivery.render import clean
from bot.language.concepts import Concepts
from bot.matching.explain import Reason
from bot.matching.query import Query, QueryError, parse_query
from bot.phrase import Phrase
from bot.preview import preview
from storage import alerts, candidates, chats, digests, subscriptions
from storage.chats import TELEGRAM, ChatKey
from storage.database import Database
from storage.models import Alert, Article, CandidateState, Chat, ChatState, Feed, Subscription

SUBSCRIPTIONS_A_CHAT = 50
CANONICAL_CHARS = 1024  # what the database's column holds
LATEST = 5
PREVIEW_S = 30.0
PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Place:
    """A chat, or one topic of it, as the platform shows it at this moment.

    Args:
        kind: ``private``, ``group``, ``supergroup`` or ``channel``.
        title: the chat's, or the person's name.
        language: the one of ours that suits who speaks; None when Telegram doesn't say.
    """

    key: ChatKey
    kind: str
    title: str
    language: str | None = None


def nothing_happens() -> None:
    """For a service nobody watches."""


class ChatService:
    """The actions.

    Args:
        clock: gives now, aware.
        changed: called after a commit that may have changed which queries are asked for; must not raise.
        subscriptions_a_chat: the most one chat may have.
    """

    def __init__(
        self,
        database: Database,
        concepts: Concepts,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[], None] = nothing_happens,
        subscriptions_a_chat: int = SUBSCRIPTIONS_A_CHAT,
    ) -> None:
        self._database = database
        self._concepts = concepts
        self._clock = clock
        self._changed = changed
        self._limit = subscriptions_a_chat

    async def greet(self, place: Place) -> int:
        """Notes that somebody talks to the bot here; gives how many subscriptions the chat has."""
        async with self._database.write() as session:
            chat = await self._ensure(session, place)
            count = await subscriptions.count_of_chat(session, chat.id)
        self._changed()
        return count

    async def notice(self, place: Place) -> str | None:
        """A chat has spoken: if it was thought gone, it is not. Gives the language to answer in, if known."""
        async with self._database.read() as session:
            chat = await chats.find(session, place.key)
            language = await chats.language_at(session, place.key)
        if chat is None:
            return language or place.language
        if chat.state == ChatState.GONE:
            await self.returned(place.key.chat_id)
        if language is None and place.language is not None and place.kind == PRIVATE:
            # From before the bot had languages: its alerts are to come in that of its answers.
            async with self._database.write() as session:
                await chats.set_language(session, chat.id, place.language)
            return place.language
        return language

    async def set_language(self, place: Place, language: str) -> None:
        """Makes the bot speak this language in a chat."""
        async with self._database.write() as session:
            chat = await self._ensure(session, place)
            await chats.set_language(session, chat.id, language)

    async def subscribe(
        self, place: Place, text: str
    ) -> Subscribed | AlreadySubscribed | QueryRefused | TooMany:
        """Makes the chat follow a query."""
        text = clean(text)
        query = self._parse(text)
        if isinstance(query, QueryRefused):
            return query
        async with self._database.write() as session:
            chat = await self._ensure(session, place)
            rows = await subscriptions.of_chat(session, chat.id)
            known = await subscriptions.find(session, chat.id, query.canonical)
            if known is not None:
                return AlreadySubscribed(known.text, [row.id for row in rows].index(known.id) + 1)
            if len(rows) >= self._limit:
                return TooMany(self._limit)
            new, _ = await subscriptions.subscribe(
                session, chat.id, canonical=query.canonical, text=text, now=self._clock()
            )
        self._changed()
        return Subscribed(text, len(rows) + 1, new.id, concept_words(query, self._concepts))

    def refusal(self, text: str) -> QueryRefused | None:
        """Why a text is no query; None when it is one. Changes nothing."""
        outcome = self._parse(clean(text))
        return outcome if isinstance(outcome, QueryRefused) else None

    async def unsubscribe(self, key: ChatKey, what: str) -> Unsubscribed | NotSubscribed:
        """Ends subscriptions: by their numbers in the list, by the query, or ``all``."""
        asked = clean(what)
        async with self._database.write() as session:
            chat = await chats.find(session, key)
            rows = await subscriptions.of_chat(session, chat.id) if chat is not None else []
            if chat is None:
                return NotSubscribed(asked, 0)
            chosen = _numbered(rows, asked) or await self._equal(session, chat, rows, asked)
            if not chosen:
                return NotSubscribed(asked, len(rows))
            await subscriptions.unsubscribe(session, chat.id, [row.id for row in chosen])
        self._changed()
        return Unsubscribed(tuple(row.text for row in chosen), len(rows) - len(chosen))

    async def listing(self, key: ChatKey) -> Listing:
        """What the chat follows."""
        async with self._database.read() as session:
            chat = await chats.find(session, key)
            rows = await subscriptions.of_chat(session, chat.id) if chat is not None else []
        return Listing(tuple(row.text for row in rows), self._digest_of(chat))

    async def digest(self, key: ChatKey) -> Digest:
        """The chat's digest as it is set."""
        async with self._database.read() as session:
            return self._digest_of(await chats.find(session, key))

    async def set_digest(self, place: Place, at: time, zone: str | None) -> Digest:
        """Sets the daily digest; `zone` None keeps the chat's zone.

        The first one is today's, unless that time has passed already, or today's digest was sent before.
        """
        async with self._database.write() as session:
            chat = await self._ensure(session, place)
            local = self._clock().astimezone(zones.load(zone or chat.zone))
            today = local.date()
            done = local.time().replace(tzinfo=None) >= at or await digests.is_planned(
                session, chat.id, today
            )
            zone, last = zone or chat.zone, today if done else today - timedelta(days=1)
            await chats.set_digest(session, chat.id, time=f"{at:%H:%M}", zone=zone, last_date=last)
        return self._digest(f"{at:%H:%M}", zone, last)

    async def end_digest(self, key: ChatKey) -> Digest:
        """Ends the daily digest; the zone is kept."""
        async with self._database.write() as session:
            chat = await chats.find(session, key)
            zone = chat.zone if chat is not None else "UTC"
            if chat is not None:
                await chats.set_digest(session, chat.id, time=None, zone=None, last_date=None)
        return self._digest(None, zone, None)

    async def latest(self, key: ChatKey, *, limit: int = LATEST) -> Latest:
        """The chat's newest alerts."""
        async with self._database.read() as session:
            chat = await chats.find(session, key)
            if chat is None:
                return Latest((), 0, "UTC")
            rows = await alerts.latest(session, chat.id, limit=limit)
            count = await subscriptions.count_of_chat(session, chat.id)
        return Latest(tuple(_latest_item(article, feed) for _, article, feed in rows), count, chat.zone)

    async def preview(self, key: ChatKey, text: str) -> Previewed | QueryRefused:
        """What a query would have brought in the last days. May take half a minute."""
        text = clean(text)
        query = self._parse(text)
        if isinstance(query, QueryRefused):
            return query
        async with self._database.read() as session:
            chat = await chats.find(session, key)
        result = await preview(self._database, query, self._concepts, now=self._clock(), deadline_s=PREVIEW_S)
        return Previewed(text, result, chat.zone if chat is not None else "UTC")

    async def why(self, key: ChatKey, message_id: int | None) -> Why | NoAlert:
        """Why the chat got an alert: the one with this message id, or without one its newest."""
        async with self._database.read() as session:
            chat = await chats.find(session, key)
            following = await subscriptions.count_of_chat(session, chat.id) if chat is not None else 0
            if message_id is not None:
                found = await alerts.by_message(session, key.platform, key.chat_id, message_id)
            else:
                found = await alerts.newest_sent(session, chat.id) if chat is not None else None
        if found is None:
            return NoAlert(message_id is not None, following)
        return _why(*found, zone=chat.zone if chat is not None else "UTC")

    async def left(self, chat_id: int) -> None:
        """The bot was blocked or removed: no more alerts to the chat and its topics; the settings stay."""
        async with self._database.write() as session:
            rows = await chats.rows_of(session, TELEGRAM, chat_id)
            for chat in rows:
                await chats.mark_gone(session, chat.id)
        if rows:
            self._changed()

    async def returned(self, chat_id: int) -> None:
        """The bot was unblocked or added again: alerts come as they did before."""
        async with self._database.write() as session:
            count = await chats.mark_active(session, TELEGRAM, chat_id)
        if count:
            self._changed()

    async def migrated(self, old_chat_id: int, new_chat_id: int) -> None:
        """A group became a supergroup, with all that belongs to it. Said twice does no harm."""
        async with self._database.write() as session:
            await chats.migrate(session, TELEGRAM, old_chat_id, new_chat_id)
            # Telegram may have said "removed from the old group" before.
            await chats.mark_active(session, TELEGRAM, new_chat_id)
        self._changed()

    def _parse(self, text: str) -> Query | QueryRefused:
        try:
            query = parse_query(text, self._concepts)
        except QueryError as error:
            return QueryRefused(text, error.said, error.advice, error.position or None)
        if len(query.canonical) > CANONICAL_CHARS:
            return QueryRefused(text, Phrase("it is too long"), Phrase("Split it into several."), None)
        return query

    async def _ensure(self, session: AsyncSession, place: Place) -> Chat:
        return await chats.ensure(
            session,
            place.key,
            kind=place.kind,
            title=clean(place.title),
            now=self._clock(),
            language=place.language,
        )

    async def _equal(
        self, session: AsyncSession, chat: Chat, rows: Sequence[Subscription], asked: str
    ) -> list[Subscription]:
        """The subscription to an equal query; also by its very text, in case it can't be read any more.

        A query that confirmed translations were added to is found by what it was before, too.
        """
        query = self._parse(asked)
        if isinstance(query, Query):
            found = await subscriptions.find(session, chat.id, query.canonical)
            if found is not None:
                return [found]
            for row in rows:
                grown = await self._grown(session, query, row)
                if grown is not None and row.query_id == grown:
                    return [row]
        return [row for row in rows if row.text == asked]

    async def _grown(self, session: AsyncSession, query: Query, row: Subscription) -> int | None:
        """The id of what a query becomes with the words added to this subscription; None: there are none."""
        added = [
            one
            for one in await candidates.of_subscription(session, row.id)
            if one.state == CandidateState.ADDED
        ]
        if not added:
            return None
        try:
            for one in added:
                for words in words_of(one.text):
                    query = with_words(query, one.term, words, self._concepts)
        except QueryError:
            return None
        return await subscriptions.query_id(session, query.canonical)

    def _digest_of(self, chat: Chat | None) -> Digest:
        if chat is None:
            return self._digest(None, "UTC", None)
        return self._digest(chat.digest_time, chat.zone, chat.last_digest_date)

    def _digest(self, at: str | None, zone: str, last_date: date | None) -> Digest:
        now = self._clock()
        today = now.astimezone(zones.load(zone)).date()
        if at is None:
            return Digest(None, zone, today, None, now)
        had_today = last_date is not None and last_date >= today
        next_day = today + timedelta(days=1) if had_today else today
        return Digest(time.fromisoformat(at), zone, today, next_day, now)


def _numbered(rows: Sequence[Subscription], asked: str) -> list[Subscription]:
    """The rows meant by ``all``, ``2``, or ``1 3 4``; none when a number is not in the list."""
    if asked.lower() == "all":
        return list(rows)
    if not re.fullmatch(r"\d{1,4}(?:[\s,]+\d{1,4})*", asked, re.ASCII):
        return []
    numbers = dict.fromkeys(int(number) for number in re.findall(r"\d+", asked))
    if not all(1 <= number <= len(rows) for number in numbers):
        return []
    return [rows[number - 1] for number in numbers]


def _latest_item(article: Article, feed: Feed) -> LatestItem:
    return LatestItem(
        title=article.english_title or article.title,
        url=article.url,
        source=feed.name,
        published=article.published_at or article.fetched_at,
        language=article.language,
        english=article.language == "en" or article.english_title is not None,
    )


def _why(alert: Alert, article: Article, feed: Feed, *, zone: str) -> Why:
    return Why(
        item=_latest_item(article, feed),
        original=article.title,
        country=feed.country,
        tier=feed.tier,
        reasons=tuple(
            (line["subscription"], tuple(Reason.from_json(found) for found in line["reasons"]))
            for line in alert.why
        ),
        translator=article.translator,
        published=article.published_at,
        fetched=article.fetched_at,
        sent=alert.sent_at,
        zone=zone,
    )
