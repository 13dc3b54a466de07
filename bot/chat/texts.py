"""Every sentence the bot says in a chat, in English, as Telegram HTML within Telegram's limits. Pure.

What comes from people and feeds is cleaned, cut and escaped here. An answer that may grow is a list of
messages.
"""

from __future__ import annotations

import difflib
import html
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from enum import Enum

from babel.dates import format_date

from bot.chat import zones
from bot.chat.offers import Offer, Offered, Verdict
from bot.chat.service import (
    AlreadySubscribed,
    Digest,
    Latest,
    LatestItem,
    Listing,
    NoAlert,
    NotSubscribed,
    Previewed,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
    Why,
)
from bot.delivery.render import ENGLISH, TIERS, clean, cut, language_name, local_time, reason, safe_url
from bot.matching.explain import describe
from bot.preview import Example, about
from bot.translation.credits import translated_by
from storage.models import CandidateState

PAGE_CHARS = 3500
"""Of HTML a message: tags and escapes count here and not with Telegram, so 4,096 is never reached."""
PAGE_PARTS = 80
"""A message, each with hardly more than one entity: Telegram ignores those after 100."""
TITLE_CHARS = 200
QUERY_CHARS = 500
HINTS = 3
LINE_CHARS = 300  # of what was found for one clause
WINDOW_CHARS = 30  # of a refused query, around the error: a line of a telephone
GAP = "…"

COMMANDS: tuple[tuple[str, str], ...] = (
    ("subscribe", "Follow a query, like #rare_earths"),
    ("unsubscribe", "Stop following: a number of /list, or all"),
    ("list", "What is followed here"),
    ("digest", "A daily digest: 08:00 Jakarta, or off"),
    ("latest", "The newest alerts again"),
    ("preview", "What a query would have brought in the last 7 days"),
    ("why", "Why an alert came: reply to it with /why"),
    ("feeds", "What is read, and how each feed stands"),
    ("help", "How to write a query, and all commands"),
)
"""For Telegram's menu: name, description (at most 256 characters)."""


class Audience(Enum):
    """Whom a sentence about subscriptions is about."""

    PERSON = "You follow"
    GROUP = "This group follows"
    TOPIC = "This topic follows"

    def follows(self, count: int) -> str:
        """``You follow 2 queries``."""
        return f"{self.value} {_count(count, 'query', 'queries') if count else 'nothing'}"


def start(audience: Audience, following: int) -> str:
    """Hello."""
    lines = [
        "<b>Rarewatch</b> reads news in Indonesian, Russian and English.",
        "What you ask for, it sends you in English: rare earths, critical minerals, trade.",
        "",
        "Start with:",
        "<code>/subscribe #rare_earths</code>",
        "<code>/subscribe nickel (export OR quota)</code>",
        "<code>/digest 08:00 Jakarta</code>",
        "",
    ]
    if following:
        lines.append(f"{audience.follows(following)}; see /list.")
    lines.append("All about queries and commands: /help")
    return "\n".join(lines)


def help_pages(concepts: Iterable[str], *, group: bool, operator: bool = False) -> list[str]:
    """All commands, how to write a query, and the concepts there are."""
    lines = [
        "<b>Commands</b>",
        "/subscribe <i>query</i> – follow it: alerts come at once",
        "/unsubscribe <i>number</i> – stop following, by the number in /list; or <code>all</code>",
        "/list – what is followed here",
        "/digest 08:00 Jakarta – a digest every day; <code>/digest off</code> ends it",
        "/latest – the newest alerts again",
        "/preview <i>query</i> – what it would have brought in the last seven days",
        "/why – as a reply to an alert: why it came, who translated it, when",
        "/feeds – what is read, and how each feed stands",
    ]
    if operator:
        lines += [
            "/addfeed <i>address</i> – read one more feed; a web page that has one will do",
            "/removefeed – read one fewer of those that were added",
        ]
    if group:
        lines.append("In a group its administrators change these; everybody may read.")
    lines += [
        "",
        "<b>Queries</b>",
        "<code>nickel export</code> – both words, in any inflection",
        "<code>nickel (export OR quota)</code> – one of several",
        "<code>nickel -football</code> – without a word",
        '<code>"export ban"</code> – exactly these words, side by side',
        "<code>редкоземельн*</code> – words that begin so",
        "<code>ban NEAR/5 export</code> – within five words of each other",
        "<code>title:tariff -source:rt.com lang:ru</code> – only there, or not from there",
        "<code>#rare_earths</code> – a concept: its terms in all three languages",
    ]
    names = [f"<code>#{_escape(name)}</code>" for name in concepts]
    if not names:
        return _pages(lines)
    # The names are many entities: a message of their own keeps both below the limit.
    return [*_pages(lines), *_pages([f"<b>Concepts</b>\n{names[0]}", *names[1:]], joint=" ")]


def subscribed(outcome: Subscribed, audience: Audience) -> str:
    """A query is followed from now on."""
    text = (
        f"Following {_bold(outcome.text)}. I will alert you at once, in English, whatever language it is "
        f"written in. {audience.follows(outcome.count)}; see /list."
    )
    # A word finds its own language and the English; the person may not know that there is more to be had.
    for word, concept in list(outcome.concept_words.items())[:HINTS]:
        text += f"\n{_code(f'#{concept}')} would find «{_escape(_short(word, 80))}» in all three languages."
    return text


def translations(offer: Offer) -> str:
    """Translations of a query's words, each with what became of it."""
    lines = []
    if offer.items:
        lines += ["Shall I look for these words too? Only those you confirm become part of the query.", ""]
        lines += [_offered(item) for item in offer.items]
    if offer.missing:
        missing = ", ".join(f"«{_escape(_short(term, 80))}»" for term in offer.missing)
        lines.append(
            f"Translations of {missing} are not at hand now; the query works in its own language and over "
            "the English text."
        )
    if any(not item.open for item in offer.items):
        lines += ["", f"The query is now: {_code(offer.text)}", "↶ takes a decision back."]
    return "\n".join(lines)


def _offered(item: Offered) -> str:
    mark = {CandidateState.ADDED: "✓ ", CandidateState.DROPPED: "✗ "}.get(CandidateState(item.state), "")
    back = f" (back: {_escape(_short(item.back, 80))})" if item.back else ""
    term = _escape(_short(item.term, 80))
    return f"{mark}{term} → <b>{_escape(_short(item.text, 120))}</b>, {language_name(item.language)}{back}"


def write_words(item: Offered) -> str:
    """Asks for the words to use in place of a translation."""
    return (
        f"Which {language_name(item.language)} words for {_bold(item.term)}? Reply to this message; separate "
        "several with commas."
    )


def decided(verdict: Verdict) -> str:
    """What came of a press or a reply; plain text, at most 200 characters."""
    return {
        Verdict.ADDED: "Added to the query.",
        Verdict.DROPPED: "Left out.",
        Verdict.ALL_ADDED: "All added to the query.",
        Verdict.TAKEN_BACK: "Taken back; you may decide anew.",
        Verdict.OPEN: "Reply with your own words.",
        Verdict.OPEN_AGAIN: "This is open: decide as you like.",
        Verdict.DECIDED_BEFORE: "This was decided before.",
        Verdict.ENDED: "This query is not followed here any more.",
        Verdict.NO_WORDS: "There is no word in it. Nothing was changed.",
        Verdict.TOO_LONG: "The query would become too long. Nothing was changed.",
        Verdict.SAME: "A query with these words is followed already; see /list. Nothing was changed.",
    }[verdict]


def unknown_button() -> str:
    """A button of an older version."""
    return "This button is too old to do anything."


def already_subscribed(outcome: AlreadySubscribed) -> str:
    """An equal query is followed."""
    return f"Already followed: {_bold(outcome.text)}, number {outcome.number} in /list. Nothing was changed."


def query_refused(outcome: QueryRefused) -> str:
    """A query can't be read; its place is shown."""
    lines = [f"I can't read this query: {_escape(outcome.reason)}."]
    if outcome.position is not None and outcome.text:
        lines.append(f"<pre>{_escape(pointer(outcome.text, outcome.position))}</pre>")
    if outcome.hint:
        lines.append(_escape(outcome.hint))
    lines.append("Examples: /help")
    return "\n".join(lines)


def too_many(outcome: TooMany) -> str:
    """The chat's list is full."""
    return (
        f"The most one chat can follow is {_count(outcome.limit, 'query', 'queries')}, and that is reached. "
        "End one with /unsubscribe first, or join two: <code>nickel OR cobalt</code>."
    )


def subscribe_what(concepts: Sequence[str]) -> str:
    """/subscribe without a query."""
    examples = ["/subscribe #rare_earths", "/subscribe nickel (export OR quota)"]
    lines = ["What should I follow? For example:", *(f"<code>{example}</code>" for example in examples)]
    others = [name for name in concepts if name != "rare_earths"][:8]
    if others:
        names = ", ".join(f"<code>#{_escape(name)}</code>" for name in others)
        lines.append(f"More concepts: {names} … all of them: /help")
    return "\n".join(lines)


def unsubscribed(outcome: Unsubscribed, audience: Audience) -> list[str]:
    """Some are not followed any more."""
    left = f"{audience.follows(outcome.count)} now." if outcome.count else f"{audience.value} nothing now."
    if len(outcome.texts) == 1:
        return [f"Stopped following {_bold(outcome.texts[0])}. {left}"]
    heading = f"Stopped following {len(outcome.texts)} queries:"
    return _pages([heading, *(f"• {_code(text)}" for text in outcome.texts), left])


def not_subscribed(outcome: NotSubscribed, audience: Audience) -> str:
    """There is no such subscription."""
    if not outcome.count:
        return f"{audience.value} nothing yet, so there is nothing to end."
    return (
        f"{_bold(outcome.asked)} is not followed here. {audience.follows(outcome.count)}: "
        "send the number it has in /list, or the query itself, or <code>all</code>."
    )


def unsubscribe_what(listing: Listing, audience: Audience) -> list[str]:
    """/unsubscribe without saying what."""
    if not listing.texts:
        return [f"{audience.value} nothing yet, so there is nothing to end."]
    example = (
        "Which one? Send its number, like <code>/unsubscribe 1</code>, or <code>/unsubscribe all</code>."
    )
    return _pages([example, *_numbered(listing.texts)])


def listing(outcome: Listing, audience: Audience) -> list[str]:
    """What is followed, and the digest."""
    if not outcome.texts:
        lines = [f"{audience.value} nothing yet. Try:", "<code>/subscribe #rare_earths</code>"]
    else:
        lines = [f"<b>{audience.follows(len(outcome.texts))}</b>", *_numbered(outcome.texts)]
    lines.append("")
    lines.append(_digest_line(outcome.digest))
    return _pages(lines)


def digest_state(outcome: Digest) -> str:
    """/digest without arguments."""
    lines = [_digest_line(outcome), ""]
    if outcome.at is None:
        lines.append("Set one: <code>/digest 08:00 Jakarta</code>")
    else:
        lines.append("Change it: <code>/digest 20:30 Moscow</code>. End it: <code>/digest off</code>")
    return "\n".join(lines)


def digest_set(outcome: Digest, *, zone_given: bool) -> str:
    """The digest is set."""
    if outcome.at is None:
        return digest_off()
    zone = _escape(zones.shown(outcome.zone, outcome.now))
    text = f"A digest comes every day at <b>{outcome.at:%H:%M}</b>, {zone}. The first one: {_day(outcome)}."
    if not zone_given:
        text += f"\nAnother time zone? <code>/digest {outcome.at:%H:%M} Jakarta</code>, or Moscow, or UTC+7."
    return text


def digest_off() -> str:
    """The digest is ended."""
    return "No daily digest any more. Alerts still come at once. To have it again: <code>/digest 08:00</code>"


def digest_refused(asked: str, reason: str, hint: str) -> str:
    """The time or the zone can't be read."""
    lines = [f"I don't understand {_bold(asked)}: {_escape(reason)}."]
    if hint:
        lines.append(_escape(hint))
    lines.append("Example: <code>/digest 08:00 Jakarta</code>")
    return "\n".join(lines)


def latest(outcome: Latest, audience: Audience) -> list[str]:
    """The newest alerts again."""
    if not outcome.items:
        if not outcome.following:
            return [f"{audience.value} nothing yet. Try:\n<code>/subscribe #rare_earths</code>"]
        return [f"No alerts yet. {audience.follows(outcome.following)}; what comes will be sent at once."]
    count = len(outcome.items)
    heading = "<b>The newest alert</b>" if count == 1 else f"<b>The {count} newest alerts</b>"
    return _pages([heading, *(_latest(item, outcome.zone) for item in outcome.items)])


def preview_what() -> str:
    """/preview without a query."""
    return (
        "Which query? I look through what was read in the last seven days, for example: "
        "<code>/preview nickel (export OR quota)</code>"
    )


def preview_busy() -> str:
    """A second /preview while the first is worked on."""
    return "I am still working on the preview before; ask again when it is here."


def previewed(outcome: Previewed) -> list[str]:
    """What a query would have brought."""
    lines = [f"{_bold(outcome.text)}:", *map(_escape, about(outcome.result, zone=outcome.zone))]
    lines += [_example(example, outcome.zone) for example in outcome.result.examples]
    follow = f"/subscribe {_short(outcome.text, QUERY_CHARS)}"
    return _pages([*lines, f"\nTo follow it: <code>{_escape(follow)}</code>"])


def no_alert(outcome: NoAlert, audience: Audience) -> str:
    """/why, and there is nothing to explain."""
    if outcome.replied:
        return "That message is none of my alerts. Reply to an alert with /why, or send /why for the newest."
    if not outcome.following:
        return f"No alert has come here: {audience.value.lower()} nothing yet. Try: " + _code(
            "/subscribe #rare_earths"
        )
    return f"No alert has come here yet. {audience.follows(outcome.following)}."


def why(outcome: Why) -> list[str]:
    """Why an alert came."""
    item, zone = outcome.item, outcome.zone
    language = language_name(item.language)
    title, original = _short(item.title, TITLE_CHARS) or "(no title)", _short(outcome.original, TITLE_CHARS)
    lines = [f"<b>Why this alert</b>\n{_linked(title, item.url)}"]
    if original and original != title:
        lines.append(f"<i>{_escape(original)}</i>{_escape(f' ({language})' if language else '')}")
    for subscription, reasons in outcome.reasons:
        lines.append(f"\n{_code(subscription)}")
        for found in reasons:
            words = _short(f"{found.clause}: {reason(found.words, found.language)}", LINE_CHARS)
            lines.append(f"• {_escape(words)}")
    if who := translated_by(outcome.translator):
        translation = f"translated from {language or 'the original'} by {who}"
    elif item.language == "en":
        translation = "none needed, it is in English"
    elif outcome.translator is not None:
        translation = "none needed, there are no words to translate"
    else:
        translation = "not translated yet"
    country = outcome.country or ""
    source = [item.source, ENGLISH.territories.get(country.upper(), country)]
    source.append(TIERS.get(outcome.tier, outcome.tier))
    facts = {
        "Translation": translation,
        "Source": " · ".join(_short(part, 80) for part in source if part),
        "Published": local_time(outcome.published, zone) if outcome.published else "the feed does not say",
        "Read": local_time(outcome.fetched, zone),
        "Sent": local_time(outcome.sent, zone) if outcome.sent else "not yet",
    }
    lines.append("\n" + "\n".join(f"{name}: {_escape(fact)}" for name, fact in facts.items()))
    return _pages(lines)


def administrators_only() -> str:
    """Somebody else tried to change a group's settings."""
    return (
        "In a group only its administrators can change what is followed. "
        "Everybody can use /list, /latest and /help here, or talk to me in private."
    )


def not_allowed(chat_id: int) -> str:
    """The owner keeps the bot for certain chats."""
    return (
        "Sorry, this Rarewatch serves only the chats its owner has chosen. "
        f"The owner can add this one by its number: <code>{chat_id}</code>"
    )


def unknown_command(name: str) -> str:
    """A command nobody knows, in a private chat."""
    known = [command for command, _ in COMMANDS]
    near = difflib.get_close_matches(
        name.lower(), [*known, "follow", "addfeed", "removefeed"], n=1, cutoff=0.6
    )
    guess = f" Did you mean /{near[0]}?" if near else ""
    return f"I don't know this command.{guess} All commands: /help"


def offer(text: str) -> str:
    """Plain words that would do as a query."""
    return f"To follow this, send:\n<code>/subscribe {_escape(_short(text, QUERY_CHARS))}</code>"


def not_understood() -> str:
    """Plain words that are no query, a picture, a sticker."""
    return (
        "I understand commands only. To follow something: <code>/subscribe #rare_earths</code>. More: /help"
    )


def something_went_wrong() -> str:
    """An error of ours, before anything was written."""
    return "Something went wrong on my side; nothing was changed. Please try again."


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


def _digest_line(digest: Digest) -> str:
    if digest.at is None:
        return "Daily digest: off."
    zone = _escape(zones.shown(digest.zone, digest.now))
    return f"Daily digest: at <b>{digest.at:%H:%M}</b>, {zone}; the next one {_day(digest)}."


def _day(digest: Digest) -> str:
    if digest.next_day is None or digest.next_day == digest.today:
        return "today"
    if (digest.next_day - digest.today).days == 1:
        return "tomorrow"
    return _date(digest.next_day)


def _date(day: date) -> str:
    return format_date(day, "d MMMM", locale="en")


def _latest(item: LatestItem, zone: str) -> str:
    shown = _linked(_short(item.title, TITLE_CHARS) or "(no title)", item.url)
    parts = [
        _short(item.source, 80),
        "" if item.english else f"{language_name(item.language) or 'original'}, not translated yet",
        local_time(item.published, zone),
    ]
    return f"\n{shown}\n{_escape(' · '.join(part for part in parts if part))}"


def _example(example: Example, zone: str) -> str:
    title, original = (
        _short(example.title, TITLE_CHARS) or "(no title)",
        _short(example.original, TITLE_CHARS),
    )
    lines = [f"\n{_linked(title, example.url)}"]
    if original and original != title:
        lines.append(f"<i>{_escape(original)}</i>")
    lines.append(_escape(f"{_short(example.source, 80)} · {local_time(example.published, zone)}"))
    lines.append(_escape(_short(describe(example.why), LINE_CHARS)))
    return "\n".join(line for line in lines if line)


def _linked(title: str, url: str | None) -> str:
    safe = safe_url(url)
    return _bold(title) if safe is None else f'<a href="{html.escape(safe)}">{_escape(title)}</a>'


def _numbered(texts: Iterable[str]) -> list[str]:
    return [f"{number}. {_code(text)}" for number, text in enumerate(texts, start=1)]


def _pages(parts: Iterable[str], *, joint: str = "\n") -> list[str]:
    """The parts in as few messages as hold them, never split within one."""
    pages: list[list[str]] = [[]]
    size = 0
    for part in parts:
        if pages[-1] and (size + len(part) > PAGE_CHARS or len(pages[-1]) >= PAGE_PARTS):
            pages.append([])
            size = 0
        pages[-1].append(part)
        size += len(part) + len(joint)
    return [page for page in (joint.join(parts).strip() for parts in pages) if page]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _short(text: str, limit: int) -> str:
    return cut(clean(text), limit)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _bold(text: str) -> str:
    return f"<b>{_escape(_short(text, QUERY_CHARS))}</b>"


def _code(text: str) -> str:
    return f"<code>{_escape(_short(text, QUERY_CHARS))}</code>"
