"""DeepL's API on loopback, as strict as the real one: header key, codes, sizes, well-formed tags."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from xml.parsers import expat

from aiohttp import web

from tests.standins.google_translate import Fault, StandInServer, misbehave

_CODES = "AR BG CS DA DE EL EN ES ET FI FR HU ID IT JA KO LT LV NB NL PL PT RO RU SK SL SV TR UK VI ZH"
SOURCES = frozenset(_CODES.split())
TARGETS = (SOURCES - {"EN", "PT"}) | {"EN-GB", "EN-US", "PT-BR", "PT-PT", "ZH-HANS", "ZH-HANT"}
MOST_BYTES = 128 * 1024
MOST_TEXTS = 50
FREE_CHARACTERS = 500_000
_TAG = re.compile(r"<[^<>]+>")


class DeepLStandIn(StandInServer):
    """`POST /v2/translate` and `GET /v2/usage`. `used` counts characters; at `limit` it answers 456."""

    def __init__(
        self, answer: Callable[[str], str] = lambda text: f"English of: {text}", key: str = "key:fx"
    ) -> None:
        super().__init__()
        self.answer = answer
        self.key = key
        self.used = 0
        self.limit = FREE_CHARACTERS
        self.body: str | None = None  # in place of the whole reply
        self.bodies: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """For DeepLProvider(url=…)."""
        return self.origin

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """The JSON document, or the fault."""
        self.headers.append(dict(request.headers))
        if fault is not None and fault is not Fault.ECHO and fault is not Fault.EMPTY:
            return await misbehave(fault, request, self._released)
        if (
            "auth_key" in request.query
            or request.headers.get("Authorization") != f"DeepL-Auth-Key {self.key}"
        ):
            return refusal(403, f"Invalid auth key {request.headers.get('Authorization')}")
        match request.method, request.path:
            case "GET", "/v2/usage":
                return web.json_response({"character_count": self.used, "character_limit": self.limit})
            case "POST", "/v2/translate":
                return self._translate(await request.read(), fault)
            case _:
                return refusal(404, "Not found")

    def _translate(self, body: bytes, fault: Fault | None) -> web.Response:
        if len(body) > MOST_BYTES:
            return refusal(413, "Request Entity Too Large")
        asked = json.loads(body)
        self.bodies.append(asked)
        texts = asked.get("text")
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            return refusal(400, "Parameter 'text' not specified.")
        if len(texts) > MOST_TEXTS:
            return refusal(400, "Too many texts in request.")
        if asked.get("source_lang") not in SOURCES:
            return refusal(400, "Value for 'source_lang' not supported.")
        if asked.get("target_lang") not in TARGETS:
            return refusal(400, "Value for 'target_lang' not supported.")
        tags = asked.get("tag_handling") == "xml"
        if tags and not all(map(well_formed, texts)):
            return refusal(400, "Tag handling parsing failed, please check input.")
        cost = sum(map(len, texts))
        if self.used + cost > self.limit:
            return web.json_response({"message": "Quota Exceeded"}, status=456)
        self.used += cost
        if self.body is not None:
            return web.Response(text=self.body, content_type="application/json")
        return web.json_response(
            {
                "translations": [
                    {
                        "detected_source_language": asked["source_lang"],
                        "text": self._english(text, tags, fault),
                        "billed_characters": len(text),
                    }
                    for text in texts
                ]
            }
        )

    def _english(self, text: str, tags: bool, fault: Fault | None) -> str:
        if fault is Fault.EMPTY:
            return ""
        if fault is Fault.ECHO:
            return text
        return self._between_tags(text) if tags else self.answer(text)

    def _between_tags(self, text: str) -> str:
        """The whole is translated at once, as DeepL does; the tags stand for themselves."""
        tags = _TAG.findall(text)
        plain = html.unescape(_TAG.sub("\x00", text))
        english = html.escape(self.answer(plain), quote=False)
        for tag in tags:
            english = english.replace("\x00", tag, 1)
        return english


def well_formed(text: str) -> bool:
    """Whether it is XML once it stands in one element."""
    try:
        expat.ParserCreate().Parse(f"<text>{text}</text>".encode(), True)
    except expat.ExpatError:
        return False
    return True


def refusal(status: int, message: str) -> web.Response:
    """An error as DeepL sends it."""
    return web.json_response({"message": message}, status=status)
