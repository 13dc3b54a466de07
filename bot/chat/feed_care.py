"""/feeds, /addfeed and /removefeed, and the buttons under what they say.

Everybody may look. Only the operators, whom RAREWATCH_ADMINS names, change anything: a feed is everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog
from telegram import Bot, CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.adding import row_of
from bot.chat import feed_texts
from bot.chat.asked import Asked
from bot.chat.feed_texts import Press
from bot.chat.frame import Answer, Frame
from bot.errors import RarewatchError
from bot.feed_states import feed_states
from bot.feeds.catalog import is_feed_address
from bot.inspection import Inspection
from bot.speech import Speech
from storage import added_feeds, feeds
from storage.added_feeds import Change
from storage.database import Database
from storage.models import Feed

log = structlog.get_logger(__name__)


class Looks(Protocol):
    """The `Inspector`, as far as a chat needs it."""

    async def look(self, url: str) -> list[Inspection]:
        """See `Inspector`; raises `RarewatchError`."""


class FeedCare:
    """The handlers.

    Args:
        operators: Telegram's ids of those who may change the feeds.
        beside: begins work that no other message of the chat should wait for.
    """

    def __init__(
        self,
        bot: Bot,
        database: Database,
        frame: Frame,
        inspector: Looks,
        *,
        operators: Collection[int],
        clock: Callable[[], datetime],
        beside: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._bot = bot
        self._database = database
        self._frame = frame
        self._inspector = inspector
        self._operators = frozenset(operators)
        self._clock = clock
        self._beside = beside
        self._looking: set[int] = set()  # users whose address is being looked at

    def handlers(self) -> list[BaseHandler[Any, Any, Any]]:
        """All of them."""
        new = filters.UpdateType.MESSAGE
        return [
            CommandHandler("feeds", self._frame.on(self.show), filters=new),
            CommandHandler("addfeed", self._frame.on(self.add), filters=new),
            CommandHandler("removefeed", self._frame.on(self.remove), filters=new),
            CallbackQueryHandler(self._on_press, pattern=feed_texts.PATTERN),
        ]

    # What a person asks

    async def show(self, asked: Asked) -> Answer:
        """All feeds and how they stand."""
        text, markup = await self._page(asked.speech, 0)
        return await self._say(asked, text, markup)

    async def add(self, asked: Asked) -> Answer:
        """Look at an address, and have its feed read."""
        user_id = asked.user_id
        if user_id is None or user_id not in self._operators:
            return [feed_texts.operators_only(asked.speech, user_id)]
        if not asked.argument:
            return [feed_texts.add_what(asked.speech)]
        url = asked.argument if "://" in asked.argument else f"https://{asked.argument}"
        if not is_feed_address(url):
            return [feed_texts.no_address(asked.speech, asked.argument)]
        if user_id in self._looking:
            return [feed_texts.busy(asked.speech)]
        self._looking.add(user_id)
        self._beside(self._look_beside(asked, url, user_id))
        return []

    async def _look_beside(self, asked: Asked, url: str, user_id: int) -> None:
        async def look(asked: Asked) -> Answer:
            return await self._look(asked, url, user_id)

        try:
            async with self._frame.typing(asked.place.key):
                await self._frame.do(asked, look)
        finally:
            self._looking.discard(user_id)

    async def _look(self, asked: Asked, url: str, user_id: int) -> Answer:
        try:
            found = await self._inspector.look(url)
        except RarewatchError as error:
            return [feed_texts.unreadable(asked.speech, str(error))]
        now, rows = self._clock(), [row_of(one) for one in found]
        async with self._database.write() as session:
            offered = await added_feeds.offer(session, rows, by=user_id, now=now)
            taken = None
            if found[0].page is None:
                taken = await added_feeds.take(session, offered[0].id, by=user_id, now=now)
        if taken is None:
            return await self._say(
                asked,
                feed_texts.offered(asked.speech, found, offered),
                feed_texts.choices(asked.speech, offered),
            )
        feed = taken.feed or offered[0]
        if taken.change is not Change.DONE:
            return [feed_texts.not_added(asked.speech, feed.url, taken.change)]
        log.info("feed_added", feed=feed.name, by=user_id)
        return await self._say(
            asked, feed_texts.added(asked.speech, found[0], feed), feed_texts.choices(asked.speech, [feed])
        )

    async def remove(self, asked: Asked) -> Answer:
        """Have a feed read no more."""
        if asked.user_id is None or asked.user_id not in self._operators:
            return [feed_texts.operators_only(asked.speech, asked.user_id)]
        async with self._database.read() as session:
            all_feeds, added = await feeds.enabled(session), await added_feeds.added(session)
        if not asked.argument:
            return await self._say(
                asked, feed_texts.remove_what(asked.speech, added), feed_texts.choices(asked.speech, added)
            )
        meant = _named(asked.argument, all_feeds)
        if meant is None:
            return [feed_texts.not_found(asked.speech, asked.argument)]
        async with self._database.write() as session:
            changed = await added_feeds.remove(session, meant.id)
        if changed.change is Change.LISTED or changed.feed is None:
            return [feed_texts.listed(asked.speech)]
        log.info("feed_removed", feed=meant.name, by=asked.user_id)
        return await self._say(
            asked,
            feed_texts.chosen(asked.speech, [changed.feed]),
            feed_texts.choices(asked.speech, [changed.feed]),
        )

    async def _say(self, asked: Asked, text: str, markup: InlineKeyboardMarkup | None) -> Answer:
        """Answers with buttons."""
        if markup is None:
            return [text]
        await self._frame.send_one(asked, asked.place.key, text, markup)
        return []

    async def _page(self, speech: Speech, number: int) -> tuple[str, InlineKeyboardMarkup | None]:
        now = self._clock()
        async with self._database.read() as session:
            states = await feed_states(session, now=now)
        return feed_texts.listing(speech, states, number, now=now)

    # Buttons

    async def _on_press(self, update: Update, _context: object) -> None:
        await self._frame.press(update, self._press)

    async def _press(self, query: CallbackQuery) -> str | None:
        """Does what a button says; gives a short answer. A button's data may be anybody's invention."""
        pressed, message = feed_texts.read(query.data), query.message
        if pressed is None or message is None or not self._frame.admits(message.chat.id):
            return await self._frame.unknown_button(query)
        asked = await self._frame.heard(Asked.by_button(query, message))
        chat_id, message_id = message.chat.id, message.message_id
        if pressed.press is Press.PAGE:
            text, markup = await self._page(asked.speech, pressed.number)
            await self._edit(chat_id, message_id, text, markup)
            return None
        user_id = query.from_user.id
        if user_id not in self._operators:
            return feed_texts.operators_only_short(asked.speech)
        async with self._database.write() as session:
            if pressed.press is Press.ADD:
                changed = await added_feeds.take(session, pressed.number, by=user_id, now=self._clock())
            else:
                changed = await added_feeds.remove(session, pressed.number)
        if changed.change is Change.DONE:
            log.info("feed_changed", feed=pressed.number, press=pressed.press.value, by=user_id)
        under = feed_texts.ids_of(message.reply_markup) if isinstance(message, Message) else []
        async with self._database.read() as session:
            known = await feeds.by_ids(session, [*under, pressed.number])
        shown = [known[one] for one in dict.fromkeys(under or [pressed.number]) if one in known]
        if shown:
            await self._edit(
                chat_id,
                message_id,
                feed_texts.chosen(asked.speech, shown),
                feed_texts.choices(asked.speech, shown),
            )
        return feed_texts.decided(asked.speech, pressed.press, changed.change)

    async def _edit(
        self, chat_id: int, message_id: int, text: str, markup: InlineKeyboardMarkup | None
    ) -> None:
        try:
            await self._bot.edit_message_text(
                text, chat_id, message_id, parse_mode=ParseMode.HTML, reply_markup=markup
            )
        except TelegramError as error:  # it shows this already, or is gone: the database has it right
            log.debug("feeds_not_edited", chat=chat_id, reason=self._frame.reason(error))


def _named(asked: str, among: Sequence[Feed]) -> Feed | None:
    """The feed of an address or a name."""
    name = " ".join(asked.split()).casefold()
    return next((feed for feed in among if asked == feed.url or name == feed.name.casefold()), None)
