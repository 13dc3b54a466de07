"""A LibreTranslate server on loopback that can be told to answer anything: faults the demo's never has."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from tests.standins.google_translate import Fault, StandInServer, misbehave


class LibreStandIn(StandInServer):
    """`POST /translate?q=…&source=…&target=…&format=text&api_key=…`, answered in JSON.

    `body` replaces the whole JSON text of the reply; `key` is the key that is asked for.
    """

    def __init__(
        self, answer: Callable[[str], str] = lambda text: f"English of: {text}", key: str = ""
    ) -> None:
        super().__init__()
        self.answer = answer
        self.key = key
        self.body: str | None = None

    @property
    def url(self) -> str:
        """For LibreProvider."""
        return self.origin

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """The JSON document, or the fault."""
        if fault is not None and fault is not Fault.ECHO:
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
        return web.json_response(
            {"translatedText": query["q"] if fault is Fault.ECHO else self.answer(query["q"])}
        )
