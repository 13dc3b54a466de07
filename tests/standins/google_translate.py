"""Google's translation page on loopback, with every fault a translator's server is known to show.

It refuses what Google refuses: another path or method, a code it has not, no text, a text too long.
`answer` makes the English of a text; `fault` breaks the replies until it is set to None again.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiohttp import web


class Fault(StrEnum):
    """How the server misbehaves."""

    THROTTLED = "429"
    BROKEN = "500"
    FORBIDDEN = "403"
    RESET = "reset"
    HANG = "hang"
    DRIP = "drip"
    CONSENT = "consent page"
    EMPTY = "empty div"
    ECHO = "echo"
    GARBAGE = "binary garbage"
    HUGE = "a page of megabytes"


CODES = frozenset({"id", "ms", "ru", "uk", "kk", "zh-CN", "zh-TW", "vi", "en", "de", "ja"})
MOST_LETTERS = 5_000

CONSENT_PAGE = """<!doctype html><html><head><title>Before you continue to Google</title></head>
<body><form action="/save"><h1>Before you continue to Google</h1><button>Accept
all</button></form></body></html>"""


async def misbehave(fault: Fault, request: web.Request, released: asyncio.Event) -> web.StreamResponse:
    """The faults that do not depend on what is asked for."""
    match fault:
        case Fault.THROTTLED | Fault.BROKEN | Fault.FORBIDDEN:
            return web.Response(status=int(fault), text="<html>error</html>", content_type="text/html")
        case Fault.RESET:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case Fault.HANG:
            await released.wait()
            return web.Response()
        case Fault.DRIP:
            response = web.StreamResponse(headers={"Content-Type": "text/html"})
            await response.prepare(request)
            try:
                while not released.is_set():
                    await response.write(b" ")
                    await asyncio.sleep(0.01)
            except ConnectionError:  # the client had enough, which is what is tested
                return response
            return response
        case Fault.GARBAGE:
            return web.Response(body=bytes(range(256)) * 4, content_type="application/octet-stream")
        case Fault.HUGE:
            return web.Response(text="x" * 3_000_000, content_type="text/html")
        case _:
            return web.Response(text=CONSENT_PAGE, content_type="text/html")


class StandInServer:
    """A loopback server that lives within `async with`, counts requests and lets hung ones go at the end."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.connections: set[object] = set()
        self.fault: Fault | None = None
        self.faults: list[Fault | None] = []  # for the next requests, one each, before `fault`
        self.port = 0
        self._released = asyncio.Event()

    @property
    def origin(self) -> str:
        """http://127.0.0.1:PORT"""
        return f"http://127.0.0.1:{self.port}"

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """What this server sends."""
        raise NotImplementedError

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(dict(request.query))
        self.connections.add(request.transport)
        return await self.reply(request, self.faults.pop(0) if self.faults else self.fault)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        await self._runner.cleanup()


class GoogleStandIn(StandInServer):
    """`GET /m?tl=en&sl=id&q=…`, answered by a page with `<div class="result-container">`."""

    def __init__(self, answer: Callable[[str], str] = lambda text: f"English of: {text}") -> None:
        super().__init__()
        self.answer = answer
        self.delay_s = 0.0

    @property
    def url(self) -> str:
        """For GoogleProvider(base_url=…)."""
        return f"{self.origin}/m"

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """The page."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        text = request.query.get("q", "")
        if request.method != "GET" or request.path != "/m":
            return web.Response(status=404)
        if not {request.query.get("sl"), request.query.get("tl")} <= CODES or len(text) > MOST_LETTERS:
            return web.Response(status=400, text="<html>That’s an error.</html>", content_type="text/html")
        if not text.strip():
            return web.Response(text="<html><form></form></html>", content_type="text/html")
        match fault:
            case None:
                return page(self.answer(text))
            case Fault.EMPTY:
                return page("")
            case Fault.ECHO:
                return page(text)
            case _:
                return await misbehave(fault, request, self._released)


def page(english: str, *, escaped: bool = True) -> web.Response:
    """Google's page with this translation in it."""
    inner = html.escape(english) if escaped else english
    return web.Response(
        text=f'<!doctype html><html><body><div class="header">Google Translate</div>'
        f'<div class="result-container">{inner}</div><div class="links-container"></div></body></html>',
        content_type="text/html",
        charset="utf-8",
    )
