"""The buttons under an alert, end to end: an alert is sent, people press, Telegram shows what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.delivery.fanout import fan_out
from bot.delivery.post import Platform, Post
from bot.delivery.sender import Sender
from bot.delivery.telegram import TelegramOutput, build_bot
from bot.language.concepts import Concepts
from bot.reachability import Reachability
from storage import alerts, articles, chats, mutes, stories, subscriptions
from storage.articles import English, NewArticle
from storage.chats import ChatKey
from storage.database import Database
from storage.models import Alert, Article, Chat, Feed
from storage.mutes import Muted
from tests.chat.talk import TOKEN, Talk, talking
from tests.standins.bot_api import BotApi, Sent
from tests.storage.rows import add_feed, translate_late

SARI, ADMIN, GUEST, GROUP, CHANNEL, FORUM = 100, 11, 12, -200, -1_000_400, -1_000_500
LINK = "http://feed.example/0"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(SARI)
        api.add_chat(GROUP, "supergroup", "Tim", admins=[ADMIN], members=[GUEST])
        api.add_chat(CHANNEL, "channel", "Kanal", admins=[ADMIN], members=[GUEST])
        yield api


@pytest.fixture
async def talk(api: BotApi, database: Database, concepts: Concepts, now: datetime) -> AsyncIterator[Talk]:
    async with talking(api, database, concepts, now) as talk:
        yield talk


async def deliver(talk: Talk, database: Database, now: datetime) -> None:
    """Sends all that is in the outbox, as the service does."""
    async with build_bot(TOKEN, talk.api.url) as bot:
        post = Post({"telegram": Platform(TelegramOutput(bot))}, monotonic=asyncio.get_running_loop().time)
        sender = Sender(
            database, post, owner="s", clock=lambda: now, reachability=Reachability(), idle_s=0.01
        )
        stopping = asyncio.Event()
        running = asyncio.create_task(sender.run(asyncio.Event(), stopping))
        await talk.until(lambda: _all_sent(database))
        stopping.set()
        await running


async def _all_sent(database: Database) -> bool:
    async with database.read() as session:
        waiting = select(Alert.id).where(Alert.state.in_(["pending", "sending"]))
        return await session.scalar(waiting) is None


async def alerted(
    talk: Talk,
    database: Database,
    now: datetime,
    chat_id: int = SARI,
    *,
    number: int = 0,
    english: bool = True,
    kind: str = "private",
    feed_url: str = "http://feed.example/rss",
) -> Sent:
    """An article about nickel comes, the chat follows nickel; gives the alert as Telegram has it."""
    before = len(talk.api.sent_to(chat_id))
    assert await publish(database, now, chat_id, number=number, english=english, kind=kind, feed_url=feed_url)
    await deliver(talk, database, now)
    return (await talk.heard(chat_id, before))[-1]


async def publish(
    database: Database,
    now: datetime,
    chat_id: int,
    *,
    number: int = 0,
    english: bool = True,
    kind: str = "private",
    feed_url: str = "http://feed.example/rss",
    story: str | None = None,
    thread_id: int = 0,
) -> int:
    """The pipeline's last step for one new article; gives how many alerts came of it."""
    async with database.write() as session:
        feed_id = await session.scalar(select(Feed.id).where(Feed.url == feed_url))
    if feed_id is None:
        feed_id = await add_feed(database, now, feed_url)
    async with database.write() as session:
        chat = await chats.ensure(
            session, ChatKey("telegram", chat_id, thread_id), kind=kind, title="x", now=now
        )
        await subscriptions.subscribe(session, chat.id, canonical="nickel", text="nickel OR tin", now=now)
        item = NewArticle(
            f"i{number}", f"http://feed.example/{number}", f"Ekspor nikel {number}", "Isi nikel.", now, False
        )
        [article] = await articles.add(session, feed_id, [item], now=now)
        story_id, _ = await stories.join(session, [story or f"story {number}"], now=now)
        await articles.finish_wanted(
            session,
            article.id,
            language="id",
            english=English(f"Nickel exports {number}", "On nickel.", "libre") if english else None,
            translate_after=None if english else now,
            story_id=story_id,
            search_keys="nikel",
        )
        query_id = await subscriptions.query_id(session, "nickel")
        assert query_id is not None
        why = {query_id: [{"clause": "nickel", "words": ["nikel"], "language": "id"}]}
        silence = await mutes.about(session, story_id=story_id, feed_id=feed_id, query_ids=why, now=now)
        readers = await subscriptions.subscribers(session, why)
        return await alerts.enqueue(session, story_id, article.id, fan_out(why, readers, silence), now=now)


def buttons(sent: Sent) -> dict[str, str]:
    """What the buttons now under a message carry, by their labels; of an address, the address."""
    rows: list[list[dict[str, Any]]] = (sent.reply_markup or {}).get("inline_keyboard", [])
    return {one["text"]: one.get("callback_data") or one["url"] for row in rows for one in row}


async def press(talk: Talk, sent: Sent, label: str, user_id: int = SARI) -> str:
    """Presses the button with this label; gives the short answer."""
    return await press_data(talk, sent, buttons(sent)[label], user_id)


async def press_data(talk: Talk, sent: Sent, data: str, user_id: int = SARI) -> str:
    count = len(talk.api.answers) + 1
    talk.api.press(sent.chat_id, user_id, sent.message_id, data)
    await talk.api.wait_for(lambda _: len(talk.api.answers) >= count)
    return str(talk.api.answers[-1].get("text", ""))


async def test_an_alert_opens_its_article_and_shows_its_original_and_the_english_again(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now)
    assert sent.text_plain.startswith("Nickel exports 0\n\nOn nickel.\n\nEkspor nikel 0 (Indonesian)")
    assert list(buttons(sent)) == ["Open", "Original", "☆ Save", "Mute …", "Why"]
    assert buttons(sent)["Open"] == LINK
    assert sent.preview["url"] == LINK
    assert await press(talk, sent, "Original") == ""
    assert sent.current.startswith("Ekspor nikel 0\n\nIsi nikel.\n\nNickel exports 0 (English)")
    assert list(buttons(sent)) == ["Open", "English", "☆ Save", "Mute …", "Why"]
    assert sent.preview["url"] == LINK
    await press(talk, sent, "☆ Save")
    assert sent.current.startswith("Ekspor nikel 0\n")  # what else is pressed keeps what is shown
    await press(talk, sent, "English")
    assert sent.current == sent.text_plain
    assert talk.counts == {}


async def test_a_saved_alert_is_listed_until_it_is_let_go(
    talk: Talk, database: Database, now: datetime
) -> None:
    assert (
        await talk.ask(SARI, SARI, "/saved") == "Nothing is saved here yet. Each alert has a button for it."
    )
    first = await alerted(talk, database, now, number=1)
    second = await alerted(talk, database, now, number=2)
    for sent in (first, second):
        assert await press(talk, sent, "☆ Save") == "Saved. All that is saved here: /saved"
        assert "★ Saved" in buttons(sent)
    answer = await talk.ask(SARI, SARI, "/saved")
    assert answer.startswith(
        "Saved alerts\n\nNickel exports 2\nKabar · 23 Nov 2026, 09:00 UTC\n\nNickel exports 1"
    )
    assert await press(talk, second, "★ Saved") == "No longer saved."
    assert "☆ Save" in buttons(second)
    assert "exports 2" not in await talk.ask(SARI, SARI, "/saved")


async def test_what_is_muted_is_undone_where_it_was_muted(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now)
    await press(talk, sent, "Mute …")
    assert list(buttons(sent))[4:] == ["Why", "This story, for a day", "Source: Kabar", "nickel OR tin"]
    assert "nothing more of this story" in await press(talk, sent, "This story, for a day")
    assert "Nothing more comes here from Kabar." in await press(talk, sent, "Source: Kabar")
    assert "This query brings nothing here" in await press(talk, sent, "nickel OR tin")
    assert list(buttons(sent))[5:] == ["↶ This story, for a day", "↶ Source: Kabar", "↶ nickel OR tin"]
    for label in list(buttons(sent))[5:]:
        assert "Undone" in await press(talk, sent, label)
    assert list(buttons(sent))[5:] == ["This story, for a day", "Source: Kabar", "nickel OR tin"]
    await press(talk, sent, "‹ Back")
    assert list(buttons(sent)) == ["Open", "Original", "☆ Save", "Mute …", "Why"]
    async with database.read() as session:
        assert await mutes.about(session, story_id=1, feed_id=1, query_ids=[1], now=now) == mutes.NO_SILENCE


async def test_a_muted_source_is_silent_here_and_an_undo_brings_what_comes_after(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now)
    await press(talk, sent, "Mute …")
    await press(talk, sent, "Source: Kabar")
    assert await publish(database, now, SARI, number=1) == 0
    assert await publish(database, now, SARI, number=2, feed_url="http://other.example/rss") == 1
    await press(talk, sent, "↶ Source: Kabar")
    assert await publish(database, now, SARI, number=3) == 1
    async with database.read() as session:
        alerts_of = await session.scalars(select(Article.title).join(Alert, Alert.article_id == Article.id))
        assert sorted(alerts_of) == ["Ekspor nikel 0", "Ekspor nikel 2", "Ekspor nikel 3"]


async def test_a_muted_story_brings_nothing_for_a_day(talk: Talk, database: Database, now: datetime) -> None:
    sent = await alerted(talk, database, now)
    await press(talk, sent, "Mute …")
    await press(talk, sent, "This story, for a day")
    async with database.write() as session:  # a story's second article sends nothing anyway while it is there
        await session.execute(delete(Alert))
    assert await publish(database, now, SARI, number=1, story="story 0") == 0
    assert await publish(database, now + timedelta(days=1), SARI, number=2, story="story 0") == 1


async def test_a_muted_query_brings_nothing(talk: Talk, database: Database, now: datetime) -> None:
    sent = await alerted(talk, database, now)
    await press(talk, sent, "Mute …")
    await press(talk, sent, "nickel OR tin")
    assert await publish(database, now, SARI, number=1) == 0
    await press(talk, sent, "↶ nickel OR tin")
    assert await publish(database, now, SARI, number=2) == 1


async def test_why_is_answered_below_the_alert(talk: Talk, database: Database, now: datetime) -> None:
    sent = await alerted(talk, database, now)
    before = len(talk.api.sent_to(SARI))
    assert await press(talk, sent, "Why") == ""
    [answer] = await talk.heard(SARI, before)
    assert answer.text_plain.startswith("Why this alert\nNickel exports 0\n")
    assert "• nickel: «nikel» (Indonesian)" in answer.text_plain


async def test_in_a_group_everybody_saves_and_asks_and_only_administrators_mute(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now, GROUP, kind="supergroup")
    await press(talk, sent, "Original", GUEST)
    assert sent.current.startswith("Ekspor nikel 0")
    assert await press(talk, sent, "☆ Save", GUEST) != ""
    assert "★ Saved" in buttons(sent)
    await press(talk, sent, "Mute …", GUEST)
    assert "administrators" in await press(talk, sent, "Source: Kabar", GUEST)
    assert "Source: Kabar" in buttons(sent)
    await press(talk, sent, "Source: Kabar", ADMIN)
    assert "administrators" in await press(talk, sent, "↶ Source: Kabar", GUEST)
    assert await publish(database, now, GROUP, number=1, kind="supergroup") == 0
    assert await press(talk, sent, "Why", GUEST) == ""
    assert "1." not in (await talk.heard(GROUP, 1))[0].text_plain


async def test_in_a_channel_its_readers_change_nothing(talk: Talk, database: Database, now: datetime) -> None:
    sent = await alerted(talk, database, now, CHANNEL, kind="channel")
    for label in ("Original", "☆ Save", "Why"):
        assert "administrators" in await press(talk, sent, label, GUEST)
    assert sent.edits == []
    assert "Saved" in await press(talk, sent, "☆ Save", ADMIN)


async def test_two_people_who_press_at_once_do_no_harm(talk: Talk, database: Database, now: datetime) -> None:
    sent = await alerted(talk, database, now, GROUP, kind="supergroup")
    data = buttons(sent)["☆ Save"]
    for user_id in (ADMIN, GUEST, ADMIN):
        talk.api.press(GROUP, user_id, sent.message_id, data)
    await talk.api.wait_for(lambda _: len(talk.api.answers) == 3)
    assert {answer["text"] for answer in talk.api.answers} == {"Saved. All that is saved here: /saved"}
    assert "★ Saved" in buttons(sent)
    assert talk.counts == {}


@pytest.mark.parametrize(
    "data",
    [
        "alert:save:999999:e",
        "alert:show:999999:o",
        "alert:mute:999999:em:story",
        "alert:unmute:999999:em:sub:1",
        "alert:why:999999:e",
    ],
)
async def test_a_button_of_an_alert_that_is_gone_answers_politely(
    talk: Talk, database: Database, now: datetime, data: str
) -> None:
    sent = await alerted(talk, database, now)
    async with database.write() as session:
        await session.execute(delete(Alert))
    assert await press_data(talk, sent, data) == "This alert is not kept any more."
    assert sent.edits == []
    assert talk.counts == {}


@pytest.mark.parametrize("data", ["alert:save:1", "alert:mute:1:em", "alert:explode:1:e", "alert:"])
async def test_an_invented_button_is_too_old(
    talk: Talk, database: Database, now: datetime, data: str
) -> None:
    sent = await alerted(talk, database, now)
    assert "too old" in await press_data(talk, sent, data)


async def test_the_alert_and_the_query_of_another_chat_are_out_of_reach(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now)
    other = await alerted(talk, database, now, GROUP, number=1, kind="supergroup")
    async with database.read() as session:
        [theirs] = await session.scalars(
            select(Alert).join(Chat, Chat.id == Alert.chat_id).where(Chat.chat_id == GROUP)
        )
        [query] = await subscriptions.of_chat(session, theirs.chat_id)
    assert await press_data(talk, sent, f"alert:save:{theirs.id}:e") == "This alert is not kept any more."
    own = buttons(sent)["Why"].split(":")[2]
    answer = await press_data(talk, sent, f"alert:mute:{own}:em:sub:{query.id}")
    assert answer == "This query is not followed here any more."
    assert "★ Saved" not in buttons(other)
    async with database.read() as session:
        assert await mutes.of_chat(session, theirs.chat_id, now=now) == frozenset()


async def test_a_query_that_ended_is_not_muted(talk: Talk, database: Database, now: datetime) -> None:
    sent = await alerted(talk, database, now)
    await press(talk, sent, "Mute …")
    await talk.ask(SARI, SARI, "/unsubscribe all")
    assert await press(talk, sent, "nickel OR tin") == "This query is not followed here any more."
    assert talk.counts == {}


async def test_english_that_comes_late_keeps_the_buttons_and_what_was_saved(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now, english=False)
    assert list(buttons(sent)) == ["Open", "☆ Save", "Mute …", "Why"]
    await press(talk, sent, "☆ Save")
    assert await translate_late(database, 1, now) == 1
    await deliver(talk, database, now)
    assert sent.current.startswith("Late title\n")
    assert list(buttons(sent)) == ["Open", "Original", "★ Saved", "Mute …", "Why"]


async def test_when_telegram_asks_to_wait_the_presser_is_told(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now)
    talk.api.fail_next("editMessageText", 429, "Too Many Requests: retry after 7", retry_after=7)
    assert await press(talk, sent, "Original") == "Telegram asks me to wait 7 seconds; press again then."
    assert await press(talk, sent, "Original") == ""
    assert sent.current.startswith("Ekspor")


async def test_what_was_muted_and_saved_goes_with_the_chat(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now)
    await press(talk, sent, "☆ Save")
    await press(talk, sent, "Mute …")
    await press(talk, sent, "Source: Kabar")
    async with database.write() as session:
        assert (Muted.SOURCE, 1) in await mutes.of_chat(session, 1, now=now)
        await session.execute(delete(Chat))
    assert await press(talk, sent, "★ Saved") == "This alert is not kept any more."


async def test_what_is_muted_is_listed_and_undone_without_its_alert(
    talk: Talk, database: Database, now: datetime
) -> None:
    assert (await talk.ask(SARI, SARI, "/muted")).startswith("Nothing is muted here.")
    sent = await alerted(talk, database, now)
    await press(talk, sent, "Mute …")
    for label in ("This story, for a day", "Source: Kabar", "nickel OR tin"):
        await press(talk, sent, label)
    [listing] = await talk.ask_all(SARI, SARI, "/muted", 1)
    assert listing.text_plain == (
        "Muted here; a tap undoes it:\n\n"
        "• Query: nickel OR tin\n"
        "• Source: Kabar\n"
        "• Story, until 24 Nov 2026, 09:00 UTC: Nickel exports 0"
    )
    data = buttons(listing)["↶ Kabar"]
    assert "Undone" in await press_data(talk, listing, data)
    assert "Kabar" not in listing.current
    assert await press_data(talk, listing, data) == "This is not muted any more."
    for label in list(buttons(listing)):
        await press(talk, listing, label)
    assert listing.current.startswith("Nothing is muted here.")
    assert await publish(database, now, SARI, number=1) == 1
    assert talk.counts == {}


async def test_only_administrators_undo_what_a_group_has_muted(
    talk: Talk, database: Database, now: datetime
) -> None:
    sent = await alerted(talk, database, now, GROUP, kind="supergroup")
    await press(talk, sent, "Mute …", ADMIN)
    await press(talk, sent, "Source: Kabar", ADMIN)
    [listing] = await talk.ask_all(GROUP, GUEST, "/muted", 1)
    assert "administrators" in await press(talk, listing, "↶ Kabar", GUEST)
    theirs = buttons(listing)["↶ Kabar"]
    [mine] = await talk.ask_all(SARI, SARI, "/muted", 1)
    assert await press_data(talk, mine, theirs) == "This is not muted any more."
    assert "Undone" in await press(talk, listing, "↶ Kabar", ADMIN)


async def test_an_alert_in_a_topic_is_answered_there(talk: Talk, database: Database, now: datetime) -> None:
    talk.api.add_chat(FORUM, "supergroup", "Forum", admins=[ADMIN], members=[GUEST], topics=[7])
    assert await publish(database, now, FORUM, kind="supergroup", thread_id=7) == 1
    await deliver(talk, database, now)
    [sent] = talk.api.sent_to(FORUM, 7)
    await press(talk, sent, "☆ Save", GUEST)
    await press(talk, sent, "Why", GUEST)
    [_, why] = await talk.heard(FORUM, 0, 2)
    assert (why.thread_id, why.text_plain[:14]) == (7, "Why this alert")
    talk.api.say(FORUM, GUEST, "/saved", 7)
    talk.api.say(FORUM, GUEST, "/saved")
    answers = await talk.heard(FORUM, 2, 2)
    assert {one.thread_id: one.text_plain.split("\n")[0] for one in answers} == {
        7: "Saved alerts",
        None: "Nothing is saved here yet. Each alert has a button for it.",
    }
