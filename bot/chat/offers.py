"""Translations of a query's words: looked up, offered, and taken into the query when a person says yes.

Nothing machine-made is active unseen: what the translators gave stands in the database until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.service import CANONICAL_CHARS, nothing_happens
from bot.chat.terms import (
    CANDIDATE_CHARS,
    CANDIDATE_WORDS,
    LANGUAGES,
    Term,
    unknown_terms,
    with_words,
    without_words,
    words_of,
)
from bot.delivery.render import clean
from bot.language.concepts import Concepts
from bot.language.words import split_words
from bot.matching.query import Query, QueryError, parse_query
from bot.translation.failures import TranslationError
from bot.translation.translator import Translation
from storage import candidates, subscriptions
from storage.candidates import NewCandidate
from storage.chats import ChatKey
from storage.database import Database
from storage.models import CandidateState, Subscription, TermCandidate

THERE_S = 6.0
BACK_S = 4.0


class Translates(Protocol):
    """The translator, as far as this needs it."""

    async def translate(
        self, texts: Sequence[str], *, source: str, target: str, deadline_s: float
    ) -> list[Translation]:
        """See `Translator`."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One translation; `back` is it translated back, None when a person wrote it or nobody could."""

    id: int
    term: str
    language: str
    text: str
    back: str | None
    state: str

    @property
    def open(self) -> bool:
        """Whether nobody has said yes or no."""
        return self.state == CandidateState.OFFERED


@dataclass(frozen=True, slots=True)
class Offer:
    """The translations offered for one subscription.

    Args:
        text: the subscription's query as it is now.
        missing: terms that could not be translated.
        offer_id: the message with the buttons, when it was sent.
    """

    text: str
    items: tuple[Offered, ...]
    missing: tuple[str, ...] = ()
    offer_id: int | None = None


class Verdict(Enum):
    """What came of a yes or no."""

    ADDED = "added"
    ALL_ADDED = "all added"
    TAKEN_BACK = "taken back"
    DROPPED = "dropped"
    OPEN = "open"
    OPEN_AGAIN = "open again"
    DECIDED_BEFORE = "decided before"
    ENDED = "ended"
    NO_WORDS = "no words"
    TOO_LONG = "too long"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and how the offer stands now; None when the subscription has ended."""

    verdict: Verdict
    offer: Offer | None = None


class Offers:
    """The actions, each one transaction.

    Args:
        translator: None: nothing is offered.
        changed: called after a commit that changed which queries are asked for; must not raise.
    """

    def __init__(
        self,
        database: Database,
        concepts: Concepts,
        translator: Translates | None,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[], None] = nothing_happens,
    ) -> None:
        self._database = database
        self._concepts = concepts
        self._translator = translator
        self._clock = clock
        self._changed = changed

    async def look_up(self, subscription_id: int, typed: str) -> Offer | None:
        """Translations for the words of a new subscription; None when it needs none. Ten seconds at most."""
        if self._translator is None:
            return None
        query = parse_query(typed, self._concepts)
        terms = await asyncio.to_thread(unknown_terms, typed, query, self._concepts)
        wishes = [(term, target) for term in terms for target in LANGUAGES if target != term.language]
        replies = await asyncio.gather(*(self._candidate(query, *wish) for wish in wishes))
        found = [reply for reply in replies if isinstance(reply, NewCandidate)]
        failed = [term.plain for (term, _), reply in zip(wishes, replies, strict=True) if reply is None]
        if not found and not failed:
            return None
        rows: list[TermCandidate] = []
        if found:
            async with self._database.write() as session:
                if await session.get(Subscription, subscription_id) is None:
                    return None  # ended meanwhile
                rows = await candidates.offer(session, subscription_id, found, now=self._clock())
        return Offer(typed, tuple(map(_offered, rows)), tuple(dict.fromkeys(failed)))

    async def _candidate(self, query: Query, term: Term, target: str) -> NewCandidate | bool | None:
        """The candidate; False when there is nothing to add, None when no translator is at hand."""
        text = await self._translate(term.plain, term.language, target, THERE_S)
        if text is None:
            return None
        words = split_words(text)
        if not words or len(words) > CANDIDATE_WORDS or len(text) > CANDIDATE_CHARS:
            return False
        try:
            if with_words(query, term.text, text, self._concepts).canonical == query.canonical:
                return False
        except QueryError:
            return False
        back = await self._translate(text, target, term.language, BACK_S)
        return NewCandidate(term.text, target, " ".join(words), back)

    async def _translate(self, text: str, source: str, target: str, deadline_s: float) -> str | None:
        assert self._translator is not None  # noqa: S101 - look_up has asked
        try:
            [found] = await self._translator.translate(
                [text], source=source, target=target, deadline_s=deadline_s
            )
        except TranslationError:
            return None
        return clean(found.text)[:CANDIDATE_CHARS]

    async def sent(self, offer: Offer, message_id: int) -> None:
        """The offer stands in this message."""
        async with self._database.write() as session:
            await candidates.set_messages(session, [item.id for item in offer.items], offer_id=message_id)

    async def asked(self, candidate_id: int, message_id: int) -> None:
        """This message asks for the words to use instead."""
        async with self._database.write() as session:
            await candidates.set_messages(session, [candidate_id], prompt_id=message_id)

    async def asked_by(self, key: ChatKey, message_id: int) -> int | None:
        """The candidate whose words this message asks for."""
        async with self._database.read() as session:
            return await candidates.asked_by(session, key.platform, key.chat_id, message_id)

    async def look(self, key: ChatKey, candidate_id: int) -> Decision:
        """How a candidate stands, changing nothing."""
        return await self._decide(key, candidate_id, None)

    async def accept(self, key: ChatKey, candidate_id: int, *, instead: str | None = None) -> Decision:
        """Takes a candidate into the query; `instead`: these words, separated by commas, in its place."""
        return await self._decide(key, candidate_id, CandidateState.ADDED, instead)

    async def drop(self, key: ChatKey, candidate_id: int) -> Decision:
        """Leaves a candidate out."""
        return await self._decide(key, candidate_id, CandidateState.DROPPED)

    async def accept_all(self, key: ChatKey, candidate_id: int) -> Decision:
        """Takes all that are open, of the subscription this candidate is of, into the query."""
        async with self._database.write() as session:
            held = await candidates.hold(session, key.platform, key.chat_id, candidate_id)
            if held is None:
                return Decision(Verdict.ENDED)
            candidate, subscription = held
            verdict, added = Verdict.DECIDED_BEFORE, 0
            for one in await candidates.of_subscription(session, subscription.id):
                if one.state == CandidateState.OFFERED:
                    verdict = await self._add(session, one, subscription, None)
                    if verdict is not Verdict.ADDED:  # those before it stay: each was valid by itself
                        break
                    added += 1
                    # What is added next is added to what this has become.
                    await session.refresh(subscription)
            if verdict is Verdict.ADDED:
                verdict = Verdict.ALL_ADDED
            offer = await self._offer_of(session, candidate, subscription)
        if added:
            self._changed()
        return Decision(verdict, offer)

    async def take_back(self, key: ChatKey, candidate_id: int) -> Decision:
        """Offers a decided candidate again; words that were added leave the query."""
        async with self._database.write() as session:
            held = await candidates.hold(session, key.platform, key.chat_id, candidate_id)
            if held is None:
                return Decision(Verdict.ENDED)
            candidate, subscription = held
            added = candidate.state == CandidateState.ADDED
            verdict = Verdict.TAKEN_BACK
            if candidate.state == CandidateState.OFFERED:
                verdict = Verdict.OPEN_AGAIN
            elif added:
                verdict = await self._take_out(session, candidate, subscription)
            if verdict is Verdict.TAKEN_BACK:
                await candidates.set_state(session, candidate.id, CandidateState.OFFERED)
            offer = await self._offer_of(session, candidate, subscription)
        if added and verdict is Verdict.TAKEN_BACK:
            self._changed()
        return Decision(verdict, offer)

    async def _offer_of(
        self, session: AsyncSession, candidate: TermCandidate, subscription: Subscription
    ) -> Offer:
        """How the offer of a candidate stands, as the session has it now."""
        await session.refresh(subscription)
        rows = await candidates.of_subscription(session, subscription.id)
        for row in rows:
            await session.refresh(row)
        return Offer(subscription.text, tuple(map(_offered, rows)), offer_id=candidate.offer_id)

    async def _decide(
        self, key: ChatKey, candidate_id: int, state: CandidateState | None, instead: str | None = None
    ) -> Decision:
        async with self._database.write() as session:
            held = await candidates.hold(session, key.platform, key.chat_id, candidate_id)
            if held is None:
                return Decision(Verdict.ENDED)
            candidate, subscription = held
            if candidate.state != CandidateState.OFFERED:
                verdict = Verdict.DECIDED_BEFORE
            elif state is None:
                verdict = Verdict.OPEN
            elif state is CandidateState.DROPPED:
                await candidates.set_state(session, candidate.id, state)
                verdict = Verdict.DROPPED
            else:
                verdict = await self._add(session, candidate, subscription, instead)
            offer = await self._offer_of(session, candidate, subscription)
        if verdict is Verdict.ADDED:
            self._changed()
        return Decision(verdict, offer)

    async def _add(
        self, session: AsyncSession, candidate: TermCandidate, subscription: Subscription, instead: str | None
    ) -> Verdict:
        parts = words_of(instead or candidate.text)
        if not parts:
            return Verdict.NO_WORDS
        try:
            query = await self._query_of(session, subscription)
            for part in parts:
                query = with_words(query, candidate.term, part, self._concepts)
        except QueryError:
            return Verdict.TOO_LONG
        if len(query.canonical) > CANONICAL_CHARS:
            return Verdict.TOO_LONG
        if not await self._become(session, subscription, query):
            return Verdict.SAME
        text = ", ".join(parts) if instead is not None else None
        await candidates.set_state(session, candidate.id, CandidateState.ADDED, text=text)
        return Verdict.ADDED

    async def _take_out(
        self, session: AsyncSession, candidate: TermCandidate, subscription: Subscription
    ) -> Verdict:
        query = await self._query_of(session, subscription)
        for part in words_of(candidate.text):
            query = without_words(query, candidate.term, part, self._concepts)
        return Verdict.TAKEN_BACK if await self._become(session, subscription, query) else Verdict.SAME

    async def _query_of(self, session: AsyncSession, subscription: Subscription) -> Query:
        return parse_query(await subscriptions.canonical(session, subscription.query_id), self._concepts)

    async def _become(self, session: AsyncSession, subscription: Subscription, query: Query) -> bool:
        """Makes a subscription one to this query; False when its chat has another one to it already."""
        known = await subscriptions.find(session, subscription.chat_id, query.canonical)
        if known is not None and known.id != subscription.id:
            return False
        query_id = await subscriptions.ensure_query(session, query.canonical, now=self._clock())
        await subscriptions.move(session, subscription.id, query_id=query_id, text=query.canonical)
        return True


def _offered(row: TermCandidate) -> Offered:
    return Offered(row.id, row.term, row.language, row.text, row.back, row.state)
