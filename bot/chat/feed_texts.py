"""What the bot says of feeds: their list, what was found at an address, who may change them. HTML. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat.markup import escape, short
from bot.delivery.render import local_time
from bot.feed_states import FeedState, counted, worst_first
from bot.feeds.addresses import shown
from bot.feeds.health import State
from bot.inspection import Inspection
from bot.speech import Speech
from storage.added_feeds import Change
from storage.models import Feed

PAGE_FEEDS = 12
CHOICES = 30  # buttons under one message
LINE_CHARS = 250
SENTENCE_CHARS = 180  # a feed of the list; twelve must fit
REMARKS = 4  # for one feed; for several one each
NAME_CHARS = 80
BUTTON_CHARS = 30

_MARKS = {
    State.NEW: "·",
    State.FINE: "✓",
    State.MOVED: "✓",
    State.FAILING: "!",
    State.SILENT: "✗",
    State.FAILING_LONG: "✗",
    State.GONE: "✗",
}


class Press(StrEnum):
    """What a button asks for."""

    PAGE = "page"  # of the list
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that was pressed; `number` is a page, or the database's id of a feed."""

    press: Press
    number: int


PATTERN = re.compile(rf"feeds:({'|'.join(Press)}):([0-9]{{1,18}})")


def read(data: str | None) -> Pressed | None:
    """What a button carries; None when it is none of ours."""
    found = PATTERN.fullmatch(data or "")
    return None if found is None else Pressed(Press(found[1]), int(found[2]))


def listing(
    speech: Speech, states: Sequence[FeedState], page: int, *, now: datetime
) -> tuple[str, InlineKeyboardMarkup | None]:
    """A page of all feeds, those that need somebody first; pages count from 0."""
    if not states:
        return speech.gettext("No feed is read so far. They come from feeds.yaml, and from /addfeed."), None
    pages = -(-len(states) // PAGE_FEEDS)
    page = min(max(page, 0), pages - 1)
    here = worst_first(states)[page * PAGE_FEEDS : (page + 1) * PAGE_FEEDS]
    lines = [f"<b>{escape(_summary(speech, states))}</b>"]
    lines += [_line(speech, state, now) for state in here]
    row = []
    if page:
        row.append(_button(f"‹ {page}", Press.PAGE, page - 1))
    if page < pages - 1:
        row.append(_button(f"{page + 2} ›", Press.PAGE, page + 1))
    if pages > 1:
        lines.append(speech.gettext("Page {page} of {pages}", page=str(page + 1), pages=str(pages)))
    return "\n".join(lines), InlineKeyboardMarkup([row]) if row else None


def _summary(speech: Speech, states: Sequence[FeedState]) -> str:
    """``80 feeds: 2 in trouble, 1 failing, 77 fine``."""
    counts = counted(states)
    parts = []
    if count := counts.in_trouble:
        parts.append(speech.ngettext("{count} in trouble", "{count} in trouble", count))
    if count := counts.failing:
        parts.append(speech.ngettext("{count} failing", "{count} failing", count))
    if count := counts.new:
        parts.append(speech.ngettext("{count} not read so far", "{count} not read so far", count))
    if count := counts.fine:
        parts.append(speech.ngettext("{count} fine", "{count} fine", count))
    said = ", ".join(parts)
    return speech.ngettext("{count} feed: {states}", "{count} feeds: {states}", len(states), states=said)


def _line(speech: Speech, state: FeedState, now: datetime) -> str:
    feed = state.feed
    facts = []
    if feed.last_success_at is not None:
        facts.append(_read(speech, (now - feed.last_success_at).total_seconds()))
    if every_s := state.every_s:
        facts.append(speech.gettext("every {time}", time=_span(speech, every_s)))
    if state.health.state is State.NEW:
        facts.append(speech.gettext("not read so far"))
    said = state.sentence or ", ".join(facts)
    return f"{_MARKS[state.health.state]} <b>{_name(feed.name)}</b> – {escape(short(said, SENTENCE_CHARS))}"


def add_what(speech: Speech) -> str:
    """/addfeed without an address."""
    asked = speech.gettext("Which feed? Send its address, or that of a web page that has one:")
    return f"{asked}\n<code>/addfeed https://www.example.com/rss</code>"


def no_address(speech: Speech, text: str) -> str:
    """What was sent is no address."""
    return speech.gettext(
        "{text} is no address I can ask. It begins with https:// or http://.",
        text=escape(short(shown(text), LINE_CHARS)),
    )


def busy(speech: Speech) -> str:
    """A second address while the first is looked at."""
    return speech.gettext(
        "I am still looking at the address before; send this one again when the answer is here."
    )


def operators_only(speech: Speech, user_id: int | None) -> str:
    """Somebody else tried to change the feeds."""
    if user_id is None:
        return speech.gettext(
            "Only the operators of this Rarewatch change its feeds. Write in your own name, "
            "not in a group's or channel's."
        )
    return speech.gettext(
        "Only the operators of this Rarewatch change its feeds; everybody may look: /feeds. An operator is "
        "whose number stands in RAREWATCH_ADMINS. Yours is <code>{number}</code>.",
        number=str(user_id),
    )


def operators_only_short(speech: Speech) -> str:
    """The same as the answer to a button."""
    return speech.gettext("Only the operators of this Rarewatch change its feeds.")


def unreadable(speech: Speech, reason: str) -> str:
    """An address can't be read; nothing was added. The reason is English, as the log has it."""
    return speech.gettext("Nothing was added. {reason}", reason=escape(short(reason, 600)))


def not_added(speech: Speech, url: str, change: Change) -> str:
    """A feed that is read, or was refused."""
    return f"{_refused(speech, change)} {_address(url)}"


def _refused(speech: Speech, change: Change) -> str:
    match change:
        case Change.ALREADY:
            return speech.gettext("Nothing was changed: it is read already.")
        case Change.LISTED:
            return speech.gettext("Nothing was changed: feeds.yaml lists it, and decides about it.")
        case _:
            return speech.gettext("Nothing was changed: there is no such feed.")


def added(speech: Speech, found: Inspection, feed: Feed) -> str:
    """A feed is read from now on; what was found there."""
    return "\n".join(
        [speech.gettext("Added: {feed}", feed=_found(speech, found, feed)), *_remarks(found, REMARKS)]
    )


def offered(speech: Speech, found: Sequence[Inspection], feeds: Sequence[Feed]) -> str:
    """The feeds of a page."""
    lines = [
        speech.ngettext(
            "This is a web page. {count} feed was found from there:",
            "This is a web page. {count} feeds were found from there:",
            len(found),
        )
    ]
    for inspection, feed in zip(found, feeds, strict=True):
        lines += [f"\n{_found(speech, inspection, feed)}", *_remarks(inspection, REMARKS // len(found) or 1)]
    asked = speech.gettext("Add it?") if len(found) == 1 else speech.gettext("Which shall I read?")
    return "\n".join([*lines, f"\n{asked}"])


def _found(speech: Speech, found: Inspection, feed: Feed) -> str:
    count = len(found.parsed.entries)
    facts = [speech.language_name(feed.language), speech.ngettext("{count} entry", "{count} entries", count)]
    if found.newest is not None:
        newest = local_time(found.newest, "UTC", speech.language)
        facts.append(speech.gettext("the newest of {time}", time=newest))
    return f"<b>{_name(feed.name)}</b> – {escape(', '.join(filter(None, facts)))}\n{_address(feed.url)}"


def _remarks(found: Inspection, most: int) -> list[str]:
    return [
        f"! {escape(short(f'{remark.text[:1].upper()}{remark.text[1:]}. {remark.advice}', LINE_CHARS))}"
        for remark in found.remarks[:most]
    ]


def chosen(speech: Speech, feeds: Sequence[Feed]) -> str:
    """What became of the feeds under a message's buttons."""
    lines = []
    for feed in feeds:
        name = f"<b>{_name(feed.name)}</b>"
        if feed.enabled:
            mark, state = "✓", speech.gettext("{feed} is read", feed=name)
        else:
            mark, state = "·", speech.gettext("{feed} is not read", feed=name)
        lines.append(f"{mark} {state}\n{_address(feed.url)}")
    return "\n".join(lines)


def choices(speech: Speech, feeds: Sequence[Feed]) -> InlineKeyboardMarkup | None:
    """A button for each feed that can be added or removed."""
    rows = []
    for feed in feeds[:CHOICES]:
        if not feed.enabled:
            rows.append([_button(f"+ {_label(feed)}", Press.ADD, feed.id)])
        elif feed.added_by is not None:
            label = speech.gettext("Remove {feed}", feed=_label(feed))
            rows.append([_button(f"✗ {label}", Press.REMOVE, feed.id)])
    return InlineKeyboardMarkup(rows) if rows else None


def remove_what(speech: Speech, feeds: Sequence[Feed]) -> str:
    """/removefeed without saying which."""
    if not feeds:
        return speech.gettext("No feed was added here or at the terminal. The others stand in feeds.yaml.")
    asked = speech.gettext("Which feed shall I read no more? Its articles stay.")
    if len(feeds) <= CHOICES:
        return asked
    some = speech.gettext(
        "The first {some} of {all}:", some=speech.number(CHOICES), all=speech.number(len(feeds))
    )
    return f"{asked} {some}"


def not_found(speech: Speech, asked: str) -> str:
    """/removefeed of something else."""
    return speech.gettext(
        "No feed that was added has the name or address <b>{asked}</b>. Send /removefeed alone to see them.",
        asked=_name(asked),
    )


def listed(speech: Speech) -> str:
    """/removefeed of a feed that feeds.yaml names."""
    return speech.gettext(
        "This feed stands in feeds.yaml, which decides about it: take it out there, and restart."
    )


def decided(speech: Speech, press: Press, change: Change) -> str:
    """The answer to a button: plain, at most 200 characters."""
    if change is Change.DONE and press is Press.ADD:
        return speech.gettext("Added. It is read in a moment.")
    if change is Change.DONE:
        return speech.gettext("Removed. Its articles stay.")
    if change is Change.ALREADY and press is Press.REMOVE:
        return speech.gettext("It is not read any more.")
    return _refused(speech, change)


def ids_of(markup: InlineKeyboardMarkup | None) -> list[int]:
    """The feeds under a message's buttons, in their order."""
    if markup is None:
        return []
    pressed = [read(str(button.callback_data)) for row in markup.inline_keyboard for button in row]
    return [one.number for one in pressed if one is not None and one.press is not Press.PAGE]


def _button(label: str, press: Press, number: int) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=f"feeds:{press}:{number}")


def _label(feed: Feed) -> str:
    return short(feed.name, BUTTON_CHARS)


def _name(text: str) -> str:
    return escape(short(text, NAME_CHARS))


def _address(url: str) -> str:
    return f"<code>{escape(short(shown(url), LINE_CHARS))}</code>"


def _span(speech: Speech, seconds: float) -> str:
    """``5 min``, ``3 h``: in the largest unit of which there are two or more."""
    if seconds >= 2 * 86_400:
        return speech.gettext("{count} d", count=f"{seconds // 86_400:.0f}")
    if seconds >= 2 * 3600:
        return speech.gettext("{count} h", count=f"{seconds // 3600:.0f}")
    if seconds >= 2 * 60:
        return speech.gettext("{count} min", count=f"{seconds // 60:.0f}")
    return speech.gettext("{count} s", count=f"{max(seconds, 1) // 1:.0f}")


def _read(speech: Speech, seconds: float) -> str:
    if seconds < 2:
        return speech.gettext("read just now")
    return speech.gettext("read {time} ago", time=_span(speech, seconds))
