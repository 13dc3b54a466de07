"""The providers against servers that misbehave: every fault becomes a value in plain words."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.providers import GoogleProvider, LibreProvider, MyMemoryProvider, Provider
from bot.translation.timeouts import Limits
from tests.standins.google_translate import Fault, GoogleStandIn, page
from tests.standins.libre_translate import LibreStandIn
from tests.standins.mymemory import PAIR, QUOTA, MyMemoryStandIn, document

QUICK = Limits(connect_s=1, read_s=0.2, total_s=0.4)
KEY = "key-0f/9a+7c"


async def ask(provider: Provider, text: str = "Harga nikel", source: str = "id") -> str | ProviderFailure:
    """In a thread, as the translator does; the wait shows an exception that asyncio could not pass on."""
    reply = await asyncio.wait_for(asyncio.to_thread(provider.translate_many, [text], source), 20)
    if isinstance(reply, ProviderFailure):
        return reply
    [translation] = reply
    return translation


def failure(reply: object) -> ProviderFailure:
    """The reply, which must be a failure."""
    assert isinstance(reply, ProviderFailure), reply
    return reply


FAULTS = {
    Fault.THROTTLED: FailureKind.THROTTLED,
    Fault.BROKEN: FailureKind.SERVER,
    Fault.FORBIDDEN: FailureKind.REFUSED,
    Fault.RESET: FailureKind.UNREACHABLE,
    Fault.HANG: FailureKind.TIMEOUT,
    Fault.DRIP: FailureKind.TIMEOUT,
    Fault.CONSENT: FailureKind.PROTOCOL,
    Fault.GARBAGE: FailureKind.PROTOCOL,
    Fault.HUGE: FailureKind.PROTOCOL,
}


async def test_google_translates_and_sends_its_own_codes() -> None:
    async with GoogleStandIn(lambda text: "Nickel price & more") as server:
        assert await ask(GoogleProvider(server.url)) == "Nickel price & more"
        await ask(GoogleProvider(server.url), "稀土", "zh")
    assert [(r["sl"], r["tl"]) for r in server.requests] == [("id", "en"), ("zh-CN", "en")]


@pytest.mark.parametrize("fault", FAULTS)
async def test_googles_faults_become_failures(fault: Fault) -> None:
    async with GoogleStandIn() as server:
        server.fault = fault
        reply = failure(await ask(GoogleProvider(server.url, limits=QUICK)))
    assert reply.kind is FAULTS[fault]
    assert reply.provider == "google"
    assert str(reply).startswith("google ")


@pytest.mark.parametrize("fault", FAULTS)
async def test_libres_faults_become_failures(fault: Fault) -> None:
    async with LibreStandIn() as server:
        server.fault = fault
        reply = failure(await ask(LibreProvider(server.url, KEY, limits=QUICK)))
    assert reply.kind is FAULTS[fault]
    assert KEY not in str(reply)


async def test_a_google_page_without_text_is_an_empty_reply_for_the_checks_to_refuse() -> None:
    async with GoogleStandIn() as server:
        server.fault = Fault.EMPTY
        assert await ask(GoogleProvider(server.url)) == ""
        server.fault = Fault.ECHO
        assert await ask(GoogleProvider(server.url)) == "Harga nikel"


async def test_google_giving_none_is_a_failure() -> None:
    async with GoogleStandIn(lambda text: text) as server:
        reply = failure(await ask(GoogleProvider(server.url), "—"))
    assert reply.kind is FailureKind.UNUSABLE


async def test_a_line_break_in_googles_reply_does_not_glue_words() -> None:
    class Broken(GoogleStandIn):
        async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
            return page("Nickel<br>price", escaped=False)

    async with Broken() as server:
        assert await ask(GoogleProvider(server.url)) == "Nickel\nprice"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_libre_is_asked_with_or_without_the_slash_in_its_address(slash: str) -> None:
    async with LibreStandIn(lambda text: "Nickel price") as server:
        assert await ask(LibreProvider(server.url + slash)) == "Nickel price"
    assert server.requests == [{"q": "Harga nikel", "source": "id", "target": "en", "format": "text"}]


async def test_libre_is_given_its_key() -> None:
    async with LibreStandIn(lambda text: "Nickel price", key=KEY) as server:
        assert await ask(LibreProvider(server.url, KEY)) == "Nickel price"


async def test_a_refused_key_is_a_failure_that_shows_neither_key_nor_text() -> None:
    async with LibreStandIn(key="another") as server:
        reply = failure(await ask(LibreProvider(server.url, KEY)))
    assert reply.kind is FailureKind.REFUSED
    assert reply.reason == "refuses to serve us (status 403): Invalid API key *** for ***"


async def test_the_key_is_in_no_log_line_of_the_http_client(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with LibreStandIn(lambda text: "Nickel price") as server:
        await ask(LibreProvider(server.url, KEY))
    assert "Starting new HTTP connection" in caplog.text  # it does log
    assert KEY not in unquote(caplog.text)


async def test_a_server_on_this_machine_is_asked_past_the_environments_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with LibreStandIn(lambda text: "Nickel price") as server:
        assert await ask(LibreProvider(server.url)) == "Nickel price"


async def test_the_key_is_in_no_repr_and_no_failure_of_a_dead_server() -> None:
    provider = LibreProvider(f"http://user:{KEY}@127.0.0.1:1/", KEY)
    reply = failure(await ask(provider))
    assert KEY not in f"{provider!r} {reply!r} {reply}"


BODIES = {
    "null": "null",
    "empty object": "{}",
    "a list": '["Nickel"]',
    "a string": '"Nickel"',
    "a number": "42",
    "null text": '{"translatedText": null}',
    "a number as text": '{"translatedText": 42}',
    "a list as text": '{"translatedText": ["Nickel price"]}',
    "another name": '{"translation": "Nickel price"}',
    "an error with status 200": '{"error": "busy"}',
    "half a document": '{"translatedText": "Nick',
    "no JSON": "<html>",
    "nothing": "",
    "lone surrogate": '{"translatedText": 1e999}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_json_of_another_form_is_a_failure(body: str) -> None:
    async with LibreStandIn() as server:
        server.body = body
        reply = failure(await ask(LibreProvider(server.url)))
    assert reply.kind in (FailureKind.PROTOCOL, FailureKind.UNUSABLE)


async def test_mymemory_translates_with_its_own_codes_and_unescapes() -> None:
    async with MyMemoryStandIn(lambda text: 'Antam\'s "nickel"') as server:
        assert await ask(MyMemoryProvider(server.url)) == 'Antam\'s "nickel"'
    assert server.requests == [{"langpair": "id-ID|en-GB", "q": "Harga nikel"}]


DOCUMENTS: dict[str, tuple[Any, FailureKind]] = {
    "null text, no matches (a StopIteration)": (
        {"responseData": {"translatedText": None}, "matches": []},
        FailureKind.UNUSABLE,
    ),
    "null text, matches of other texts": (document(None), FailureKind.UNUSABLE),
    "a text only like the one asked for": (document("Copper price", match=0.61), FailureKind.UNUSABLE),
    "null data": ({"responseData": None}, FailureKind.PROTOCOL),
    "null": (None, FailureKind.PROTOCOL),
    "null matches": ({"responseData": {"translatedText": ""}, "matches": None}, FailureKind.PROTOCOL),
    "a list": ([], FailureKind.PROTOCOL),
    "a number as text": ({"responseData": {"translatedText": 7}}, FailureKind.PROTOCOL),
    "the quota's warning as text": (document(QUOTA), FailureKind.QUOTA),
    "the quota's warning and status": (document(QUOTA, status="429"), FailureKind.QUOTA),
    "quotaFinished": ({**document("Nickel price"), "quotaFinished": True}, FailureKind.QUOTA),
    "status 429 in the document": (document("SLOW DOWN", status=429), FailureKind.THROTTLED),
    "status 403 in the document": (document("YOU ARE BLOCKED", status="403"), FailureKind.REFUSED),
    "status 500 in the document": (document("OUT OF ORDER", status=500), FailureKind.SERVER),
    "a wrong pair of languages": (document(PAIR.format("XX"), status="403"), FailureKind.UNSUPPORTED),
}


@pytest.mark.parametrize(("sent", "kind"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_what_mymemory_sends_in_place_of_a_translation_is_a_failure(
    sent: Any, kind: FailureKind
) -> None:
    async with MyMemoryStandIn() as server:
        server.document = json.loads(json.dumps(sent))
        reply = failure(await ask(MyMemoryProvider(server.url)))
    assert reply.kind is kind


async def test_mymemorys_used_up_day_says_when_there_is_more() -> None:
    async with MyMemoryStandIn() as server:
        server.limit = 5
        reply = failure(await ask(MyMemoryProvider(server.url)))
    assert reply.reason == "has used today's free translations (more in 9 h 45 min)"


@pytest.mark.parametrize("fault", FAULTS)
async def test_mymemorys_faults_become_failures(fault: Fault) -> None:
    async with MyMemoryStandIn() as server:
        server.fault = fault
        reply = failure(await ask(MyMemoryProvider(server.url, limits=QUICK)))
    assert reply.kind is FAULTS[fault]


async def test_the_longest_russian_text_is_within_mymemorys_limit() -> None:
    async with MyMemoryStandIn(lambda text: f"{len(text)} letters") as server:
        text = "щ" * MyMemoryProvider.max_chars
        assert await ask(MyMemoryProvider(server.url), text, "ru") == f"{len(text)} letters"


async def test_half_a_surrogate_pair_is_held_against_the_text_and_not_the_provider() -> None:
    async with GoogleStandIn() as google, LibreStandIn() as libre, MyMemoryStandIn() as mymemory:
        for provider in (
            GoogleProvider(google.url),
            LibreProvider(libre.url),
            MyMemoryProvider(mymemory.url),
        ):
            assert failure(await ask(provider, "Harga \ud83d nikel")).kind is FailureKind.UNSUPPORTED


@pytest.mark.parametrize(
    "said", ["Invalid request: request (1,201) exceeds text limit (1,000)", "ms is not supported"]
)
async def test_libres_complaint_about_a_text_is_not_held_against_the_server(said: str) -> None:
    class Refusing(LibreStandIn):
        async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
            return web.json_response({"error": said}, status=400)

    async with Refusing() as server:
        assert failure(await ask(LibreProvider(server.url))).kind is FailureKind.UNSUPPORTED


async def test_more_texts_than_a_provider_takes_are_refused_and_none_are_none() -> None:
    for provider in (
        GoogleProvider("http://127.0.0.1:1/m"),
        LibreProvider("http://127.0.0.1:1"),
        MyMemoryProvider("http://127.0.0.1:1"),
    ):
        both = failure(provider.translate_many(["Satu", "Dua"], "id"))
        assert str(both) == f"{provider.name} takes 1 text at once, not 2"
        assert provider.translate_many([], "id") == []


@pytest.mark.parametrize(
    "provider", [GoogleProvider("http://127.0.0.1:1/m"), LibreProvider("http://127.0.0.1:1")]
)
async def test_a_language_that_is_not_known_is_not_asked_for(provider: Provider) -> None:
    reply = failure(await ask(provider, "Dia duit", "xx"))
    assert reply.kind is FailureKind.UNSUPPORTED
    assert "'xx'" in reply.reason


async def test_a_text_beyond_the_librarys_limit_is_a_failure() -> None:
    reply = failure(await ask(GoogleProvider("http://127.0.0.1:1/m"), "a" * 5001))
    assert reply.kind is FailureKind.UNSUPPORTED


@pytest.mark.parametrize("provider", [GoogleProvider, MyMemoryProvider])
def test_without_an_address_the_real_one_stands(provider: type[GoogleProvider | MyMemoryProvider]) -> None:
    assert provider()._base_url is None


async def test_the_longest_russian_text_still_fits_a_request_line() -> None:
    async with GoogleStandIn(lambda text: f"{len(text)} letters") as server:  # aiohttp takes 8,190 bytes
        text = "щ" * GoogleProvider.max_chars
        assert await ask(GoogleProvider(server.url), text, "ru") == f"{len(text)} letters"
    async with LibreStandIn(lambda text: f"{len(text)} letters") as libre:
        assert await ask(LibreProvider(libre.url, "k" * 64), text, "ru") == f"{len(text)} letters"
