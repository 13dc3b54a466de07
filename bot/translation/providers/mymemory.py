"""MyMemory, through deep-translator: free, some 5,000 characters a day, over plain http. A last resort."""

from __future__ import annotations

import html
from collections.abc import Sequence

from deep_translator import MyMemoryTranslator

from bot.translation.failures import ProviderFailure
from bot.translation.marks import Marks
from bot.translation.providers.calls import guarded, refused
from bot.translation.timeouts import Limits, install

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

        def call() -> object:
            translator = MyMemoryTranslator(source=MYMEMORY_CODES[source], target=MYMEMORY_CODES[target])
            if self._base_url:
                translator._base_url = self._base_url
            reply = translator.translate(texts[0])
            return html.unescape(reply) if isinstance(reply, str) else reply  # it sends &#39; and &quot;

        if not texts:
            return []
        if failure := refused(self, texts, MYMEMORY_CODES, source, target):
            return failure
        return guarded(self.name, call, texts, self._limits)
