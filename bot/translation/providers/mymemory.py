"""MyMemory, through deep-translator: free, some 5,000 characters a day, over plain http. A last resort."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from deep_translator import MyMemoryTranslator

from bot.translation.checks import is_warning
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks
from bot.translation.providers.calls import guarded, refused
from bot.translation.timeouts import CallFailed, Limits, install

MYMEMORY_CHARS = 240  # its limit is 500 bytes of UTF-8
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


# How like a remembered text must be to ours, of 1. What its machine translates is marked with 0.85.
LEAST_MATCH = 0.8
_USED_UP = re.compile(r"YOU USED ALL AVAILABLE|FREE TRANSLATIONS FOR TODAY|USAGELIMITS\.PHP", re.IGNORECASE)
_NEXT = re.compile(r"NEXT AVAILABLE IN\s+(\d{1,2}) HOURS?\s+(\d{1,2}) MINUTES?")


class MyMemoryProvider:
    """See Provider. `base_url` puts another server in its place."""

    name = "mymemory"
    max_chars = MYMEMORY_CHARS
    max_texts = 1
    marks = Marks.NONE  # it answers from other people's translations, which hold other marks than ours

    def __init__(self, base_url: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008
        install()
        self._base_url = base_url
        self._limits = limits

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider."""

        def call() -> list[object]:
            translator = MyMemoryTranslator(source=MYMEMORY_CODES[source], target=MYMEMORY_CODES[target])
            if self._base_url:
                translator._base_url = self._base_url
            reply = translator.translate(texts[0])
            return [html.unescape(reply) if isinstance(reply, str) else reply]  # it sends &#39; and &quot;

        if not texts:
            return []
        if failure := refused(self, texts, MYMEMORY_CODES, source, target):
            return failure
        return guarded(self.name, call, texts, self._limits, inspect=_inspect)


def _inspect(document: Any) -> None:
    """The failures MyMemory sends in place of a translation, most of them with status 200."""
    if not isinstance(document, dict):
        return
    details = document.get("responseDetails")
    said = details if isinstance(details, str) else ""
    data = document.get("responseData")
    text = data.get("translatedText") if isinstance(data, dict) else None
    status = str(document.get("responseStatus", ""))
    if document.get("quotaFinished") is True or _USED_UP.search(f"{said} {text}"):
        raise CallFailed(FailureKind.QUOTA, f"has used today's free translations{_next(f'{said} {text}')}")
    if is_warning(said) or is_warning(text):
        raise CallFailed(FailureKind.UNSUPPORTED, "can't take this text or language")
    if status == "429":
        raise CallFailed(FailureKind.THROTTLED, "asks for fewer requests (status 429)")
    if status == "403":
        raise CallFailed(FailureKind.REFUSED, "refuses to serve us (status 403)")
    if status.startswith("5"):
        raise CallFailed(FailureKind.SERVER, f"has a fault (status {status[:3]})")
    if isinstance(data, dict) and text is None:
        # deep-translator would take the first of the matches then: a text like ours, in any degree.
        raise CallFailed(FailureKind.UNUSABLE, "knows no translation of this text")
    likeness = data.get("match") if isinstance(data, dict) else None
    if isinstance(likeness, int | float) and likeness < LEAST_MATCH:
        raise CallFailed(FailureKind.UNUSABLE, "knows only a text that is like this one")


def _next(said: str) -> str:
    """When there is more, of a warning's "NEXT AVAILABLE IN  09 HOURS 45 MINUTES"."""
    found = _NEXT.search(said)
    return f" (more in {int(found[1])} h {int(found[2])} min)" if found else ""
