"""A LibreTranslate server on loopback that can be told to answer anything: faults the demo's never has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from tests.standins.google_translate import Fault, StandInServer, misbehave

CODES = frozenset({"id", "ms", "ru", "uk", "kk", "zh", "vi", "en", "de"})


class LibreStandIn(StandInServer):
    """`POST /translate?q=…&source=…&target=…&format=text&api_key=…`, answered in JSON.

    `body` replaces the whole JSON text of the reply; `key` is the key that is asked for. What a real server
    refuses is refused: a missing parameter, a language it has not, more than `char_limit` characters.
    """

    def __init__(
        self, answer: Callable[[str], str] = lambda text: f"English of: {text}", key: str = ""
    ) -> None:
        super().__init__()
        self.answer = answer
        self.key = key
        self.body: str | None = None
        self.char_limit: int | None = None

    @property
    def url(self) -> str:
        """For LibreProvider."""
        return self.origin

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """The JSON document, or the fault."""
        if fault is not None and fault not in (Fault.ECHO, Fault.EMPTY):
            return await misbehave(fault, request, self._released)
        if request.method != "POST" or request.path != "/translate":
            return web.json_response({"error": "Not found"}, status=404)
        query = request.query
        given = query.get("api_key", "")
        if self.key and given != self.key:
            # As unkind as a server can be: it repeats the key and the text.
            return web.json_response({"error": f"Invalid API key {given} for {query.get('q')}"}, status=403)
        if self.body is not None:
            return web.Response(text=self.body, content_type="application/json")
        if refusal := self._refusal(query):
            return web.json_response({"error": refusal}, status=400)
        text = query["q"]
        return web.json_response(
            {"translatedText": {Fault.ECHO: text, Fault.EMPTY: ""}[fault] if fault else self.answer(text)}
        )

    def _refusal(self, query: Mapping[str, str]) -> str | None:
        for name in ("q", "source", "target"):
            if not query.get(name):
                return f"Invalid request: missing {name} parameter"
        if query.get("format", "text") not in ("text", "html"):
            return f"{query['format']} format is not supported"
        for name in ("source", "target"):
            if query[name] not in CODES:
                return f"{query[name]} is not supported"
        if self.char_limit is not None and len(query["q"]) > self.char_limit:
            return f"Invalid request: request ({len(query['q'])}) exceeds text limit ({self.char_limit})"
        return None
