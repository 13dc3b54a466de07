"""What can come of a send that isn't a message id: one error class for each thing the sender has to do next.

The sender decides by class alone; no code outside an `Output` looks at a library's exception or an HTTP
status.
"""

from __future__ import annotations

from bot.errors import RarewatchError


class DeliveryError(RarewatchError):
    """The message was not delivered."""


class ChatGone(DeliveryError):
    """The chat can't be written to any more.

    The bot was blocked, removed or never started there, or may not write: deactivate the chat, keep its
    settings.
    """


class ChatMigrated(DeliveryError):
    """The group has become a supergroup.

    Rewrite the chat's id everywhere, then send again.

    Args:
        new_chat_id: the id the chat has from now on.
    """

    def __init__(self, subject: str = "", reason: str = "", *, new_chat_id: int, hint: str = "") -> None:
        super().__init__(subject, reason, hint=hint)
        self.new_chat_id = new_chat_id


class TopicGone(DeliveryError):
    """The forum topic is gone or closed.

    The chat itself lives: drop the topic from the subscription, or send to the chat.
    """


class MessageGone(DeliveryError):
    """The message to edit is gone, or may not be edited any more.

    Somebody deleted it: nothing is left to do.
    """


class Throttled(DeliveryError):
    """Too many messages.

    Surely not delivered. Nothing may go to this chat before the wait is over.

    Args:
        retry_after_s: seconds to wait, exactly as the server said (a guess when it said nothing).
    """

    def __init__(self, subject: str = "", reason: str = "", *, retry_after_s: float, hint: str = "") -> None:
        super().__init__(subject, reason, hint=hint)
        self.retry_after_s = retry_after_s


class NotDelivered(DeliveryError):
    """The message surely was not delivered.

    The request never left this machine, or the server itself said that it failed: try again later.
    """


class MaybeDelivered(DeliveryError):
    """It is not known whether the message was delivered.

    There is no idempotency key: sending again may double it, not sending again may lose it.

    Args:
        probably: True when the silence came after a complete request (a timeout, a cut connection: it
            mostly was delivered); False when a gateway answered with an error of its own (it mostly was not).
    """

    def __init__(self, subject: str = "", reason: str = "", *, probably: bool = True, hint: str = "") -> None:
        super().__init__(subject, reason, hint=hint)
        self.probably = probably


class Rejected(DeliveryError):
    """The server refuses this message, and will refuse it again.

    Poison: it ends as failed with the reason, and must not block those behind it.
    """


class Stop(DeliveryError):
    """Sending can't go on at all.

    The token is wrong, or another program uses it: a person has to act.
    """
