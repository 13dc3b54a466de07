"""The other address: when it is asked, with what, and what is said when it fails too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.feeds.entry import ParseError
from bot.feeds.failures import FailureKind, FetchError
from bot.feeds.fallback import Answer, fetch_fallback, fetch_or_fallback, worth_asking_fallback
from bot.feeds.fetch import DEFAULT_USER_AGENT, Limits, Validators
from tests.feeds.site import BODY, Site

QUICK = Limits(connect_s=2, read_s=2, deadline_s=3)
OURS = Validators('"ours"')


def error_of(kind: FailureKind, status: int | None = None) -> FetchError:
    return FetchError("feed", "why", kind=kind, status=status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 451, 500, 502, 503])
def test_an_error_status_is_worth_the_fallback_at_once(status: int) -> None:
    assert worth_asking_fallback(error_of(FailureKind.HTTP, status))


@pytest.mark.parametrize(
    ("kind", "at_once"),
    [
        (FailureKind.TLS, True),
        (FailureKind.REDIRECT, True),
        (FailureKind.TOO_LARGE, True),
        (FailureKind.REFUSED_ADDRESS, True),
        (FailureKind.CONTENT, True),
        (FailureKind.DNS, False),
        (FailureKind.CONNECT, False),
        (FailureKind.TIMEOUT, False),
        (FailureKind.PROTOCOL, False),
    ],
)
def test_what_may_pass_is_worth_it_only_when_it_lasts(kind: FailureKind, at_once: bool) -> None:
    assert [worth_asking_fallback(error_of(kind), failures=n) for n in (0, 1, 2)] == [at_once, at_once, True]


def test_a_page_instead_of_a_feed_is_worth_it() -> None:
    assert worth_asking_fallback(ParseError("feed", "a page that wants proof of a human came, no feed"))


class Outlet:
    """Two addresses of one site: `/feed` and `/other`, with a status and an ETag each."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.status = {"/feed": 200, "/other": 200}
        site.answers(self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {"ETag": f'"{request.path}"', "Retry-After": "60"}
        return web.Response(body=BODY, status=self.status[request.path], headers=headers)

    @property
    def asked(self) -> list[tuple[str, str | None, str]]:
        return [
            (each.path, each.headers.get("If-None-Match"), each.headers["User-Agent"])
            for each in self.site.requests
        ]


@pytest.fixture
def outlet(site: Site) -> Outlet:
    return Outlet(site)


async def ask(
    session: aiohttp.ClientSession, outlet: Outlet, *, by_fallback: bool = False, failures: int = 0
) -> Answer:
    return await fetch_or_fallback(
        session,
        outlet.site.url("/feed"),
        outlet.site.url("/other"),
        validators=OURS,
        by_fallback=by_fallback,
        failures=failures,
        limits=QUICK,
        user_agent="Mozilla/5.0",
    )


async def test_an_address_that_answers_is_all_that_is_asked(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    answer = await ask(session, outlet)
    assert (answer.used_fallback, answer.first_error) == (False, None)
    assert outlet.asked == [("/feed", OURS.etag, "Mozilla/5.0")]


async def test_while_it_refuses_the_other_is_asked_without_its_validators_and_user_agent(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    outlet.status["/feed"] = 403
    answer = await ask(session, outlet)
    assert answer.used_fallback
    assert answer.fetched.validators == Validators('"/other"')
    assert isinstance(answer.first_error, FetchError)
    assert answer.first_error.status == 403
    assert outlet.asked == [("/feed", OURS.etag, "Mozilla/5.0"), ("/other", None, DEFAULT_USER_AGENT)]


async def test_the_validators_of_a_fallbacks_answer_are_the_fallbacks(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    outlet.status |= {"/feed": 503, "/other": 304}
    answer = await ask(session, outlet, by_fallback=True)
    assert answer.fetched.status == 304
    assert [each[:2] for each in outlet.asked] == [("/feed", None), ("/other", OURS.etag)]


async def test_an_address_that_is_back_is_not_sent_the_fallbacks_validators(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    answer = await ask(session, outlet, by_fallback=True)
    assert (answer.used_fallback, answer.fetched.status) == (False, 200)
    assert [each[:2] for each in outlet.asked] == [("/feed", None)]


async def test_an_address_that_refused_for_long_can_be_left_alone_for_a_while(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    url, other = outlet.site.url("/feed"), outlet.site.url("/other")
    answer = await fetch_or_fallback(
        session, url, other, validators=OURS, by_fallback=True, ask_first=False, limits=QUICK
    )
    assert (answer.used_fallback, answer.first_error) == (True, None)
    assert [each[:2] for each in outlet.asked] == [("/other", OURS.etag)]
    outlet.status["/other"] = 404
    with pytest.raises(FetchError) as caught:
        await fetch_or_fallback(session, url, other, validators=OURS, ask_first=False, limits=QUICK)
    assert caught.value.subject == other
    answer = await fetch_or_fallback(session, url, None, validators=OURS, ask_first=False, limits=QUICK)
    assert not answer.used_fallback


async def test_when_both_fail_the_first_is_what_is_told_and_decided_by(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    outlet.status |= {"/feed": 429, "/other": 500}
    with pytest.raises(FetchError) as caught:
        await ask(session, outlet)
    error = caught.value
    assert (error.kind, error.status, error.retry_after_s) == (FailureKind.HTTP, 429, 60)
    assert error.subject == outlet.site.url("/feed")
    assert "too often" in error.reason
    assert "trouble of its own (status 500)" in error.reason


async def test_without_a_fallback_the_error_is_the_error(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    outlet.status["/feed"] = 404
    with pytest.raises(FetchError, match="nothing at this address"):
        await fetch_or_fallback(session, outlet.site.url("/feed"), None, validators=OURS, limits=QUICK)


async def test_what_may_pass_is_waited_out_first(outlet: Outlet, session: aiohttp.ClientSession) -> None:
    other = outlet.site.url("/other")
    url = "http://feed.invalid/rss"
    for failures in (0, 1):
        with pytest.raises(FetchError) as caught:
            await fetch_or_fallback(session, url, other, validators=OURS, failures=failures, limits=QUICK)
        assert caught.value.kind is FailureKind.DNS
    assert outlet.asked == []
    answer = await fetch_or_fallback(session, url, other, validators=OURS, failures=2, limits=QUICK)
    assert answer.used_fallback


async def test_an_answer_that_is_no_feed_has_its_fallback_too_in_its_hosts_turn(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    turns = []

    @asynccontextmanager
    async def turn(url: str) -> AsyncIterator[None]:
        turns.append(url)
        assert outlet.asked == []
        yield
        turns.append("over")

    no_feed = ParseError("feed", "a web page came, no feed")
    other = outlet.site.url("/other")
    answer = await fetch_fallback(session, other, no_feed, limits=QUICK, turn=turn)
    assert (answer.used_fallback, answer.first_error, answer.fetched.body) == (True, no_feed, BODY)
    assert turns == [other, "over"]
    outlet.status["/other"] = 500
    with pytest.raises(FetchError, match="web page came, no feed; nor") as caught:
        await fetch_fallback(session, other, no_feed, limits=QUICK)
    assert (caught.value.kind, caught.value.status) == (FailureKind.CONTENT, None)
