"""Addresses in every disguise, names that lie, redirects inwards; and how an address is shown."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.feeds.addresses import (
    GuardedResolver,
    SystemResolver,
    guarded_socket,
    is_literal,
    is_public,
    shown,
)
from bot.feeds.failures import FailureKind, FetchError
from bot.feeds.fetch import FeedConnector, Limits, Validators, fetch, open_session
from tests.feeds.site import Site

QUICK = Limits(connect_s=2, read_s=2, deadline_s=3)
PUBLIC = "93.184.216.34"  # never reached: no test opens a line to it


async def failing(session: aiohttp.ClientSession, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetch(session, url, validators=Validators(), limits=QUICK)
    return caught.value


def port_of(site: Site) -> str:
    return site.base.rpartition(":")[2]


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


class Dials:
    """Sockets as the session makes them, on a line that is down; notes what each was for."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def __call__(self, info: Any) -> socket.socket:
        guarded_socket(info).close()
        self.addresses.append(info[4][0])
        raise OSError(errno.ENETUNREACH, "the line is down")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0X7F.0x0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "0",
        "0.0.0.0",  # noqa: S104
        "169.254.169.254",
        "10.1.2.3",
        "100.64.0.1",
        "[::]",
        "[::1]",
        "[::1%25lo]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1%25eth0]",
        "[fec0::1]",
        "[fd00::1]",
        "１２７.0.0.1",
        "127。0。0。1",
        "public.test@127.0.0.1",
        "public.test:80@127.0.0.1",
        "localhost",
    ],
)
async def test_a_private_address_is_refused_in_every_spelling(site: Site, host: str) -> None:
    site.says()
    async with open_session(allow_private=False) as session:
        error = await failing(session, f"http://{host}:{port_of(site)}/feed")
    assert error.kind is FailureKind.REFUSED_ADDRESS
    assert "RAREWATCH_PRIVATE_FEEDS" in error.hint
    assert site.requests == []


@pytest.mark.parametrize(
    "host",
    ["localhost.", "127.0.0.1%00", "127.0.0.1\\@public.test", "public.test\\@127.0.0.1", "%31%32%37.0.0.1"],
)
async def test_no_trick_of_spelling_reaches_this_machine(site: Site, host: str) -> None:
    site.says()
    async with open_session(allow_private=False) as session:
        await failing(session, f"http://{host}:{port_of(site)}/feed")
    assert site.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_port_does_not_matter(scheme: str) -> None:
    async with open_session(allow_private=False) as session:
        for port in (22, 443, 6379):
            error = await failing(session, f"{scheme}://[::1]:{port}/")
            assert error.kind is FailureKind.REFUSED_ADDRESS


async def test_a_name_is_judged_by_what_it_resolves_to_also_when_many_ask_at_once() -> None:
    async with open_session(allow_private=False, resolver=Names(rebound=["10.0.0.1"])) as session:
        errors = await asyncio.gather(*(failing(session, f"http://rebound.test/{n}") for n in range(5)))
    assert {error.kind for error in errors} == {FailureKind.REFUSED_ADDRESS}


async def test_the_address_that_was_checked_is_the_one_connected_to(site: Site) -> None:
    """DNS rebinding: the name is public when it is checked, and private for whoever asks again."""

    class Flips(Names):
        asked = 0

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            self.names["flips"] = ["127.0.0.1"] if self.asked else [PUBLIC]
            self.asked += 1
            return await super().resolve(host, port, family)

    site.says()
    names, dials = Flips(), Dials()
    url = f"http://flips.test:{port_of(site)}/feed"
    connector = FeedConnector(allow_private=False, resolver=names, socket_factory=dials)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        assert (await failing(session, url)).kind is FailureKind.CONNECT
        assert (names.asked, dials.addresses) == (1, [PUBLIC])
        connector.clear_dns_cache()
        assert (await failing(session, url)).kind is FailureKind.REFUSED_ADDRESS
        assert (names.asked, dials.addresses) == (2, [PUBLIC])
    assert site.requests == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]], ids=["one", "two"])
async def test_the_last_word_is_at_the_socket_whatever_a_resolver_let_through(
    site: Site, addresses: list[str]
) -> None:
    site.says()
    connector = aiohttp.TCPConnector(resolver=Names(lied=addresses), socket_factory=guarded_socket)
    async with aiohttp.ClientSession(connector=connector) as session:
        error = await failing(session, f"http://lied.test:{port_of(site)}/feed")
    assert (error.kind, error.reason) == (FailureKind.CONNECT, "this machine may not connect there")
    assert site.requests == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%eth0", "2130706433", "localhost", ""])
def test_no_socket_is_made_for_what_is_not_public(address: str) -> None:
    with pytest.raises(PermissionError):
        guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("hops", [1, 3, 5])
@pytest.mark.parametrize("inwards", ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"])
async def test_a_redirect_into_the_private_network_is_refused_at_every_hop(
    site: Site, hops: int, inwards: str
) -> None:
    """The first hops must be public, so a resolver calls this very server by a public-looking name."""

    async def handle(request: web.Request) -> web.Response:
        step = int(request.query.get("step", "1"))
        host = inwards if step == hops else "public.test"
        location = f"http://{host}:{port_of(site)}/{'secret' if step == hops else 'feed'}?step={step + 1}"
        return web.Response(status=302, headers={"Location": location})

    site.answers(handle)
    connector = aiohttp.TCPConnector(resolver=Names(public=["127.0.0.1"]))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        error = await failing(session, f"http://public.test:{port_of(site)}/feed")
    assert error.kind is FailureKind.REFUSED_ADDRESS
    assert [request.path for request in site.requests] == ["/feed"] * hops


async def test_a_redirect_to_a_name_that_is_private_is_refused(site: Site) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": f"http://inside.test:{port_of(site)}/secret"})

    class OnlyInsideIsGuarded(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            if host.startswith("inside"):
                return await GuardedResolver(Names(inside=["127.0.0.1"])).resolve(host, port, family)
            return await super().resolve(host, port, family)

    site.answers(handle)
    connector = aiohttp.TCPConnector(resolver=OnlyInsideIsGuarded(public=["127.0.0.1"]))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        error = await failing(session, f"http://public.test:{port_of(site)}/feed")
    assert error.kind is FailureKind.REFUSED_ADDRESS
    assert [request.path for request in site.requests] == ["/feed"]


@pytest.mark.parametrize(
    ("host", "literal"),
    [
        ("8.8.8.8", True),
        ("[::1]", True),
        ("0x7f.1", True),
        ("127.0.0.1.", True),
        ("010.example", False),
        ("0xfeed.example", False),
        ("1.fm", False),
        ("", False),
    ],
)
def test_a_number_in_any_spelling_is_a_literal_and_a_name_that_begins_like_one_is_none(
    host: str, literal: bool
) -> None:
    assert is_literal(host) is literal


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
        ("::", False),
        ("::7f00:1", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("2001:db8::1", False),
        ("64:ff9b:1::808:808", False),
        ("2001:0:7f00:1::", False),
        ("2002:808:808::1", True),
        ("2130706433", False),
        ("0177.0.0.1", False),
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
