"""What the bot says of what is followed: subscriptions, refused queries, the daily digest. HTML. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bot.chat import zones
from bot.chat.audience import Audience
from bot.chat.markup import bold, code, escape, numbered, pages, short
from bot.chat.outcomes import (
    AlreadySubscribed,
    Digest,
    Listing,
    NotSubscribed,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
)
from bot.chat.texts import see_list
from bot.speech import Speech

HINTS = 3
REASON_CHARS = 300
WINDOW_CHARS = 30  # of a refused query, around the error: a line of a telephone
GAP = "…"


def subscribed(speech: Speech, outcome: Subscribed, audience: Audience) -> str:
    """A query is followed from now on."""
    following = speech.gettext(
        "Following {query}. I will alert you at once, in English, whatever language it is written in.",
        query=bold(outcome.text),
    )
    lines = [f"{following} {audience.follows(speech, outcome.count)} {see_list(speech)}"]
    # A word finds its own language and the English; the person may not know that there is more to be had.
    lines += [
        speech.gettext(
            "{concept} would find «{word}» in all three languages.",
            concept=code(f"#{concept}"),
            word=escape(short(word, 80)),
        )
        for word, concept in list(outcome.concept_words.items())[:HINTS]
    ]
    return "\n".join(lines)


def already_subscribed(speech: Speech, outcome: AlreadySubscribed) -> str:
    """An equal query is followed."""
    return speech.gettext(
        "Already followed: {query}, number {number} in /list. Nothing was changed.",
        query=bold(outcome.text),
        number=str(outcome.number),
    )


def query_refused(speech: Speech, outcome: QueryRefused) -> str:
    """A query can't be read; its place is shown."""
    reason = escape(short(speech.say(outcome.reason), REASON_CHARS))
    if outcome.position is None:
        lines = [speech.gettext("I can't read this query: {reason}.", reason=reason)]
    else:
        lines = [
            speech.gettext(
                "I can't read this query: {reason}, at character {position}.",
                reason=reason,
                position=str(outcome.position),
            )
        ]
        if outcome.text:
            lines.append(f"<pre>{escape(pointer(outcome.text, outcome.position))}</pre>")
    if outcome.hint is not None:
        lines.append(escape(short(speech.say(outcome.hint), REASON_CHARS)))
    lines.append(speech.gettext("Examples: /help"))
    return "\n".join(lines)


def too_many(speech: Speech, outcome: TooMany) -> str:
    """The chat's list is full."""
    return speech.ngettext(
        "The most one chat can follow is {count} query, and that is reached. "
        "End one with /unsubscribe first, or join two: <code>nickel OR cobalt</code>.",
        "The most one chat can follow is {count} queries, and that is reached. "
        "End one with /unsubscribe first, or join two: <code>nickel OR cobalt</code>.",
        outcome.limit,
    )


def subscribe_what(speech: Speech, concepts: Sequence[str]) -> str:
    """/subscribe without a query."""
    lines = [
        speech.gettext("What should I follow? For example:"),
        "<code>/subscribe #rare_earths</code>",
        "<code>/subscribe nickel (export OR quota)</code>",
    ]
    others = [name for name in concepts if name != "rare_earths"][:8]
    if others:
        names = ", ".join(f"<code>#{escape(name)}</code>" for name in others)
        lines.append(speech.gettext("More concepts: {names} … all of them: /help", names=names))
    return "\n".join(lines)


def unsubscribed(speech: Speech, outcome: Unsubscribed, audience: Audience) -> list[str]:
    """Some are not followed any more."""
    left = audience.follows(speech, outcome.count)
    if len(outcome.texts) == 1:
        ended = speech.gettext("{query} is not followed any more.", query=bold(outcome.texts[0]))
        return [f"{ended} {left}"]
    heading = speech.ngettext(
        "{count} query is not followed any more:",
        "{count} queries are not followed any more:",
        len(outcome.texts),
    )
    return pages([heading, *(f"• {code(text)}" for text in outcome.texts), left])


def not_subscribed(speech: Speech, outcome: NotSubscribed, audience: Audience) -> str:
    """There is no such subscription."""
    if not outcome.count:
        return _nothing_to_end(speech, audience)
    return " ".join(
        [
            speech.gettext("{query} is not followed here.", query=bold(outcome.asked)),
            audience.follows(speech, outcome.count),
            speech.gettext("Send the number it has in /list, or the query itself, or <code>all</code>."),
        ]
    )


def unsubscribe_what(speech: Speech, listing: Listing, audience: Audience) -> list[str]:
    """/unsubscribe without saying what."""
    if not listing.texts:
        return [_nothing_to_end(speech, audience)]
    example = speech.gettext(
        "Which one? Send its number, like <code>/unsubscribe 1</code>, or <code>/unsubscribe all</code>."
    )
    return pages([example, *numbered(listing.texts)])


def _nothing_to_end(speech: Speech, audience: Audience) -> str:
    so = speech.gettext("So there is nothing to end.")
    return f"{audience.follows_nothing(speech)} {so}"


def listing(speech: Speech, outcome: Listing, audience: Audience) -> list[str]:
    """What is followed, and the digest."""
    if not outcome.texts:
        lines = [nothing_yet(speech, audience)]
    else:
        lines = [f"<b>{audience.follows(speech, len(outcome.texts))}</b>", *numbered(outcome.texts)]
    return pages([*lines, "", _digest_line(speech, outcome.digest)])


def nothing_yet(speech: Speech, audience: Audience) -> str:
    """Nothing is followed, and what could be."""
    example = speech.gettext("Try:")
    return f"{audience.follows_nothing(speech)} {example}\n<code>/subscribe #rare_earths</code>"


def digest_state(speech: Speech, outcome: Digest) -> str:
    """/digest without arguments."""
    if outcome.at is None:
        what = speech.gettext("Set one: <code>/digest 08:00 Jakarta</code>")
    else:
        what = speech.gettext(
            "Change it: <code>/digest 20:30 Moscow</code>. End it: <code>/digest off</code>"
        )
    return f"{_digest_line(speech, outcome)}\n\n{what}"


def digest_set(speech: Speech, outcome: Digest, *, zone_given: bool) -> str:
    """The digest is set."""
    if outcome.at is None:
        return digest_off(speech)
    at, zone = f"{outcome.at:%H:%M}", escape(zones.shown(outcome.zone, outcome.now))
    text = speech.gettext(
        "A digest comes every day at <b>{time}</b>, {zone}. The first one: {day}.",
        time=at,
        zone=zone,
        day=_day(speech, outcome),
    )
    if zone_given:
        return text
    example = f"<code>/digest {at} Jakarta</code>"
    return f"{text}\n" + speech.gettext("Another time zone? {example}, or Moscow, or UTC+7.", example=example)


def digest_off(speech: Speech) -> str:
    """The digest is ended."""
    return speech.gettext(
        "No daily digest any more. Alerts still come at once. To have it again: <code>/digest 08:00</code>"
    )


def digest_refused(speech: Speech, error: zones.TimeError | zones.ZoneError) -> str:
    """The time or the zone can't be read."""
    lines = [
        speech.gettext(
            "I don't understand {what}: {reason}.",
            what=bold(error.subject),
            reason=escape(short(speech.say(error.said), REASON_CHARS)),
        )
    ]
    if isinstance(error, zones.TimeError):
        lines.append(escape(speech.say(error.advice)))
    elif error.suggestions:
        places = speech.any_of(error.suggestions)
        lines.append(speech.gettext("Did you mean {places}?", places=escape(places)))
    lines.append(speech.gettext("Example: <code>/digest 08:00 Jakarta</code>"))
    return "\n".join(lines)


def _digest_line(speech: Speech, digest: Digest) -> str:
    if digest.at is None:
        return speech.gettext("Daily digest: off.")
    return speech.gettext(
        "Daily digest: at <b>{time}</b>, {zone}; the next one {day}.",
        time=f"{digest.at:%H:%M}",
        zone=escape(zones.shown(digest.zone, digest.now)),
        day=_day(speech, digest),
    )


def _day(speech: Speech, digest: Digest) -> str:
    if digest.next_day is None or digest.next_day == digest.today:
        return speech.gettext("today")
    if (digest.next_day - digest.today).days == 1:
        return speech.gettext("tomorrow")
    return speech.day(digest.next_day)


def pointer(text: str, position: int) -> str:
    """Two lines for a fixed-width font: the text around a place, and a ^ below it.

    Args:
        text: one line.
        position: 1-based; one past the end points behind the last character.
    """
    at = min(max(position, 1), len(text) + 1) - 1
    start = max(0, min(at - WINDOW_CHARS // 2, len(text) - WINDOW_CHARS))
    end = min(len(text), start + WINDOW_CHARS)
    before, after = text[start:at], text[at:end]
    if start > 0:
        before = GAP + before
    if end < len(text):
        after += GAP
    return f"{before}{after}\n{' ' * _columns(before)}^"


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(bool(unicodedata.combining(char)) for char in text)
