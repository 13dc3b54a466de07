"""One article as one alert: what happened, in English; where it stands; why it came. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.render import pieces
from bot.delivery.render.marks import with_marks
from bot.delivery.render.message import Message
from bot.delivery.render.pieces import EMPTY, TEXT_LIMIT, Piece, bold, hashtag, italic, join, link, text
from bot.delivery.render.words import (
    NAME_CHARS,
    SENTENCE_END,
    country_name,
    cut,
    host,
    language_name,
    local_time,
    safe_url,
    short,
    tier_name,
)
from bot.speech import ENGLISH, Speech

TITLE_CHARS = 300
SUMMARY_CHARS = 2_000  # of which are shown:
LEAD_CHARS = 200  # two lines and a half on a desk, five on a telephone
LONGEST_LEAD_CHARS = 280  # for a sentence that ends a little later
REST_CHARS = 1_500
LEAST_REST_CHARS = 40  # a quotation of less is not worth a tap
TAGS = 8
TAG_CHARS = 40
SUBSCRIPTION_CHARS = 120
REASON_CHARS = 120
WHY_LINES = 5
WHY_CHARS = 250  # a line
REASONS_A_LINE = 5


@dataclass(frozen=True, slots=True)
class WhyLine:
    """Why one subscription wanted an article.

    Args:
        subscription: the query as the chat knows it, for example ``nickel OR cobalt``; empty for those that
            are no more than a concept, which stands among the hashtags.
        reasons: what was found, each ready to read; see `reason`.
    """

    subscription: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertView:
    """All that an alert shows; plain text in every field, as untrusted as the feed it came from.

    Args:
        title: the title in English, or the original one while there is no English.
        summary: in the same language as `title`; may be empty.
        original_title: as published.
        original_language: its code (``id``), or None when not known.
        english: whether `title` is English. False means: not translated yet.
        source: the feed's name.
        country: of the source, an ISO 3166 code or a name; may be empty.
        tier: the feed's tier; may be empty.
        published: aware, or None when the feed didn't say.
        url: of the article; linked only when http(s).
        why: one line for each subscription of the chat that matched.
        zone: the chat's IANA time zone; UTC when it is unknown here.
        speech: the language of all that is not the article's own.
        original_summary: as published.
        concepts: the ids of those that fired, without #.
        found: the words that made it match, as they stand in the texts: they are underlined.
    """

    title: str
    summary: str
    original_title: str
    original_language: str | None
    english: bool
    source: str
    country: str | None
    tier: str | None
    published: datetime | None
    url: str | None
    why: tuple[WhyLine, ...]
    zone: str
    speech: Speech = ENGLISH
    original_summary: str = ""
    concepts: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    @property
    def translated(self) -> bool:
        """Whether there is an original that says the same in other words."""
        return self.english and self.original_language != "en"


def render_alert(view: AlertView, *, original: bool = False) -> Message:
    """One alert as one message; always below the limits, because each part is cut to its own.

    Args:
        view: what to show.
        original: show the article as it was published, and the English title below it.
    """
    speech = view.speech
    language = language_name(view.original_language, speech)
    if original and view.translated:
        shown, summary = view.original_title or view.title, view.original_summary
        other, other_language = view.title, language_name("en", speech)
    else:
        shown, summary = (view.title if view.english else view.original_title or view.title), view.summary
        other, other_language = view.original_title, language
    title = short(shown, TITLE_CHARS) or speech.gettext("(no title)")
    head = [bold(with_marks(title, view.found))]
    if not view.english:
        head.append(italic(_untranslated(speech, language)))
    tail = []
    other = short(other, TITLE_CHARS)
    if view.translated and other and other != title:
        name = text(f" ({other_language})") if other_language else EMPTY
        tail.append(italic(with_marks(other, view.found)) + name)
    url = safe_url(view.url)
    tail += _origin(view, url)
    tail += _tags(view.concepts)
    tail += _why(speech, view.why)
    lead, rest = _lead_and_rest(_unless(title, short(summary, SUMMARY_CHARS)))
    if lead:
        head += [EMPTY, with_marks(lead, view.found)]
    # Nothing but the rest of the summary gives way: all else is short enough together.
    room = TEXT_LIMIT - join([*head, EMPTY, *tail]).chars - 1
    if len(rest := cut(rest, min(REST_CHARS, room))) >= LEAST_REST_CHARS:
        head.append(pieces.quotation(with_marks(rest, view.found)))
    page = join([*head, EMPTY, *tail] if tail else head)
    if url is not None:
        page += Piece("", f"\n{url}", 0)  # a terminal shows no links behind words
    return Message(page.html, page.plain, url, marks=page.marks)


def _untranslated(speech: Speech, language: str) -> str:
    if not language:
        return speech.gettext("Not translated yet; this message will be updated.")
    return speech.gettext(
        "{language} original. Not translated yet; this message will be updated.", language=language
    )


def _unless(title: str, summary: str) -> str:
    return "" if summary == title else summary  # many feeds say the same twice


def _lead_and_rest(summary: str) -> tuple[str, str]:
    """The first sentence or two, and what follows; nothing follows when that would be hardly a line."""
    if len(summary) <= LEAD_CHARS + LEAST_REST_CHARS:
        return summary, ""
    ends = [found.end() for found in SENTENCE_END.finditer(summary, 0, LONGEST_LEAD_CHARS + 1)]
    at = max((end for end in ends if LEAD_CHARS // 4 <= end <= LEAD_CHARS), default=0) or next(
        (end for end in ends if LEAD_CHARS < end <= LONGEST_LEAD_CHARS), 0
    )
    if at:
        return summary[:at], summary[at:].strip()
    lead = cut(summary, LEAD_CHARS)
    return lead, "…" + summary[len(lead.removesuffix("…")) :].strip()


def _origin(view: AlertView, url: str | None) -> list[Piece]:
    """Who wrote it, where and when; the name leads to the article, also where a message has no buttons."""
    source = short(view.source, NAME_CHARS) or (host(url) if url is not None else "")
    parts = [
        link(url, source, plain=source) if url is not None and source else text(source),
        text(country_name(view.country, view.speech)),
        text(tier_name(view.tier, view.speech)),
    ]
    if view.published is not None:
        parts.append(pieces.time(view.published, local_time(view.published, view.zone, view.speech.language)))
    known = [part for part in parts if part.chars]
    return [join(known, by=text(" · "))] if known else []


def _tags(concepts: Sequence[str]) -> list[Piece]:
    names = [short(name, TAG_CHARS).lstrip("# ") for name in concepts[:TAGS]]
    tags = [hashtag(name) for name in dict.fromkeys(names) if name]
    return [join(tags, by=text(" "))] if tags else []


def _why(speech: Speech, why: Sequence[WhyLine]) -> list[Piece]:
    lines: list[str] = []
    for line in why[:WHY_LINES]:
        reasons = [short(one, REASON_CHARS) for one in line.reasons[:REASONS_A_LINE]]
        if len(line.reasons) > REASONS_A_LINE:
            reasons.append("…")
        found = ", ".join(one for one in reasons if one)
        subscription = short(line.subscription, SUBSCRIPTION_CHARS)
        lines.append(" — ".join(part for part in (subscription, found) if part))
    lines = [cut(line, WHY_CHARS) for line in lines if line]
    if len(why) > WHY_LINES:
        lines.append(speech.ngettext("and {count} more", "and {count} more", len(why) - WHY_LINES))
    if not lines:
        return []
    if len(lines) == 1:
        return [text(speech.gettext("Why: {what}", what=lines[0]))]
    return [text(speech.gettext("Why:")), *(text(f"• {line}") for line in lines)]
