"""What was said to the bot, where, and by whom: a message, or a press of a button."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, MessageEntity
from telegram.constants import ChatType

from bot.chat.audience import Audience
from bot.chat.service import Place
from bot.speech import ENGLISH, Speech, nearest
from storage.chats import TELEGRAM, ChatKey


@dataclass(frozen=True, slots=True)
class Asked:
    """One message to the bot.

    Args:
        argument: what follows the command; the whole text when there is none.
        user_id: who wrote; None for a chat's own voice.
        replied_to: the id of the message this replies to.
        in_its_name: written in the name of this very chat: an anonymous administrator.
        speech: to answer in; what Telegram says of the person, until the chat's own is looked up.
    """

    place: Place
    argument: str
    message_id: int
    user_id: int | None
    in_its_name: bool
    replied_to: int | None = None
    speech: Speech = ENGLISH

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
        writer = message.from_user if voice is None else None
        language = nearest(writer.language_code) if writer is not None else None
        replied = message.reply_to_message
        if replied is not None and replied.message_id == thread_id:
            replied = None  # what is said in a topic is a reply to the topic's beginning
        return cls(
            place=Place(
                ChatKey(TELEGRAM, chat.id, thread_id), str(chat.type), chat.effective_name or "", language
            ),
            argument=text.strip(),
            message_id=message.message_id,
            user_id=writer.id if writer is not None else None,
            in_its_name=voice is not None and voice.id == chat.id,
            replied_to=replied.message_id if replied is not None else None,
            speech=Speech.of(language),
        )

    @classmethod
    def by_button(cls, query: CallbackQuery, message: MaybeInaccessibleMessage) -> Asked:
        """A press of a button under a message of the bot's."""
        thread_id = 0
        if isinstance(message, Message) and message.is_topic_message:
            thread_id = message.message_thread_id or 0
        language, name = nearest(query.from_user.language_code), message.chat.effective_name or ""
        return cls(
            place=Place(
                ChatKey(TELEGRAM, message.chat.id, thread_id), str(message.chat.type), name, language
            ),
            argument="",
            message_id=message.message_id,
            user_id=query.from_user.id,
            in_its_name=False,
            speech=Speech.of(language),
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
