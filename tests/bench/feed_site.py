"""A web server with many feeds, in a process of its own: `python -m tests.bench.feed_site FEEDS ITEMS`.

    /etag/N.xml   answers 304 to its own ETag
    /same/N.xml   the same document each time, without validators
    /new/N.xml    one new item in front at each request, the oldest gone; without validators

Prints its port when it is ready.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import Counter

from aiohttp import web

from tests.bench.sample import feed_document, one_more_item


class FeedSite:
    """The documents, and how often each was asked for."""

    def __init__(self, feeds: int, items: int) -> None:
        self._documents = [feed_document(number, items=items) for number in range(feeds)]
        self._asked: Counter[int] = Counter()

    async def reply(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"]) % len(self._documents)
        document = self._documents[number]
        match request.match_info["kind"]:
            case "etag":
                etag = f'"{hashlib.sha256(document).hexdigest()[:16]}"'
                if request.headers.get("If-None-Match") == etag:
                    return web.Response(status=304, headers={"ETag": etag})
                return web.Response(body=document, content_type="text/xml", headers={"ETag": etag})
            case "new":
                document = one_more_item(document, number, self._asked[number])
                self._asked[number] += 1
                self._documents[number] = document
        return web.Response(body=document, content_type="text/xml")


async def main() -> None:
    """Serves until its standard input ends: until whoever started it is gone."""
    feeds, items = map(int, sys.argv[1:3])
    app = web.Application()
    app.router.add_get("/{kind}/{number}.xml", FeedSite(feeds, items).reply)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
