"""The fetcher against a real HTTP server on loopback that misbehaves in every way a server can."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.feeds.addresses import GuardedResolver, SystemResolver, is_public, shown
from bot.feeds.failures import FailureKind
from bot.feeds.fetch import (
    DEFAULT_USER_AGENT,
    Fetched,
    FetchError,
    Limits,
    Validators,
    fetch,
    open_session,
    parse_retry_after,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NONE = Validators()
QUICK = Limits(connect_s=2, read_s=0.2, deadline_s=3)
BODY = b"<rss><channel><title>Tambang</title></channel></rss>"
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
    )


async def test_the_request_says_who_asks_and_carries_no_cookie(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(Set_Cookie="visitor=1")
    await fetch(session, site.url(), validators=NONE)
    await fetch(session, site.url(), validators=NONE)
    headers = site.requests[1].headers
    assert headers["User-Agent"] == DEFAULT_USER_AGENT
    assert "Rarewatch" in DEFAULT_USER_AGENT
    assert headers["Accept-Encoding"] == "gzip, deflate"
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
        ("identity", BODY),
    ],
    ids=[
        "gzip",
        "gzip in two members and padding",
        "x-gzip",
        "zlib",
        "raw deflate",
        "gzip twice",
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
    ],
    ids=["plain text", "broken off", "no deflate", "brotli, which was not asked for"],
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


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("316800", 316800.0),
        ("Fri, 27 Nov 2026 04:00:00 GMT", 88 * 3600.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 400, None),
    ],
    ids=["seconds", "a date", "a date gone by", "a word", "negative", "empty", "absent", "absurd"],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


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


class Names(AbstractResolver):
    """A resolver that knows a few names."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host.partition(".")[0] not in self.names:
            raise OSError(-2, "unknown")
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in self.names[host.partition(".")[0]]
        ]

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "[::ffff:7f00:1]"]
)
async def test_a_private_address_is_refused_before_anything_is_sent(site: Site, host: str) -> None:
    site.says()
    port = site.base.rpartition(":")[2]
    async with open_session(allow_private=False) as session:
        error = await failing(session, f"http://{host}:{port}/feed")
    assert error.kind is FailureKind.REFUSED_ADDRESS
    assert "RAREWATCH_PRIVATE_FEEDS" in error.hint
    assert site.requests == []


async def test_a_name_is_judged_by_what_it_resolves_to_also_when_many_ask_at_once() -> None:
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(Names(rebound=["10.0.0.1"])))
    async with aiohttp.ClientSession(connector=connector) as session:
        errors = await asyncio.gather(*(failing(session, f"http://rebound.test/{n}") for n in range(5)))
    assert {error.kind for error in errors} == {FailureKind.REFUSED_ADDRESS}


async def test_a_redirect_into_the_private_network_is_refused(site: Site) -> None:
    """The first hop must be public, so a resolver calls this very server by a public-looking name."""
    port = site.base.rpartition(":")[2]
    site.answers(redirecting({"/feed": (302, f"http://127.0.0.1:{port}/secret")}))
    connector = aiohttp.TCPConnector(resolver=Names(public=["127.0.0.1"]))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        error = await failing(session, f"http://public.test:{port}/feed")
    assert error.kind is FailureKind.REFUSED_ADDRESS
    assert [request.path for request in site.requests] == ["/feed"]


async def test_the_guard_keeps_the_public_ones_of_a_names_addresses() -> None:
    inner = Names(mixed=["10.0.0.1", "8.8.8.8"])
    guard = GuardedResolver(inner)
    assert [each["host"] for each in await guard.resolve("mixed.test", 80)] == ["8.8.8.8"]
    await guard.close()
    assert inner.closed


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("no address", False),
    ],
)
def test_public_means_the_whole_internet_may_see_it(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_the_system_is_asked_in_a_thread_that_nobody_has_to_wait_for() -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(*_: Any, **__: Any) -> list[Any]:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(5)
        return []

    resolver = SystemResolver(hang)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolver.resolve("hangs.test"), 0.05)
    release.set()
    await resolver.close()
    assert [each["host"] for each in await SystemResolver().resolve("localhost", 80)]


async def test_a_failing_lookup_is_an_os_error_whatever_it_raised() -> None:
    def broken(*_: Any, **__: Any) -> list[Any]:
        raise UnicodeError("label too long")

    with pytest.raises(OSError, match="UnicodeError"):
        await SystemResolver(broken).resolve("x" * 70)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://reader:geheim@example.org/feed", "https://example.org/feed"),
        ("https://example.org/feed?token=geheim&page=2", "https://example.org/feed?token=***&page=2"),
        ("https://example.org/feed?page=2#top", "https://example.org/feed?page=2#top"),
        ("http://reader:geheim@[broken/feed", "[broken/feed"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, text: str) -> None:
    assert shown(url) == text


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
    from bot.feeds.fetch import _certificate_reason

    expired = ssl.SSLCertVerificationError(1, "certificate has expired")
    expired.verify_code = 10
    assert _certificate_reason(expired) == "its certificate has expired"
    assert _certificate_reason(ValueError()) == "its certificate is not acceptable"


def test_the_default_limits_are_those_of_a_polite_reader() -> None:
    assert Limits().max_bytes == 10 * 1024 * 1024
    assert timedelta(seconds=Limits().deadline_s) <= timedelta(minutes=1)
