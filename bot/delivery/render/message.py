"""What an output is given: one message in all its forms, with its buttons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it opens an address, or says something to the bot; never both.

    Args:
        data: at most 64 bytes.
    """

    label: str
    data: str | None = None
    url: str | None = None


Buttons = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message.

    Args:
        html: Telegram HTML, valid and within the limits.
        plain: the same for a terminal; no control characters but the line feed.
        url: where it leads, when it is about one article with a usable http(s) link; previewed, small.
        buttons: row by row; only Telegram has them.
        marks: stretches of `plain` that stand out, from and to (behind the last character), in order.
    """

    html: str
    plain: str
    url: str | None = None
    buttons: Buttons = ()
    marks: tuple[tuple[int, int], ...] = ()
