"""Translations that wait for a yes: one a term and language, for their chat only, gone with the query."""

from __future__ import annotations

from datetime import datetime

from storage import candidates, subscriptions
from storage.candidates import NewCandidate
from storage.database import Database
from tests.storage.rows import add_chat


async def test_candidates_end_with_their_subscription_and_the_first_of_a_language_stays(
    any_database: Database, now: datetime
) -> None:
    chat = await add_chat(any_database, now, query="saham")
    one = NewCandidate("saham", "en", "stock", "saham")
    async with any_database.write() as session:
        [subscription] = await subscriptions.of_chat(session, chat.id)
        [kept] = await candidates.offer(session, subscription.id, [one], now=now)
        again = NewCandidate("saham", "en", "share", None)
        assert await candidates.offer(session, subscription.id, [again], now=now) == []
        await candidates.set_messages(session, [kept.id], prompt_id=7)
    async with any_database.write() as session:
        assert await candidates.asked_by(session, "telegram", 100, 7) == kept.id
        assert await candidates.asked_by(session, "telegram", 200, 7) is None
        assert await candidates.hold(session, "telegram", 200, kept.id) is None
        held = await candidates.hold(session, "telegram", 100, kept.id)
        assert held is not None
        assert (held[0].text, held[0].state, held[1].text) == ("stock", "offered", "saham")
        await subscriptions.unsubscribe(session, chat.id, [subscription.id])
    async with any_database.read() as session:
        assert await candidates.of_subscription(session, subscription.id) == []
