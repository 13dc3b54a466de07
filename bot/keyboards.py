"""What python-telegram-bot wants of a rendered message in objects of its own: buttons, the link's preview."""

from __future__ import annotations

from dataclasses import replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions

from bot.delivery.render import Message


def keyboard(message: Message) -> InlineKeyboardMarkup | None:
    """The buttons under a message; None when it has none."""
    rows = [
        [InlineKeyboardButton(one.label, url=one.url, callback_data=one.data) for one in row]
        for row in message.buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def preview(message: Message) -> LinkPreviewOptions:
    """A small preview of the one article that a message is about; none of a list of links, or of no link.

    The address is named: Telegram would else take the first in the text, which may be one in a headline.
    """
    if message.url is None:
        return LinkPreviewOptions(is_disabled=True)
    return LinkPreviewOptions(url=message.url, prefer_small_media=True, show_above_text=False)


def without_links(message: Message) -> Message:
    """The message without what Telegram refuses as a whole for one address that it does not like.

    A link in the text is no danger: there it drops the address and keeps the words.
    """
    rows = (tuple(one for one in row if one.url is None) for row in message.buttons)
    return replace(message, url=None, buttons=tuple(row for row in rows if row))


def refuses_link(reason: str) -> bool:
    """Whether a 400 is about an address: of a button, or of the preview."""
    reason = reason.lower().replace("_", " ")
    return "button url" in reason or "webpage" in reason or "wrong http url" in reason
