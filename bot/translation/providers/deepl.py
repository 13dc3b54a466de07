"""DeepL, through its official client: paid, or free for a month's characters; the key goes in a header."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import deepl
from deepl.http_client import HttpClient

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks, find, from_xml, to_xml
from bot.translation.providers.calls import guarded, refused
from bot.translation.timeouts import BoundedCalls, Limits

# A request takes 128 KiB, and a Cyrillic letter is 6 bytes of its JSON. Short ones answer sooner.
DEEPL_CHARS = 8_000
DEEPL_TEXTS = 50

SOURCES = {code: code.upper() for code in ("id", "ru", "uk", "zh", "vi", "en")}
TARGETS = SOURCES | {"en": "EN-GB", "zh": "ZH-HANS"}

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML has no way to write them


@dataclass(frozen=True, slots=True)
class Usage:
    """Characters used of this period, and how many it has; None: no limit."""

    used: int
    limit: int | None


class DeepLProvider:
    """See Provider. `url` puts another server in place of DeepL's own, which the key's kind decides."""

    name = "deepl"
    max_chars = DEEPL_CHARS
    max_texts = DEEPL_TEXTS
    marks = Marks.XML

    def __init__(self, key: str, url: str | None = None, *, limits: Limits = Limits()) -> None:  # noqa: B008
        logging.getLogger("deepl").addFilter(_of_note)  # a filter is added once only
        server = None if url is None else url.rstrip("/") + "/"  # its client joins "v2/translate" to it
        self._client = deepl.Translator(key, server_url=server, send_platform_info=False)
        self._client._client = _OneCall()
        self._key = key
        self._limits = limits

    def __repr__(self) -> str:
        return "DeepLProvider()"

    @property
    def free(self) -> bool:
        """Whether the key is one of DeepL API Free."""
        return is_free(self._key)

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider."""
        marked = any(find(Marks.XML, text) for text in texts)

        def call() -> list[object]:
            results: Any = self._client.translate_text(
                [to_xml(_NOT_XML.sub(" ", text)) for text in texts] if marked else list(texts),
                source_lang=SOURCES[source],
                target_lang=TARGETS[target],
                tag_handling="xml" if marked else None,
                tag_handling_version="v2" if marked else None,
                # Its own cutting at line ends would tear what one of our texts holds together.
                split_sentences=deepl.SplitSentences.NO_NEWLINES,
            )
            return [from_xml(found.text) if marked else found.text for found in results]

        if not texts:
            return []
        if failure := refused(self, texts, SOURCES, source, target):
            return failure
        return guarded(self.name, call, texts, self._limits, secrets=(self._key,))

    def usage(self) -> Usage | ProviderFailure:
        """How much of the period is used. Costs nothing; blocks; never raises."""
        found: list[Usage] = []

        def call() -> list[object]:
            characters = self._client.get_usage().character
            found.append(Usage(characters.count or 0, characters.limit))
            return []

        reply = guarded(self.name, call, (), self._limits, secrets=(self._key,))
        if isinstance(reply, ProviderFailure):
            return reply
        [usage] = found
        if usage.limit is not None and usage.used >= usage.limit:
            reason = f"has used its {usage.limit:,} characters of this period"
            return ProviderFailure(self.name, FailureKind.QUOTA, reason)
        return usage


def is_free(key: str) -> bool:
    """Whether a key is one of DeepL API Free, whose server is another."""
    return deepl.util.auth_key_is_free_account(key)


class _OneCall(HttpClient):
    """One bounded request, in place of the client's own five with pauses of up to two minutes.

    How a request fails, CallFailed says: the client's own exceptions quote addresses and replies.
    """

    def __init__(self) -> None:
        super().__init__(send_platform_info=False)
        self._calls = BoundedCalls()

    def request_with_backoff(
        self,
        method: str,
        url: str,
        data: dict[str, Any] | None,
        json: dict[str, Any] | None,
        headers: dict[str, str],
        stream: bool = False,
        **kwargs: Any,
    ) -> tuple[int, str]:
        """See HttpClient."""
        request = self._prepare_request(method, url, data, json, headers, **kwargs)
        body = request.body.encode() if isinstance(request.body, str) else request.body
        reply = self._calls.send(method, url, headers=dict(request.headers), body=body)
        return reply.status_code, reply.content.decode("utf-8", errors="replace")


def _of_note(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING  # below that it logs texts and addresses
