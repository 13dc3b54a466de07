"""Conversations, end to end: python-telegram-bot's application against a strict Bot API on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import structlog
from sqlalchemy import text as sql

from bot.chat import texts
from bot.chat.menu import COMMANDS
from bot.language.concepts import Concepts
from bot.speech import ENGLISH
from storage import alerts, chats, subscriptions
from storage.chats import ChatKey
from storage.database import Database
from storage.models import ChatState
from tests.chat.talk import SECRET, TOKEN, Talk, talking
from tests.standins.bot_api import BotApi
from tests.storage.rows import add_articles, make_ready, ready_alert

SARI, ADMIN, GUEST = 100, 11, 12
GROUP, FORUM = -200, -1_000_300


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(SARI)
        api.add_chat(GROUP, "group", "Tim <Logam>", admins=[ADMIN], members=[GUEST])
        api.add_chat(FORUM, "supergroup", "Forum", admins=[ADMIN], members=[GUEST], topics=[7, 8])
        yield api


@pytest.fixture
async def talk(api: BotApi, database: Database, concepts: Concepts, now: datetime) -> AsyncIterator[Talk]:
    async with talking(api, database, concepts, now) as talk:
        yield talk


async def following(database: Database, chat_id: int, thread_id: int = 0) -> list[str]:
    """What a chat follows, as stored."""
    async with database.read() as session:
        chat = await chats.find(session, ChatKey("telegram", chat_id, thread_id))
        return [row.text for row in await subscriptions.of_chat(session, chat.id)] if chat is not None else []


async def test_a_person_follows_lists_and_ends(talk: Talk, database: Database) -> None:
    assert "/subscribe #rare_earths" in await talk.ask(SARI, SARI, "/start")
    assert await talk.ask(SARI, SARI, "/subscribe #rare_earths") == (
        "Following #rare_earths. I will alert you at once, in English, whatever language it is written in. "
        "You follow 1 query. All of them: /list"
    )
    assert "You follow 2 queries" in await talk.ask(SARI, SARI, "/follow nickel (export OR quota)")
    assert "number 1" in await talk.ask(SARI, SARI, "/subscribe@rarewatch_bot #rare_earths")
    assert (await talk.ask(SARI, SARI, "/list")).splitlines()[1:3] == [
        "1. #rare_earths",
        "2. nickel (export OR quota)",
    ]
    assert "You follow 2 queries. All of them: /list" in await talk.ask(SARI, SARI, "/start")
    assert await following(database, SARI) == ["#rare_earths", "nickel (export OR quota)"]
    assert await talk.ask(SARI, SARI, "/unsubscribe 1") == (
        "#rare_earths is not followed any more. You follow 1 query."
    )
    assert "Which one?" in await talk.ask(SARI, SARI, "/unsubscribe")
    assert "is not followed here" in await talk.ask(SARI, SARI, "/unsubscribe 7")
    assert "You follow nothing." in await talk.ask(SARI, SARI, "/unsubscribe all")
    assert await following(database, SARI) == []
    assert talk.counts == {}


WRONG = {
    "nickel OR": "nickel OR\n       ^",
    "nickel (export": "nickel (export\n       ^",
    '"export ban': '"export ban\n^',
    "#rare_eaths <b>": "#rare_eaths <b>\n^",
}


async def test_a_wrong_query_is_answered_with_the_place_of_its_error(talk: Talk, database: Database) -> None:
    for query, shown in WRONG.items():
        answer = await talk.ask(SARI, SARI, f"/subscribe {query}")
        assert answer.startswith("I can't read this query: ")
        assert shown in answer
    assert await following(database, SARI) == []


async def test_a_command_without_its_argument_is_answered_with_examples(talk: Talk) -> None:
    assert "/subscribe #rare_earths" in await talk.ask(SARI, SARI, "/subscribe")
    assert "nothing to end" in await talk.ask(SARI, SARI, "/unsubscribe")
    assert "Try:" in await talk.ask(SARI, SARI, "/list")
    assert "Try:" in await talk.ask(SARI, SARI, "/latest")


async def test_help_names_every_command_and_every_concept(talk: Talk, concepts: Concepts) -> None:
    pages = texts.help_pages(ENGLISH, concepts.ids, group=False)
    sent = await talk.ask_all(SARI, SARI, "/help", len(pages))
    read = "\n".join(message.text_plain for message in sent)
    assert {name for name, _ in COMMANDS if f"/{name}" in read} == {
        name for name, _ in COMMANDS if name != "help"
    }
    assert all(f"#{name}" in read.split() for name in concepts.ids)


async def test_other_words_in_private_are_offered_as_a_query(talk: Talk, database: Database) -> None:
    assert await talk.ask(SARI, SARI, "nickel export ban") == (
        "To follow this, send:\n/subscribe nickel export ban"
    )
    assert "commands only" in await talk.ask(SARI, SARI, "(((")
    assert "Did you mean /subscribe?" in await talk.ask(SARI, SARI, "/subscrbe nickel")
    assert "All commands: /help" in await talk.ask(SARI, SARI, "/dance")
    assert await following(database, SARI) == []


async def test_in_a_group_only_administrators_change_things(talk: Talk, database: Database) -> None:
    refused = "only its administrators"
    assert refused in await talk.ask(GROUP, GUEST, "/subscribe nickel")
    assert await following(database, GROUP) == []
    assert "This group follows 1 query" in await talk.ask(GROUP, ADMIN, "/subscribe@Rarewatch_Bot nickel")
    assert refused in await talk.ask(GROUP, GUEST, "/unsubscribe all")
    assert refused in await talk.ask(GROUP, GUEST, "/digest 08:00 Jakarta")
    assert refused in await talk.ask(GROUP, GUEST, "/digest off")
    assert "1. nickel" in await talk.ask(GROUP, GUEST, "/list")
    assert "No alerts yet" in await talk.ask(GROUP, GUEST, "/latest")
    assert "Daily digest: off" in await talk.ask(GROUP, GUEST, "/digest")
    assert await following(database, GROUP) == ["nickel"]
    async with database.read() as session:
        chat = await chats.find(session, ChatKey("telegram", GROUP))
    assert chat is not None
    assert (chat.kind, chat.title) == ("group", "Tim <Logam>")


async def test_an_anonymous_administrator_speaks_in_the_groups_name(talk: Talk, database: Database) -> None:
    talk.api.say(GROUP, ADMIN, "/subscribe nickel", anonymous=True)
    await talk.heard(GROUP, 0)
    assert await following(database, GROUP) == ["nickel"]


async def test_a_group_is_not_answered_to_what_is_not_meant_for_the_bot(talk: Talk) -> None:
    talk.api.chats[GROUP].status = "administrator"  # so that it sees everything
    for text in ("nickel export", "/dance", "/subscribe@another_bot nickel"):
        talk.api.say(GROUP, ADMIN, text)
    assert "Commands" in await talk.ask(GROUP, ADMIN, "/help")


async def test_a_topic_follows_for_itself_and_is_answered_there(talk: Talk, database: Database) -> None:
    assert "This topic follows 1 query" in await talk.ask(FORUM, ADMIN, "/subscribe nickel", 7)
    assert "This topic follows nothing" in await talk.ask(FORUM, GUEST, "/list", 8)
    assert "This group follows nothing" in await talk.ask(FORUM, GUEST, "/list")
    assert [sent.thread_id for sent in talk.api.sent_to(FORUM)] == [7, 8, None]
    assert await following(database, FORUM, 7) == ["nickel"]
    assert await following(database, FORUM) == []


async def test_a_digest_is_set_in_the_persons_own_zone(talk: Talk, database: Database) -> None:
    # Now is 09:00 UTC: 16:00 in Jakarta.
    assert await talk.ask(SARI, SARI, "/digest 08.00 jakarta") == (
        "A digest comes every day at 08:00, Asia/Jakarta (UTC+7). The first one: tomorrow."
    )
    assert "20:30, Asia/Jakarta (UTC+7). The first one: today" in await talk.ask(SARI, SARI, "/digest 20:30")
    assert "08:00, UTC+5" in await talk.ask(SARI, SARI, "/digest 8:00 +5")
    assert "Europe/Moscow (UTC+3)" in await talk.ask(SARI, SARI, "/digest 9 pm Москва")
    assert "Daily digest: at 21:00, Europe/Moscow (UTC+3); the next one today." in await talk.ask(
        SARI, SARI, "/digest"
    )
    async with database.read() as session:
        chat = await chats.find(session, ChatKey("telegram", SARI))
    assert chat is not None
    assert (chat.digest_time, chat.zone) == ("21:00", "Europe/Moscow")
    assert "No daily digest any more" in await talk.ask(SARI, SARI, "/digest OFF")
    assert "Daily digest: off" in await talk.ask(SARI, SARI, "/digest")


NO_DIGEST = {
    "25:00": "hours go from 0 to 23",
    "jakarta": "no hours and minutes",
    "08:00 jakata": "Did you mean Jakarta?",
    "08:00 +5:30": "Did you mean Kolkata?",
    "08:00 IST": "Did you mean Kolkata, Jerusalem, or Dublin?",
}


async def test_a_digest_that_is_not_understood_is_refused_with_a_suggestion(talk: Talk) -> None:
    for asked, expected in NO_DIGEST.items():
        answer = await talk.ask(SARI, SARI, f"/digest {asked}")
        assert expected in answer
        assert "/digest 08:00 Jakarta" in answer
    assert "off" in await talk.ask(SARI, SARI, "/digest")


async def test_the_latest_alerts_can_be_read_again(talk: Talk, database: Database, now: datetime) -> None:
    await talk.ask(SARI, SARI, "/subscribe nickel")
    (article_id,) = await add_articles(database, now, count=1)
    story_id = await make_ready(database, article_id, now, key="story")
    async with database.write() as session:
        chat = await chats.find(session, ChatKey("telegram", SARI))
        assert chat is not None
        await alerts.enqueue(session, story_id, article_id, {chat.id: []}, now=now)
    (sent,) = await talk.ask_all(SARI, SARI, "/latest", 1)
    assert "Judul 0" in sent.text_plain
    assert "not translated yet" in sent.text_plain
    assert any(entity.type == "text_link" for entity in sent.entities)


async def test_a_bot_for_some_chats_turns_the_others_away_politely(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now, allowed_chats={GROUP}) as talk:
        answer = await talk.ask(SARI, SARI, "/subscribe nickel")
        assert "Sorry" in answer
        assert str(SARI) in answer
        assert "Following" in await talk.ask(GROUP, ADMIN, "/subscribe nickel")
        assert await following(database, SARI) == []


async def test_a_chat_that_blocks_the_bot_gets_nothing_and_has_all_again_when_it_returns(
    talk: Talk, database: Database
) -> None:
    await talk.ask(SARI, SARI, "/subscribe nickel")
    await talk.ask(SARI, SARI, "/digest 08:00 Jakarta")
    talk.api.block(SARI)
    await _state_becomes(database, talk, SARI, ChatState.GONE)
    talk.api.unblock(SARI)
    await _state_becomes(database, talk, SARI, ChatState.ACTIVE)
    assert "1. nickel" in await talk.ask(SARI, SARI, "/list")
    assert "08:00" in await talk.ask(SARI, SARI, "/digest")


async def test_an_answer_to_a_chat_that_blocked_meanwhile_marks_it_gone(
    talk: Talk, database: Database
) -> None:
    await talk.ask(SARI, SARI, "/subscribe nickel")
    talk.api.fail_next("sendMessage", 403, "Forbidden: bot was blocked by the user")
    talk.api.say(SARI, SARI, "/list")
    await _state_becomes(database, talk, SARI, ChatState.GONE)
    assert talk.counts == {"answer": 1}


async def _state_becomes(database: Database, talk: Talk, chat_id: int, state: ChatState) -> None:
    async def reached() -> bool:
        async with database.read() as session:
            return [chat.state for chat in await chats.rows_of(session, "telegram", chat_id)] == [state]

    await talk.until(reached)


async def test_a_group_that_becomes_a_supergroup_keeps_its_settings(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now, allowed_chats={GROUP}) as talk:
        await talk.ask(GROUP, ADMIN, "/subscribe nickel")
        talk.api.migrate(GROUP, -1_000_200)
        assert "1. nickel" in await talk.ask(-1_000_200, GUEST, "/list")
        assert await following(database, GROUP) == []


async def test_an_answer_follows_a_group_that_migrated_meanwhile(talk: Talk, database: Database) -> None:
    talk.api.add_chat(-1_000_200, "supergroup", admins=[ADMIN])
    talk.api.fail_next(
        "sendMessage", 400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to=-1_000_200
    )
    talk.api.say(GROUP, ADMIN, "/subscribe nickel")
    (sent,) = await talk.heard(-1_000_200, 0)
    assert sent.text_plain.startswith("Following nickel")
    assert await following(database, -1_000_200) == ["nickel"]


async def test_an_answer_waits_as_long_as_telegram_asks(talk: Talk) -> None:
    talk.api.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
    assert "Commands" in await talk.ask(SARI, SARI, "/help")
    assert talk.slept == [7.0]
    assert talk.counts == {}


async def test_an_answer_that_can_not_be_sent_is_counted_and_the_next_one_comes(talk: Talk) -> None:
    talk.api.fail_next("sendMessage", 429, "Too Many Requests: retry after 900", retry_after=900)
    talk.api.fail_next("sendMessage", 400, "Bad Request: TOPIC_CLOSED")
    talk.api.say(SARI, SARI, "/list")
    talk.api.say(SARI, SARI, "/list")
    assert "Daily digest" in await talk.ask(SARI, SARI, "/digest")
    assert talk.counts == {"answer": 2}
    assert talk.slept == []


async def test_when_something_breaks_the_person_is_told_and_the_log_has_no_token(
    talk: Talk, database: Database
) -> None:
    await talk.ask(SARI, SARI, "/subscribe nickel")
    async with database.write() as session:
        await session.execute(sql("ALTER TABLE subscriptions RENAME TO elsewhere"))
    with structlog.testing.capture_logs() as logs:
        answer = await talk.ask(SARI, SARI, "/subscribe cobalt")
    assert answer == "Something went wrong on my side; nothing was changed. Please try again."
    assert talk.counts == {"handler": 1}
    (event,) = [event for event in logs if event["event"] == "chat_update_failed"]
    assert event["log_level"] == "error"
    assert "subscriptions" in event["traceback"]
    assert SECRET not in str(logs)


async def test_a_question_about_a_member_that_telegram_does_not_answer_changes_nothing(
    talk: Talk, database: Database
) -> None:
    talk.api.fail_next("getChatMember", 500, "Internal Server Error")
    assert "nothing was changed" in await talk.ask(GROUP, ADMIN, "/subscribe nickel")
    talk.api.fail_next("getChatMember", 400, "Bad Request: member list is inaccessible")
    assert "only its administrators" in await talk.ask(GROUP, ADMIN, "/subscribe nickel")
    assert await following(database, GROUP) == []


async def test_many_chats_at_once_are_all_answered(talk: Talk, database: Database) -> None:
    people = range(1001, 1031)
    for person in people:
        talk.api.say(person, person, "/subscribe nickel")
        talk.api.say(person, person, "/list")
    for person in people:
        first, second = await talk.heard(person, 0, 2)
        assert first.text_plain.startswith("Following")
        assert "1. nickel" in second.text_plain


async def test_a_preview_says_what_a_query_would_have_brought(
    talk: Talk, database: Database, now: datetime
) -> None:
    assert "Which query?" in await talk.ask(SARI, SARI, "/preview")
    assert "missing after OR" in await talk.ask(SARI, SARI, "/preview nickel OR")
    assert "Nothing was read in the last 7 days" in await talk.ask(SARI, SARI, "/preview nickel")
    for article_id in await add_articles(database, now, count=2):
        await make_ready(database, article_id, now, key=f"story {article_id}")
    (sent,) = await talk.ask_all(SARI, SARI, "/preview judul", 1)
    lines = sent.text_plain.splitlines()
    assert lines[:2] == ["judul:", "2 alerts in the time since 23 Nov 2026, 09:00 UTC, from 2 articles."]
    assert "2 of them were not translated, so English words were not looked for there." in lines
    assert "Judul 1" in lines
    assert "judul: «Judul» (Indonesian)" in lines
    assert lines[-1] == "To follow it: /subscribe judul"
    assert any(method == "sendChatAction" for method, _ in talk.api.requests)
    assert await following(database, SARI) == []


async def test_previews_of_a_chat_are_made_one_at_a_time(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    over = asyncio.Event()
    async with talking(api, database, concepts, now, held=over) as talk:
        # The first preview can't be delivered yet, which is as good as one that is still looking.
        api.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
        api.say(SARI, SARI, "/preview nickel")
        await talk.until(lambda: asyncio.sleep(0, bool(talk.slept)))
        assert "still working on the preview before" in await talk.ask(SARI, SARI, "/preview cobalt")
        assert "Nothing was read" in await talk.ask(GROUP, GUEST, "/preview cobalt")  # others need not wait
        before = len(api.sent_to(SARI))
        over.set()
        (first,) = await talk.heard(SARI, before)
        assert "Nothing was read" in first.text_plain
        assert "Nothing was read" in await talk.ask(SARI, SARI, "/preview cobalt")
        assert talk.counts == {}


async def sent_alert(
    database: Database, now: datetime, number: int, message_id: int, chat_id: int, thread_id: int = 0
) -> None:
    """An alert that went out as this message, to a chat that follows something; even numbers in English."""
    async with database.read() as session:
        chat = await chats.find(session, ChatKey("telegram", chat_id, thread_id))
    assert chat is not None
    await ready_alert(database, now, number, [chat.id], english=number % 2 == 0)
    async with database.write() as session:
        ((alert, _, _),) = await alerts.latest(session, chat.id, limit=1)
        await alerts.mark_sent(session, alert.id, message_id=message_id, in_english=True, now=now)


async def test_why_explains_the_newest_alert_or_the_one_replied_to(
    talk: Talk, database: Database, now: datetime
) -> None:
    assert "You follow nothing." in await talk.ask(SARI, SARI, "/why")
    (first,) = await talk.ask_all(SARI, SARI, "/subscribe nickel", 1)
    assert "No alert has come here yet. You follow 1 query" in await talk.ask(SARI, SARI, "/why")
    (second,) = await talk.ask_all(SARI, SARI, "/list", 1)  # two messages to stand in for alerts
    await sent_alert(database, now, 2, first.message_id, SARI)
    await sent_alert(database, now, 3, second.message_id, SARI)
    newest = (await talk.ask(SARI, SARI, "/why")).splitlines()
    assert newest[:2] == ["Why this alert", "Judul 3"]
    assert "Translation: not translated yet" in newest
    assert await reply(talk, SARI, first.message_id) == [
        "Why this alert",
        "Title 2",
        "Judul 2 (Indonesian)",
        "",
        "nickel",
        "• nickel: «nikel» (Indonesian)",
        "",
        "Translation: translated from Indonesian by LibreTranslate",
        "Source: Kabar · Indonesia · trade press",
        "Published: 23 Nov 2026, 09:00 UTC",
        "Read: 23 Nov 2026, 09:00 UTC",
        "Sent: 23 Nov 2026, 09:00 UTC",
    ]
    last = talk.api.sent_to(SARI)[-1].message_id
    assert "none of my alerts" in (await reply(talk, SARI, last))[0]


async def reply(talk: Talk, chat_id: int, message_id: int) -> list[str]:
    """The lines of the answer to /why as a reply to a message."""
    before = len(talk.api.sent_to(chat_id))
    talk.api.say(chat_id, chat_id, "/why", reply_to=message_id)
    return (await talk.heard(chat_id, before))[0].text_plain.splitlines()


async def test_why_in_a_topic_is_about_that_topics_alerts(
    talk: Talk, database: Database, now: datetime
) -> None:
    for topic in (7, 8):
        await talk.ask(FORUM, ADMIN, "/subscribe nickel", topic)
    await sent_alert(database, now, 2, 900, FORUM, 7)
    assert "Title 2" in await talk.ask(FORUM, GUEST, "/why", 7)
    assert "This topic follows 1 query" in await talk.ask(FORUM, GUEST, "/why", 8)
