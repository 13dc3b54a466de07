"""The buttons under an offer of translations: what each says and carries. Pure.

Nothing is kept about a button: what it carries says all, and may be anybody's invention when it comes back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat.offers import Offer, Offered
from bot.speech import Speech

BUTTON_CHARS = 30
UNDO_A_ROW = 2


class Press(StrEnum):
    """What a button asks for, of one candidate."""

    YES = "yes"
    NO = "no"
    WRITE = "write"
    ALL = "all"  # of its subscription
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that was pressed."""

    press: Press
    candidate_id: int


_DATA = re.compile(rf"word:({'|'.join(Press)}):([0-9]{{1,18}})")


def read(data: str | None) -> Pressed | None:
    """What a button carries; None when it is none of ours."""
    found = _DATA.fullmatch(data or "")
    return None if found is None else Pressed(Press(found[1]), int(found[2]))


def under(speech: Speech, offer: Offer) -> InlineKeyboardMarkup | None:
    """A row for each translation that is open, one for all of them, and below what can be taken back."""
    waiting = [item for item in offer.items if item.open]
    rows = [_open(speech, item) for item in waiting]
    if len(waiting) > 1:
        label = speech.ngettext("Add all {count}", "Add all {count}", len(waiting))
        rows.append([InlineKeyboardButton(f"✓ {label}", callback_data=_data(Press.ALL, waiting[0]))])
    decided = [_button("↶ ", item, Press.BACK) for item in offer.items if not item.open]
    rows += [decided[start : start + UNDO_A_ROW] for start in range(0, len(decided), UNDO_A_ROW)]
    return InlineKeyboardMarkup(rows) if rows else None


def _open(speech: Speech, item: Offered) -> list[InlineKeyboardButton]:
    edit, no = speech.gettext("Edit"), speech.gettext("No")
    return [
        _button("✓ ", item, Press.YES),
        InlineKeyboardButton(f"✎ {edit}", callback_data=_data(Press.WRITE, item)),
        InlineKeyboardButton(f"✗ {no}", callback_data=_data(Press.NO, item)),
    ]


def _button(mark: str, item: Offered, press: Press) -> InlineKeyboardButton:
    return InlineKeyboardButton(f"{mark}{item.text[:BUTTON_CHARS]}", callback_data=_data(press, item))


def _data(press: Press, item: Offered) -> str:
    return f"word:{press}:{item.id}"
