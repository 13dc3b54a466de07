"""From stored rows to what a message shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.delivery.english_words import FindsEnglish, no_english
from bot.delivery.render import (
    AS_SENT,
    AlertView,
    DigestLine,
    DigestView,
    Followed,
    Message,
    Shown,
    Standing,
    WhyLine,
    alert_buttons,
    reason,
    render_alert,
)
from bot.speech import Speech
from storage.models import Alert, Article, Chat, Feed, Story
from storage.mutes import Muted


def is_english(article: Article) -> bool:
    """Whether the reader can be shown the article in English."""
    return article.language == "en" or article.english_title is not None


def alert_view(
    alert: Alert, chat: Chat, article: Article, feed: Feed, *, english: FindsEnglish = no_english
) -> AlertView:
    """What an alert shows of an article.

    Args:
        english: finds the words to be marked in a translation.
    """
    concepts = _concepts(alert.why)
    speech = Speech.of(chat.language)
    return AlertView(
        title=article.english_title or article.title,
        summary=(article.english_summary or "") if article.english_title is not None else article.summary,
        original_title=article.title,
        original_language=article.language,
        english=is_english(article),
        source=feed.name,
        country=feed.country,
        tier=feed.tier,
        published=article.published_at or article.fetched_at,
        url=article.url,
        why=_why_lines(alert.why, article.language, {f"#{concept}" for concept in concepts}, speech),
        zone=chat.zone,
        speech=speech,
        original_summary=article.summary,
        concepts=concepts,
        found=_found(alert.why) + _found_in_english(alert, article, english),
    )


def alert_message(
    alert: Alert,
    chat: Chat,
    article: Article,
    feed: Feed,
    *,
    shown: Shown = AS_SENT,
    saved: bool = False,
    muted: Collection[tuple[Muted, int]] = (),
    english: FindsEnglish = no_english,
) -> Message:
    """An alert with its buttons.

    Args:
        english: as for `alert_view`.
        shown: as published or in English, with what can be muted or without.
        saved: whether the chat has put it aside.
        muted: all that the chat has muted.
    """
    view = alert_view(alert, chat, article, feed, english=english)
    message = render_alert(view, original=shown.original)
    standing = Standing(
        alert.id,
        url=message.url,
        translated=view.translated,
        source=feed.name,
        shown=shown,
        saved=saved,
        story_muted=(Muted.STORY, alert.story_id) in muted,
        source_muted=(Muted.SOURCE, feed.id) in muted,
        subscriptions=tuple(
            Followed(line["id"], line["subscription"], (Muted.SUBSCRIPTION, line["id"]) in muted)
            for line in alert.why
            if "id" in line  # alerts of before it was noted have none
        ),
    )
    return replace(message, buttons=alert_buttons(standing, view.speech))


def _found(why: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    words = [word for line in why for found in line["reasons"] for word in found["words"]]
    return tuple(dict.fromkeys(words))


def _found_in_english(alert: Alert, article: Article, english: FindsEnglish) -> tuple[str, ...]:
    if article.english_title is None:
        return ()
    clauses = [found["clause"] for line in alert.why for found in line["reasons"]]
    return english(clauses, article.english_title, article.english_summary or "")


def _why_lines(
    why: Sequence[Mapping[str, Any]], original: str | None, tags: Collection[str], speech: Speech
) -> tuple[WhyLine, ...]:
    """A line a subscription; those that the same words satisfied share one.

    Those that are no more than a concept share a nameless one: they stand among the hashtags, and what
    they found speaks for itself.
    """
    of_concepts: dict[str, str] = {}
    by_reasons: dict[tuple[str, ...], list[str]] = {}
    for line in why:
        subscription = line["subscription"]
        if subscription in tags:
            for found in line["reasons"]:
                language = None if found["language"] == original else found["language"]
                of_concepts |= {word.casefold(): reason([word], language, speech) for word in found["words"]}
        else:
            reasons = tuple(_reason(subscription, one, original, speech) for one in line["reasons"])
            by_reasons.setdefault(reasons, []).append(subscription)
    # "rare earth refinery" says all that "rare earth" says.
    telling = [
        shown
        for word, shown in of_concepts.items()
        if not any(word in other for other in of_concepts if other != word)
    ]
    named = [WhyLine(", ".join(names), reasons) for reasons, names in by_reasons.items()]
    return ((WhyLine("", tuple(telling)),) if telling else ()) + tuple(named)


def _reason(subscription: str, found: Mapping[str, Any], original: str | None, speech: Speech) -> str:
    clause, language = found["clause"], found["language"]
    # The original's own words need no name of their language: it stands a line above, and room is scarce.
    text = reason(found["words"], None if language == original else language, speech)
    # In a longer query, say which part of it found the words, unless they are that part.
    own = clause.strip('"').casefold()
    said = clause == subscription or any(own == word.casefold() for word in found["words"])
    return text if said else f"{clause} {text}"


def digest_view(
    chat: Chat, local_date: date, rows: Iterable[tuple[Alert, Article, Feed, Story]]
) -> DigestView:
    """What a digest shows: the stories many wrote about first, then the newest."""
    ordered = sorted(rows, key=lambda row: (-row[3].articles, -row[0].id))
    return DigestView(
        chat_title=None if chat.kind in ("private", "console") else chat.title,
        local_date=local_date,
        zone=chat.zone,
        speech=Speech.of(chat.language),
        stories=tuple(
            DigestLine(
                title=article.english_title or article.title,
                url=article.url,
                source=feed.name,
                sources=story.articles,
                concepts=_concepts(alert.why),
                untranslated=None if is_english(article) else article.language,
            )
            for alert, article, feed, story in ordered
        ),
    )


def _concepts(why: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The concepts that fired, by id, in the order of the subscriptions: tappable as hashtags."""
    clauses = [found["clause"] for line in why for found in line["reasons"]]
    return tuple(dict.fromkeys(clause[1:] for clause in clauses if clause.startswith("#")))
