"""The stand-in for Telegram is strict where Telegram is; seen through the library that the program uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Update,
    error,
)
from telegram.ext import ApplicationBuilder, CallbackContext, CommandHandler

from bot.delivery.telegram import build_bot  # also switches off a deprecation warning with each 429
from tests.standins import telegram_html
from tests.standins.bot_api import BotApi
from tests.standins.telegram_html import BadHtml, Entity

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        yield api


@pytest.fixture
async def telegram(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=api.url) as telegram:
        yield telegram


async def test_knows_who_the_bot_is(telegram: Bot) -> None:
    me = await telegram.get_me()
    assert (me.id, me.is_bot, me.username) == (110201543, True, "rarewatch_bot")


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param("110201543:AAother", 401, id="another bot's"),
        pytest.param("nonsense", 404, id="no token"),
    ],
)
async def test_a_wrong_token_is_refused_as_by_telegram(api: BotApi, token: str, status: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{api.url}{token}/getMe")
    assert response.status_code == status
    assert response.json()["ok"] is False
    with pytest.raises(error.InvalidToken):
        async with Bot(token, base_url=api.url):
            raise AssertionError("it was let in")


async def test_an_unknown_method_is_404(telegram: Bot) -> None:
    with pytest.raises(error.EndPointNotFound):
        await telegram.do_api_request("inventSomething")


async def test_takes_json_bodies_too(api: BotApi) -> None:
    api.add_chat(42)
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{api.url}{TOKEN}/sendMessage", json={"chat_id": 42, "text": "hello"})
        broken = await client.post(
            f"{api.url}{TOKEN}/sendMessage", content=b"{", headers={"content-type": "application/json"}
        )
    assert response.json()["result"]["text"] == "hello"
    assert broken.status_code == 400


class TestUpdates:
    async def test_are_kept_until_confirmed_by_a_higher_offset(self, api: BotApi, telegram: Bot) -> None:
        first = api.say(42, 42, "/start")
        second = api.say(42, 42, "/list")
        assert first is not None
        for _ in range(2):
            assert [u.update_id for u in await telegram.get_updates()] == [first, second]
        assert [u.update_id for u in await telegram.get_updates(offset=first + 1)] == [second]
        assert [u.update_id for u in await telegram.get_updates()] == [second]
        assert api.pending_updates == 1

    async def test_a_long_poll_ends_when_something_is_said(self, api: BotApi, telegram: Bot) -> None:
        poll = asyncio.create_task(telegram.get_updates(timeout=30))
        await api_has_seen(api, "getUpdates")
        api.say(42, 42, "/start")
        (update,) = await poll
        assert update.message is not None
        assert update.message.text == "/start"

    async def test_a_second_poller_ends_the_first_with_a_conflict(self, api: BotApi) -> None:
        async with Bot(TOKEN, base_url=api.url) as one, Bot(TOKEN, base_url=api.url) as two:
            poll = asyncio.create_task(one.get_updates(timeout=30))
            await api_has_seen(api, "getUpdates")
            assert await two.get_updates(timeout=0) == ()
            with pytest.raises(error.Conflict):
                await poll

    async def test_carry_the_command_its_place_in_utf_16_and_the_sender(
        self, api: BotApi, telegram: Bot
    ) -> None:
        api.add_chat(-100, "supergroup", "Desk", topics=[7])
        api.say(-100, 5, "😀 /subscribe@rarewatch_bot #rare_earths", thread_id=7, language="id")
        (update,) = await telegram.get_updates()
        message = update.message
        assert message is not None
        (entity,) = message.entities
        assert message.parse_entity(entity) == "/subscribe@rarewatch_bot"
        assert (message.message_thread_id, message.is_topic_message) == (7, True)
        assert message.from_user is not None
        assert (message.from_user.id, message.from_user.language_code) == (5, "id")
        assert message.chat.title == "Desk"

    async def test_in_groups_the_bot_hears_only_what_is_for_it(self, api: BotApi) -> None:
        api.add_chat(-100, "supergroup")
        assert api.say(-100, 5, "good morning") is None
        assert api.say(-100, 5, "/start@some_other_bot") is None
        assert api.say(-100, 5, "/start") is not None

    async def test_tell_of_a_block_and_of_its_end(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        api.block(42)
        with pytest.raises(error.Forbidden, match="bot was blocked by the user"):
            await telegram.send_message(42, "hello")
        api.unblock(42)
        await telegram.send_message(42, "hello")
        blocked, unblocked = await telegram.get_updates()
        assert blocked.my_chat_member is not None
        assert blocked.my_chat_member.new_chat_member.status == "kicked"
        assert unblocked.my_chat_member is not None
        assert unblocked.my_chat_member.new_chat_member.status == "member"

    async def test_an_active_webhook_forbids_polling(self, api: BotApi, telegram: Bot) -> None:
        api.webhook_url = "https://bot.example/hook"
        with pytest.raises(error.Conflict):
            await telegram.get_updates()
        api.say(42, 42, "/start")
        await telegram.delete_webhook(drop_pending_updates=True)
        assert await telegram.get_updates() == ()


async def test_a_whole_application_polls_answers_and_stops(api: BotApi) -> None:
    async def start(update: Update, context: CallbackContext[Any, Any, Any, Any]) -> None:
        assert update.effective_message is not None
        await update.effective_message.reply_text("welcome")

    application = ApplicationBuilder().bot(build_bot(TOKEN, api.url)).job_queue(None).build()
    application.add_handler(CommandHandler("start", start))
    await application.initialize()
    await application.start()
    assert application.updater is not None
    await application.updater.start_polling(timeout=30)
    api.say(42, 42, "/start")
    await api.wait_for(lambda sent: [message.text_plain for message in sent] == ["welcome"])
    await application.updater.stop()
    await application.stop()
    await application.shutdown()
    assert api.pending_updates == 0


class TestMessages:
    async def test_are_kept_as_sent_and_as_read(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        message = await telegram.send_message(
            42,
            '<b>Tin &amp; tungsten</b> <a href="https://a.example/?x=1&amp;y=2">more</a>',
            parse_mode="HTML",
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        (sent,) = api.messages
        assert sent.message_id == message.message_id
        assert sent.text_plain == message.text == "Tin & tungsten more"
        assert sent.preview_disabled
        assert sent.entities == (
            Entity("bold", 0, 14),
            Entity("text_link", 15, 4, "https://a.example/?x=1&y=2"),
        )

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            pytest.param("<b>x", "Can't find end tag corresponding to start tag", id="open tag"),
            pytest.param("<p>x</p>", 'unsupported start tag "p" at byte offset 0', id="unsupported tag"),
            pytest.param("ж <b>x</i>", "unmatched end tag at byte offset 7", id="wrong end tag"),
            pytest.param("x</b>", "unexpected end tag at byte offset 1", id="end tag alone"),
            pytest.param("a < b", "unsupported start tag", id="unescaped less-than"),
            pytest.param("<b", "unclosed start tag at byte offset 0", id="unfinished tag"),
        ],
    )
    async def test_bad_html_is_refused_in_telegrams_words(
        self, api: BotApi, telegram: Bot, text: str, complaint: str
    ) -> None:
        api.add_chat(42)
        with pytest.raises(error.BadRequest) as caught:
            await telegram.send_message(42, text, parse_mode="HTML")
        assert str(caught.value).lower().startswith("can't parse entities: ")
        assert complaint.lower() in str(caught.value).lower()
        assert api.messages == []

    async def test_length_counts_code_points_after_parsing(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        await telegram.send_message(42, f"<b>{'😀' * 4096}</b>", parse_mode="HTML")
        with pytest.raises(error.BadRequest, match="Message is too long"):
            await telegram.send_message(42, "x" * 4097)

    @pytest.mark.parametrize("text", ["", " \n ", "<b></b>"])
    async def test_an_empty_text_is_refused(self, api: BotApi, telegram: Bot, text: str) -> None:
        api.add_chat(42)
        with pytest.raises(error.BadRequest, match="empty"):
            await telegram.send_message(42, text, parse_mode="HTML")

    async def test_entities_after_the_hundredth_are_ignored(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        await telegram.send_message(42, "<b>x</b> " * 120, parse_mode="HTML")
        assert len(api.messages[0].entities) == 100

    async def test_unknown_chats_and_topics_are_refused(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(-100, "supergroup", topics=[7])
        with pytest.raises(error.BadRequest, match="Chat not found"):
            await telegram.send_message(4711, "hello")
        with pytest.raises(error.BadRequest, match="Message thread not found"):
            await telegram.send_message(-100, "hello", message_thread_id=8)
        await telegram.send_message(-100, "hello", message_thread_id=7)
        assert [sent.text_plain for sent in api.sent_to(-100, 7)] == ["hello"]

    async def test_a_migrated_group_answers_with_its_new_id(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(-5, "group", "Desk", admins=[1])
        api.migrate(-5, -1005)
        with pytest.raises(error.ChatMigrated) as caught:
            await telegram.send_message(-5, "hello")
        assert caught.value.new_chat_id == -1005
        to, since = await telegram.get_updates()
        assert to.message is not None
        assert to.message.migrate_to_chat_id == -1005
        assert since.message is not None
        assert since.message.migrate_from_chat_id == -5

    async def test_edits_replace_the_text_and_must_change_it(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        message = await telegram.send_message(42, "one")
        await telegram.edit_message_text("two", 42, message.message_id)
        with pytest.raises(error.BadRequest, match="Message is not modified"):
            await telegram.edit_message_text("two", 42, message.message_id)
        with pytest.raises(error.BadRequest, match="Message to edit not found"):
            await telegram.edit_message_text("three", 42, message.message_id + 1)
        api.delete_message(42, message.message_id)
        with pytest.raises(error.BadRequest, match="Message to edit not found"):
            await telegram.edit_message_text("three", 42, message.message_id)
        (sent,) = api.messages
        assert (sent.text_plain, sent.current, len(sent.edits)) == ("one", "two", 1)

    async def test_a_buttons_data_is_at_most_64_bytes(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        for data, fits in (("x" * 64, True), ("ж" * 33, False)):
            keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Why", callback_data=data)]])
            if fits:
                await telegram.send_message(42, "x", reply_markup=keyboard)
            else:
                with pytest.raises(error.BadRequest, match="Button_data_invalid"):
                    await telegram.send_message(42, "x", reply_markup=keyboard)

    async def test_a_pressed_button_is_answered_once(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        message = await telegram.send_message(42, "x")
        api.press(42, 42, message.message_id, "why:1")
        (update,) = await telegram.get_updates()
        assert update.callback_query is not None
        await update.callback_query.answer("Because")
        with pytest.raises(error.BadRequest, match="Query is too old"):
            await update.callback_query.answer()


class TestLimits:
    async def test_a_private_chat_takes_a_burst_of_three_then_one_a_second(self) -> None:
        now = [0.0]
        async with BotApi(TOKEN, limits=True, clock=lambda: now[0]) as api, Bot(TOKEN, base_url=api.url) as b:
            api.add_chat(42)
            for _ in range(3):
                await b.send_message(42, "x")
            with pytest.raises(error.RetryAfter) as caught:
                await b.send_message(42, "x")
            assert "Retry in 0:00:01" in str(caught.value)
            now[0] = 1.0
            await b.send_message(42, "x")
            assert api.refused == 1

    async def test_a_group_takes_twenty_a_minute(self) -> None:
        now = [0.0]
        async with BotApi(TOKEN, limits=True, clock=lambda: now[0]) as api, Bot(TOKEN, base_url=api.url) as b:
            api.add_chat(-100, "supergroup")
            for _ in range(20):
                await b.send_message(-100, "x")
                now[0] += 1
            with pytest.raises(error.RetryAfter):
                await b.send_message(-100, "x")
            now[0] = 60
            await b.send_message(-100, "x")

    async def test_thirty_a_second_over_all(self) -> None:
        now = [0.0]
        async with BotApi(TOKEN, limits=True, clock=lambda: now[0]) as api, Bot(TOKEN, base_url=api.url) as b:
            for chat_id in range(1, 32):
                api.add_chat(chat_id)
            for chat_id in range(1, 31):
                await b.send_message(chat_id, "x")
            with pytest.raises(error.RetryAfter):
                await b.send_message(31, "x")


class TestFaults:
    async def test_fail_as_often_as_asked_then_no_more(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        api.fail_next("sendMessage", 500, "Internal Server Error", times=2)
        api.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
        for _ in range(2):
            with pytest.raises(error.NetworkError, match="Internal Server Error"):
                await telegram.send_message(42, "x")
        with pytest.raises(error.RetryAfter):
            await telegram.send_message(42, "x")
        await telegram.send_message(42, "x")
        assert len(api.messages) == 1

    async def test_may_lose_only_the_answer(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        api.fail_next("sendMessage", 0, delivered=True)
        with pytest.raises(error.NetworkError):
            await telegram.send_message(42, "x")
        assert len(api.messages) == 1

    async def test_down_is_a_gateways_page(self, api: BotApi, telegram: Bot) -> None:
        api.down = True
        with pytest.raises(error.NetworkError, match="Bad Gateway"):
            await telegram.get_me()
        api.down = False
        await telegram.get_me()

    async def test_unreachable_refuses_connections_and_comes_back_on_the_same_port(
        self, api: BotApi, telegram: Bot
    ) -> None:
        url = api.url
        async with api.unreachable():
            with pytest.raises(error.NetworkError) as caught:
                await telegram.get_me()
            assert isinstance(caught.value.__cause__, httpx.ConnectError)
        assert api.url == url
        await telegram.get_me()


class TestChats:
    async def test_administrators_members_and_strangers(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(-100, "supergroup", "Desk", admins=[1], members=[2])
        api.add_chat(3)
        status = [(await telegram.get_chat_member(-100, user)).status for user in (1, 2, 3)]
        assert status == ["administrator", "member", "left"]
        with pytest.raises(error.BadRequest, match="Member not found"):
            await telegram.get_chat_member(-100, 99)
        assert [admin.user.id for admin in await telegram.get_chat_administrators(-100)] == [1]
        with pytest.raises(error.BadRequest, match="no administrators in the private chat"):
            await telegram.get_chat_administrators(3)
        assert (await telegram.get_chat(-100)).title == "Desk"

    async def test_a_left_group_is_closed_to_the_bot(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(-100, "supergroup")
        await telegram.leave_chat(-100)
        with pytest.raises(error.Forbidden, match="not a member"):
            await telegram.send_message(-100, "x")

    async def test_commands_are_registered_by_language_and_checked(self, api: BotApi, telegram: Bot) -> None:
        await telegram.set_my_commands([BotCommand("start", "Begin")], language_code="id")
        assert api.commands[('{"type": "default"}', "id")] == [{"command": "start", "description": "Begin"}]
        with pytest.raises(error.BadRequest, match="Bot_command_invalid"):
            await telegram.set_my_commands([BotCommand("Start!", "Begin")])


class TestWaiting:
    async def test_ends_when_the_message_comes(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        waiting = asyncio.create_task(api.wait_for(lambda sent: len(sent) == 1))
        await telegram.send_message(42, "x")
        assert [sent.text_plain for sent in await waiting] == ["x"]

    async def test_says_what_came_instead(self, api: BotApi, telegram: Bot) -> None:
        api.add_chat(42)
        await telegram.send_message(42, "something else")
        with pytest.raises(AssertionError, match="something else"):
            await api.wait_for(lambda sent: len(sent) == 2, timeout=0.01)


class TestHtml:
    def test_offsets_are_utf_16_and_nesting_is_kept(self) -> None:
        parsed = telegram_html.parse("😀<b>a<i>b</i></b>&lt;&#1078;")
        assert parsed.text == "😀ab<ж"
        assert parsed.entities == (Entity("bold", 2, 2), Entity("italic", 3, 1))

    @pytest.mark.parametrize(
        "source", ["a & b", "a > b", "&nbsp;", "<b></b>", '<a href="">x</a>', '<b class="x">y</b>']
    )
    def test_pedantic_refuses_what_telegram_lets_pass(self, source: str) -> None:
        telegram_html.parse(source)
        with pytest.raises(BadHtml):
            telegram_html.parse(source, pedantic=True)

    def test_a_link_to_no_web_address_is_dropped_silently(self) -> None:
        assert telegram_html.parse('<a href="javascript:alert(1)">x</a>').entities == ()

    def test_newer_tags_are_known(self) -> None:
        parsed = telegram_html.parse(
            '<blockquote expandable>a</blockquote><tg-time unix="1700000000">b</tg-time>'
        )
        assert [entity.type for entity in parsed.entities] == ["expandable_blockquote", "date_time"]


async def api_has_seen(api: BotApi, method: str) -> None:
    while not any(name == method for name, _ in api.requests):  # noqa: ASYNC110 - the event is in the server
        await asyncio.sleep(0.005)
