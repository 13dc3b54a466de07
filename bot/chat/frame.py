"""The frame around each answer: who is served, who may change things, and how an answer gets out."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from telegram import (
    Bot,
    CallbackQuery,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ChatMemberStatus, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bot.chat import texts
from bot.chat.asked import Asked
from bot.chat.service import ChatService
from bot.logs import redact
from bot.speech import Speech, nearest
from storage.chats import ChatKey

log = structlog.get_logger(__name__)

LONGEST_WAIT_S = 60
"""An answer that Telegram holds up longer than this answers a question nobody remembers."""
TYPING_S = 4.0  # Telegram shows it for five
SENDS = 3  # of one message, when Telegram asks to wait

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A message with buttons."""

    text: str
    markup: InlineKeyboardMarkup


Answer = Sequence[str | Reply]
Act = Callable[[Asked], Awaitable[Answer]]
Press = Callable[[CallbackQuery], Awaitable[str | None]]


class Frame:
    """What every answer goes through.

    Args:
        bot: for answers and questions about members.
        allowed_chats: Telegram's ids; empty means everyone.
        counts: how often what went wrong: ``handler``, ``answer``.
        sleep: for the waits Telegram asks for.
    """

    def __init__(
        self,
        bot: Bot,
        service: ChatService,
        *,
        allowed_chats: Collection[int],
        counts: Counter[str],
        sleep: Sleep,
    ) -> None:
        self._bot = bot
        self._service = service
        self._allowed = set(allowed_chats)
        self._counts = counts
        self._sleep = sleep

    def on(self, act: Act) -> Callable[[Update, Any], Coroutine[Any, Any, None]]:
        """A handler of messages that answers with what `act` gives."""

        async def handle(update: Update, _context: object) -> None:
            await self.answer(update, act)

        return handle

    async def answer(self, update: Update, act: Act) -> None:
        """Answers a message, if its chat is served."""
        if update.message is None:
            return
        asked = Asked.of(update.message)
        chat_id = asked.place.key.chat_id
        if not self.admits(chat_id):
            await self.send(asked, [texts.not_allowed(asked.speech, chat_id)])
            return
        await self.do(asked, act)

    async def do(self, asked: Asked, act: Act) -> None:
        """Answers with what `act` gives, or says that something went wrong."""
        chat_id = asked.place.key.chat_id
        try:
            asked = await self.heard(asked)
            answer = await act(asked)
        except Exception as error:
            # One transaction an action: it was rolled back.
            self.note("handler", error, chat=chat_id)
            answer = [texts.something_went_wrong(asked.speech)]
        await self.send(asked, answer)

    async def heard(self, asked: Asked) -> Asked:
        """The same, to be answered in its chat's language; a chat that speaks is not gone."""
        return replace(asked, speech=Speech.of(await self._service.notice(asked.place)))

    async def unknown_button(self, query: CallbackQuery) -> str:
        """The answer to a button that is none of ours."""
        speech = Speech.of(nearest(query.from_user.language_code))
        if query.message is not None and self.admits(query.message.chat.id):
            speech = (await self.heard(Asked.by_button(query, query.message))).speech
        return texts.unknown_button(speech)

    async def press(self, update: Update, act: Press) -> None:
        """Does what a pressed button says, and gives its presser a short answer."""
        query = update.callback_query
        if query is None:
            return
        try:
            said = await act(query)
        except Exception as error:
            self.note("handler", error)
            said = texts.something_went_wrong(Speech.of(nearest(query.from_user.language_code)))
        try:
            await query.answer(said)
        except BadRequest as error:  # pressed while we were away: Telegram waits for no answer any more
            log.debug("press_not_answered", reason=self.reason(error))
        except TelegramError as error:
            self.note("answer", error)

    def admits(self, chat_id: int) -> bool:
        """Whether the operator lets this chat in."""
        return not self._allowed or chat_id in self._allowed

    @asynccontextmanager
    async def typing(self, key: ChatKey) -> AsyncIterator[None]:
        """Shows, within this block, that an answer is being worked on."""
        typing = asyncio.create_task(self._type(key))
        try:
            yield
        finally:
            typing.cancel()

    async def _type(self, key: ChatKey) -> None:
        while True:
            try:
                await self._bot.send_chat_action(
                    key.chat_id, ChatAction.TYPING, message_thread_id=key.thread_id or None
                )
            except TelegramError as error:  # a courtesy: the answer itself will meet the same, and say it
                log.debug("typing_not_shown", chat=key.chat_id, reason=self.reason(error))
                return
            await asyncio.sleep(TYPING_S)

    async def may_change(self, asked: Asked) -> bool:
        """Whether who writes may change what is followed: anybody in private, administrators in groups."""
        if asked.private or asked.in_its_name:
            return True
        if asked.user_id is None:
            return False  # another channel's voice
        try:
            member = await self._bot.get_chat_member(asked.place.key.chat_id, asked.user_id)
        except BadRequest as error:
            log.info("member_unknown", chat=asked.place.key.chat_id, reason=self.reason(error))
            return False
        return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)

    async def send(self, asked: Asked, answer: Answer) -> None:
        """Sends an answer; what can't be sent is counted, since there is nobody to tell."""
        key = asked.place.key
        for part in answer:
            text, markup = (part.text, part.markup) if isinstance(part, Reply) else (part, None)
            try:
                key, _ = await self.send_one(asked, key, text, markup)
            except Forbidden as error:
                self.note("answer", error, chat=key.chat_id)
                await self._service.left(key.chat_id)
                return
            except TelegramError as error:
                self.note("answer", error, chat=key.chat_id)
                return

    async def send_one(
        self,
        asked: Asked,
        key: ChatKey,
        text: str,
        markup: InlineKeyboardMarkup | ForceReply | None = None,
    ) -> tuple[ChatKey, int]:
        """Sends a message; gives where it went, since groups migrate, and its id."""
        sends_left = SENDS
        while True:
            sends_left -= 1
            try:
                sent = await self._bot.send_message(
                    key.chat_id,
                    text,
                    parse_mode=ParseMode.HTML,
                    message_thread_id=key.thread_id or None,
                    # In a group it must be seen whom this answers.
                    reply_parameters=None
                    if asked.private
                    else ReplyParameters(asked.message_id, allow_sending_without_reply=True),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                    reply_markup=markup,
                )
            except ChatMigrated as error:
                if not sends_left:
                    raise
                await self.migrate(key.chat_id, error.new_chat_id)
                key = replace(key, chat_id=error.new_chat_id)
            except RetryAfter as error:
                wait = error.retry_after
                wait_s = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
                if not sends_left or wait_s > LONGEST_WAIT_S:
                    raise
                await self._sleep(wait_s)
            else:
                return key, sent.message_id

    async def migrate(self, old_chat_id: int, new_chat_id: int) -> None:
        """Writes down that a group has a new id."""
        await self._service.migrated(old_chat_id, new_chat_id)
        if old_chat_id in self._allowed:
            self._allowed.add(new_chat_id)
            log.warning(
                "allowed_chat_has_a_new_id",
                old=old_chat_id,
                new=new_chat_id,
                hint="Add the new id to RAREWATCH_ALLOWED_CHATS; it counts until the next start.",
            )

    def note(self, kind: str, error: BaseException | None, *, chat: int | None = None) -> None:
        """Counts and logs what went wrong."""
        self._counts[kind] += 1
        if error is None:
            return
        event = {"chat": chat, "error": type(error).__name__, "reason": self.reason(error)}
        if isinstance(error, TelegramError):
            log.warning("chat_update_failed", part=kind, **event)
            return
        trace = redact("".join(traceback.format_exception(error)), [self._bot.token])
        log.error("chat_update_failed", part=kind, traceback=trace, **event)

    def reason(self, error: BaseException) -> str:
        """An error's text without the token."""
        return redact(str(error), [self._bot.token])
