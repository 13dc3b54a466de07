"""What is said of saved and muted alerts: answers to the buttons under an alert, /saved and /muted. Pure."""

from __future__ import annotations

import re

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat.alert_care import MutedHere, SavedAlerts
from bot.chat.markup import TITLE_CHARS, escape, linked, pages, short
from bot.delivery.render import AlertPress, Press, Target, local_time
from bot.speech import Speech
from storage.mutes import Muted

NAME_CHARS = 80


def gone(speech: Speech) -> str:
    """A button of an alert that is there no more; plain text, as all answers to buttons."""
    return speech.gettext("This alert is not kept any more.")


def wait(speech: Speech, seconds: int) -> str:
    """Telegram lets the message be changed only later."""
    return speech.ngettext(
        "Telegram asks me to wait {count} second; press again then.",
        "Telegram asks me to wait {count} seconds; press again then.",
        seconds,
    )


def done(speech: Speech, pressed: AlertPress, *, source: str, changed: bool) -> str | None:
    """What came of a press; None when the message itself shows it."""
    match pressed.press, pressed.target:
        case Press.SAVE, _:
            return speech.gettext("Saved. All that is saved here: /saved")
        case Press.LET_GO, _:
            return speech.gettext("No longer saved.")
        case Press.UNMUTE, _:
            return speech.gettext("Undone: what comes from now on is told here again.")
        case Press.MUTE, _ if not changed:
            return speech.gettext("This query is not followed here any more.")
        case Press.MUTE, Target.STORY:
            return speech.gettext("For a day nothing more of this story comes here.")
        case Press.MUTE, Target.SOURCE:
            return speech.gettext("Nothing more comes here from {source}.", source=short(source, NAME_CHARS))
        case Press.MUTE, _:
            return speech.gettext("This query brings nothing here until you undo it; it stays in /list.")
        case _:
            return None


MUTED_PATTERN = re.compile(r"muted:undo:([0-9]{1,18})")
MUTED_SHOWN = 30  # with long names in any language: as many as one message holds
LABEL_CHARS = 40


def muted(speech: Speech, outcome: MutedHere) -> tuple[str, InlineKeyboardMarkup | None]:
    """All that is muted, with a button for each to undo it."""
    if not outcome.items:
        return speech.gettext("Nothing is muted here. Each alert has a button for it."), None
    lines = [speech.gettext("<b>Muted here</b>; a tap undoes it:"), ""]
    rows = []
    for item in outcome.items[:MUTED_SHOWN]:
        name = short(item.name, NAME_CHARS) or speech.gettext("(no title)")
        if item.what is Muted.SOURCE:
            line = speech.gettext("Source: {what}", what=name)
        elif item.what is Muted.SUBSCRIPTION:
            line = speech.gettext("Query: {what}", what=name)
        else:
            until = local_time(item.until, outcome.zone, speech.language) if item.until is not None else ""
            line = speech.gettext("Story, until {until}: {what}", until=until, what=name)
        lines.append(f"• {escape(line)}")
        rows.append(
            [InlineKeyboardButton(f"↶ {short(name, LABEL_CHARS)}", callback_data=f"muted:undo:{item.id}")]
        )
    if more := outcome.items[MUTED_SHOWN:]:
        lines.append(speech.ngettext("and {count} more", "and {count} more", len(more)))
    return "\n".join(lines), InlineKeyboardMarkup(rows)


def undone(speech: Speech, *, changed: bool) -> str:
    """What came of a button of /muted."""
    if not changed:
        return speech.gettext("This is not muted any more.")
    return speech.gettext("Undone: what comes from now on is told here again.")


def saved(speech: Speech, outcome: SavedAlerts) -> list[str]:
    """All that is saved, the newest first."""
    if not outcome.rows:
        return [speech.gettext("Nothing is saved here yet. Each alert has a button for it.")]
    heading = speech.gettext("Saved alerts")
    lines = [f"<b>{heading}</b>"]
    for _, article, feed in outcome.rows:
        title = short(article.english_title or article.title, TITLE_CHARS) or speech.gettext("(no title)")
        when = local_time(article.published_at or article.fetched_at, outcome.zone, speech.language)
        lines.append(f"\n{linked(title, article.url)}\n{escape(f'{short(feed.name, NAME_CHARS)} · {when}')}")
    more = outcome.count - len(outcome.rows)
    if more:
        rest = speech.ngettext("{count} older one is not shown.", "{count} older ones are not shown.", more)
        lines.append(f"\n{rest}")
    return pages(lines)
