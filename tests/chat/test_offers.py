"""Translations of a query's words, from the offer to the query: through buttons, by those who may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from bot.chat.offers import Decision, Offers, Verdict
from bot.language.concepts import Concepts
from bot.translation.failures import TranslationError
from bot.translation.translator import Translation
from storage import chats, subscriptions
from storage.chats import ChatKey
from storage.database import Database
from tests.chat.talk import TOKEN, Talk, talking
from tests.standins.bot_api import BotApi, Sent
from tests.storage.rows import add_chat

SARI, ADMIN, GUEST, GROUP = 100, 11, 12, -200
WORDS = {
    ("saham", "id", "en"): "Stock",
    ("saham", "id", "ru"): "акции",
    ("Stock", "en", "id"): "saham",
    ("акции", "ru", "id"): "saham",
}


class Dictionary:
    """A translator that knows a few words; asked for others, or while away, it fails."""

    away = False

    async def translate(
        self, texts: Sequence[str], *, source: str, target: str, deadline_s: float
    ) -> list[Translation]:
        """See `Translator`."""
        [text] = texts
        if self.away or (text, source, target) not in WORDS:
            raise TranslationError(text, reason="nobody is there")
        return [Translation(WORDS[text, source, target], "dictionary", cached=False)]


@pytest.fixture
def translator() -> Dictionary:
    return Dictionary()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(SARI)
        api.add_chat(GROUP, "supergroup", "Tim", admins=[ADMIN], members=[GUEST])
        yield api


@pytest.fixture
async def talk(
    api: BotApi, database: Database, concepts: Concepts, now: datetime, translator: Dictionary
) -> AsyncIterator[Talk]:
    async with talking(api, database, concepts, now, translator=translator) as talk:
        yield talk


async def offered(talk: Talk, chat_id: int = SARI, user_id: int = SARI, query: str = "saham") -> Sent:
    """Subscribes, and gives the message with the translations."""
    first, offer = await talk.ask_all(chat_id, user_id, f"/subscribe {query}", 2)
    assert first.text_plain.startswith(f"Following {query}.")
    return offer


def buttons(sent: Sent) -> list[list[str]]:
    """The data of the buttons, row by row."""
    rows: list[list[dict[str, Any]]] = (sent.reply_markup or {}).get("inline_keyboard", [])
    return [[button["callback_data"] for button in row] for row in rows]


async def press(talk: Talk, sent: Sent, user_id: int, data: str) -> str:
    """Presses a button; gives what the bot answers."""
    count = len(talk.api.answers) + 1
    talk.api.press(sent.chat_id, user_id, sent.message_id, data)
    await talk.api.wait_for(lambda _: len(talk.api.answers) >= count)
    return str(talk.api.answers[-1].get("text", ""))


async def following(database: Database, chat_id: int) -> list[tuple[str, str]]:
    """(text, canonical query) of each subscription, as stored."""
    async with database.read() as session:
        chat = await chats.find(session, ChatKey("telegram", chat_id))
        assert chat is not None
        return [
            (row.text, await subscriptions.canonical(session, row.query_id))
            for row in await subscriptions.of_chat(session, chat.id)
        ]


async def test_translations_are_offered_and_only_what_is_confirmed_is_followed(
    talk: Talk, database: Database
) -> None:
    offer = await offered(talk)
    assert "saham → Stock, English (back: saham)" in offer.text_plain
    assert "saham → акции, Russian (back: saham)" in offer.text_plain
    assert await following(database, SARI) == [("saham", "saham")]
    english, russian, [everything] = buttons(offer)
    assert all(len(data.encode()) <= 64 for data in [*english, *russian, everything])
    assert await press(talk, offer, SARI, russian[0]) == "Added to the query."
    assert await following(database, SARI) == [("saham OR акции", "saham OR акции")]
    assert "✓ saham → акции" in offer.current
    assert "The query is now: saham OR акции" in offer.current
    assert buttons(offer) == [english, [russian[0].replace("yes", "back")]]
    assert await press(talk, offer, SARI, english[2]) == "Left out."
    assert [len(row) for row in buttons(offer)] == [2]  # nothing but to take back
    assert await following(database, SARI) == [("saham OR акции", "saham OR акции")]
    assert "1. saham OR акции" in await talk.ask(SARI, SARI, "/list")
    assert talk.counts == {}


async def test_old_and_invented_buttons_are_answered_and_do_nothing(talk: Talk, database: Database) -> None:
    offer = await offered(talk)
    english, *_ = buttons(offer)
    await press(talk, offer, SARI, english[0])
    assert await press(talk, offer, SARI, english[2]) == "This was decided before."
    assert await press(talk, offer, SARI, "word:yes:999") == "This query is not followed here any more."
    for invented in ("elephants", "word:elephants:1", "word:yes:1:2", "word:yes:"):
        assert "too old" in await press(talk, offer, SARI, invented)
    await talk.ask(SARI, SARI, "/unsubscribe all")
    assert "not followed here" in await press(talk, offer, SARI, english[0])
    # Somebody else's candidate, from another chat.
    theirs = await offered(talk, GROUP, ADMIN)
    assert "not followed here" in await press(talk, offer, SARI, buttons(theirs)[0][0])
    assert await following(database, GROUP) == [("saham", "saham")]


async def test_a_person_writes_words_of_his_own(talk: Talk, database: Database) -> None:
    offer = await offered(talk)
    before = len(talk.api.sent_to(SARI))
    await press(talk, offer, SARI, buttons(offer)[1][1])
    (prompt,) = await talk.heard(SARI, before)
    assert prompt.text_plain.startswith("Which Russian words for saham?")
    assert (prompt.reply_markup or {})["force_reply"]
    talk.api.say(SARI, SARI, "акция, фондовый рынок", reply_to=prompt.message_id)
    (answer,) = await talk.heard(SARI, before + 1)
    assert answer.text_plain == "Added to the query."
    assert await following(database, SARI) == [("saham OR акция OR фондовый-рынок",) * 2]
    assert "✓ saham → акция, фондовый рынок, Russian" in offer.current
    talk.api.say(SARI, SARI, "ещё", reply_to=prompt.message_id)
    (again,) = await talk.heard(SARI, before + 2)
    assert again.text_plain == "This was decided before."
    talk.api.say(SARI, SARI, "nickel export", reply_to=answer.message_id)
    (other,) = await talk.heard(SARI, before + 3)
    assert other.text_plain.startswith("To follow this, send:")


async def test_all_are_added_at_once_and_each_can_be_taken_back(talk: Talk, database: Database) -> None:
    offer = await offered(talk)
    english, russian, [everything] = buttons(offer)
    assert await press(talk, offer, SARI, everything) == "All added to the query."
    assert await following(database, SARI) == [("saham OR stock OR акции",) * 2]
    assert "The query is now: saham OR stock OR акции" in offer.current
    assert await press(talk, offer, SARI, everything) == "This was decided before."

    [[back_english, back_russian]] = buttons(offer)
    assert await press(talk, offer, SARI, back_english) == "Taken back; you may decide anew."
    assert await following(database, SARI) == [("saham OR акции",) * 2]
    assert buttons(offer) == [english, [back_russian]]
    assert await press(talk, offer, SARI, back_russian) == "Taken back; you may decide anew."
    assert await following(database, SARI) == [("saham",) * 2]
    assert buttons(offer) == [english, russian, [everything]]
    assert "The query is now" not in offer.current
    assert "open" in await press(talk, offer, SARI, back_russian)


async def test_what_was_left_out_is_offered_again(talk: Talk, database: Database) -> None:
    offer = await offered(talk)
    english, *_ = buttons(offer)
    await press(talk, offer, SARI, english[2])
    [_, [back]] = buttons(offer)
    assert await press(talk, offer, SARI, back) == "Taken back; you may decide anew."
    assert await press(talk, offer, SARI, english[0]) == "Added to the query."
    assert await following(database, SARI) == [("saham OR stock",) * 2]


async def test_words_a_person_wrote_leave_the_query_together(talk: Talk, database: Database) -> None:
    offer = await offered(talk, query="saham (emas OR tembaga)")
    [(_, plain)] = await following(database, SARI)
    before = len(talk.api.sent_to(SARI))
    russian = [row for row in buttons(offer) if len(row) == 3][-1]
    await press(talk, offer, SARI, russian[1])
    (prompt,) = await talk.heard(SARI, before)
    talk.api.say(SARI, SARI, "акция, фондовый рынок", reply_to=prompt.message_id)
    await talk.heard(SARI, before + 1)
    [(grown, _)] = await following(database, SARI)
    assert "фондовый-рынок" in grown
    back = buttons(offer)[-1][0]
    assert await press(talk, offer, SARI, back) == "Taken back; you may decide anew."
    assert [canonical for _, canonical in await following(database, SARI)] == [plain]


async def test_a_query_is_unsubscribed_by_what_was_typed_although_words_were_added(
    talk: Talk, database: Database
) -> None:
    offer = await offered(talk)
    await press(talk, offer, SARI, buttons(offer)[-1][0])
    assert "is not followed here" in await talk.ask(SARI, SARI, "/unsubscribe stock")
    assert "saham OR stock OR акции is not followed any more." in await talk.ask(
        SARI, SARI, "/unsubscribe Saham"
    )
    assert await following(database, SARI) == []


async def test_in_a_group_only_administrators_decide(talk: Talk, database: Database) -> None:
    offer = await offered(talk, GROUP, ADMIN)
    yes, write, _ = buttons(offer)[0]
    assert "only its administrators" in await press(talk, offer, GUEST, yes)
    assert "only its administrators" in await press(talk, offer, GUEST, write)
    assert await following(database, GROUP) == [("saham", "saham")]
    assert await press(talk, offer, ADMIN, yes) == "Added to the query."
    assert await following(database, GROUP) == [("saham OR stock", "saham OR stock")]


async def test_without_a_translator_at_hand_the_query_works_and_that_is_said(
    talk: Talk, database: Database, translator: Dictionary
) -> None:
    translator.away = True
    offer = await offered(talk)
    assert offer.text_plain == (
        "Translations of «saham» are not at hand now; the query works in its own language and over the "
        "English text."
    )
    assert buttons(offer) == []
    assert await following(database, SARI) == [("saham", "saham")]


async def test_a_query_of_concepts_and_names_brings_no_second_message(talk: Talk) -> None:
    await talk.ask(SARI, SARI, "/subscribe #nickel Lynas")
    await talk.ask(SARI, SARI, "/list")
    assert len(talk.api.sent_to(SARI)) == 2


async def test_two_at_once_do_no_harm(
    any_database: Database, concepts: Concepts, now: datetime, translator: Dictionary
) -> None:
    chat = await add_chat(any_database, now, query="saham")
    async with any_database.read() as session:
        [subscription] = await subscriptions.of_chat(session, chat.id)
    changes: list[str] = []
    offers = Offers(
        any_database, concepts, translator, clock=lambda: now, changed=lambda: changes.append("changed")
    )
    offer = await offers.look_up(subscription.id, "saham")
    assert offer is not None
    key = ChatKey("telegram", 100)
    decisions: list[Decision] = await asyncio.gather(
        *(offers.accept(key, item.id) for item in offer.items for _ in range(3))
    )
    verdicts = [decision.verdict for decision in decisions]
    assert verdicts.count(Verdict.ADDED) == 2
    assert verdicts.count(Verdict.DECIDED_BEFORE) == 4
    assert changes == ["changed"] * 2
    assert await following(any_database, 100) == [("saham OR stock OR акции",) * 2]


async def test_a_query_that_is_followed_already_is_not_made_twice(
    any_database: Database, concepts: Concepts, now: datetime, translator: Dictionary
) -> None:
    chat = await add_chat(any_database, now, query="saham OR stock")
    await add_chat(any_database, now, query="saham")
    offers = Offers(any_database, concepts, translator, clock=lambda: now)
    async with any_database.read() as session:
        _, subscription = await subscriptions.of_chat(session, chat.id)
    offer = await offers.look_up(subscription.id, "saham")
    assert offer is not None
    key = ChatKey("telegram", 100)
    stock, russian = [item.id for item in offer.items]
    assert (await offers.accept(key, stock)).verdict is Verdict.SAME
    assert (await offers.accept(key, stock, instead=" , !")).verdict is Verdict.NO_WORDS
    assert (await offers.accept(key, russian, instead="слово " * 99)).verdict is Verdict.TOO_LONG
    assert (await offers.look(key, stock)).verdict is Verdict.OPEN
    assert (await offers.drop(key, stock)).verdict is Verdict.DROPPED
    assert [text for text, _ in await following(any_database, 100)] == ["saham OR stock", "saham"]
