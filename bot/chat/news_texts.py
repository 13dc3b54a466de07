"""What the bot says of news that came or would have come: /latest, /preview, /why. Telegram HTML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.chat.audience import Audience
from bot.chat.follow_texts import nothing_yet
from bot.chat.markup import QUERY_CHARS, TITLE_CHARS, bold, code, escape, linked, pages, short
from bot.chat.outcomes import Latest, LatestItem, NoAlert, Previewed, Why
from bot.delivery.render import local_time
from bot.delivery.render.words import country_name, tier_name
from bot.matching.explain import Reason
from bot.preview import Example, about
from bot.speech import Speech
from bot.translation.credits import NAMES, translators

LINE_CHARS = 300  # of what was found for one clause
NAME_CHARS = 80


def latest(speech: Speech, outcome: Latest, audience: Audience) -> list[str]:
    """The newest alerts again."""
    if not outcome.items:
        if not outcome.following:
            return [nothing_yet(speech, audience)]
        none = speech.gettext("No alerts yet.")
        following = audience.follows(speech, outcome.following)
        return [f"{none} {following} {_at_once(speech)}"]
    heading = speech.gettext("The newest alerts")
    return pages([f"<b>{heading}</b>", *(_latest(speech, item, outcome.zone) for item in outcome.items)])


def _at_once(speech: Speech) -> str:
    return speech.gettext("What comes will be sent at once.")


def _latest(speech: Speech, item: LatestItem, zone: str) -> str:
    parts = [
        short(item.source, NAME_CHARS),
        "" if item.english else _untranslated(speech, item.language),
        local_time(item.published, zone, speech.language),
    ]
    return f"\n{_title(speech, item.title, item.url)}\n{escape(' · '.join(part for part in parts if part))}"


def _untranslated(speech: Speech, language: str | None) -> str:
    if not language:
        return speech.gettext("not translated yet")
    return speech.gettext("{language}, not translated yet", language=speech.language_name(language))


def _title(speech: Speech, title: str, url: str | None) -> str:
    return linked(short(title, TITLE_CHARS) or speech.gettext("(no title)"), url)


def preview_what(speech: Speech) -> str:
    """/preview without a query."""
    return speech.gettext(
        "Which query? I look through what was read in the last seven days, for example: "
        "<code>/preview nickel (export OR quota)</code>"
    )


def preview_busy(speech: Speech) -> str:
    """A second /preview while the first is worked on."""
    return speech.gettext("I am still working on the preview before; ask again when it is here.")


def previewed(speech: Speech, outcome: Previewed) -> list[str]:
    """What a query would have brought."""
    lines = [f"{bold(outcome.text)}:", *map(escape, about(outcome.result, zone=outcome.zone, speech=speech))]
    lines += [_example(speech, example, outcome.zone) for example in outcome.result.examples]
    follow = f"<code>{escape(f'/subscribe {short(outcome.text, QUERY_CHARS)}')}</code>"
    return pages([*lines, "\n" + speech.gettext("To follow it: {command}", command=follow)])


def _example(speech: Speech, example: Example, zone: str) -> str:
    title, original = short(example.title, TITLE_CHARS), short(example.original, TITLE_CHARS)
    lines = [f"\n{_title(speech, example.title, example.url)}"]
    if original and original != title:
        lines.append(f"<i>{escape(original)}</i>")
    when = local_time(example.published, zone, speech.language)
    lines.append(escape(f"{short(example.source, NAME_CHARS)} · {when}"))
    lines.append(escape(short("; ".join(_reason(speech, reason) for reason in example.why), LINE_CHARS)))
    return "\n".join(line for line in lines if line)


def _reason(speech: Speech, reason: Reason) -> str:
    """``#rare_earths: «logam tanah jarang» (Indonesian)``."""
    words = ", ".join(f"«{word}»" for word in reason.words)
    language = speech.language_name(reason.language)
    return f"{reason.clause}: {words} ({language})" if language else f"{reason.clause}: {words}"


def no_alert(speech: Speech, outcome: NoAlert, audience: Audience) -> str:
    """/why, and there is nothing to explain."""
    if outcome.replied:
        return speech.gettext(
            "That message is none of my alerts. Reply to an alert with /why, or send /why for the newest."
        )
    none = speech.gettext("No alert has come here yet.")
    if not outcome.following:
        return f"{none} {nothing_yet(speech, audience)}"
    return f"{none} {audience.follows(speech, outcome.following)}"


def why(speech: Speech, outcome: Why) -> list[str]:
    """Why an alert came."""
    item = outcome.item
    language = speech.language_name(item.language)
    title, original = short(item.title, TITLE_CHARS), short(outcome.original, TITLE_CHARS)
    heading = speech.gettext("Why this alert")
    lines = [f"<b>{heading}</b>\n{_title(speech, item.title, item.url)}"]
    if original and original != title:
        lines.append(f"<i>{escape(original)}</i>{escape(f' ({language})' if language else '')}")
    for subscription, reasons in outcome.reasons:
        lines.append(f"\n{code(subscription)}")
        lines += [f"• {escape(short(_reason(speech, reason), LINE_CHARS))}" for reason in reasons]
    facts = [
        speech.gettext("Translation: {what}", what=_translation(speech, outcome)),
        speech.gettext("Source: {what}", what=_source(speech, outcome)),
        speech.gettext("Published: {when}", when=_time(speech, outcome.published, outcome.zone))
        if outcome.published
        else speech.gettext("Published: the feed does not say"),
        speech.gettext("Read: {when}", when=_time(speech, outcome.fetched, outcome.zone)),
        speech.gettext("Sent: {when}", when=_time(speech, outcome.sent, outcome.zone))
        if outcome.sent
        else speech.gettext("Sent: not yet"),
    ]
    lines.append("\n" + "\n".join(map(escape, facts)))
    return pages(lines)


def _time(speech: Speech, moment: datetime, zone: str) -> str:
    return local_time(moment, zone, speech.language)


def _translation(speech: Speech, outcome: Why) -> str:
    made = translators(outcome.translator)
    if made:
        who = short(_made_by(speech, made), LINE_CHARS)
        language = speech.language_name(outcome.item.language)
        if not language:
            return speech.gettext("translated by {who}", who=who)
        return speech.gettext("translated from {language} by {who}", language=language, who=who)
    if outcome.item.language == "en":
        return speech.gettext("none needed, it is in English")
    if outcome.translator is not None:
        return speech.gettext("none needed, there are no words to translate")
    return speech.gettext("not translated yet")


def _made_by(speech: Speech, made: Sequence[Sequence[str]]) -> str:
    known = {"local": speech.gettext("a local model"), "glossary": speech.gettext("the glossary")}
    shown = [speech.all_of(known.get(name, NAMES.get(name, name)) for name in names) for names in made]
    if len(shown) == 1:
        return shown[0]
    return speech.gettext("{first} (title) and {second} (summary)", first=shown[0], second=shown[1])


def _source(speech: Speech, outcome: Why) -> str:
    parts = [
        short(outcome.item.source, NAME_CHARS),
        country_name(outcome.country, speech),
        tier_name(outcome.tier, speech),
    ]
    return " · ".join(part for part in parts if part)
