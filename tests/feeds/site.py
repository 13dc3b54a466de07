"""A web site on loopback that answers as a test tells it to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

BODY: Final = b"<rss><channel><title>Tambang</title></channel></rss>"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """One page a test, on a free port of 127.0.0.1; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.handler: Handler | None = None
        self.base = ""

    def url(self, path: str = "/feed") -> str:
        return self.base + path

    def answers(self, handler: Handler) -> None:
        self.handler = handler

    def says(self, body: bytes = BODY, status: int = 200, **headers: str) -> None:
        async def handle(_: web.Request) -> web.Response:
            return web.Response(
                body=body,
                status=status,
                headers={name.replace("_", "-"): value for name, value in headers.items()},
            )

        self.handler = handle


@asynccontextmanager
async def open_site() -> AsyncIterator[Site]:
    """A site that is there for a while."""
    site = Site()

    async def dispatch(request: web.Request) -> web.StreamResponse:
        site.requests.append(request)
        assert site.handler is not None
        return await site.handler(request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", dispatch)
    runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()
