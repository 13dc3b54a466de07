"""Translations of a query's words that wait for a person to say yes or no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_new
from storage.models import CandidateState, Chat, Subscription, TermCandidate


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """A translation of a term; `back` is its translation back again, None when there is none."""

    term: str
    language: str
    text: str
    back: str | None


async def offer(
    session: AsyncSession, subscription_id: int, candidates: Iterable[NewCandidate], *, now: datetime
) -> list[TermCandidate]:
    """Keeps candidates for a subscription; of a term and language the first stays. Gives the new ones."""
    rows = [
        {
            "subscription_id": subscription_id,
            "term": one.term,
            "language": one.language,
            "text": one.text,
            "back": one.back,
            "created_at": now,
        }
        for one in candidates
    ]
    return await insert_new(session, TermCandidate, rows, ["subscription_id", "term", "language"])


async def of_subscription(session: AsyncSession, subscription_id: int) -> list[TermCandidate]:
    """All of a subscription, in the order they were offered."""
    statement = select(TermCandidate).where(TermCandidate.subscription_id == subscription_id)
    return list(await session.scalars(statement.order_by(TermCandidate.id)))


async def hold(
    session: AsyncSession, platform: str, chat_id: int, candidate_id: int
) -> tuple[TermCandidate, Subscription] | None:
    """A candidate of this chat (or one of its topics) with its subscription, nobody else changing either.

    None when there is none: the subscription ended, or it is another chat's.
    """
    rows = await session.execute(
        select(TermCandidate, Subscription)
        .join(Subscription, Subscription.id == TermCandidate.subscription_id)
        .join(Chat, Chat.id == Subscription.chat_id)
        .where(TermCandidate.id == candidate_id, Chat.platform == platform, Chat.chat_id == chat_id)
        .with_for_update(of=[Subscription, TermCandidate])
    )
    return next(((candidate, subscription) for candidate, subscription in rows), None)


async def asked_by(session: AsyncSession, platform: str, chat_id: int, prompt_id: int) -> int | None:
    """The candidate whose words a message of the bot asks for."""
    return await session.scalar(
        select(TermCandidate.id)
        .join(Subscription, Subscription.id == TermCandidate.subscription_id)
        .join(Chat, Chat.id == Subscription.chat_id)
        .where(TermCandidate.prompt_id == prompt_id, Chat.platform == platform, Chat.chat_id == chat_id)
        .limit(1)
    )


async def set_state(
    session: AsyncSession, candidate_id: int, state: CandidateState, *, text: str | None = None
) -> None:
    """What a person said of it; `text`: the words he wrote instead."""
    values: dict[str, object] = {"state": state}
    if text is not None:
        values |= {"text": text, "back": None}
    await session.execute(update(TermCandidate).where(TermCandidate.id == candidate_id).values(values))


async def set_messages(
    session: AsyncSession,
    candidate_ids: Iterable[int],
    *,
    offer_id: int | None = None,
    prompt_id: int | None = None,
) -> None:
    """The message that shows them, or the one that asks for other words."""
    values = {"offer_id": offer_id} if prompt_id is None else {"prompt_id": prompt_id}
    await session.execute(
        update(TermCandidate).where(TermCandidate.id.in_(list(candidate_ids))).values(values)
    )
