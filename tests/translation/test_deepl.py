"""DeepL through its official client, over loopback: header key, tags, quotas, and nothing told to a log."""

from __future__ import annotations

import asyncio

import pytest

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks, find, write
from bot.translation.providers.deepl import DEEPL_CHARS, DEEPL_TEXTS, DeepLProvider, Usage, is_free
from bot.translation.timeouts import Limits
from tests.standins.deepl import DeepLStandIn, well_formed
from tests.standins.google_translate import Fault

KEY = "0f9a7c-geheim:fx"
QUICK = Limits(connect_s=1, read_s=0.2, total_s=0.4)


def standin(**options: object) -> DeepLStandIn:
    return DeepLStandIn(key=KEY, **options)  # type: ignore[arg-type]


async def ask(
    provider: DeepLProvider, *texts: str, source: str = "id", target: str = "en"
) -> list[str] | ProviderFailure:
    """In a thread, as the translator does."""
    return await asyncio.wait_for(asyncio.to_thread(provider.translate_many, texts, source, target), 20)


def failure(reply: object) -> ProviderFailure:
    """The reply, which must be a failure."""
    assert isinstance(reply, ProviderFailure), reply
    return reply


async def test_several_texts_are_one_request_with_the_key_in_a_header_and_no_word_about_this_machine() -> (
    None
):
    async with standin() as server:
        reply = await ask(DeepLProvider(KEY, server.url), "Harga nikel", "Ekspor bauksit")
    assert reply == ["English of: Harga nikel", "English of: Ekspor bauksit"]
    [body], [headers] = server.bodies, server.headers
    assert (body["source_lang"], body["target_lang"]) == ("ID", "EN-GB")
    assert headers["Authorization"] == f"DeepL-Auth-Key {KEY}"
    assert headers["User-Agent"].startswith("deepl-python/")
    assert "(" not in headers["User-Agent"]
    assert server.requests == [{}]


@pytest.mark.parametrize(
    ("source", "target", "codes"),
    [("ru", "en", ("RU", "EN-GB")), ("en", "id", ("EN", "ID")), ("zh", "ru", ("ZH", "RU"))],
)
async def test_languages_are_sent_by_deepls_codes(source: str, target: str, codes: tuple[str, str]) -> None:
    async with standin() as server:
        await ask(DeepLProvider(KEY, server.url), "x", source=source, target=target)
    assert (server.bodies[0]["source_lang"], server.bodies[0]["target_lang"]) == codes


async def test_marks_travel_as_tags_and_everything_else_is_escaped_there_and_back() -> None:
    mark = write(Marks.XML, 417)
    text = f"PT A&B <script> 5 < 7 &amp; {mark} \x0b«x» & 'y'"
    async with standin(answer=lambda text: text) as server:
        reply = await ask(DeepLProvider(KEY, server.url), text, "tanpa & tanda")
    assert isinstance(reply, list)
    assert reply == [text.replace("\x0b", " "), "tanpa & tanda"]
    assert [found.number for found in find(Marks.XML, reply[0])] == [417]
    sent = server.bodies[0]["text"]
    assert isinstance(sent, list)
    assert all(map(well_formed, sent))
    assert (server.bodies[0]["tag_handling"], server.bodies[0]["tag_handling_version"]) == ("xml", "v2")


async def test_texts_without_marks_are_sent_as_they_are() -> None:
    async with standin(answer=lambda text: text) as server:
        assert await ask(DeepLProvider(KEY, server.url), "Antam & <Inalum>") == ["Antam & <Inalum>"]
    assert "tag_handling" not in server.bodies[0]


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


@pytest.mark.parametrize("fault", FAULTS)
async def test_its_faults_become_failures_after_one_request(fault: Fault) -> None:
    async with standin() as server:
        server.fault = fault
        reply = failure(await ask(DeepLProvider(KEY, server.url, limits=QUICK), "Harga nikel"))
    assert reply.kind is FAULTS[fault]
    assert len(server.requests) == 1  # the client's own five tries, with their pauses, are not made


async def test_a_used_up_quota_is_told_by_a_translation_and_by_the_usage() -> None:
    async with standin() as server:
        provider = DeepLProvider(KEY, server.url)
        server.used, server.limit = 499_995, 500_000
        assert provider.free
        assert await asyncio.to_thread(provider.usage) == Usage(499_995, 500_000)
        reply = failure(await ask(provider, "Harga nikel"))
        assert (reply.kind, reply.reason) == (
            FailureKind.QUOTA,
            "has used its characters of this period (status 456)",
        )
        server.used = server.limit
        usage = failure(await asyncio.to_thread(provider.usage))
    assert (usage.kind, usage.reason) == (FailureKind.QUOTA, "has used its 500,000 characters of this period")


async def test_a_wrong_key_is_told_without_the_key() -> None:
    async with DeepLStandIn(key="another") as server:
        provider = DeepLProvider(KEY, server.url)
        for reply in (await ask(provider, "Harga nikel"), await asyncio.to_thread(provider.usage)):
            said = failure(reply)
            assert said.kind is FailureKind.REFUSED
            assert said.reason.startswith("refuses to serve us (status 403): Invalid auth key")
            assert KEY not in f"{said!r} {provider!r}"


async def test_neither_key_nor_text_gets_into_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with standin() as server:
        provider = DeepLProvider(KEY, server.url)
        await ask(provider, "Harga nikel")
        server.fault = Fault.BROKEN
        await ask(provider, "Harga nikel")
    assert "/v2/translate" in caplog.text  # urllib3 does log
    assert "Harga" not in caplog.text
    assert KEY not in caplog.text


_TWO = '{"translations": [{"text": "a", "billed_characters": 1}, {"text": "b", "billed_characters": 1}]}'
_NULL = '{"translations": [{"text": null, "billed_characters": 1}]}'
_BARE = '{"translations": [{"text": "x"}]}'
BODIES = ["null", "[]", "{}", '{"translations": []}', _BARE, "<html>", "", _NULL, _TWO]


@pytest.mark.parametrize("body", BODIES)
async def test_a_document_of_another_form_is_a_failure(body: str) -> None:
    async with standin() as server:
        server.body = body
        reply = failure(await ask(DeepLProvider(KEY, server.url), "Harga nikel"))
    assert reply.kind in (FailureKind.PROTOCOL, FailureKind.UNUSABLE)


async def test_a_language_it_has_not_and_too_many_texts_are_not_even_asked_for() -> None:
    provider = DeepLProvider(KEY, "http://127.0.0.1:1")
    assert failure(await ask(provider, "Dia duit", source="xx")).kind is FailureKind.UNSUPPORTED
    assert failure(await ask(provider, *["x"] * (DEEPL_TEXTS + 1))).kind is FailureKind.UNSUPPORTED
    assert await ask(provider) == []


async def test_the_largest_request_is_within_what_deepl_takes() -> None:
    async with standin() as server:
        share = DEEPL_CHARS // DEEPL_TEXTS - 12
        texts = [f"{'щ&' * (share // 2)}{write(Marks.XML, 100 + number)}" for number in range(DEEPL_TEXTS)]
        reply = await ask(DeepLProvider(KEY, server.url), *texts, source="ru")
    assert isinstance(reply, list)
    assert len(reply) == DEEPL_TEXTS


@pytest.mark.parametrize(
    ("key", "host"), [("x:fx", "https://api-free.deepl.com"), ("x", "https://api.deepl.com")]
)
def test_the_keys_kind_decides_the_server(key: str, host: str) -> None:
    assert DeepLProvider(key)._client.server_url == host
    assert is_free(key) is (key == "x:fx")


async def test_an_address_with_a_path_keeps_it() -> None:
    provider = DeepLProvider(KEY, "http://127.0.0.1:1/deepl")
    assert provider._client.server_url == "http://127.0.0.1:1/deepl/"
