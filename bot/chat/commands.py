"""What arrives from Telegram: commands, plain words, and news about the chat itself; each with its answer.

Handlers read an update, ask `ChatService`, and let `texts` say what came of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any

import structlog
from telegram import (
    Bot,
    ChatMemberRestricted,
    Update,
)
from telegram.constants import ChatMemberStatus
from telegram.ext import (
    Application,
    ApplicationBuilder,
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.chat import follow_texts, news_texts, offer_texts, texts, zones
from bot.chat.alert_buttons import AlertButtons, ShowsAlert
from bot.chat.alert_care import AlertCare
from bot.chat.asked import Asked
from bot.chat.feed_care import FeedCare, Looks
from bot.chat.frame import Answer, Frame, Sleep
from bot.chat.hello import Hello
from bot.chat.offers import Offers, Translates
from bot.chat.ordered import OrderedPerChat
from bot.chat.outcomes import NoAlert, QueryRefused, Subscribed, TooMany, Unsubscribed
from bot.chat.service import ChatService, nothing_happens
from bot.chat.word_offers import WordOffers
from bot.language.concepts import Concepts
from bot.speech import LANGUAGES, Speech
from storage.chats import ChatKey
from storage.database import Database

log = structlog.get_logger(__name__)

ALLOWED_UPDATES = ("message", "my_chat_member", "callback_query")
"""Not edited messages: a command corrected afterwards would be done twice."""

AnyApplication = Application[Any, Any, Any, Any, Any, Any]

_WRITES = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}
_GONE = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}


class Commands:
    """The handlers.

    Args:
        concept_ids: without #, the most important first.
        operators: Telegram's ids of those who are told of their own commands, too.
        beside: begins work that no other message of the chat should wait for.
    """

    def __init__(
        self,
        service: ChatService,
        frame: Frame,
        words: WordOffers,
        *,
        concept_ids: Sequence[str],
        operators: Collection[int],
        beside: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._service = service
        self._frame = frame
        self._words = words
        self._concept_ids = concept_ids
        self._operators = frozenset(operators)
        self._beside = beside
        self._previewing: set[ChatKey] = set()

    def handlers(self) -> list[BaseHandler[Any, Any, Any]]:
        """All of them, in the order they are asked; the first that fits takes the update."""
        new = filters.UpdateType.MESSAGE
        private = filters.ChatType.PRIVATE & new
        return [
            CommandHandler("help", self._frame.on(self.help), filters=new),
            CommandHandler(["subscribe", "follow"], self._on_subscribe, filters=new),
            CommandHandler(["unsubscribe", "unfollow"], self._frame.on(self.unsubscribe), filters=new),
            CommandHandler("list", self._frame.on(self.followed), filters=new),
            CommandHandler("digest", self._frame.on(self.digest), filters=new),
            CommandHandler("latest", self._frame.on(self.latest), filters=new),
            CommandHandler("preview", self._frame.on(self.preview), filters=new),
            CommandHandler("why", self._frame.on(self.why), filters=new),
            MessageHandler(new & filters.StatusUpdate.MIGRATE, self._on_migration),
            ChatMemberHandler(self._on_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            CallbackQueryHandler(self._words.on_press),
            MessageHandler(new & filters.REPLY & filters.TEXT & ~filters.COMMAND, self._frame.on(self.reply)),
            MessageHandler(private & filters.COMMAND, self._on_unknown_command),
            MessageHandler(private & filters.TEXT, self._frame.on(self.plain_text)),
            MessageHandler(private & ~filters.StatusUpdate.ALL, self._frame.on(self.something_else)),
        ]

    # What a person asks

    async def help(self, asked: Asked) -> Answer:
        """Commands, queries, concepts."""
        operator = asked.user_id in self._operators
        return texts.help_pages(asked.speech, self._concept_ids, group=not asked.private, operator=operator)

    async def subscribe(self, asked: Asked, done: list[Subscribed]) -> Answer:
        """Follow a query; a new subscription is put into `done`."""
        if not asked.argument:
            return [follow_texts.subscribe_what(asked.speech, self._concept_ids)]
        if not await self._frame.may_change(asked):
            return [texts.administrators_only(asked.speech)]
        match await self._service.subscribe(asked.place, asked.argument):
            case Subscribed() as outcome:
                done.append(outcome)
                return [follow_texts.subscribed(asked.speech, outcome, asked.audience)]
            case QueryRefused() as outcome:
                return [follow_texts.query_refused(asked.speech, outcome)]
            case TooMany() as outcome:
                return [follow_texts.too_many(asked.speech, outcome)]
            case outcome:
                return [follow_texts.already_subscribed(asked.speech, outcome)]

    async def unsubscribe(self, asked: Asked) -> Answer:
        """Stop following."""
        if not asked.argument:
            listing = await self._service.listing(asked.place.key)
            return follow_texts.unsubscribe_what(asked.speech, listing, asked.audience)
        if not await self._frame.may_change(asked):
            return [texts.administrators_only(asked.speech)]
        outcome = await self._service.unsubscribe(asked.place.key, asked.argument)
        if isinstance(outcome, Unsubscribed):
            return follow_texts.unsubscribed(asked.speech, outcome, asked.audience)
        return [follow_texts.not_subscribed(asked.speech, outcome, asked.audience)]

    async def followed(self, asked: Asked) -> Answer:
        """What is followed here."""
        return follow_texts.listing(
            asked.speech, await self._service.listing(asked.place.key), asked.audience
        )

    async def digest(self, asked: Asked) -> Answer:
        """Show, set or end the daily digest."""
        if not asked.argument:
            return [follow_texts.digest_state(asked.speech, await self._service.digest(asked.place.key))]
        off = asked.argument.lower() == "off"
        zone = None
        if not off:
            try:
                at, place_name = zones.split_time(asked.argument)
                zone = zones.parse_zone(place_name) if place_name else None
            except (zones.TimeError, zones.ZoneError) as error:
                return [follow_texts.digest_refused(asked.speech, error)]
        if not await self._frame.may_change(asked):
            return [texts.administrators_only(asked.speech)]
        if off:
            await self._service.end_digest(asked.place.key)
            return [follow_texts.digest_off(asked.speech)]
        outcome = await self._service.set_digest(asked.place, at, zone)
        return [follow_texts.digest_set(asked.speech, outcome, zone_given=zone is not None)]

    async def latest(self, asked: Asked) -> Answer:
        """The newest alerts again."""
        return news_texts.latest(asked.speech, await self._service.latest(asked.place.key), asked.audience)

    async def preview(self, asked: Asked) -> Answer:
        """What a query would have brought; worked on beside the chat's other messages."""
        if not asked.argument:
            return [news_texts.preview_what(asked.speech)]
        refused = self._service.refusal(asked.argument)
        if refused is not None:
            return [follow_texts.query_refused(asked.speech, refused)]
        key = asked.place.key
        if key in self._previewing:
            return [news_texts.preview_busy(asked.speech)]
        self._previewing.add(key)
        self._beside(self._preview(asked))
        return []

    async def _preview(self, asked: Asked) -> None:
        async def look_back(asked: Asked) -> Answer:
            outcome = await self._service.preview(asked.place.key, asked.argument)
            if isinstance(outcome, QueryRefused):
                return [follow_texts.query_refused(asked.speech, outcome)]
            return news_texts.previewed(asked.speech, outcome)

        try:
            async with self._frame.typing(asked.place.key):
                await self._frame.do(asked, look_back)
        finally:
            self._previewing.discard(asked.place.key)

    async def why(self, asked: Asked) -> Answer:
        """Why an alert came: the one replied to, or the newest."""
        outcome = await self._service.why(asked.place.key, asked.replied_to)
        if isinstance(outcome, NoAlert):
            return [news_texts.no_alert(asked.speech, outcome, asked.audience)]
        return news_texts.why(asked.speech, outcome)

    async def reply(self, asked: Asked) -> Answer:
        """Words in reply to a message: those it asked for, or none of our business."""
        candidate_id = await self._words.asked_by(asked)
        if candidate_id is None:
            return await self.plain_text(asked) if asked.private else []
        if not await self._frame.may_change(asked):
            return [texts.administrators_only(asked.speech)]
        return [offer_texts.decided(asked.speech, await self._words.take(asked, candidate_id))]

    async def plain_text(self, asked: Asked) -> Answer:
        """Words without a command: perhaps a query."""
        refused = self._service.refusal(asked.argument)
        return [
            texts.offer(asked.speech, asked.argument)
            if refused is None
            else texts.not_understood(asked.speech)
        ]

    async def something_else(self, asked: Asked) -> Answer:
        """A picture, a sticker, a place."""
        return [texts.not_understood(asked.speech)]

    async def _on_subscribe(self, update: Update, _context: object) -> None:
        done: list[Subscribed] = []
        await self._frame.answer(update, lambda asked: self.subscribe(asked, done))
        if update.message is not None:
            for outcome in done:  # after the answer, and in nobody's way
                self._beside(self._words.offer(Asked.of(update.message), outcome))

    # What Telegram says about chats

    async def _on_unknown_command(self, update: Update, _context: object) -> None:
        async def answer(asked: Asked) -> Answer:
            text = update.message.text or "" if update.message is not None else ""
            return [texts.unknown_command(asked.speech, text.split()[0].lstrip("/").partition("@")[0])]

        await self._frame.answer(update, answer)

    async def _on_migration(self, update: Update, _context: object) -> None:
        """A group became a supergroup. Telegram says so in both, so each is enough."""
        message = update.message
        if message is None:
            return
        old = message.migrate_from_chat_id or message.chat.id
        new = message.migrate_to_chat_id or message.chat.id
        await self._frame.migrate(old, new)

    async def _on_membership(self, update: Update, _context: object) -> None:
        """The bot itself was blocked, removed, silenced, or let back."""
        change = update.my_chat_member
        if change is None:
            return
        new = change.new_chat_member
        restricted = new if isinstance(new, ChatMemberRestricted) else None
        if new.status in _GONE or (restricted is not None and not restricted.is_member):
            await self._service.left(change.chat.id)
            log.info("chat_left", chat=change.chat.id, kind=str(change.chat.type))
        elif not self._frame.admits(change.chat.id):
            log.info("chat_not_allowed", chat=change.chat.id, kind=str(change.chat.type))
        elif new.status in _WRITES or (restricted is not None and restricted.can_send_messages):
            await self._service.returned(change.chat.id)
            log.info("chat_joined", chat=change.chat.id, kind=str(change.chat.type))

    async def on_error(self, _update: object, context: Any) -> None:
        """The library's net below the handlers: nothing that fails goes unseen."""
        self._frame.note("handler", context.error)


def build_application(
    bot: Bot,
    *,
    database: Database,
    concepts: Concepts,
    clock: Callable[[], datetime],
    translator: Translates | None = None,
    inspector: Looks | None = None,
    shows: ShowsAlert | None = None,
    operators: Collection[int] = (),
    allowed_chats: Collection[int] = (),
    changed: Callable[[], None] = nothing_happens,
    counts: Counter[str] | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AnyApplication:
    """The library's application with all handlers, for a `Listener`; it has neither updater nor job queue.

    Args:
        bot: not shared: the listener shuts it down at its end.
        clock: gives now, aware.
        translator: for words of a query that other languages don't have; None: no translations are offered.
        inspector: looks at the addresses of feeds; None: there are no commands about feeds.
        shows: renders an alert anew when a button under it was pressed; None: alerts have no buttons here.
        operators: Telegram's ids of those who may change the feeds.
        allowed_chats: Telegram's ids; empty means everyone.
        changed: called after a commit that may have changed which queries are asked for; must not raise.
        counts: gets how often what went wrong: ``handler``, ``answer``.
        sleep: for the waits Telegram asks for.
    """
    for language in LANGUAGES:
        Speech.of(language)  # read now: not while a message waits
    processor = OrderedPerChat()
    application: AnyApplication = (
        ApplicationBuilder().bot(bot).updater(None).job_queue(None).concurrent_updates(processor).build()
    )
    service = ChatService(database, concepts, clock=clock, changed=changed)
    frame = Frame(
        bot,
        service,
        allowed_chats=allowed_chats,
        counts=counts if counts is not None else Counter(),
        sleep=sleep,
    )
    offers = Offers(database, concepts, translator, clock=clock, changed=changed)
    commands = Commands(
        service,
        frame,
        WordOffers(bot, frame, offers),
        concept_ids=concepts.ids,
        operators=operators,
        beside=processor.beside,
    )
    if shows is not None:
        alert_buttons = AlertButtons(bot, frame, service, AlertCare(database, clock=clock), shows=shows)
        application.add_handlers(alert_buttons.handlers())  # before those that take any button
    if inspector is not None:
        care = FeedCare(
            bot, database, frame, inspector, operators=operators, clock=clock, beside=processor.beside
        )
        application.add_handlers(care.handlers())  # before those that take any command, any button
    application.add_handlers(Hello(bot, service, frame).handlers())
    application.add_handlers(commands.handlers())
    application.add_error_handler(commands.on_error)
    return application
