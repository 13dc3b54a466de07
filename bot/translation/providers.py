"""The translators that can be asked, each one class around deep-translator with the same three promises.

A call blocks for a bounded time (see `timeouts`), so it belongs in a thread; a new deep-translator object is
made for each call, because those are not thread-safe; and whatever goes wrong comes back as a ProviderFailure
value: no exception leaves a provider (a StopIteration would make asyncio wait for ever), no text holds a key.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote_plus

from deep_translator import GoogleTranslator, LibreTranslator, MyMemoryTranslator
from deep_translator.exceptions import BaseError, TranslationNotFound

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.timeouts import CallFailed, Limits, install, limited_to

# Google's and Libre's text travels in the address: a Cyrillic letter takes 6 bytes there, and 8,190 bytes is
# the longest request line that servers and proxies commonly take. (Google itself takes some 1,500 letters.)
URL_SAFE_CHARS = 1_200
MYMEMORY_CHARS = 240  # its limit is 500 bytes of UTF-8

GOOGLE_CODES = {code: code for code in ("id", "ms", "ru", "uk", "kk", "vi", "en")} | {"zh": "zh-CN"}
LIBRE_CODES = {"id": "id", "ru": "ru", "zh": "zh", "vi": "vi", "en": "en"}
MYMEMORY_CODES = {
    "id": "id-ID",
    "ms": "ms-MY",
    "ru": "ru-RU",
    "uk": "uk-UA",
    "kk": "kk-KZ",
    "zh": "zh-CN",
    "vi": "vi-VN",
    "en": "en-GB",
}


class Provider(Protocol):
    """Somebody who translates one text of at most `max_chars` characters."""

    @property
    def name(self) -> str:
        """As in RAREWATCH_TRANSLATORS."""

    @property
    def max_chars(self) -> int:
        """The longest text of one call."""

    def translate(self, text: str, source: str, target: str = "en") -> str | ProviderFailure:
        """The translation, or why there is none. Blocks; safe to call from many threads at once.

        `source` and `target` are ISO 639-1. The reply is as the service gave it: `checks` judges it.
        """


class GoogleProvider:
    """Google's page for old phones: no key, no promise. `base_url` puts another server in its place."""

    name = "google"
    max_chars = URL_SAFE_CHARS

    def __init__(self, base_url: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008 -- frozen
        install()
        self._base_url = base_url
        self._limits = limits

    def translate(self, text: str, source: str, target: str = "en") -> str | ProviderFailure:
        """See Provider."""

        def call() -> object:
            translator = GoogleTranslator(source=GOOGLE_CODES[source], target=GOOGLE_CODES[target])
            if self._base_url:
                translator._base_url = self._base_url  # its base_url argument raises a TypeError
            return translator.translate(text)

        if failure := _unsupported(self.name, GOOGLE_CODES, source, target):
            return failure
        return _guarded(self.name, call, self._limits)


class LibreProvider:
    """A LibreTranslate server, mostly one's own. `key` may be empty."""

    name = "libre"
    max_chars = URL_SAFE_CHARS

    def __init__(self, url: str, key: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008
        install()
        self._url = url.rstrip("/") + "/"  # deep-translator appends "translate" to it as it stands
        self._key = key or ""
        self._limits = limits

    def __repr__(self) -> str:
        return "LibreProvider()"  # the address may hold a password, and the key is one

    def translate(self, text: str, source: str, target: str = "en") -> str | ProviderFailure:
        """See Provider."""

        def call() -> object:
            translator = LibreTranslator(
                source=LIBRE_CODES[source],
                target=LIBRE_CODES[target],
                api_key=self._key or "none",  # it refuses to be made without one …
                custom_url=self._url,
            )
            translator.api_key = self._key  # … and sends none when this is empty
            return translator.translate(text)

        if failure := _unsupported(self.name, LIBRE_CODES, source, target):
            return failure
        return _guarded(self.name, call, self._limits, secrets=(self._key, text))


class MyMemoryProvider:
    """MyMemory: free, limited to some 5,000 characters a day, over plain http. A last resort."""

    name = "mymemory"
    max_chars = MYMEMORY_CHARS

    def __init__(self, base_url: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008
        install()
        self._base_url = base_url
        self._limits = limits

    def translate(self, text: str, source: str, target: str = "en") -> str | ProviderFailure:
        """See Provider."""

        def call() -> object:
            translator = MyMemoryTranslator(source=MYMEMORY_CODES[source], target=MYMEMORY_CODES[target])
            if self._base_url:
                translator._base_url = self._base_url
            reply = translator.translate(text)
            return html.unescape(reply) if isinstance(reply, str) else reply  # it sends &#39; and &quot;

        if failure := _unsupported(self.name, MYMEMORY_CODES, source, target):
            return failure
        return _guarded(self.name, call, self._limits)


def _guarded(
    name: str, call: Callable[[], object], limits: Limits, *, secrets: tuple[str, ...] = ()
) -> str | ProviderFailure:
    """Make the call; give its text, or the failure in our own words; an exception's text is never used."""

    def failed(kind: FailureKind, reason: str) -> ProviderFailure:
        return ProviderFailure(name, kind, reason)

    try:
        with limited_to(limits):
            reply = call()
    except CallFailed as exc:
        said = _redacted(exc.said, secrets)
        return failed(exc.kind, f"{exc.reason}: {said}" if said else exc.reason)
    except TranslationNotFound:
        return failed(FailureKind.PROTOCOL, "sent a page without a translation (a consent or robot page?)")
    except BaseError as exc:  # deep-translator's complaints about languages, lengths and keys
        return failed(FailureKind.UNSUPPORTED, f"can't take this text or language ({type(exc).__name__})")
    except (KeyError, TypeError, AttributeError, IndexError, StopIteration):
        return failed(FailureKind.PROTOCOL, "answered in a form it should not have")
    except Exception as exc:  # the last net: its text may hold the key, so it ends in this thread
        return failed(FailureKind.CRASHED, f"failed in an unforeseen way ({type(exc).__name__})")
    if reply is None:
        return failed(FailureKind.UNUSABLE, "sent nothing back")
    if not isinstance(reply, str):
        return failed(FailureKind.PROTOCOL, "sent something that is not text")
    return reply


def _unsupported(name: str, codes: dict[str, str], source: str, target: str) -> ProviderFailure | None:
    for language in (source, target):
        if language not in codes:
            return ProviderFailure(name, FailureKind.UNSUPPORTED, f"does not know the language {language!r}")
    return None


def _redacted(said: str, secrets: tuple[str, ...]) -> str:
    """A server's own error text in one short line, without the secrets it may repeat."""
    for secret in filter(None, secrets):
        for form in (secret, quote_plus(secret)):
            said = said.replace(form, "***")
    line = " ".join(said.split())
    return line if len(line) <= 120 else line[:119] + "…"
