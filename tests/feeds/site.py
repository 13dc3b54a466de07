"""A web site on loopback that answers as a test tells it to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
