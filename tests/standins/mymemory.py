"""MyMemory on loopback: what it refuses it mostly says with status 200, where a translation should stand."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.standins.google_translate import Fault, StandInServer, misbehave

CODES = frozenset(["id-ID", "ms-MY", "ru-RU", "uk-UA", "kk-KZ", "zh-CN", "vi-VN", "en-GB"])
MOST_BYTES = 500
QUOTA = (
    "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY. NEXT AVAILABLE IN  09 HOURS 45 "
    "MINUTES 12 SECONDS VISIT HTTPS://MYMEMORY.TRANSLATED.NET/DOC/USAGELIMITS.PHP TO TRANSLATE MORE"
)
PAIR = (
    "'{}' IS AN INVALID SOURCE LANGUAGE . EXAMPLE: LANGPAIR=EN|IT USING 2 LETTER ISO OR RFC3066 LIKE ZH-CN."
)


class MyMemoryStandIn(StandInServer):
    """`GET /get?langpair=id-ID|en-GB&q=…`. `document` replaces the reply; at `limit` it is used up."""

    def __init__(self, answer: Callable[[str], str] = lambda text: f"English of: {text}") -> None:
        super().__init__()
        self.answer = answer
        self.document: Any = ...
        self.used = 0
        self.limit = 5_000

    @property
    def url(self) -> str:
        """For MyMemoryProvider(base_url=…)."""
        return f"{self.origin}/get"

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """The JSON document, or the fault."""
        if fault is not None and fault not in (Fault.ECHO, Fault.EMPTY):
            return await misbehave(fault, request, self._released)
        if request.method != "GET" or request.path != "/get":
            return web.Response(status=404)
        if self.document is not ...:
            return web.json_response(self.document)
        text, (source, _, target) = request.query.get("q", ""), request.query["langpair"].partition("|")
        if source not in CODES or target not in CODES:
            return web.json_response(document(PAIR.format(source), status="403", match=None))
        if not text:
            return web.json_response(
                document("NO QUERY SPECIFIED. EXAMPLE REQUEST: GET?Q=HELLO", status="403")
            )
        if len(text.encode()) > MOST_BYTES:
            said = "QUERY LENGTH LIMIT EXCEEDED. MAX ALLOWED QUERY : 500 CHARS"
            return web.json_response(document(said, status="403"))
        self.used += len(text)
        if self.used > self.limit:
            return web.json_response({**document(QUOTA, status="429"), "quotaFinished": True})
        english = {Fault.ECHO: text, Fault.EMPTY: ""}.get(fault) if fault else self.answer(text)
        return web.json_response(document(html.escape(english or "")))


def document(text: str | None, *, status: str | int = 200, match: float | None = 0.85) -> dict[str, Any]:
    """What MyMemory sends: `match` says how like the remembered text is to the one asked for."""
    failed = str(status) != "200"
    return {
        "responseData": {"translatedText": text, "match": match},
        "quotaFinished": False,
        "responseDetails": text if failed else "",
        "responseStatus": status,
        "matches": [{"translation": "Quite another text", "match": 0.4}],
    }
