"""A reader's language: sentences from its catalogue; its dates, numbers, lists, names of languages.

A sentence is written in the code whole and in English, with named placeholders, and looked up by that text:
``speech.gettext("Page {page} of {pages}", page="1", pages="3")``. Its caller escapes what is put in.

The catalogues are the .po files as translators edit them, read once a process. No compiled .mo stands beside
them: it could be older than its source, and needs a build before the first run. Pure but for that reading.
"""

from __future__ import annotations

import functools
import gettext
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from bot.phrase import Phrase

__all__ = ["ENGLISH", "LANGUAGES", "NAMES", "Phrase", "Speech", "named", "nearest"]

LANGUAGES = ("en", "id", "ru")
NAMES = {"en": "English", "id": "Bahasa Indonesia", "ru": "Русский"}
"""Each in its own words: who can't read the bot's language must find his own."""
DOMAIN = "rarewatch"
CATALOGUES = Path(__file__).parent / "chat" / "locales"

# Languages of Telegram whose speakers mostly read one of ours with more ease than English. Not Ukrainian:
# Russian unasked is no courtesy to many who speak it, and /language is one tap away.
_NEAREST = {
    "in": "id",  # what Indonesian was before 1989, and Java still says
    "ms": "id",
    "jv": "id",
    "su": "id",
    "be": "ru",
    "kk": "ru",
    "ky": "ru",
    "tg": "ru",
    "uz": "ru",
}


def nearest(code: str | None) -> str | None:
    """The language of ours for a reader whose device speaks `code` (an IETF tag); None when it isn't said."""
    if not code:
        return None
    language = code.lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else _NEAREST.get(language, "en")


def named(text: str) -> str | None:
    """The language that a person names: by its code, or as any of our languages calls it."""
    return _names().get(" ".join(text.casefold().split()))


@functools.cache
def _names() -> Mapping[str, str]:
    names = {NAMES[language].casefold(): language for language in LANGUAGES}
    for language in LANGUAGES:
        names[language] = language
        for reader in LANGUAGES:
            names[str(Locale(reader).languages[language]).casefold()] = language
    return names


@dataclass(frozen=True, slots=True)
class Speech:
    """One language to speak."""

    language: str
    locale: Locale
    _messages: gettext.NullTranslations = field(repr=False, compare=False)

    @classmethod
    def of(cls, language: str | None) -> Speech:
        """Of a language's code; English when it is none of ours."""
        return _speech(language if language in LANGUAGES else "en")

    def gettext(self, message: str, /, **values: object) -> str:
        """A sentence with its placeholders filled."""
        return self._messages.gettext(message).format_map(values)

    def ngettext(self, one: str, many: str, count: int, /, **values: object) -> str:
        """A sentence about so many of something; ``{count}`` is filled in, too."""
        message = self._messages.ngettext(one, many, count)
        return message.format_map({"count": self.number(count), **values})

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """A sentence that needs another translation than elsewhere; `context` says where it stands."""
        return self._messages.pgettext(context, message).format_map(values)

    def say(self, phrase: Phrase) -> str:
        """A sentence that was kept for later."""
        return self._messages.gettext(phrase.text).format_map(phrase.values)

    def number(self, number: float) -> str:
        """``12,900``, ``12 900``: as the language groups digits."""
        return format_decimal(number, locale=self.locale)

    def day(self, day: date) -> str:
        """``24 November``: a day of about now."""
        return format_date(day, "d MMMM", locale=self.locale)

    def any_of(self, items: Iterable[str]) -> str:
        """``a, b or c``."""
        return format_list(list(items), style="or", locale=self.locale)

    def all_of(self, items: Iterable[str]) -> str:
        """``a, b and c``."""
        return format_list(list(items), locale=self.locale)

    def language_name(self, code: str | None) -> str:
        """The name of a language; its code when it has none; empty for None."""
        if not code:
            return ""
        return str(self.locale.languages.get(code.lower().partition("-")[0], code))

    def country_name(self, code: str | None) -> str:
        """The name of a country; its code when it has none; empty for None."""
        return str(self.locale.territories.get(code.upper(), code)) if code else ""


@functools.cache
def _speech(language: str) -> Speech:
    return Speech(language, Locale(language), _read(language))


def _read(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


ENGLISH = Speech.of("en")
