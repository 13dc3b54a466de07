"""Hello, and in which language: /start, /language and the buttons under them."""

from __future__ import annotations

import re
from typing import Any

import structlog
from telegram import Bot, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.chat import texts
from bot.chat.asked import Asked
from bot.chat.frame import Answer, Frame, Reply
from bot.chat.service import ChatService
from bot.speech import LANGUAGES, NAMES, Speech, named

log = structlog.get_logger(__name__)

PATTERN = re.compile(rf"language:({'|'.join(LANGUAGES)})(:hello)?")


class Hello:
    """The handlers."""

    def __init__(self, bot: Bot, service: ChatService, frame: Frame) -> None:
        self._bot = bot
        self._service = service
        self._frame = frame

    def handlers(self) -> list[BaseHandler[Any, Any, Any]]:
        """All of them."""
        new = filters.UpdateType.MESSAGE
        return [
            CommandHandler("start", self._frame.on(self.start), filters=new),
            CommandHandler("language", self._frame.on(self.language), filters=new),
            CallbackQueryHandler(self._on_press, pattern=PATTERN),
        ]

    async def start(self, asked: Asked) -> Answer:
        """Hello; in a private chat it also says: here I am, again."""
        if not asked.private:
            return [await self._hello(asked)]
        await self._service.greet(asked.place)
        return [Reply(await self._hello(asked), choices(asked.speech, hello=True))]

    async def _hello(self, asked: Asked) -> str:
        following = len((await self._service.listing(asked.place.key)).texts)
        return texts.start(asked.speech, asked.audience, following)

    async def language(self, asked: Asked) -> Answer:
        """Show or set the language that is spoken here."""
        if not asked.argument:
            return [Reply(texts.which_language(asked.speech), choices(asked.speech, hello=False))]
        language = named(asked.argument)
        if language is None:
            return [texts.language_refused(asked.speech, asked.argument)]
        if not await self._frame.may_change(asked):
            return [texts.administrators_only(asked.speech)]
        await self._service.set_language(asked.place, language)
        return [texts.language_set(Speech.of(language))]

    async def _on_press(self, update: Update, _context: object) -> None:
        await self._frame.press(update, self._press)

    async def _press(self, query: CallbackQuery) -> str:
        """Speaks the language of a button; a button's data may be anybody's invention."""
        found, message = PATTERN.fullmatch(query.data or ""), query.message
        if found is None or message is None or not self._frame.admits(message.chat.id):
            return await self._frame.unknown_button(query)
        asked = await self._frame.heard(Asked.by_button(query, message))
        if not await self._frame.may_change(asked):
            return texts.administrators_only_short(asked.speech)
        await self._service.set_language(asked.place, found[1])
        asked = await self._frame.heard(asked)
        text = await self._hello(asked) if found[2] else texts.language_set(asked.speech)
        try:
            await self._bot.edit_message_text(
                text,
                message.chat.id,
                message.message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=choices(asked.speech, hello=bool(found[2])),
            )
        except TelegramError as error:  # it shows this already, or is gone: the database has it right
            log.debug("language_not_shown", chat=message.chat.id, reason=self._frame.reason(error))
        return texts.language_set(asked.speech)


def choices(speech: Speech, *, hello: bool) -> InlineKeyboardMarkup:
    """A button a language, each named in its own words; the one that is spoken has a mark.

    Args:
        hello: they stand under a greeting, which is said anew in the language that is chosen.
    """
    end = ":hello" if hello else ""
    row = [
        InlineKeyboardButton(
            f"✓ {name}" if language == speech.language else name, callback_data=f"language:{language}{end}"
        )
        for language, name in NAMES.items()
    ]
    return InlineKeyboardMarkup([row])
