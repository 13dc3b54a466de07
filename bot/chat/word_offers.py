"""Offers of translated words in a chat: the message with its buttons, and what people say to it."""

from __future__ import annotations

import structlog
from telegram import Bot, CallbackQuery, ForceReply, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.chat import buttons, offer_texts, texts
from bot.chat.asked import Asked
from bot.chat.buttons import Press
from bot.chat.frame import Frame
from bot.chat.offers import Decision, Offers, Verdict
from bot.chat.outcomes import Subscribed

log = structlog.get_logger(__name__)


class WordOffers:
    """Shows what `Offers` has, and brings it what people say to that."""

    def __init__(self, bot: Bot, frame: Frame, offers: Offers) -> None:
        self._bot = bot
        self._frame = frame
        self._offers = offers

    async def offer(self, asked: Asked, outcome: Subscribed) -> None:
        """Looks up translations for a new subscription and offers them, if it needs any."""
        try:
            offer = await self._offers.look_up(outcome.id, outcome.text)
            if offer is not None:
                asked = await self._frame.heard(asked)
                markup = buttons.under(asked.speech, offer)
                _, message_id = await self._frame.send_one(
                    asked, asked.place.key, offer_texts.translations(asked.speech, offer), markup
                )
                await self._offers.sent(offer, message_id)
        except Exception as error:  # the subscription stands; nobody waits for this message
            self._frame.note("offer", error, chat=asked.place.key.chat_id)

    async def on_press(self, update: Update, _context: object) -> None:
        """A button was pressed; its presser gets a short answer."""
        await self._frame.press(update, self._press)

    async def _press(self, query: CallbackQuery) -> str:
        """Does what a button says; gives a short answer. A button's data may be anybody's invention."""
        pressed, message = buttons.read(query.data), query.message
        if pressed is None or message is None or not self._frame.admits(message.chat.id):
            return await self._frame.unknown_button(query)
        asked = await self._frame.heard(Asked.by_button(query, message))
        if not await self._frame.may_change(asked):
            return texts.administrators_only_short(asked.speech)
        key, candidate_id = asked.place.key, pressed.candidate_id
        match pressed.press:
            case Press.WRITE:
                decision = await self._ask_for_words(asked, candidate_id)
            case Press.YES:
                decision = await self._offers.accept(key, candidate_id)
            case Press.ALL:
                decision = await self._offers.accept_all(key, candidate_id)
            case Press.BACK:
                decision = await self._offers.take_back(key, candidate_id)
            case _:
                decision = await self._offers.drop(key, candidate_id)
        await self._show(asked, decision, message.message_id)
        return offer_texts.decided(asked.speech, decision.verdict)

    async def _ask_for_words(self, asked: Asked, candidate_id: int) -> Decision:
        key = asked.place.key
        decision = await self._offers.look(key, candidate_id)
        if decision.verdict is Verdict.OPEN and decision.offer is not None:
            [item] = [item for item in decision.offer.items if item.id == candidate_id]
            prompt = offer_texts.write_words(asked.speech, item)
            _, prompt_id = await self._frame.send_one(asked, key, prompt, ForceReply())
            await self._offers.asked(candidate_id, prompt_id)
        return decision

    async def _show(self, asked: Asked, decision: Decision, message_id: int | None = None) -> None:
        """Brings the message with the buttons up to date."""
        offer, chat_id = decision.offer, asked.place.key.chat_id
        message_id = message_id or (offer.offer_id if offer is not None else None)
        if offer is None or message_id is None or decision.verdict is Verdict.OPEN:
            return
        try:
            await self._bot.edit_message_text(
                offer_texts.translations(asked.speech, offer),
                chat_id,
                message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons.under(asked.speech, offer),
            )
        except TelegramError as error:  # it shows this already, or is gone: the database has it right
            log.debug("offer_not_edited", chat=chat_id, reason=self._frame.reason(error))

    async def asked_by(self, asked: Asked) -> int | None:
        """The translation whose words the message that this one replies to has asked for."""
        if asked.replied_to is None:
            return None
        return await self._offers.asked_by(asked.place.key, asked.replied_to)

    async def take(self, asked: Asked, candidate_id: int) -> Verdict:
        """Takes the words a person wrote in place of a translation."""
        decision = await self._offers.accept(asked.place.key, candidate_id, instead=asked.argument)
        await self._show(asked, decision)
        return decision.verdict
