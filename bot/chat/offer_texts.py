"""What the bot says of translated words that it offers for a query. Telegram HTML. Pure."""

from __future__ import annotations

from bot.chat.markup import bold, code, escape, short
from bot.chat.offers import Offer, Offered, Verdict
from bot.phrase import Phrase
from bot.speech import Speech
from storage.models import CandidateState

TERM_CHARS = 80
WORDS_CHARS = 120

_DECIDED = {
    Verdict.ADDED: Phrase("Added to the query."),
    Verdict.DROPPED: Phrase("Left out."),
    Verdict.ALL_ADDED: Phrase("All added to the query."),
    Verdict.TAKEN_BACK: Phrase("Taken back; you may decide anew."),
    Verdict.OPEN: Phrase("Reply with your own words."),
    Verdict.OPEN_AGAIN: Phrase("This is open: decide as you like."),
    Verdict.DECIDED_BEFORE: Phrase("This was decided before."),
    Verdict.ENDED: Phrase("This query is not followed here any more."),
    Verdict.NO_WORDS: Phrase("There is no word in it. Nothing was changed."),
    Verdict.TOO_LONG: Phrase("The query would become too long. Nothing was changed."),
    Verdict.SAME: Phrase("A query with these words is followed already; see /list. Nothing was changed."),
}


def translations(speech: Speech, offer: Offer) -> str:
    """Translations of a query's words, each with what became of it."""
    lines = []
    if offer.items:
        lines += [
            speech.gettext(
                "Shall I look for these words too? Only those you confirm become part of the query."
            ),
            "",
            *(_offered(speech, item) for item in offer.items),
        ]
    if offer.missing:
        missing = ", ".join(f"«{escape(short(term, TERM_CHARS))}»" for term in offer.missing)
        lines.append(
            speech.gettext(
                "Translations of {words} are not at hand now; the query works in its own language and over "
                "the English text.",
                words=missing,
            )
        )
    if any(not item.open for item in offer.items):
        now = speech.gettext("The query is now: {query}", query=code(offer.text))
        lines += ["", now, speech.gettext("↶ takes a decision back.")]
    return "\n".join(lines)


def _offered(speech: Speech, item: Offered) -> str:
    mark = {CandidateState.ADDED: "✓ ", CandidateState.DROPPED: "✗ "}.get(CandidateState(item.state), "")
    term, words = escape(short(item.term, TERM_CHARS)), escape(short(item.text, WORDS_CHARS))
    line = f"{mark}{term} → <b>{words}</b>, {escape(speech.language_name(item.language))}"
    if not item.back:
        return line
    back = speech.gettext("back: {words}", words=escape(short(item.back, TERM_CHARS)))
    return f"{line} ({back})"


def write_words(speech: Speech, item: Offered) -> str:
    """Asks for the words to use in place of a translation."""
    return speech.gettext(
        "Which {language} words for {term}? Reply to this message; separate several with commas.",
        term=bold(item.term),
        language=escape(speech.language_name(item.language)),
    )


def decided(speech: Speech, verdict: Verdict) -> str:
    """What came of a press or a reply; plain text, at most 200 characters."""
    return speech.say(_DECIDED[verdict])
