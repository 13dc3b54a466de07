"""Hello, and in which language: what Telegram says of a person, what he chooses, who may in a group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import update

from bot.language.concepts import Concepts
from storage import chats
from storage.chats import ChatKey
from storage.database import Database
from storage.models import Chat
from tests.chat.talk import TOKEN, Talk, talking
from tests.standins.bot_api import BotApi, Sent

SARI, IVAN, ADMIN, GUEST = 100, 101, 11, 12
GROUP, FORUM = -200, -1_000_300


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(SARI)
        api.add_chat(IVAN)
        api.add_chat(GROUP, "group", "Tim <Logam>", admins=[ADMIN], members=[GUEST])
        api.add_chat(FORUM, "supergroup", "Forum", admins=[ADMIN], members=[GUEST], topics=[7, 8])
        yield api


@pytest.fixture
async def talk(api: BotApi, database: Database, concepts: Concepts, now: datetime) -> AsyncIterator[Talk]:
    async with talking(api, database, concepts, now) as talk:
        yield talk


async def say(
    talk: Talk, chat_id: int, user_id: int, text: str, language: str, thread_id: int | None = None
) -> Sent:
    """Says something on a device of this language, and gives the answer."""
    before = len(talk.api.sent_to(chat_id))
    talk.api.say(chat_id, user_id, text, thread_id, language=language)
    return (await talk.heard(chat_id, before))[0]


async def tap(talk: Talk, user_id: int, under: Sent, label: str, data: str | None = None) -> str:
    """Presses a button, and gives the short answer."""
    query_id = talk.api.press(under.chat_id, user_id, under.message_id, data or buttons(under)[label])
    said: list[str] = []

    async def answered() -> bool:
        said[:] = [
            answer.get("text", "") for answer in talk.api.answers if answer["callback_query_id"] == query_id
        ]
        return bool(said)

    await talk.until(answered)
    return said[0]


async def language_of(database: Database, chat_id: int, thread_id: int = 0) -> str | None:
    async with database.read() as session:
        chat = await chats.find(session, ChatKey("telegram", chat_id, thread_id))
        return chat.language if chat is not None else None


def buttons(sent: Sent) -> dict[str, str]:
    """label → what it carries."""
    assert sent.reply_markup is not None
    return {
        button["text"]: button["callback_data"]
        for row in sent.reply_markup["inline_keyboard"]
        for button in row
    }


@pytest.mark.parametrize(
    ("device", "language", "greeting"),
    [
        ("id", "id", "membaca berita"),
        ("ms-MY", "id", "membaca berita"),
        ("ru", "ru", "читает новости"),
        ("kk", "ru", "читает новости"),
        ("uk", "en", "reads news"),
        ("de", "en", "reads news"),
    ],
)
async def test_a_person_is_greeted_in_the_nearest_language(
    talk: Talk, database: Database, device: str, language: str, greeting: str
) -> None:
    assert greeting in (await say(talk, SARI, SARI, "/start", device)).text_plain
    assert await language_of(database, SARI) == language
    # What was settled stays, whatever the device says later.
    assert greeting in (await say(talk, SARI, SARI, "/start", "en")).text_plain


async def test_the_greeting_changes_its_language_at_a_tap(talk: Talk, database: Database) -> None:
    hello = await say(talk, SARI, SARI, "/start", "en")
    assert list(buttons(hello)) == ["✓ English", "Bahasa Indonesia", "Русский"]
    assert (
        await tap(talk, SARI, hello, "Русский")
        == "Теперь я говорю здесь по-русски. Новости остаются на английском."
    )
    [hello] = talk.api.sent_to(SARI)
    assert "читает новости" in hello.current
    assert list(buttons(hello)) == ["English", "Bahasa Indonesia", "✓ Русский"]
    assert await language_of(database, SARI) == "ru"
    assert "Ежедневная сводка" in (await say(talk, SARI, SARI, "/digest", "en")).text_plain


@pytest.mark.parametrize("name", ["id", "ID", "Bahasa Indonesia", "indonesian", "индонезийский"])
async def test_a_language_is_chosen_by_any_of_its_names(talk: Talk, database: Database, name: str) -> None:
    answer = await say(talk, SARI, SARI, f"/language {name}", "en")
    assert answer.text_plain.startswith("Mulai sekarang saya berbahasa Indonesia")
    assert await language_of(database, SARI) == "id"


async def test_a_language_nobody_here_speaks_is_refused_with_those_there_are(talk: Talk) -> None:
    answer = await say(talk, SARI, SARI, "/language <b>klingon", "en")
    assert "I don't speak <b>klingon" in answer.text_plain
    assert "id (Bahasa Indonesia)" in answer.text_plain


async def test_in_a_group_only_administrators_choose(talk: Talk, database: Database) -> None:
    refused = await say(talk, GROUP, GUEST, "/language ru", "en")
    assert "only its administrators" in refused.text_plain
    asked = await say(talk, GROUP, GUEST, "/language", "en")
    assert "only its administrators" in await tap(talk, GUEST, asked, "Русский")
    assert await language_of(database, GROUP) is None
    assert "по-русски" in await tap(talk, ADMIN, asked, "Русский")
    assert await language_of(database, GROUP) == "ru"
    # The group's own language, not that of who asks.
    assert "Эта группа ни за чем не следит" in (await say(talk, GROUP, GUEST, "/list", "id")).text_plain


async def test_a_topic_speaks_its_groups_language_until_it_has_its_own(
    talk: Talk, database: Database
) -> None:
    await say(talk, FORUM, ADMIN, "/language id", "en", 7)
    assert "belum diikuti" not in (await say(talk, FORUM, ADMIN, "/list", "en", 8)).text_plain
    assert "Topik ini" in (await say(talk, FORUM, ADMIN, "/list", "en", 8)).text_plain
    await say(talk, FORUM, ADMIN, "/language ru", "en", 8)
    assert "В этой теме" in (await say(talk, FORUM, GUEST, "/list", "en", 8)).text_plain
    assert "Topik ini" in (await say(talk, FORUM, GUEST, "/list", "en", 7)).text_plain


async def test_a_chat_from_before_there_were_languages_gets_its_own(talk: Talk, database: Database) -> None:
    await say(talk, IVAN, IVAN, "/start", "ru")
    await say(talk, GROUP, ADMIN, "/subscribe nickel", "ru")
    async with database.write() as session:
        await session.execute(update(Chat).values(language=None))
    assert "Вы ни за чем" in (await say(talk, IVAN, IVAN, "/list", "ru")).text_plain
    assert await language_of(database, IVAN) == "ru"
    # In a group somebody who may has to change something first: anybody's device decides nothing.
    assert "This group follows" in (await say(talk, GROUP, GUEST, "/list", "ru")).text_plain
    assert await language_of(database, GROUP) is None
    assert "Эта группа" not in (await say(talk, GROUP, GUEST, "/list", "id")).text_plain


async def test_an_invented_button_does_nothing(talk: Talk, database: Database) -> None:
    hello = await say(talk, SARI, SARI, "/start", "ru")
    assert await tap(talk, SARI, hello, "", "language:xx") == "Эта кнопка устарела и больше не работает."
    assert await language_of(database, SARI) == "ru"


async def test_a_wrong_query_is_explained_in_the_chats_language(talk: Talk) -> None:
    answer = await say(talk, IVAN, IVAN, "/subscribe nickel OR", "ru")
    assert answer.text_plain == (
        "Не могу прочитать этот запрос: после OR не хватает термина, знак 8.\n"
        "nickel OR\n       ^\nНапишите после него слово.\nПримеры: /help"
    )
    answer = await say(talk, SARI, SARI, "/digest 25:00", "id")
    assert answer.text_plain.startswith("Saya tidak mengerti 25:00: jam dari 0 sampai 23")
