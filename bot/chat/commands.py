"""What arrives from Telegram: commands, plain words, and news about the chat itself; each with its answer.

Handlers read an update, ask `ChatService`, and let `texts` say what came of it.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from telegram import (
    Bot,
    CallbackQuery,
    ChatMemberRestricted,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ChatMemberStatus, ChatType, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
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

from bot.chat import buttons, texts, zones
from bot.chat.buttons import Press
from bot.chat.offers import Decision, Offers, Translates, Verdict
from bot.chat.ordered import OrderedPerChat
from bot.chat.service import (
    ChatService,
    NoAlert,
    Place,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
    nothing_happens,
)
from bot.chat.texts import Audience
from bot.language.concepts import Concepts
from bot.logs import redact
from storage.chats import TELEGRAM, ChatKey
from storage.database import Database

log = structlog.get_logger(__name__)

ALLOWED_UPDATES = ("message", "my_chat_member", "callback_query")
"""Not edited messages: a command corrected afterwards would be done twice."""
LONGEST_WAIT_S = 60
"""An answer that Telegram holds up longer than this answers a question nobody remembers."""
TYPING_S = 4.0  # Telegram shows it for five
SENDS = 3  # of one message, when Telegram asks to wait

AnyApplication = Application[Any, Any, Any, Any, Any, Any]
Sleep = Callable[[float], Awaitable[None]]

_WRITES = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}
_GONE = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}


@dataclass(frozen=True, slots=True)
class Asked:
    """One message to the bot.

    Args:
        argument: what follows the command; the whole text when there is none.
        user_id: who wrote; None for a chat's own voice.
        replied_to: the id of the message this replies to.
        in_its_name: written in the name of this very chat: an anonymous administrator.
    """

    place: Place
    argument: str
    message_id: int
    user_id: int | None
    in_its_name: bool
    replied_to: int | None = None

    @classmethod
    def of(cls, message: Message) -> Asked:
        """The message as the handlers need it."""
        chat, text = message.chat, message.text or ""
        first = message.entities[0] if message.entities else None
        if first is not None and first.type == MessageEntity.BOT_COMMAND and first.offset == 0:
            text = text[first.length :]  # a command is ASCII: UTF-16 units and characters are the same
        # In a group without topics message_thread_id is a thread of replies, which is no place of its own.
        thread_id = (message.message_thread_id or 0) if message.is_topic_message else 0
        voice = message.sender_chat
        replied = message.reply_to_message
        if replied is not None and replied.message_id == thread_id:
            replied = None  # what is said in a topic is a reply to the topic's beginning
        return cls(
            place=Place(ChatKey(TELEGRAM, chat.id, thread_id), str(chat.type), chat.effective_name or ""),
            argument=text.strip(),
            message_id=message.message_id,
            user_id=message.from_user.id if message.from_user is not None and voice is None else None,
            in_its_name=voice is not None and voice.id == chat.id,
            replied_to=replied.message_id if replied is not None else None,
        )

    @property
    def private(self) -> bool:
        """Whether one person and the bot are alone."""
        return self.place.kind == ChatType.PRIVATE

    @property
    def audience(self) -> Audience:
        """Whom the answer is about."""
        if self.place.key.thread_id:
            return Audience.TOPIC
        return Audience.PERSON if self.private else Audience.GROUP


Answer = Sequence[str]
Act = Callable[[Asked], Awaitable[Answer]]


class Commands:
    """The handlers.

    Args:
        bot: for answers and questions about members.
        concept_ids: without #, the most important first.
        allowed_chats: Telegram's ids; empty means everyone.
        counts: how often what went wrong: ``handler``, ``answer``.
        sleep: for the waits Telegram asks for.
        beside: begins work that no other message of the chat should wait for.
    """

    def __init__(
        self,
        bot: Bot,
        service: ChatService,
        offers: Offers,
        *,
        concept_ids: Sequence[str],
        allowed_chats: Collection[int],
        counts: Counter[str],
        sleep: Sleep,
        beside: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._bot = bot
        self._service = service
        self._offers = offers
        self._concept_ids = concept_ids
        self._allowed = set(allowed_chats)
        self._counts = counts
        self._sleep = sleep
        self._beside = beside
        self._previewing: set[ChatKey] = set()

    def handlers(self) -> list[BaseHandler[Any, Any, Any]]:
        """All of them, in the order they are asked; the first that fits takes the update."""
        new = filters.UpdateType.MESSAGE
        private = filters.ChatType.PRIVATE & new
        return [
            CommandHandler("start", self._on(self.start), filters=new),
            CommandHandler("help", self._on(self.help), filters=new),
            CommandHandler(["subscribe", "follow"], self._on_subscribe, filters=new),
            CommandHandler(["unsubscribe", "unfollow"], self._on(self.unsubscribe), filters=new),
            CommandHandler("list", self._on(self.followed), filters=new),
            CommandHandler("digest", self._on(self.digest), filters=new),
            CommandHandler("latest", self._on(self.latest), filters=new),
            CommandHandler("preview", self._on(self.preview), filters=new),
            CommandHandler("why", self._on(self.why), filters=new),
            MessageHandler(new & filters.StatusUpdate.MIGRATE, self._on_migration),
            ChatMemberHandler(self._on_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            CallbackQueryHandler(self._on_press),
            MessageHandler(new & filters.REPLY & filters.TEXT & ~filters.COMMAND, self._on(self.reply)),
            MessageHandler(private & filters.COMMAND, self._on_unknown_command),
            MessageHandler(private & filters.TEXT, self._on(self.plain_text)),
            MessageHandler(private & ~filters.StatusUpdate.ALL, self._on(self.something_else)),
        ]

    # What a person asks

    async def start(self, asked: Asked) -> Answer:
        """Hello; in a private chat it also says: here I am, again."""
        if asked.private:
            following = await self._service.greet(asked.place)
        else:
            following = len((await self._service.listing(asked.place.key)).texts)
        return [texts.start(asked.audience, following)]

    async def help(self, asked: Asked) -> Answer:
        """Commands, queries, concepts."""
        return texts.help_pages(self._concept_ids, group=not asked.private)

    async def subscribe(self, asked: Asked, done: list[Subscribed]) -> Answer:
        """Follow a query; a new subscription is put into `done`."""
        if not asked.argument:
            return [texts.subscribe_what(self._concept_ids)]
        if not await self._may_change(asked):
            return [texts.administrators_only()]
        match await self._service.subscribe(asked.place, asked.argument):
            case Subscribed() as outcome:
                done.append(outcome)
                return [texts.subscribed(outcome, asked.audience)]
            case QueryRefused() as outcome:
                return [texts.query_refused(outcome)]
            case TooMany() as outcome:
                return [texts.too_many(outcome)]
            case outcome:
                return [texts.already_subscribed(outcome)]

    async def unsubscribe(self, asked: Asked) -> Answer:
        """Stop following."""
        if not asked.argument:
            listing = await self._service.listing(asked.place.key)
            return texts.unsubscribe_what(listing, asked.audience)
        if not await self._may_change(asked):
            return [texts.administrators_only()]
        outcome = await self._service.unsubscribe(asked.place.key, asked.argument)
        if isinstance(outcome, Unsubscribed):
            return texts.unsubscribed(outcome, asked.audience)
        return [texts.not_subscribed(outcome, asked.audience)]

    async def followed(self, asked: Asked) -> Answer:
        """What is followed here."""
        return texts.listing(await self._service.listing(asked.place.key), asked.audience)

    async def digest(self, asked: Asked) -> Answer:
        """Show, set or end the daily digest."""
        if not asked.argument:
            return [texts.digest_state(await self._service.digest(asked.place.key))]
        off = asked.argument.lower() == "off"
        zone = None
        if not off:
            try:
                at, place_name = zones.split_time(asked.argument)
                zone = zones.parse_zone(place_name) if place_name else None
            except (zones.TimeError, zones.ZoneError) as error:
                return [texts.digest_refused(error.subject, error.reason, error.hint)]
        if not await self._may_change(asked):
            return [texts.administrators_only()]
        if off:
            await self._service.end_digest(asked.place.key)
            return [texts.digest_off()]
        outcome = await self._service.set_digest(asked.place, at, zone)
        return [texts.digest_set(outcome, zone_given=zone is not None)]

    async def latest(self, asked: Asked) -> Answer:
        """The newest alerts again."""
        return texts.latest(await self._service.latest(asked.place.key), asked.audience)

    async def preview(self, asked: Asked) -> Answer:
        """What a query would have brought; worked on beside the chat's other messages."""
        if not asked.argument:
            return [texts.preview_what()]
        refused = self._service.refusal(asked.argument)
        if refused is not None:
            return [texts.query_refused(refused)]
        key = asked.place.key
        if key in self._previewing:
            return [texts.preview_busy()]
        self._previewing.add(key)
        self._beside(self._preview(asked))
        return []

    async def _preview(self, asked: Asked) -> None:
        async def look_back(asked: Asked) -> Answer:
            outcome = await self._service.preview(asked.place.key, asked.argument)
            if isinstance(outcome, QueryRefused):
                return [texts.query_refused(outcome)]
            return texts.previewed(outcome)

        typing = asyncio.create_task(self._type(asked.place.key))
        try:
            await self._do(asked, look_back)
        finally:
            typing.cancel()
            self._previewing.discard(asked.place.key)

    async def _type(self, key: ChatKey) -> None:
        """Shows that an answer is being worked on, until cancelled."""
        while True:
            try:
                await self._bot.send_chat_action(
                    key.chat_id, ChatAction.TYPING, message_thread_id=key.thread_id or None
                )
            except TelegramError as error:  # a courtesy: the answer itself will meet the same, and say it
                log.debug("typing_not_shown", chat=key.chat_id, reason=self._reason(error))
                return
            await asyncio.sleep(TYPING_S)

    async def why(self, asked: Asked) -> Answer:
        """Why an alert came: the one replied to, or the newest."""
        outcome = await self._service.why(asked.place.key, asked.replied_to)
        if isinstance(outcome, NoAlert):
            return [texts.no_alert(outcome, asked.audience)]
        return texts.why(outcome)

    async def reply(self, asked: Asked) -> Answer:
        """Words in reply to a message: those it asked for, or none of our business."""
        candidate_id = None
        if asked.replied_to is not None:
            candidate_id = await self._offers.asked_by(asked.place.key, asked.replied_to)
        if candidate_id is None:
            return await self.plain_text(asked) if asked.private else []
        if not await self._may_change(asked):
            return [texts.administrators_only()]
        decision = await self._offers.accept(asked.place.key, candidate_id, instead=asked.argument)
        await self._show(asked.place.key, decision)
        return [texts.decided(decision.verdict)]

    async def plain_text(self, asked: Asked) -> Answer:
        """Words without a command: perhaps a query."""
        refused = self._service.refusal(asked.argument)
        return [texts.offer(asked.argument) if refused is None else texts.not_understood()]

    async def something_else(self, _asked: Asked) -> Answer:
        """A picture, a sticker, a place."""
        return [texts.not_understood()]

    # What Telegram says about chats

    async def _on_unknown_command(self, update: Update, _context: object) -> None:
        async def answer(_asked: Asked) -> Answer:
            text = update.message.text or "" if update.message is not None else ""
            return [texts.unknown_command(text.split()[0].lstrip("/").partition("@")[0])]

        await self._answer(update, answer)

    async def _on_migration(self, update: Update, _context: object) -> None:
        """A group became a supergroup. Telegram says so in both, so each is enough."""
        message = update.message
        if message is None:
            return
        old = message.migrate_from_chat_id or message.chat.id
        new = message.migrate_to_chat_id or message.chat.id
        await self._migrate(old, new)

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
        elif not self._admits(change.chat.id):
            log.info("chat_not_allowed", chat=change.chat.id, kind=str(change.chat.type))
        elif new.status in _WRITES or (restricted is not None and restricted.can_send_messages):
            await self._service.returned(change.chat.id)
            log.info("chat_joined", chat=change.chat.id, kind=str(change.chat.type))

    async def on_error(self, _update: object, context: Any) -> None:
        """The library's net below the handlers: nothing that fails goes unseen."""
        self._note("handler", context.error)

    # Translations of a query's words

    async def _on_subscribe(self, update: Update, _context: object) -> None:
        done: list[Subscribed] = []
        await self._answer(update, lambda asked: self.subscribe(asked, done))
        if update.message is not None:
            for outcome in done:  # after the answer, and in nobody's way
                self._beside(self._offer(Asked.of(update.message), outcome))

    async def _offer(self, asked: Asked, outcome: Subscribed) -> None:
        try:
            offer = await self._offers.look_up(outcome.id, outcome.text)
            if offer is not None:
                markup = buttons.under(offer)
                _, message_id = await self._send_one(
                    asked, asked.place.key, texts.translations(offer), markup
                )
                await self._offers.sent(offer, message_id)
        except Exception as error:  # the subscription stands; nobody waits for this message
            self._note("offer", error, chat=asked.place.key.chat_id)

    async def _on_press(self, update: Update, _context: object) -> None:
        query = update.callback_query
        if query is None:
            return
        try:
            said = await self._press(query)
        except Exception as error:
            self._note("handler", error)
            said = texts.something_went_wrong()
        try:
            await query.answer(said)
        except BadRequest as error:  # pressed while we were away: Telegram waits for no answer any more
            log.debug("press_not_answered", reason=self._reason(error))
        except TelegramError as error:
            self._note("answer", error)

    async def _press(self, query: CallbackQuery) -> str:
        """Does what a button says; gives a short answer. A button's data may be anybody's invention."""
        pressed, message = buttons.read(query.data), query.message
        if pressed is None or message is None or not self._admits(message.chat.id):
            return texts.unknown_button()
        thread_id = message.message_thread_id or 0 if isinstance(message, Message) else 0
        in_topic = isinstance(message, Message) and bool(message.is_topic_message)
        asked = Asked(
            place=Place(
                ChatKey(TELEGRAM, message.chat.id, thread_id if in_topic else 0), str(message.chat.type), ""
            ),
            argument="",
            message_id=message.message_id,
            user_id=query.from_user.id,
            in_its_name=False,
        )
        if not await self._may_change(asked):
            return texts.administrators_only()
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
        await self._show(key, decision, message.message_id)
        return texts.decided(decision.verdict)

    async def _ask_for_words(self, asked: Asked, candidate_id: int) -> Decision:
        key = asked.place.key
        decision = await self._offers.look(key, candidate_id)
        if decision.verdict is Verdict.OPEN and decision.offer is not None:
            [item] = [item for item in decision.offer.items if item.id == candidate_id]
            _, prompt_id = await self._send_one(asked, key, texts.write_words(item), ForceReply())
            await self._offers.asked(candidate_id, prompt_id)
        return decision

    async def _show(self, key: ChatKey, decision: Decision, message_id: int | None = None) -> None:
        """Brings the message with the buttons up to date."""
        offer = decision.offer
        message_id = message_id or (offer.offer_id if offer is not None else None)
        if offer is None or message_id is None or decision.verdict is Verdict.OPEN:
            return
        try:
            await self._bot.edit_message_text(
                texts.translations(offer),
                key.chat_id,
                message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons.under(offer),
            )
        except TelegramError as error:  # it shows this already, or is gone: the database has it right
            log.debug("offer_not_edited", chat=key.chat_id, reason=self._reason(error))

    # The frame around each answer

    def _on(self, act: Act) -> Callable[[Update, Any], Coroutine[Any, Any, None]]:
        async def handle(update: Update, _context: object) -> None:
            await self._answer(update, act)

        return handle

    async def _answer(self, update: Update, act: Act) -> None:
        if update.message is None:
            return
        asked = Asked.of(update.message)
        chat_id = asked.place.key.chat_id
        if not self._admits(chat_id):
            await self._send(asked, [texts.not_allowed(chat_id)])
            return
        await self._do(asked, act)

    async def _do(self, asked: Asked, act: Act) -> None:
        chat_id = asked.place.key.chat_id
        try:
            await self._service.notice(asked.place.key)
            answer = await act(asked)
        except Exception as error:
            # One transaction an action: it was rolled back.
            self._note("handler", error, chat=chat_id)
            answer = [texts.something_went_wrong()]
        await self._send(asked, answer)

    def _admits(self, chat_id: int) -> bool:
        """Whether the operator lets this chat in."""
        return not self._allowed or chat_id in self._allowed

    async def _may_change(self, asked: Asked) -> bool:
        """Whether who writes may change what is followed: anybody in private, administrators in groups."""
        if asked.private or asked.in_its_name:
            return True
        if asked.user_id is None:
            return False  # another channel's voice
        try:
            member = await self._bot.get_chat_member(asked.place.key.chat_id, asked.user_id)
        except BadRequest as error:
            log.info("member_unknown", chat=asked.place.key.chat_id, reason=self._reason(error))
            return False
        return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)

    async def _send(self, asked: Asked, answer: Answer) -> None:
        """Sends an answer; what can't be sent is counted, since there is nobody to tell."""
        key = asked.place.key
        for text in answer:
            try:
                key, _ = await self._send_one(asked, key, text)
            except Forbidden as error:
                self._note("answer", error, chat=key.chat_id)
                await self._service.left(key.chat_id)
                return
            except TelegramError as error:
                self._note("answer", error, chat=key.chat_id)
                return

    async def _send_one(
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
                await self._migrate(key.chat_id, error.new_chat_id)
                key = replace(key, chat_id=error.new_chat_id)
            except RetryAfter as error:
                wait = error.retry_after
                wait_s = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
                if not sends_left or wait_s > LONGEST_WAIT_S:
                    raise
                await self._sleep(wait_s)
            else:
                return key, sent.message_id

    async def _migrate(self, old_chat_id: int, new_chat_id: int) -> None:
        await self._service.migrated(old_chat_id, new_chat_id)
        if old_chat_id in self._allowed:
            self._allowed.add(new_chat_id)
            log.warning(
                "allowed_chat_has_a_new_id",
                old=old_chat_id,
                new=new_chat_id,
                hint="Add the new id to RAREWATCH_ALLOWED_CHATS; it counts until the next start.",
            )

    def _note(self, kind: str, error: BaseException | None, *, chat: int | None = None) -> None:
        self._counts[kind] += 1
        if error is None:
            return
        event = {"chat": chat, "error": type(error).__name__, "reason": self._reason(error)}
        if isinstance(error, TelegramError):
            log.warning("chat_update_failed", part=kind, **event)
            return
        trace = redact("".join(traceback.format_exception(error)), [self._bot.token])
        log.error("chat_update_failed", part=kind, traceback=trace, **event)

    def _reason(self, error: BaseException) -> str:
        return redact(str(error), [self._bot.token])


def build_application(
    bot: Bot,
    *,
    database: Database,
    concepts: Concepts,
    clock: Callable[[], datetime],
    translator: Translates | None = None,
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
        allowed_chats: Telegram's ids; empty means everyone.
        changed: called after a commit that may have changed which queries are asked for; must not raise.
        counts: gets how often what went wrong: ``handler``, ``answer``.
        sleep: for the waits Telegram asks for.
    """
    processor = OrderedPerChat()
    application: AnyApplication = (
        ApplicationBuilder().bot(bot).updater(None).job_queue(None).concurrent_updates(processor).build()
    )
    commands = Commands(
        bot,
        ChatService(database, concepts, clock=clock, changed=changed),
        Offers(database, concepts, translator, clock=clock, changed=changed),
        concept_ids=concepts.ids,
        allowed_chats=allowed_chats,
        counts=counts if counts is not None else Counter(),
        sleep=sleep,
        beside=processor.beside,
    )
    application.add_handlers(commands.handlers())
    application.add_error_handler(commands.on_error)
    return application
