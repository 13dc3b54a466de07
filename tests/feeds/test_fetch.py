"""The fetcher against a real HTTP server on loopback that misbehaves in every way a server can."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import brotli
import pytest
from aiohttp import web

from bot.feeds.failures import FailureKind
from bot.feeds.fetch import (
    DEFAULT_USER_AGENT,
    Fetched,
    FetchError,
    Limits,
    Validators,
    fetch,
)
from tests.feeds.site import BODY, Handler, Site

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NONE = Validators()
QUICK = Limits(connect_s=2, read_s=0.2, deadline_s=3)


@pytest.fixture
async def raw() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """A server that sends given bytes, HTTP or not, and hangs up."""
    servers: list[asyncio.Server] = []

    async def serve(reply: bytes) -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"

    yield serve
    for server in servers:
        server.close()
        await server.wait_closed()


async def failing(
    session: aiohttp.ClientSession, url: str, *, limits: Limits = QUICK, validators: Validators = NONE
) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetch(session, url, validators=validators, limits=limits, now=NOW)
    return caught.value


async def test_a_feed_comes_with_its_validators_and_type(site: Site, session: aiohttp.ClientSession) -> None:
    site.says(ETag='"a1"', Last_Modified="Mon, 23 Nov 2026 10:00:00 GMT", Content_Type="application/rss+xml")
    fetched = await fetch(session, site.url(), validators=NONE)
    assert fetched == Fetched(
        status=200,
        url=site.url(),
        body=BODY,
        content_type="application/rss+xml",
        validators=Validators('"a1"', "Mon, 23 Nov 2026 10:00:00 GMT"),
        retry_after_s=None,
        moved_permanently_to=None,
        fresh_for_s=None,
    )


async def test_a_feed_may_have_a_user_agent_of_its_own(site: Site, session: aiohttp.ClientSession) -> None:
    site.says()
    for agent in ("Mozilla/5.0 (X11)", None, "", "bad\r\nX-Injected: 1"):
        await fetch(session, site.url(), validators=NONE, user_agent=agent)
    asked = [request.headers["User-Agent"] for request in site.requests]
    assert asked == ["Mozilla/5.0 (X11)", *[DEFAULT_USER_AGENT] * 3]
    assert not any("X-Injected" in request.headers for request in site.requests)


async def test_what_a_server_says_of_freshness_comes_along(
    site: Site, session: aiohttp.ClientSession
) -> None:
    async def two_lines(_: web.Request) -> web.Response:
        response = web.Response(body=BODY, headers={"Cache-Control": "public", "Age": "100"})
        response.headers.add("Cache-Control", "max-age=700")
        return response

    site.answers(two_lines)
    assert (await fetch(session, site.url(), validators=NONE)).fresh_for_s == 600
    site.says(b"", 304, Cache_Control="no-cache")
    assert (await fetch(session, site.url(), validators=Validators('"a"'))).fresh_for_s == 0
    site.says(Expires="Mon, 23 Nov 2026 12:05:00 GMT", Date="Mon, 23 Nov 2026 12:00:00 GMT")
    assert (await fetch(session, site.url(), validators=NONE, now=NOW)).fresh_for_s == 300


async def test_a_server_that_ignores_validators_brings_its_feed_anew(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(ETag='"new"')
    fetched = await fetch(session, site.url(), validators=Validators('"old"'))
    assert (fetched.status, fetched.body, fetched.validators.etag) == (200, BODY, '"new"')


async def test_validators_that_an_answer_lacks_are_forgotten(
    site: Site, session: aiohttp.ClientSession
) -> None:
    """Else a server that gave up ETags would be asked for ever whether its oldest version still holds."""
    site.says()
    assert (await fetch(session, site.url(), validators=Validators('W/"old"'))).validators == NONE


async def test_each_hop_is_announced_and_may_be_forbidden(site: Site, session: aiohttp.ClientSession) -> None:
    site.answers(redirecting({"/feed": (302, "/b"), "/b": (302, "/c")}))
    told = []

    async def forbid_b(url: str) -> None:
        told.append(url)
        if url.endswith("/b"):
            raise FetchError(url, "forbidden")

    with pytest.raises(FetchError, match="forbidden"):
        await fetch(session, site.url(), validators=NONE, before_each=forbid_b)
    assert told == [site.url(), site.url("/b")]
    assert [request.path for request in site.requests] == ["/feed"]


async def test_the_request_says_who_asks_and_carries_no_cookie(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(Set_Cookie="visitor=1")
    await fetch(session, site.url(), validators=NONE)
    await fetch(session, site.url(), validators=NONE)
    headers = site.requests[1].headers
    assert headers["User-Agent"] == DEFAULT_USER_AGENT
    assert "Rarewatch" in DEFAULT_USER_AGENT
    assert headers["Accept-Encoding"] == "gzip, deflate, br, zstd"
    assert "Cookie" not in headers


async def test_an_unchanged_feed_is_an_empty_304_that_keeps_its_validators(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(b"", 304)
    known = Validators('W/"a1"', "Mon, 23 Nov 2026 10:00:00 GMT")
    fetched = await fetch(session, site.url(), validators=known)
    assert (fetched.status, fetched.body, fetched.validators) == (304, b"", known)
    asked = site.requests[0].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == (known.etag, known.last_modified)


async def test_a_304_to_an_unconditional_request_is_the_servers_fault(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(b"", 304)
    assert (await failing(session, site.url())).kind is FailureKind.PROTOCOL


async def test_a_validator_that_is_no_header_text_is_neither_kept_nor_sent(
    raw: Callable[[bytes], Awaitable[str]], site: Site, session: aiohttp.ClientSession
) -> None:
    url = await raw(b"HTTP/1.1 200 OK\r\nETag: \xff\xfe\r\nContent-Length: 1\r\n\r\nx")
    assert (await fetch(session, url, validators=NONE)).validators == NONE
    site.says()
    await fetch(session, site.url(), validators=Validators("a\r\nX-Injected: 1", "ы"))
    assert not {"If-None-Match", "If-Modified-Since", "X-Injected"} & set(site.requests[0].headers)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("gzip", gzip.compress(BODY[:20]) + gzip.compress(BODY[20:]) + b"\0\0"),
        ("x-gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
        ("br", brotli.compress(BODY)),
        ("gzip, br", brotli.compress(gzip.compress(BODY))),
        ("identity", BODY),
    ],
    ids=[
        "gzip",
        "gzip in two members and padding",
        "x-gzip",
        "zlib",
        "raw deflate",
        "gzip twice",
        "brotli",
        "brotli over gzip",
        "not at all",
    ],
)
async def test_a_packed_body_is_unpacked(
    site: Site, session: aiohttp.ClientSession, encoding: str, packed: bytes
) -> None:
    site.says(packed, Content_Encoding=encoding)
    assert (await fetch(session, site.url(), validators=NONE)).body == BODY


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BODY),
        ("gzip", gzip.compress(BODY)[:-12]),
        ("deflate", b"\x78\x9cnonsense"),
        ("br", b"\x0b\x02"),
        ("compress", BODY),
    ],
    ids=["plain text", "broken off", "no deflate", "broken brotli", "what was not asked for"],
)
async def test_a_body_that_is_not_packed_as_it_says_is_a_protocol_failure(
    site: Site, session: aiohttp.ClientSession, encoding: str, body: bytes
) -> None:
    site.says(body, Content_Encoding=encoding)
    error = await failing(session, site.url())
    assert error.kind is FailureKind.PROTOCOL
    assert "pack" in error.reason or encoding in error.reason


async def test_a_bomb_is_noticed_while_it_unpacks(site: Site, session: aiohttp.ClientSession) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(50)) + packer.flush()
    assert len(bomb) < 60_000
    site.says(bomb, Content_Encoding="gzip")
    error = await failing(session, site.url(), limits=Limits(max_bytes=1_000_000))
    assert error.kind is FailureKind.TOO_LARGE


@pytest.mark.parametrize("declares_length", [True, False])
async def test_a_body_beyond_the_limit_is_cut_off(
    site: Site, session: aiohttp.ClientSession, declares_length: bool
) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Length": "100000000"} if declares_length else {})
        await response.prepare(request)
        try:
            while sent < 100_000_000:
                await response.write(bytes(65536))
                sent += 65536
        except ConnectionError:
            pass
        return response

    site.answers(endless)
    error = await failing(session, site.url(), limits=Limits(max_bytes=200_000))
    assert (error.kind, error.status) == (FailureKind.TOO_LARGE, 200)
    assert sent < 50_000_000


async def test_a_body_of_just_the_limit_is_read(site: Site, session: aiohttp.ClientSession) -> None:
    site.says(bytes(1000))
    assert (
        len((await fetch(session, site.url(), validators=NONE, limits=Limits(max_bytes=1000))).body) == 1000
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "refuses"),
        (404, "nothing"),
        (410, "gone for good"),
        (429, "too often"),
        (503, "trouble"),
        (418, "418"),
    ],
)
async def test_an_error_status_is_told_in_words(
    site: Site, session: aiohttp.ClientSession, status: int, words: str
) -> None:
    site.says(b"", status)
    error = await failing(session, site.url())
    assert (error.kind, error.status) == (FailureKind.HTTP, status)
    assert words in error.reason
    assert error.hint


async def test_a_server_that_asks_for_patience_is_quoted(site: Site, session: aiohttp.ClientSession) -> None:
    site.says(b"", 503, Retry_After="120")
    assert (await failing(session, site.url())).retry_after_s == 120
    site.says(Retry_After="60")
    assert (await fetch(session, site.url(), validators=NONE)).retry_after_s == 60


def redirecting(steps: dict[str, tuple[int, str]]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        if request.path in steps:
            status, location = steps[request.path]
            return web.Response(status=status, headers={"Location": location})
        return web.Response(body=BODY)

    return handle


@pytest.mark.parametrize(
    ("steps", "moved"),
    [
        ({"/feed": (301, "/new")}, "/new"),
        ({"/feed": (308, "new")}, "/new"),
        ({"/feed": (301, "/b"), "/b": (308, "/new")}, "/new"),
        ({"/feed": (301, "/b"), "/b": (302, "/new")}, "/b"),
        ({"/feed": (302, "/b"), "/b": (301, "/new")}, None),
        ({"/feed": (307, "/new")}, None),
        ({"/feed": (303, "/new#top")}, None),
    ],
    ids=["301", "308, relative", "301 308", "301 302", "302 301", "307", "303 with a fragment"],
)
async def test_only_a_move_that_starts_permanent_is_remembered(
    site: Site, session: aiohttp.ClientSession, steps: dict[str, tuple[int, str]], moved: str | None
) -> None:
    site.answers(redirecting(steps))
    fetched = await fetch(session, site.url(), validators=NONE)
    assert (fetched.url, fetched.body) == (site.url("/new"), BODY)
    assert fetched.moved_permanently_to == (site.url(moved) if moved else None)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ({"/feed": (302, "/feed")}, "circle"),
        ({"/feed": (302, "/b"), "/b": (302, "/feed")}, "circle"),
        ({"/feed": (302, "/1"), **{f"/{n}": (302, f"/{n + 1}") for n in range(1, 9)}}, "more than 5"),
        ({"/feed": (302, "file:///etc/passwd")}, "no http"),
        ({"/feed": (302, "http://[::1")}, "no http"),
        ({"/feed": (302, "http://127.0.0.1:99999/")}, "no http"),
    ],
    ids=[
        "to itself",
        "to and fro",
        "on and on",
        "to a file",
        "to half an address",
        "to no port",
    ],
)
async def test_redirects_that_lead_nowhere_are_refused(
    site: Site, session: aiohttp.ClientSession, steps: dict[str, tuple[int, str]], words: str
) -> None:
    site.answers(redirecting(steps))
    error = await failing(session, site.url())
    assert error.kind is FailureKind.REDIRECT
    assert words in error.reason


async def test_five_redirects_are_followed(site: Site, session: aiohttp.ClientSession) -> None:
    site.answers(redirecting({"/feed": (302, "/1"), **{f"/{n}": (302, f"/{n + 1}") for n in range(1, 5)}}))
    assert (await fetch(session, site.url(), validators=NONE)).url == site.url("/5")


async def test_a_server_that_says_nothing_times_out(site: Site, session: aiohttp.ClientSession) -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    site.answers(silent)
    error = await failing(session, site.url())
    assert error.kind is FailureKind.TIMEOUT
    assert "sent nothing for 0.2 s" in error.reason


async def test_a_server_that_drips_for_ever_is_cut_off_at_the_deadline(
    site: Site, session: aiohttp.ClientSession
) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x")
            await asyncio.sleep(0.02)
        return response

    site.answers(drip)
    error = await failing(session, site.url(), limits=Limits(read_s=5, deadline_s=0.3))
    assert error.kind is FailureKind.TIMEOUT
    assert "not finished within 0.3 s" in error.reason


async def test_cancelling_is_not_a_failure(site: Site, session: aiohttp.ClientSession) -> None:
    started = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        started.set()
        await asyncio.sleep(30)
        return web.Response()

    site.answers(silent)
    task = asyncio.create_task(fetch(session, site.url(), validators=NONE))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"", FailureKind.CONNECT),
        (b"\x16\x03\x01 not http at all\r\n\r\n", FailureKind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", FailureKind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx", FailureKind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", FailureKind.PROTOCOL),
    ],
    ids=["nothing", "no HTTP", "less than announced", "broken chunks", "an endless header"],
)
async def test_a_server_that_breaks_the_protocol_is_told_apart(
    raw: Callable[[bytes], Awaitable[str]], session: aiohttp.ClientSession, reply: bytes, kind: FailureKind
) -> None:
    assert (await failing(session, await raw(reply))).kind is kind


async def test_a_port_nobody_listens_on_is_a_connect_failure(session: aiohttp.ClientSession) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        error = await failing(session, f"http://127.0.0.1:{taken.getsockname()[1]}/feed")
    assert error.kind is FailureKind.CONNECT
    assert "refused" in error.reason


async def test_a_name_without_an_address_is_a_dns_failure(session: aiohttp.ClientSession) -> None:
    error = await failing(session, "http://feed.invalid/rss")
    assert error.kind is FailureKind.DNS
    assert "host name has no address" in str(error)


async def test_a_server_without_tls_is_a_tls_failure(site: Site, session: aiohttp.ClientSession) -> None:
    site.says()
    error = await failing(session, site.url().replace("http:", "https:"))
    assert error.kind is FailureKind.TLS


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/feed", "feed", "http://", "http://[::1/", "http://u:geheim@[x/", "http://a:b:c/"],
)
async def test_what_is_no_web_address_is_refused_unasked(session: aiohttp.ClientSession, url: str) -> None:
    error = await failing(session, url)
    assert error.kind is FailureKind.PROTOCOL
    assert "geheim" not in str(error)


async def test_no_failure_repeats_a_password(site: Site, session: aiohttp.ClientSession) -> None:
    port = site.base.rpartition(":")[2]
    url = f"http://reader:geheim@127.0.0.1:{port}/feed?key=geheim"
    site.says(b"", 500)
    for broken in (url, url.replace("http:", "https:"), url.replace("127.0.0.1", "feed.invalid")):
        error = await failing(session, broken)
        assert "geheim" not in f"{error!s} {error!r} {error.__cause__!r}"


async def test_credentials_in_the_address_are_sent_as_such(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says()
    await fetch(session, site.url().replace("//", "//reader:geheim@"), validators=NONE)
    assert site.requests[0].headers["Authorization"] == aiohttp.encode_basic_auth("reader", "geheim")


def test_certificate_failures_have_their_own_words() -> None:
    from bot.feeds.replies import _certificate_reason

    expired = ssl.SSLCertVerificationError(1, "certificate has expired")
    expired.verify_code = 10
    assert _certificate_reason(expired) == "its certificate has expired"
    assert _certificate_reason(ValueError()) == "its certificate is not acceptable"


def test_the_default_limits_are_those_of_a_polite_reader() -> None:
    assert Limits().max_bytes == 10 * 1024 * 1024
    assert timedelta(seconds=Limits().deadline_s) <= timedelta(minutes=1)
