"""Google's page for old phones, through deep-translator: no key, no promise."""

from __future__ import annotations

from collections.abc import Sequence

from deep_translator import GoogleTranslator

from bot.translation.failures import ProviderFailure
from bot.translation.marks import Marks
from bot.translation.providers.calls import URL_SAFE_CHARS, guarded, refused
from bot.translation.timeouts import Limits, install

GOOGLE_CODES = {code: code for code in ("id", "ms", "ru", "uk", "kk", "vi", "en")} | {"zh": "zh-CN"}


class GoogleProvider:
    """See Provider. `base_url` puts another server in Google's place."""

    name = "google"
    max_chars = URL_SAFE_CHARS
    max_texts = 1
    marks = Marks.BRACKETS

    def __init__(self, base_url: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008 -- frozen
        install()
        self._base_url = base_url
        self._limits = limits

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider."""

        def call() -> list[object]:
            # A new one for each call: they are not thread-safe.
            translator = GoogleTranslator(source=GOOGLE_CODES[source], target=GOOGLE_CODES[target])
            if self._base_url:
                translator._base_url = self._base_url  # its base_url argument raises a TypeError
            return [translator.translate(texts[0])]

        if not texts:
            return []
        if failure := refused(self, texts, GOOGLE_CODES, source, target):
            return failure
        return guarded(self.name, call, texts, self._limits)
