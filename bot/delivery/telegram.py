"""Messages to Telegram, and each of its answers as one of our outcomes.

Nothing above this file sees an exception of python-telegram-bot's, nor the token: error texts are redacted
here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram import error as api
from telegram.constants import ParseMode
from telegram.request import HTTPXRequest

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
from bot.delivery.output import Address
from bot.delivery.render import Message
from bot.keyboards import keyboard, preview, refuses_link, without_links
from bot.logs import redact

# python-telegram-bot's own switch to durations instead of bare seconds (deprecated since 22.2); without it
# each 429 raises a warning from inside the constructor of `RetryAfter`.
os.environ.setdefault("PTB_TIMEDELTA", "true")

TELEGRAM_API = "https://api.telegram.org/bot"
CONNECTIONS = 8
"""For sending. Few are faster than many: httpx does 430 requests/s one at a time, 170/s with 64 at once."""
UNNUMBERED_WAIT_S = 5.0
"""After a 429 that names no time; Telegram's own shortest waits are 3 to 5 s."""

T = TypeVar("T")


def build_bot(token: str, base_url: str = TELEGRAM_API) -> Bot:
    """A bot with the timeouts and connections that suit us; not yet initialised, no request made.

    Args:
        token: of the bot.
        base_url: of a Bot API server, without the token: ``https://api.telegram.org/bot``.

    Raises:
        Stop: the token is empty or not of a token's form.
    """
    if not re.fullmatch(r"\d+:[\w-]+", token):
        raise Stop(
            "TELEGRAM_TOKEN",
            "it does not look like a bot's token (digits, a colon, letters and digits)",
            hint="Copy it from @BotFather again.",
        )
    base_url = base_url.rstrip("/")
    # A proxy of the environment (HTTPS_PROXY) is for the outside world, never for a Bot API server on this
    # machine.
    direct = {"trust_env": not _is_loopback(base_url)}
    return Bot(
        token,
        base_url=base_url,
        base_file_url=f"{base_url.removesuffix('/bot')}/file/bot",
        request=HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            connect_timeout=10.0,  # seconds, as all of these
            write_timeout=10.0,
            read_timeout=20.0,  # what is cut off too early may have been delivered all the same
            pool_timeout=10.0,
            httpx_kwargs=dict(direct),
        ),
        get_updates_request=HTTPXRequest(
            connection_pool_size=1,
            connect_timeout=10.0,
            write_timeout=10.0,
            read_timeout=20.0,  # on top of the long poll's own timeout
            pool_timeout=10.0,
            httpx_kwargs=dict(direct),
        ),
    )


class TelegramOutput:
    """An `Output` that sends through a bot.

    Args:
        bot: initialised; the caller shuts it down.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, address: Address, message: Message) -> int:
        """Send a new message; its id.

        Raises:
            DeliveryError: see `outcome_of`.
        """
        try:
            return await self._send(address, message)
        except Rejected as error:
            if not refuses_link(error.reason):
                raise
            return await self._send(address, without_links(message))

    async def _send(self, address: Address, message: Message) -> int:
        sent = await self._translated(
            self._bot.send_message(
                chat_id=address.chat_id,
                message_thread_id=address.thread_id,
                text=message.html,
                parse_mode=ParseMode.HTML,
                link_preview_options=preview(message),
                reply_markup=keyboard(message),
            ),
            address,
        )
        return sent.message_id

    async def edit(self, address: Address, message_id: int, message: Message) -> None:
        """Replace a message's text; the same text again is fine.

        Raises:
            MessageGone: somebody deleted it.
            DeliveryError: see `outcome_of`.
        """
        try:
            await self._edit(address, message_id, message)
        except Rejected as error:
            bare = without_links(message)
            if refuses_link(error.reason) and bare != message:
                await self.edit(address, message_id, bare)
            elif "not modified" not in error.reason.lower().replace("_", " "):
                raise

    async def _edit(self, address: Address, message_id: int, message: Message) -> None:
        await self._translated(
            self._bot.edit_message_text(
                chat_id=address.chat_id,
                message_id=message_id,
                text=message.html,
                parse_mode=ParseMode.HTML,
                link_preview_options=preview(message),
                reply_markup=keyboard(message),
            ),
            address,
        )

    async def _translated(self, request: Awaitable[T], address: Address) -> T:
        try:
            return await request
        except api.TelegramError as error:
            raise outcome_of(error, subject=str(address), secrets=[self._bot.token]) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Status 200 with JSON that is no Bot API answer (a proxy's, a captive portal's): the library
            # trips over it.
            raise MaybeDelivered(str(address), "the answer was not understood", probably=False) from error


# Of a 400: https://core.telegram.org/method/messages.sendMessage#possible-errors and the Bot API server's
# own texts.
_CHAT_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "not enough rights to send",
    "have no rights to send",
    "need administrator rights",
    "group chat was deactivated",
    "chat was deleted",
    "bot is not a member",
)
_TOPIC_GONE = ("message thread not found", "topic_deleted", "topic_closed")
_MESSAGE_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")

# The request never was on the wire when these are the cause.
_NEVER_SENT = (
    httpx.ConnectError,  # refused, no route, DNS, TLS
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_GATEWAY = ("bad gateway", "gateway time")


def outcome_of(error: api.TelegramError, *, subject: str, secrets: list[str]) -> DeliveryError:
    """What an exception of the library's means for the message it was raised for.

    The order matters: `BadRequest` and `TimedOut` are `NetworkError`s to the library.

    Args:
        error: as raised by a method of `telegram.Bot`.
        subject: which chat, for the person who reads the error.
        secrets: what may not stand in the reason, the token first of all.
    """
    reason = redact(error.message, secrets)
    text = reason.lower()
    match error:
        case api.ChatMigrated():
            return ChatMigrated(subject, reason, new_chat_id=error.new_chat_id)
        case api.RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Throttled(subject, reason, retry_after_s=seconds)
        case api.InvalidToken() | api.EndPointNotFound():
            return Stop(
                subject,
                f"Telegram does not know this token ({reason})",
                hint="Check TELEGRAM_TOKEN with @BotFather.",
            )
        case api.Conflict():
            return Stop(
                subject,
                f"another program uses the same token ({reason})",
                hint="Stop the other one, or give this one a token of its own.",
            )
        case api.Forbidden():
            return ChatGone(subject, reason)
        case api.BadRequest():
            return _of_bad_request(subject, reason, text)
        case api.TimedOut():
            if isinstance(error.__cause__, _NEVER_SENT) or "pool timeout" in text:
                return NotDelivered(subject, f"no connection in time ({type(error.__cause__).__name__})")
            return MaybeDelivered(subject, "no answer in time")
        case api.NetworkError():
            return _of_network_error(error, subject, reason, text)
        case _:
            # A plain TelegramError: status 200, and the body is no JSON. Something in between answered.
            return MaybeDelivered(subject, reason, probably=False)


def _of_bad_request(subject: str, reason: str, text: str) -> DeliveryError:
    if any(sign in text for sign in _TOPIC_GONE):
        return TopicGone(subject, reason)
    if any(sign in text for sign in _CHAT_GONE):
        return ChatGone(subject, reason)
    if any(sign in text for sign in _MESSAGE_GONE):
        return MessageGone(subject, reason)
    return Rejected(subject, reason)


def _of_network_error(error: api.NetworkError, subject: str, reason: str, text: str) -> DeliveryError:
    if text.startswith("too many requests"):  # a 429 without a number, or with one in the words only
        number = re.search(r"retry after (\d+)", text)
        return Throttled(subject, reason, retry_after_s=float(number[1]) if number else UNNUMBERED_WAIT_S)
    if text.startswith("request entity too large"):  # 413: larger than any message may be
        return Rejected(subject, reason)
    cause = error.__cause__
    if isinstance(cause, _NEVER_SENT) or "httpxrequest is not initialized" in text:
        return NotDelivered(subject, reason)
    if isinstance(cause, httpx.HTTPError):
        # A connection that broke after the request began: an answer was cut off, or the request was.
        return MaybeDelivered(subject, reason)
    if cause is not None or any(sign in text for sign in _GATEWAY):
        # An error page, or 502 and 504 in any dress: the front lost the Bot API server it had handed the
        # request to, and does not know what became of it. A cause other than httpx's is the failed reading
        # of the page.
        return MaybeDelivered(subject, _without_page(reason), probably=False)
    # Any other 5xx in the Bot API's own JSON: the server itself says that this request failed. (It could
    # have failed after the send, but then a retry at worst doubles an alert; not retrying would lose it in
    # every outage.)
    return NotDelivered(subject, reason)


def _without_page(reason: str) -> str:
    return reason.split(". Parsing the server response", 1)[0]


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"
