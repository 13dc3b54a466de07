"""Messages reach Telegram as meant, and each of its answers becomes the one outcome the sender acts on."""

from __future__ import annotations

import io
import logging
import traceback
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import httpx
import pytest
import structlog
from telegram import Bot, error

from bot.delivery.outcomes import (
    ChatGone,
    ChatMigrated,
    DeliveryError,
    MaybeDelivered,
    MessageGone,
    NotDelivered,
    Rejected,
    Stop,
    Throttled,
    TopicGone,
)
from bot.delivery.output import Address, Output
from bot.delivery.render import Button, Message, render_alert
from bot.delivery.telegram import TelegramOutput, build_bot, outcome_of
from bot.logs import configure_logging
from tests.delivery.test_render import ALERT
from tests.standins.bot_api import GATEWAY_PAGE, BotApi

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = TOKEN.split(":")[1]
READER = Address(42)
HELLO = Message("<b>hello</b>", "hello")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(42)
        yield api


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with build_bot(TOKEN, api.url) as bot:
        yield bot


@pytest.fixture
def output(bot: Bot) -> Output:
    return TelegramOutput(bot)


async def failure(output: Output, address: Address = READER) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await output.send(address, HELLO)
    return caught.value


class TestSending:
    async def test_an_alert_arrives_formatted_with_a_small_preview_of_its_article(
        self, api: BotApi, output: Output
    ) -> None:
        message = render_alert(ALERT)
        message_id = await output.send(READER, message)
        (sent,) = api.messages
        assert (sent.message_id, sent.text_html) == (message_id, message.html)
        assert sent.text_plain.startswith(ALERT.title)
        assert sent.preview == {"url": ALERT.url, "prefer_small_media": True, "show_above_text": False}

    async def test_a_message_about_no_one_article_has_no_preview(self, api: BotApi, output: Output) -> None:
        await output.send(READER, HELLO)
        await output.send(READER, render_alert(replace(ALERT, url="javascript:alert(1)")))
        assert [sent.preview_disabled for sent in api.messages] == [True, True]

    async def test_buttons_arrive_and_stay_with_an_edit(self, api: BotApi, output: Output) -> None:
        rows = (
            (Button("Open", url="https://a.example/1"), Button("Why", "alert:why:1:e")),
            (Button("x", "y"),),
        )
        message_id = await output.send(READER, replace(HELLO, buttons=rows))
        await output.edit(READER, message_id, replace(HELLO, html="new", buttons=rows))
        (sent,) = api.messages
        assert sent.current == "new"
        assert sent.reply_markup == {
            "inline_keyboard": [
                [
                    {"text": "Open", "url": "https://a.example/1"},
                    {"text": "Why", "callback_data": "alert:why:1:e"},
                ],
                [{"text": "x", "callback_data": "y"}],
            ]
        }

    async def test_an_address_that_telegram_refuses_costs_the_button_and_not_the_alert(
        self, api: BotApi, output: Output
    ) -> None:
        rows = ((Button("Open", url="http://nowhere/1"),), (Button("Why", "alert:why:1:e"),))
        message = replace(render_alert(replace(ALERT, url="http://nowhere/1")), buttons=rows)
        message_id = await output.send(READER, message)
        await output.edit(READER, message_id, replace(message, html="new"))
        (sent,) = api.messages
        assert sent.text_plain.startswith(ALERT.title)
        assert sent.current == "new"
        assert sent.preview_disabled
        assert sent.reply_markup == {"inline_keyboard": [[{"text": "Why", "callback_data": "alert:why:1:e"}]]}

    async def test_a_message_goes_to_its_topic(self, api: BotApi, output: Output) -> None:
        api.add_chat(-100, "supergroup", topics=[7])
        await output.send(Address(-100, 7), HELLO)
        assert len(api.sent_to(-100, 7)) == 1

    async def test_an_edit_replaces_the_text(self, api: BotApi, output: Output) -> None:
        message_id = await output.send(READER, HELLO)
        await output.edit(READER, message_id, Message("<i>good bye</i>", "good bye"))
        assert [edit.text_plain for edit in api.messages[0].edits] == ["good bye"]

    async def test_an_edit_that_changes_nothing_is_fine(self, api: BotApi, output: Output) -> None:
        message_id = await output.send(READER, HELLO)
        await output.edit(READER, message_id, HELLO)
        assert api.messages[0].edits == []

    async def test_a_deleted_message_cannot_be_edited(self, api: BotApi, output: Output) -> None:
        message_id = await output.send(READER, HELLO)
        api.delete_message(42, message_id)
        with pytest.raises(MessageGone):
            await output.edit(READER, message_id, Message("new", "new"))


class TestOutcomes:
    async def test_an_unknown_chat_is_gone(self, output: Output) -> None:
        error = await failure(output, Address(4711))
        assert isinstance(error, ChatGone)
        assert error.subject == "chat 4711"

    async def test_a_chat_that_blocked_the_bot_is_gone(self, api: BotApi, output: Output) -> None:
        api.block(42)
        assert isinstance(await failure(output), ChatGone)

    async def test_a_migrated_group_tells_its_new_id(self, api: BotApi, output: Output) -> None:
        api.add_chat(-5, "group")
        api.migrate(-5, -1005)
        error = await failure(output, Address(-5))
        assert isinstance(error, ChatMigrated)
        assert error.new_chat_id == -1005

    async def test_a_deleted_or_closed_topic_is_gone(self, api: BotApi, output: Output) -> None:
        chat = api.add_chat(-100, "supergroup", topics=[7])
        assert isinstance(await failure(output, Address(-100, 8)), TopicGone)
        chat.topics[7] = "closed"
        assert isinstance(await failure(output, Address(-100, 7)), TopicGone)

    @pytest.mark.parametrize(
        ("description", "retry_after", "expected"),
        [
            pytest.param("Too Many Requests: retry after 17", 17, 17, id="number"),
            pytest.param("Too Many Requests: retry after 0.5", 0.5, 0.5, id="fraction"),
            pytest.param("Too Many Requests: retry after 9", None, 9, id="number in the words"),
            pytest.param("Too Many Requests", None, 5, id="no number"),
            pytest.param("", None, 5, id="no words"),
        ],
    )
    async def test_a_429_is_obeyed_exactly(
        self, api: BotApi, output: Output, description: str, retry_after: float | None, expected: float
    ) -> None:
        api.fail_next("sendMessage", 429, description, retry_after=retry_after)
        error = await failure(output)
        assert isinstance(error, Throttled)
        assert error.retry_after_s == expected

    async def test_a_message_telegram_cannot_read_is_rejected(self, api: BotApi, output: Output) -> None:
        with pytest.raises(Rejected, match="parse entities"):
            await output.send(READER, Message("<b>open", "open"))
        with pytest.raises(Rejected, match="too long"):
            await output.send(READER, Message("x" * 5000, "x"))

    async def test_a_refused_connection_surely_delivered_nothing(self, api: BotApi, output: Output) -> None:
        async with api.unreachable():
            assert isinstance(await failure(output), NotDelivered)
        await output.send(READER, HELLO)

    async def test_no_answer_in_time_may_have_been_delivered(self, api: BotApi, bot: Bot) -> None:
        api.fail_next("sendMessage", 200, hang_s=5)
        with pytest.raises(error.TimedOut) as caught:
            await bot.send_message(42, "hello", read_timeout=0.02)
        outcome = outcome_of(caught.value, subject="chat 42", secrets=[])
        assert isinstance(outcome, MaybeDelivered)
        assert outcome.probably
        assert len(api.messages) == 1

    @pytest.mark.parametrize(
        ("raised", "cause"),
        [
            pytest.param(error.NetworkError("x"), httpx.ConnectError("no address"), id="no such name"),
            pytest.param(error.TimedOut(), httpx.ConnectTimeout(""), id="connection never accepted"),
            pytest.param(error.TimedOut("Pool timeout: all"), httpx.PoolTimeout(""), id="pool is full"),
            pytest.param(error.NetworkError("x"), httpx.UnsupportedProtocol("ftp"), id="no such protocol"),
            pytest.param(
                error.NetworkError("Unknown error: This HTTPXRequest is not initialized!"),
                RuntimeError("This HTTPXRequest is not initialized!"),
                id="bot not started",
            ),
        ],
    )
    def test_what_never_left_surely_was_not_delivered(
        self, raised: error.TelegramError, cause: Exception
    ) -> None:
        raised.__cause__ = cause
        assert isinstance(outcome_of(raised, subject="", secrets=[]), NotDelivered)

    async def test_a_connection_cut_after_the_request_may_have_delivered(
        self, api: BotApi, output: Output
    ) -> None:
        api.fail_next("sendMessage", 0, delivered=True)
        error = await failure(output)
        assert isinstance(error, MaybeDelivered)
        assert error.probably

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            pytest.param(502, None, id="502 in JSON"),
            pytest.param(504, None, id="504 in JSON"),
            pytest.param(502, GATEWAY_PAGE, id="502 with a page"),
            pytest.param(500, b"<html>oops</html>", id="500 with a page"),
            pytest.param(201, b"<html>please log in</html>", id="success with a page"),
            pytest.param(201, b"[]", id="success with other JSON"),
            pytest.param(201, b'{"ok": true}', id="success without a result"),
        ],
    )
    async def test_a_gateways_answer_leaves_it_open(
        self, api: BotApi, output: Output, status: int, body: bytes | None
    ) -> None:
        api.fail_next("sendMessage", status, "Bad Gateway" if status == 502 else "Gateway Timeout", body=body)
        error = await failure(output)
        assert isinstance(error, MaybeDelivered)
        assert not error.probably
        assert "<html>" not in str(error)

    @pytest.mark.parametrize("status", [500, 503])
    async def test_a_servers_own_error_means_not_delivered(
        self, api: BotApi, output: Output, status: int
    ) -> None:
        api.fail_next("sendMessage", status, "Internal Server Error: restart")
        assert isinstance(await failure(output), NotDelivered)

    async def test_a_wrong_token_stops(self, api: BotApi, output: Output) -> None:
        api.fail_next("sendMessage", 401, "Unauthorized")
        error = await failure(output)
        assert isinstance(error, Stop)
        assert "TELEGRAM_TOKEN" in str(error)

    async def test_a_second_poller_stops(self, api: BotApi, bot: Bot) -> None:
        api.fail_next("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        with pytest.raises(error.Conflict) as caught:
            await bot.get_updates()
        outcome = outcome_of(caught.value, subject="Telegram", secrets=[TOKEN])
        assert isinstance(outcome, Stop)
        assert "another program uses the same token" in str(outcome)

    @pytest.mark.parametrize(
        ("raised", "expected"),
        [
            (error.BadRequest("Not enough rights to send text messages to the chat"), ChatGone),
            (error.BadRequest("Need administrator rights in the channel chat"), ChatGone),
            (error.BadRequest("Button_data_invalid"), Rejected),
            (error.NetworkError("Request Entity Too Large: request is too big"), Rejected),
            (error.NetworkError("Unknown error"), NotDelivered),
            (error.TelegramError("Invalid server response"), MaybeDelivered),
            (error.Forbidden("Forbidden: bot was kicked from the group chat"), ChatGone),
        ],
        ids=str,
    )
    def test_what_the_stand_in_cannot_say(
        self, raised: error.TelegramError, expected: type[DeliveryError]
    ) -> None:
        assert type(outcome_of(raised, subject="chat 42", secrets=[])) is expected


class TestBot:
    @pytest.mark.parametrize("token", ["", "abc", "12 34:x", "123:"])
    def test_what_is_no_token_is_refused_without_showing_it(self, token: str) -> None:
        with pytest.raises(Stop, match="TELEGRAM_TOKEN") as caught:
            build_bot(token)
        if token:
            assert token not in str(caught.value)

    def test_addresses_are_telegrams_by_default(self) -> None:
        assert build_bot(TOKEN).base_url == f"https://api.telegram.org/bot{TOKEN}"

    async def test_a_429_raises_no_warning(self, api: BotApi, output: Output) -> None:
        api.fail_next("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await failure(output)
        assert [w for w in caught if "retry_after" in str(w.message)] == []


class TestSecrecy:
    """The token is in every address the library calls, in its reprs and in some of its errors."""

    @pytest.fixture
    def logged(self) -> Iterator[io.StringIO]:
        stream = io.StringIO()
        root = logging.getLogger()
        before = list(root.handlers), root.level
        configure_logging("console", [TOKEN], logging.DEBUG, stream=stream)
        yield stream
        root.handlers[:], level = before
        root.setLevel(level)
        structlog.reset_defaults()

    async def test_a_failing_server_gets_no_token_into_logs_or_errors(
        self, api: BotApi, bot: Bot, logged: io.StringIO
    ) -> None:
        output = TelegramOutput(bot)
        log = structlog.get_logger("sender")
        page = f"<html>no such page: /bot{TOKEN}/sendMessage</html>".encode()
        api.fail_next("sendMessage", 502, body=page)
        api.fail_next("sendMessage", 401, f"Unauthorized: {TOKEN}")
        api.fail_next("sendMessage", 400, f"Bad Request: {SECRET}")
        api.fail_next("sendMessage", 200, body=page)
        for _ in range(3):
            error = await failure(output)
            assert SECRET not in str(error) + repr(error)
            log.warning("send_failed", error=error, bot=bot, exc_info=error)
            logging.getLogger("other").warning("failed with %r", bot, exc_info=error)
        async with api.unreachable():
            error = await failure(output)
            log.error("send_failed", exc_info=error)
        assert "send_failed" in logged.getvalue()
        assert "Traceback" in logged.getvalue()
        assert SECRET not in logged.getvalue()

    async def test_a_refused_token_is_not_shown(self, api: BotApi, logged: io.StringIO) -> None:
        api.fail_next("getMe", 401, "Unauthorized")
        with pytest.raises(error.InvalidToken) as caught:
            async with build_bot(TOKEN, api.url):
                raise AssertionError("it was let in")
        assert TOKEN in "".join(traceback.format_exception(caught.value))  # the library's own words
        assert SECRET not in str(outcome_of(caught.value, subject="Telegram", secrets=[TOKEN]))
        logging.getLogger("app").error("start failed", exc_info=caught.value)
        assert "rejected by the server" in logged.getvalue()
        assert SECRET not in logged.getvalue()
