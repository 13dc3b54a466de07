"""What the bot says whoever asks: hello, help, and why not. Telegram HTML within Telegram's limits. Pure.

What comes from people is cleaned, cut and escaped. An answer that may grow is a list of messages.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bot.chat.audience import Audience
from bot.chat.markup import QUERY_CHARS, code, escape, pages, short
from bot.chat.menu import COMMANDS, OPERATORS_COMMANDS
from bot.speech import NAMES, Speech


def start(speech: Speech, audience: Audience, following: int) -> str:
    """Hello."""
    lines = [
        speech.gettext("<b>Rarewatch</b> reads news in Indonesian, Russian and English."),
        speech.gettext("What you ask for, it sends you in English: rare earths, critical minerals, trade."),
        "",
        speech.gettext("Start with:"),
        "<code>/subscribe #rare_earths</code>",
        "<code>/subscribe nickel (export OR quota)</code>",
        speech.gettext("<code>/digest 08:00 Jakarta</code>"),
        "",
    ]
    if following:
        lines.append(f"{audience.follows(speech, following)} {see_list(speech)}")
    lines.append(speech.gettext("All about queries and commands: /help"))
    return "\n".join(lines)


def see_list(speech: Speech) -> str:
    """Where all subscriptions stand."""
    return speech.gettext("All of them: /list")


def help_pages(speech: Speech, concepts: Iterable[str], *, group: bool, operator: bool = False) -> list[str]:
    """All commands, how to write a query, and the concepts there are."""
    lines = [
        speech.gettext("<b>Commands</b>"),
        speech.gettext("/subscribe <i>query</i> – follow it: alerts come at once"),
        speech.gettext(
            "/unsubscribe <i>number</i> – stop following, by the number in /list; or <code>all</code>"
        ),
        speech.gettext("/list – what is followed here"),
        speech.gettext("/digest 08:00 Jakarta – a digest every day; <code>/digest off</code> ends it"),
        speech.gettext("/latest – the newest alerts again"),
        speech.gettext("/saved – the alerts that were saved here"),
        speech.gettext("/muted – what is muted here, to undo it"),
        speech.gettext("/preview <i>query</i> – what it would have brought in the last seven days"),
        speech.gettext("/why – as a reply to an alert: why it came, who translated it, when"),
        speech.gettext("/feeds – what is read, and how each feed stands"),
        speech.gettext(
            "/language – the language I speak here: <code>en</code>, <code>id</code> or <code>ru</code>"
        ),
    ]
    if operator:
        lines += [
            speech.gettext("/addfeed <i>address</i> – read one more feed; a web page that has one will do"),
            speech.gettext("/removefeed – read one fewer of those that were added"),
        ]
    if group:
        lines.append(speech.gettext("In a group its administrators change these; everybody may read."))
    examples = {
        "nickel export": speech.gettext("both words, in any inflection"),
        "nickel (export OR quota)": speech.gettext("one of several"),
        "nickel -football": speech.gettext("without a word"),
        '"export ban"': speech.gettext("exactly these words, side by side"),
        "редкоземельн*": speech.gettext("words that begin so"),
        "ban NEAR/5 export": speech.gettext("within five words of each other"),
        "title:tariff -source:rt.com lang:ru": speech.gettext("only there, or not from there"),
        "#rare_earths": speech.gettext("a concept: its terms in all three languages"),
    }
    lines += ["", speech.gettext("<b>Queries</b>")]
    lines += [f"{code(query)} – {meaning}" for query, meaning in examples.items()]
    names = [f"<code>#{escape(name)}</code>" for name in concepts]
    if not names:
        return pages(lines)
    heading = speech.gettext("<b>Concepts</b>")
    # The names are many entities: a message of their own keeps both below the limit.
    return [*pages(lines), *pages([f"{heading}\n{names[0]}", *names[1:]], joint=" ")]


def which_language(speech: Speech) -> str:
    """/language without saying which; each translation names its own language."""
    return speech.gettext("I speak English here. Which language shall I speak? The news stays in English.")


def language_set(speech: Speech) -> str:
    """The chat's language from now on; each translation names its own."""
    return speech.gettext("I speak English here from now on. The news stays in English.")


def language_refused(speech: Speech, asked: str) -> str:
    """A language that is none of ours."""
    known = speech.any_of(f"<code>{language}</code> ({name})" for language, name in NAMES.items())
    return speech.gettext(
        "I don't speak <b>{asked}</b>. Send one of these after /language: {known}.",
        asked=escape(short(asked, 80)),
        known=known,
    )


def administrators_only(speech: Speech) -> str:
    """Somebody else tried to change a group's settings."""
    return speech.gettext(
        "In a group only its administrators can change what is followed. "
        "Everybody can use /list, /latest and /help here, or talk to me in private."
    )


def administrators_only_short(speech: Speech) -> str:
    """The same as the answer to a button: plain, at most 200 characters."""
    return speech.gettext("In a group only its administrators can change what is followed.")


def not_allowed(speech: Speech, chat_id: int) -> str:
    """The owner keeps the bot for certain chats."""
    return speech.gettext(
        "Sorry, this Rarewatch serves only the chats its owner has chosen. "
        "The owner can add this one by its number: <code>{number}</code>",
        number=str(chat_id),
    )


def unknown_button(speech: Speech) -> str:
    """A button of an older version."""
    return speech.gettext("This button is too old to do anything.")


def unknown_command(speech: Speech, name: str) -> str:
    """A command nobody knows, in a private chat."""
    known = [command for command, _ in (*COMMANDS, *OPERATORS_COMMANDS)]
    near = difflib.get_close_matches(name.lower(), [*known, "follow"], n=1, cutoff=0.6)
    if near:
        return speech.gettext(
            "I don't know this command. Did you mean /{guess}? All commands: /help", guess=near[0]
        )
    return speech.gettext("I don't know this command. All commands: /help")


def offer(speech: Speech, text: str) -> str:
    """Plain words that would do as a query."""
    how = speech.gettext("To follow this, send:")
    return f"{how}\n<code>/subscribe {escape(short(text, QUERY_CHARS))}</code>"


def not_understood(speech: Speech) -> str:
    """Plain words that are no query, a picture, a sticker."""
    return speech.gettext(
        "I understand commands only. To follow something: <code>/subscribe #rare_earths</code>. More: /help"
    )


def something_went_wrong(speech: Speech) -> str:
    """An error of ours, before anything was written."""
    return speech.gettext("Something went wrong on my side; nothing was changed. Please try again.")
