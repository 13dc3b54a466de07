"""What the bot says of feeds: their list, what was found at an address, who may change them. HTML. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.adding import REFUSED
from bot.delivery.render import clean, cut, language_name, local_time
from bot.feed_states import FeedState, summary, worst_first
from bot.feeds.addresses import shown
from bot.feeds.health import State
from bot.inspection import Inspection
from storage.added_feeds import Change
from storage.models import Feed

PAGE_FEEDS = 12
CHOICES = 30  # buttons under one message
LINE_CHARS = 250
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
    states: Sequence[FeedState], page: int, *, now: datetime
) -> tuple[str, InlineKeyboardMarkup | None]:
    """A page of all feeds, those that need somebody first; pages count from 0."""
    if not states:
        return "No feed is read so far. They come from feeds.yaml, and from /addfeed.", None
    pages = -(-len(states) // PAGE_FEEDS)
    page = min(max(page, 0), pages - 1)
    here = worst_first(states)[page * PAGE_FEEDS : (page + 1) * PAGE_FEEDS]
    lines = [f"<b>{_escape(summary(states))}</b>"]
    lines += [_line(state, now) for state in here]
    row = []
    if page:
        row.append(_button(f"‹ {page}", Press.PAGE, page - 1))
    if page < pages - 1:
        row.append(_button(f"{page + 2} ›", Press.PAGE, page + 1))
    if pages > 1:
        lines.append(f"Page {page + 1} of {pages}")
    return "\n".join(lines), InlineKeyboardMarkup([row]) if row else None


def _line(state: FeedState, now: datetime) -> str:
    feed = state.feed
    facts = []
    if feed.last_success_at is not None:
        facts.append(f"read {_ago((now - feed.last_success_at).total_seconds())}")
    if every_s := state.every_s:
        facts.append(f"every {_span(every_s)}")
    if state.health.state is State.NEW:
        facts.append("not read so far")
    said = state.sentence or ", ".join(facts)
    return f"{_MARKS[state.health.state]} <b>{_name(feed.name)}</b> – {_escape(cut(clean(said), LINE_CHARS))}"


def add_what() -> str:
    """/addfeed without an address."""
    return (
        "Which feed? Send its address, or that of a web page that has one:\n"
        "<code>/addfeed https://www.example.com/rss</code>"
    )


def no_address(text: str) -> str:
    """What was sent is no address."""
    return (
        f"{_escape(cut(clean(shown(text)), LINE_CHARS))} is no address I can ask. "
        "It begins with https:// or http://."
    )


def busy() -> str:
    """A second address while the first is looked at."""
    return "I am still looking at the address before; send this one again when the answer is here."


def operators_only(user_id: int | None) -> str:
    """Somebody else tried to change the feeds."""
    if user_id is None:
        return (
            "Only the operators of this Rarewatch change its feeds. Write in your own name, "
            "not in a group's or channel's."
        )
    return (
        "Only the operators of this Rarewatch change its feeds; everybody may look: /feeds. An operator is "
        f"whose number stands in RAREWATCH_ADMINS. Yours is <code>{user_id}</code>."
    )


def operators_only_short() -> str:
    """The same as the answer to a button."""
    return "Only the operators of this Rarewatch change its feeds."


def unreadable(reason: str) -> str:
    """An address can't be read; nothing was added."""
    return f"Nothing was added. {_escape(cut(clean(reason), 600))}"


def not_added(url: str, refused: str) -> str:
    """A feed that is read, or was refused."""
    return f"Nothing was changed: {_escape(refused)}. {_address(url)}"


def added(found: Inspection, feed: Feed) -> str:
    """A feed is read from now on; what was found there."""
    return "\n".join([f"Added: {_found(found, feed)}", *_remarks(found)])


def offered(found: Sequence[Inspection], feeds: Sequence[Feed]) -> str:
    """The feeds of a page."""
    one = len(found) == 1
    lines = [f"This is a web page. {'A feed was' if one else f'{len(found)} feeds were'} found from there:"]
    for inspection, feed in zip(found, feeds, strict=True):
        lines += [f"\n{_found(inspection, feed)}", *_remarks(inspection)]
    return "\n".join([*lines, "\nAdd it?" if one else "\nWhich shall I read?"])


def _found(found: Inspection, feed: Feed) -> str:
    count = len(found.parsed.entries)
    facts = [language_name(feed.language), f"{count} entr{'y' if count == 1 else 'ies'}"]
    if found.newest is not None:
        facts.append(f"the newest of {local_time(found.newest, 'UTC')}")
    return f"<b>{_name(feed.name)}</b> – {_escape(', '.join(filter(None, facts)))}\n{_address(feed.url)}"


def _remarks(found: Inspection) -> list[str]:
    return [
        f"! {_escape(cut(clean(f'{remark.text[:1].upper()}{remark.text[1:]}. {remark.advice}'), LINE_CHARS))}"
        for remark in found.remarks[:4]
    ]


def chosen(feeds: Sequence[Feed]) -> str:
    """What became of the feeds under a message's buttons."""
    lines = []
    for feed in feeds:
        state = "is read" if feed.enabled else "is not read"
        lines.append(
            f"{'✓' if feed.enabled else '·'} <b>{_name(feed.name)}</b> {state}\n{_address(feed.url)}"
        )
    return "\n".join(lines)


def choices(feeds: Sequence[Feed]) -> InlineKeyboardMarkup | None:
    """A button for each feed that can be added or removed."""
    rows = []
    for feed in feeds[:CHOICES]:
        if not feed.enabled:
            rows.append([_button(f"+ {_label(feed)}", Press.ADD, feed.id)])
        elif feed.added_by is not None:
            rows.append([_button(f"✗ Remove {_label(feed)}", Press.REMOVE, feed.id)])
    return InlineKeyboardMarkup(rows) if rows else None


def remove_what(feeds: Sequence[Feed]) -> str:
    """/removefeed without saying which."""
    if not feeds:
        return "No feed was added here or at the terminal. The others stand in feeds.yaml."
    more = f" The first {CHOICES} of {len(feeds)}:" if len(feeds) > CHOICES else ""
    return f"Which feed shall I read no more? Its articles stay.{more}"


def not_found(asked: str) -> str:
    """/removefeed of something else."""
    return (
        f"No feed that was added has the name or address <b>{_name(asked)}</b>. "
        "Send /removefeed alone to see them."
    )


def listed() -> str:
    """/removefeed of a feed that feeds.yaml names."""
    return "This feed stands in feeds.yaml, which decides about it: take it out there, and restart."


def decided(press: Press, change: Change) -> str:
    """The answer to a button: plain, at most 200 characters."""
    if change is Change.DONE:
        return "Added. It is read in a moment." if press is Press.ADD else "Removed. Its articles stay."
    if change is Change.ALREADY and press is Press.REMOVE:
        return "It is not read any more."
    return f"Nothing was changed: {REFUSED[change]}."


def ids_of(markup: InlineKeyboardMarkup | None) -> list[int]:
    """The feeds under a message's buttons, in their order."""
    if markup is None:
        return []
    pressed = [read(str(button.callback_data)) for row in markup.inline_keyboard for button in row]
    return [one.number for one in pressed if one is not None and one.press is not Press.PAGE]


def _button(label: str, press: Press, number: int) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=f"feeds:{press}:{number}")


def _label(feed: Feed) -> str:
    return cut(clean(feed.name), BUTTON_CHARS)


def _name(text: str) -> str:
    return _escape(cut(clean(text), NAME_CHARS))


def _address(url: str) -> str:
    return f"<code>{_escape(cut(clean(shown(url)), LINE_CHARS))}</code>"


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


_SPANS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def _span(seconds: float) -> str:
    """``5 min``, ``3 h``: in the largest unit of which there are two or more."""
    for size, unit in _SPANS:
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return "1 s"


def _ago(seconds: float) -> str:
    return f"{_span(seconds)} ago" if seconds >= 2 else "just now"
