"""A site to fetch from, and a session that may."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.feeds.fetch import open_session
from tests.feeds.site import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
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
    yield site
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(allow_private=True) as session:
        yield session
