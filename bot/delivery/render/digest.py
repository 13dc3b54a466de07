"""A day's stories under their concepts, in as few messages as hold them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from bot.delivery.render.message import Message
from bot.delivery.render.pieces import EMPTY, NEWLINE, Piece, bold, hashtag, join, link, text
from bot.delivery.render.words import NAME_CHARS, language_name, safe_url, short
from bot.speech import Speech

TITLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One story in a digest.

    Args:
        title: in English when there is English.
        url: of its first article.
        source: the name of that article's source.
        sources: how many sources wrote about it, this one counted.
        concepts: their names, the most telling first; the story stands under the first.
        untranslated: the code of the language that `title` is in, while there is no English.
    """

    title: str
    url: str | None
    source: str
    sources: int
    concepts: tuple[str, ...]
    untranslated: str | None = None


@dataclass(frozen=True, slots=True)
class DigestView:
    """All that a digest shows; the stories best first.

    Args:
        chat_title: for the heading; None in a private chat.
        local_date: the day in the chat's zone.
        zone: the chat's IANA time zone.
        speech: the language of all but the stories.
        stories: none gives no message.
    """

    chat_title: str | None
    local_date: date
    zone: str
    speech: Speech
    stories: tuple[DigestLine, ...]


def render_digest(view: DigestView, *, even_if_empty: bool = False) -> list[Message]:
    """A day's stories under their concepts, in as many messages as the limits ask for, split between stories.

    Args:
        view: what to show.
        even_if_empty: say "nothing today" instead of nothing.
    """
    speech = view.speech
    day = format_date(view.local_date, "EEEE, d MMMM y", locale=speech.locale)
    chat = short(view.chat_title or "", NAME_CHARS)
    if chat:
        heading = speech.gettext("Daily digest for {chat} · {day}", chat=chat, day=day)
    else:
        heading = speech.gettext("Daily digest · {day}", day=day)
    if not view.stories:
        if not even_if_empty:
            return []
        page = join([bold(heading), text(speech.gettext("Nothing new today."))])
        return [Message(page.html, page.plain)]
    count = speech.ngettext("{count} story", "{count} stories", len(view.stories))
    about = text(f"{count} · {short(view.zone, NAME_CHARS) or 'UTC'}")
    # The heading's number (2/3) is known only when all is laid out, so its room is kept free: the longest
    # possible one.
    room = bold(f"{heading} ({len(view.stories)}/{len(view.stories)})") + NEWLINE + about + NEWLINE
    bodies = _lay_out(_groups(speech, view.stories), room)
    messages = []
    for number, body in enumerate(bodies, start=1):
        part = f" ({number}/{len(bodies)})" if len(bodies) > 1 else ""
        page = join([bold(heading + part), *([about] if number == 1 else []), body])
        messages.append(Message(page.html, page.plain))
    return messages


def _groups(speech: Speech, stories: Sequence[DigestLine]) -> list[tuple[Piece, list[Piece]]]:
    groups: dict[str, list[Piece]] = {}
    for story in stories:
        concept = short(story.concepts[0], NAME_CHARS).lstrip("# ") if story.concepts else ""
        groups.setdefault(concept, []).append(_story(speech, story))
    rest = groups.pop("", None)
    named = [(bold(hashtag(concept)), lines) for concept, lines in groups.items()]
    if rest is not None:
        heading = speech.gettext("Other stories") if named else speech.gettext("Stories")
        named.append((bold(heading), rest))
    return named


def _story(speech: Speech, story: DigestLine) -> Piece:
    title = short(story.title, TITLE_CHARS) or speech.gettext("(no title)")
    url = safe_url(story.url)
    origin = short(story.source, NAME_CHARS)
    if story.sources > 1:
        more = story.sources - 1
        if origin:
            origin = speech.ngettext(
                "{source} and {count} more", "{source} and {count} more", more, source=origin
            )
        else:
            origin = speech.ngettext("{count} source", "{count} sources", story.sources)
    line = text("• ") + (link(url, title, plain=title) if url is not None else text(title))
    if origin:
        line += text(f" — {origin}")
    if story.untranslated:
        language = language_name(story.untranslated, speech)
        note = speech.gettext("{language}, not translated yet", language=language)
        line += text(f" ({note})")
    if url is not None:
        line += Piece("", f"\n  {url}", 0)  # a terminal shows no links behind words
    return line


def _lay_out(groups: Sequence[tuple[Piece, list[Piece]]], room: Piece) -> list[Piece]:
    """The groups in as few pages as hold them in order, each below the limits together with `room`.

    A group that goes on in the next page has its heading again. One story always fits: its parts are cut
    far below.
    """
    pages: list[Piece] = []
    page = EMPTY
    for heading, lines in groups:
        for index, line in enumerate(lines):
            addition = NEWLINE + line
            if index == 0:
                addition = NEWLINE + heading + addition
                if page.chars:
                    addition = NEWLINE + addition
            if page.chars and not (room + page + addition).fits:
                pages.append(page)
                page, addition = EMPTY, NEWLINE + heading + NEWLINE + line
            page += addition
    pages.append(page)
    return pages
