"""The buttons under an alert, /saved and /muted.

Everybody may look at the original, save and ask why. What is muted is muted for all, so in a group only its
administrators mute; in a channel, where whoever reads may press, they alone do anything.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Protocol

import structlog
from telegram import Bot, CallbackQuery, MaybeInaccessibleMessage, Update
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.chat import alert_texts, news_texts, texts
from bot.chat.alert_care import AlertCare, Held
from bot.chat.asked import Asked
from bot.chat.frame import Answer, Frame, Reply
from bot.chat.outcomes import NoAlert
from bot.chat.service import ChatService
from bot.delivery.render import PATTERN, AlertPress, Message, Press, Shown, read_press
from bot.keyboards import keyboard, preview, refuses_link, without_links
from bot.speech import Speech, nearest
from storage.models import Alert, Article, Chat, Feed
from storage.mutes import Muted

log = structlog.get_logger(__name__)

_CHANGES = frozenset({Press.MUTE, Press.UNMUTE})


class ShowsAlert(Protocol):
    """Renders an alert with its buttons; the delivery room's `alert_message`."""

    def __call__(
        self,
        alert: Alert,
        chat: Chat,
        article: Article,
        feed: Feed,
        *,
        shown: Shown,
        saved: bool,
        muted: Collection[tuple[Muted, int]],
    ) -> Message:
        """See there."""


class AlertButtons:
    """The handlers.

    Args:
        shows: renders an alert.
    """

    def __init__(
        self, bot: Bot, frame: Frame, service: ChatService, care: AlertCare, *, shows: ShowsAlert
    ) -> None:
        self._bot = bot
        self._frame = frame
        self._service = service
        self._care = care
        self._shows = shows

    def handlers(self) -> list[BaseHandler[Any, Any, Any]]:
        """All of them."""
        new = filters.UpdateType.MESSAGE
        return [
            CommandHandler("saved", self._frame.on(self.saved), filters=new),
            CommandHandler("muted", self._frame.on(self.muted), filters=new),
            CallbackQueryHandler(self._on_press, pattern=PATTERN),
            CallbackQueryHandler(self._on_undo, pattern=alert_texts.MUTED_PATTERN),
        ]

    async def saved(self, asked: Asked) -> Answer:
        """What the chat has saved."""
        return alert_texts.saved(asked.speech, await self._care.saved(asked.place.key))

    async def muted(self, asked: Asked) -> Answer:
        """What the chat has muted, to be undone also when the alert is far up."""
        text, markup = alert_texts.muted(asked.speech, await self._care.muted(asked.place.key))
        return [Reply(text, markup)] if markup is not None else [text]

    async def _on_undo(self, update: Update, _context: object) -> None:
        await self._frame.press(update, self._undo)

    async def _undo(self, query: CallbackQuery) -> str:
        found, message = alert_texts.MUTED_PATTERN.fullmatch(query.data or ""), query.message
        if found is None or message is None or not self._frame.admits(message.chat.id):
            return texts.unknown_button(Speech.of(nearest(query.from_user.language_code)))
        asked = await self._frame.heard(Asked.by_button(query, message))
        if not await self._frame.may_change(asked):
            return texts.administrators_only_short(asked.speech)
        left, changed = await self._care.undo(asked.place.key, int(found[1]))
        text, markup = alert_texts.muted(asked.speech, left)
        try:
            await self._bot.edit_message_text(
                text, message.chat.id, message.message_id, parse_mode=ParseMode.HTML, reply_markup=markup
            )
        except TelegramError as error:  # it shows this already, or is gone: the database has it right
            log.debug("muted_not_shown_anew", chat=message.chat.id, reason=self._frame.reason(error))
        return alert_texts.undone(asked.speech, changed=changed)

    async def _on_press(self, update: Update, _context: object) -> None:
        await self._frame.press(update, self._press)

    async def _press(self, query: CallbackQuery) -> str | None:
        """Does what a button says; gives a short answer. A button's data may be anybody's invention."""
        pressed, message = read_press(query.data), query.message
        if pressed is None or message is None or not self._frame.admits(message.chat.id):
            return texts.unknown_button(Speech.of(nearest(query.from_user.language_code)))
        asked = await self._frame.heard(Asked.by_button(query, message))
        guarded = pressed.press in _CHANGES or message.chat.type == ChatType.CHANNEL
        if guarded and not await self._frame.may_change(asked):
            return texts.administrators_only_short(asked.speech)
        match pressed.press:
            case Press.WHY:
                return await self._explain(asked)
            case Press.SHOW:
                held = await self._care.look(asked.place.key, pressed.alert_id)
            case _:
                held = await self._care.do(asked.place.key, pressed)
        if held is None:
            return alert_texts.gone(asked.speech)
        problem = await self._show(asked, message, held, pressed)
        said = alert_texts.done(asked.speech, pressed, source=held.of.feed.name, changed=held.changed)
        return said or problem

    async def _explain(self, asked: Asked) -> str | None:
        outcome = await self._service.why(asked.place.key, asked.message_id)
        if isinstance(outcome, NoAlert):
            return alert_texts.gone(asked.speech)
        await self._frame.send(asked, news_texts.why(asked.speech, outcome))
        return None

    async def _show(
        self, asked: Asked, message: MaybeInaccessibleMessage, held: Held, pressed: AlertPress
    ) -> str | None:
        """Brings the message up to date; gives what kept it from that, if pressing again may help."""
        of = held.of
        shown = self._shows(
            of.alert, of.chat, of.article, of.feed, shown=pressed.shown, saved=held.saved, muted=held.muted
        )
        try:
            await self._edit(message, shown)
        except RetryAfter as error:
            wait = error.retry_after
            wait_s = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return alert_texts.wait(asked.speech, math.ceil(wait_s))
        except TelegramError as error:  # it shows this already, or is gone: the database has it right
            log.debug("alert_not_shown_anew", chat=message.chat.id, reason=self._frame.reason(error))
        return None

    async def _edit(self, message: MaybeInaccessibleMessage, shown: Message) -> None:
        try:
            await self._edit_once(message, shown)
        except BadRequest as error:
            if not refuses_link(error.message):
                raise
            await self._edit_once(message, without_links(shown))

    async def _edit_once(self, message: MaybeInaccessibleMessage, shown: Message) -> None:
        await self._bot.edit_message_text(
            shown.html,
            message.chat.id,
            message.message_id,
            parse_mode=ParseMode.HTML,
            link_preview_options=preview(shown),
            reply_markup=keyboard(shown),
        )
