"""A LibreTranslate server, mostly one's own, through deep-translator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deep_translator import LibreTranslator

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks
from bot.translation.providers.calls import URL_SAFE_CHARS, guarded, refused
from bot.translation.timeouts import CallFailed, Limits, install

LIBRE_CODES = {"id": "id", "ru": "ru", "zh": "zh", "vi": "vi", "en": "en"}


class LibreProvider:
    """See Provider. `key` may be empty."""

    name = "libre"
    max_chars = URL_SAFE_CHARS
    max_texts = 1
    marks = Marks.BRACKETS

    def __init__(self, url: str, key: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008
        install()
        self._url = url.rstrip("/") + "/"  # deep-translator appends "translate" to it as it stands
        self._key = key or ""
        self._limits = limits

    def __repr__(self) -> str:
        return "LibreProvider()"  # the address may hold a password, and the key is one

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider."""

        def call() -> list[object]:
            translator = LibreTranslator(
                source=LIBRE_CODES[source],
                target=LIBRE_CODES[target],
                api_key=self._key or "none",  # it refuses to be made without one …
                custom_url=self._url,
            )
            translator.api_key = self._key  # … and sends none when this is empty
            return [translator.translate(texts[0])]

        if not texts:
            return []
        if failure := refused(self, texts, LIBRE_CODES, source, target):
            return failure
        return guarded(self.name, call, texts, self._limits, secrets=(self._key,), inspect=_inspect)


def _inspect(document: Any) -> None:
    """Complaints about this text or language come with status 400, like those about any request."""
    said = document.get("error") if isinstance(document, dict) else None
    if not isinstance(said, str):
        return
    if "text limit" in said or "exceeds" in said:
        raise CallFailed(FailureKind.UNSUPPORTED, "takes no text this long")
    if "is not supported" in said or "is not available" in said:
        raise CallFailed(FailureKind.UNSUPPORTED, "has not this language installed")
