"""The bounded calls that stand in for `requests` inside deep-translator."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import deep_translator.deepl
import pytest
import requests
from aiohttp import web

from bot.translation.failures import FailureKind
from bot.translation.timeouts import MODULES, BoundedCalls, CallFailed, Limits, install, limited_to
from tests.standins.google_translate import Fault, GoogleStandIn, StandInServer, misbehave

QUICK = Limits(connect_s=1, read_s=0.2, total_s=0.4)


class Plain(StandInServer):
    """Sends whatever the test makes."""

    def __init__(self, make: Callable[[], web.Response]) -> None:
        super().__init__()
        self.make = make

    async def reply(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        """The test's response, or the fault."""
        return self.make() if fault is None else await misbehave(fault, request, self._released)


async def _failure(call: Callable[[], object], limits: Limits = QUICK) -> CallFailed:
    def bounded() -> CallFailed:
        with limited_to(limits), pytest.raises(CallFailed) as raised:
            call()
        return raised.value

    return await asyncio.to_thread(bounded)


def test_installing_twice_changes_nothing_and_reaches_no_other_module() -> None:
    install()
    before = [module.requests for module in MODULES]
    install()
    assert [module.requests for module in MODULES] == before
    assert all(isinstance(calls, BoundedCalls) for calls in before)
    assert deep_translator.deepl.requests is requests
    assert importlib.import_module("requests").get is requests.api.get


def test_install_replaces_only_the_name_requests() -> None:
    module = cast(Any, SimpleNamespace(requests=requests, other=1))
    install((module,))
    assert isinstance(module.requests, BoundedCalls)
    assert module.other == 1


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with Plain(web.Response) as server:
        server.fault = Fault.HANG
        failure = await _failure(lambda: BoundedCalls().get(server.origin))
    assert failure.kind is FailureKind.TIMEOUT
    assert "said nothing for 0.2 s" in failure.reason


async def test_a_reply_that_drips_for_ever_is_given_up() -> None:
    async with Plain(web.Response) as server:
        server.fault = Fault.DRIP
        failure = await _failure(lambda: BoundedCalls().get(server.origin))
    assert failure.kind is FailureKind.TIMEOUT
    assert "still sending after 0.4 s" in failure.reason


async def test_a_reply_of_megabytes_is_given_up() -> None:
    async with Plain(web.Response) as server:
        server.fault = Fault.HUGE
        failure = await _failure(lambda: BoundedCalls().get(server.origin), Limits())
    assert failure.kind is FailureKind.PROTOCOL
    assert "2,000,000 bytes" in failure.reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.PROTOCOL),
        (401, FailureKind.REFUSED),
        (403, FailureKind.REFUSED),
        (404, FailureKind.PROTOCOL),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.SERVER),
        (503, FailureKind.SERVER),
    ],
)
async def test_a_status_that_is_no_success_is_a_failure_of_its_kind(status: int, kind: FailureKind) -> None:
    async with Plain(lambda: web.json_response({"error": "because"}, status=status)) as server:
        failure = await _failure(lambda: BoundedCalls().post(server.origin))
    assert (failure.kind, failure.status, failure.said) == (kind, status, "because")
    assert str(status) in failure.reason


async def test_a_broken_connection_and_a_closed_port_are_told_apart() -> None:
    async with Plain(web.Response) as server:
        server.fault = Fault.RESET
        broken = await _failure(lambda: BoundedCalls().get(server.origin))
    closed = await _failure(lambda: BoundedCalls().get(server.origin))
    assert (broken.kind, broken.reason) == (FailureKind.UNREACHABLE, "broke the connection off")
    assert (closed.kind, closed.reason) == (FailureKind.UNREACHABLE, "can't be reached")


@pytest.mark.parametrize("url", ["127.0.0.1:1/m", "http://", "gopher://127.0.0.1/", "http://[::1/"])
async def test_an_address_that_is_none_is_a_failure_in_plain_words(url: str) -> None:
    failure = await _failure(lambda: BoundedCalls().get(url))
    assert failure.kind is FailureKind.PROTOCOL


async def test_the_address_of_the_request_is_nowhere_in_a_failure() -> None:
    failure = await _failure(lambda: BoundedCalls().post("http://127.0.0.1:1/", {"api_key": "s3cret"}))
    assert "s3cret" not in f"{failure!r} {failure} {failure.__cause__!r} {failure.__context__!r}"


async def test_line_breaks_of_a_page_do_not_glue_words() -> None:
    async with Plain(lambda: web.Response(text="one<br>two<BR />three", content_type="text/html")) as server:
        reply = await asyncio.to_thread(lambda: BoundedCalls().get(server.origin))
    assert reply.text == "one\ntwo\nthree"


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/html; charset=utf-8", "text/html; charset=nonsense"]
)
async def test_a_page_without_a_usable_charset_is_utf8(content_type: str) -> None:
    body = "<p>Lovozero – «рудник»</p>"
    async with Plain(
        lambda: web.Response(body=body.encode(), headers={"Content-Type": content_type})
    ) as server:
        reply = await asyncio.to_thread(lambda: BoundedCalls().get(server.origin))
    assert reply.text == body


async def test_compressed_replies_are_unpacked() -> None:
    def compressed() -> web.Response:
        response = web.Response(text='{"a": "' + "b" * 5000 + '"}', content_type="application/json")
        response.enable_compression()
        return response

    async with Plain(compressed) as server:
        reply = await asyncio.to_thread(lambda: BoundedCalls().get(server.origin))
    assert reply.json() == {"a": "b" * 5000}


async def test_calls_of_one_thread_share_a_connection() -> None:
    async with GoogleStandIn() as server:
        calls = BoundedCalls()

        def three() -> None:
            for _ in range(3):
                calls.get(server.url, {"q": "text", "sl": "id", "tl": "en"})

        await asyncio.to_thread(three)
        assert len(server.connections) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.PROTOCOL),
        (401, FailureKind.REFUSED),
        (403, FailureKind.REFUSED),
        (413, FailureKind.UNSUPPORTED),
        (414, FailureKind.UNSUPPORTED),
        (429, FailureKind.THROTTLED),
        (456, FailureKind.QUOTA),
        (500, FailureKind.SERVER),
        (529, FailureKind.SERVER),
    ],
)
async def test_each_status_says_what_it_means(status: int, kind: FailureKind) -> None:
    async with Plain(lambda: web.Response(status=status)) as server:
        assert (await _failure(lambda: BoundedCalls().get(server.origin))).kind is kind


@pytest.mark.parametrize("status", [200, 400])
async def test_a_failure_in_a_document_is_seen_whatever_its_status(status: int) -> None:
    def inspect(document: Any) -> None:
        if document == {"trouble": True}:
            raise CallFailed(FailureKind.QUOTA, "is in trouble")

    def call() -> None:
        with limited_to(QUICK, inspect), pytest.raises(CallFailed) as raised:
            BoundedCalls().get(server.origin).json()
        assert raised.value.kind is FailureKind.QUOTA

    async with Plain(lambda: web.json_response({"trouble": True}, status=status)) as server:
        await asyncio.to_thread(call)


async def test_json_nested_without_end_is_no_crash() -> None:
    def call() -> None:
        with limited_to(Limits()):
            BoundedCalls().get(server.origin).json()

    for status in (200, 500):
        deep = web.Response(text="[" * 100_000, status=status)
        async with Plain(lambda deep=deep: deep) as server:  # type: ignore[misc]
            kind = (await _failure(call, Limits())).kind
        assert kind is (FailureKind.PROTOCOL if status == 200 else FailureKind.SERVER)
