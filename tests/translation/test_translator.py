"""The chain: memory, order, checks, retry, breaker, deadline. Time and providers are the tests' own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.translation.breaker import FAILURES_TO_OPEN, OPEN_S
from bot.translation.failures import FailureKind, ProviderFailure, TranslationError
from bot.translation.marks import Marks
from bot.translation.providers import GoogleProvider, LibreProvider, Provider
from bot.translation.timeouts import Limits
from bot.translation.translator import ORIGINAL, Translation, Translator, memory_key
from tests.standins.google_translate import Fault, GoogleStandIn
from tests.standins.libre_translate import LibreStandIn
from tests.translation.memory import DictMemory

KEY = "key-0f9a7c"


class Fake:
    """Answers what the function gives, and remembers what it was asked."""

    def __init__(
        self,
        answer: Callable[[str], str | ProviderFailure] = lambda text: f"English of {text}",
        *,
        name: str = "fake",
        max_chars: int = 100,
    ) -> None:
        self.answer = answer
        self.name = name
        self.max_chars = max_chars
        self.max_texts = 1
        self.marks = Marks.NONE
        self.asked: list[str] = []

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider."""
        [text] = texts
        self.asked.append(text)
        reply = self.answer(text)
        return reply if isinstance(reply, ProviderFailure) else [reply]


class Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def _no_pause(seconds: float) -> None:
    """In place of the pause before a retry."""


def failing(kind: FailureKind, *, name: str = "fake") -> Fake:
    """A provider that always fails this way."""
    return Fake(lambda text: ProviderFailure(name, kind, f"is {kind}"), name=name)


def make(*providers: Provider, **options: Any) -> tuple[Translator, DictMemory]:
    """A translator that never pauses, and its memory."""
    memory = DictMemory()
    return Translator(providers, memory, **{"sleep": _no_pause, **options}), memory


async def english(translator: Translator, texts: Sequence[str], **options: Any) -> list[str]:
    """Only the texts."""
    return [found.text for found in await translator.translate(texts, **{"source": "id", **options})]


async def test_the_first_provider_that_answers_well_is_taken_and_named() -> None:
    first, second, third = failing(FailureKind.THROTTLED, name="a"), Fake(name="b"), Fake(name="c")
    translator, memory = make(first, second, third)
    assert await translator.translate(["Harga nikel"], source="id") == [
        Translation("English of Harga nikel", "b", cached=False)
    ]
    assert third.asked == []
    assert memory.rows == {memory_key("Harga nikel", "id"): ("English of Harga nikel", "b")}
    await translator.aclose()


async def test_a_known_text_is_not_asked_for_again() -> None:
    provider = Fake()
    translator, _ = make(provider)
    await translator.translate(["Harga  nikel"], source="id")
    assert await translator.translate([" Harga nikel\n"], source="id") == [
        Translation("English of Harga nikel", "fake", cached=True)
    ]
    assert provider.asked == ["Harga nikel"]
    await translator.aclose()


async def test_the_same_text_in_another_language_is_another_text() -> None:
    assert memory_key("Import", "id") != memory_key("Import", "ms")
    assert memory_key("Import", "id", "en") != memory_key("Import", "id", "ru")
    assert len(memory_key("Import", "id")) == 64


async def test_a_text_twice_in_one_call_is_asked_once_and_order_is_kept() -> None:
    provider = Fake()
    translator, _ = make(provider)
    assert await english(translator, ["Satu", "Dua", "Satu"]) == [
        "English of Satu",
        "English of Dua",
        "English of Satu",
    ]
    assert sorted(provider.asked) == ["Dua", "Satu"]
    await translator.aclose()


async def test_english_and_texts_without_letters_pass_through_unasked() -> None:
    provider = Fake()
    translator, memory = make(provider)
    assert await translator.translate(["Rare  earths"], source="en") == [
        Translation("Rare  earths", ORIGINAL, cached=False)
    ]
    assert await english(translator, ["", " ", "17,5 % — 2026"]) == ["", " ", "17,5 % — 2026"]
    assert await english(translator, ["", "Satu"]) == ["", "English of Satu"]
    assert await english(translator, []) == []
    assert provider.asked == ["Satu"]
    assert len(memory.rows) == 1
    await translator.aclose()


WRONG = {
    "echo": lambda text: text,
    "empty": lambda text: "",
    "quota": lambda text: "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY.",
    "lost numbers": lambda text: "Exports rose by some percent",
    "other numbers": lambda text: "Exports rose by 71 percent",
    "not English": lambda text: "Экспорт вырос на 17 процентов",
    "not text": lambda text: 17,
    "none": lambda text: None,
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_reply_is_never_returned_nor_remembered(answer: Callable[[str], Any]) -> None:
    translator, memory = make(Fake(answer, name="wrong"))
    with pytest.raises(TranslationError) as raised:
        await translator.translate(["Ekspor naik 17 persen"], source="id")
    assert "wrong" in str(raised.value)
    assert memory.rows == {}
    await translator.aclose()


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
async def test_after_a_wrong_reply_the_next_provider_is_asked(answer: Callable[[str], Any]) -> None:
    good = Fake(lambda text: "Exports up 17 percent", name="good")
    translator, _ = make(Fake(answer, name="wrong"), good)
    assert await english(translator, ["Ekspor naik 17 persen"]) == ["Exports up 17 percent"]
    await translator.aclose()


async def test_when_all_fail_the_error_names_each_with_its_reason() -> None:
    translator, _ = make(
        failing(FailureKind.THROTTLED, name="google"), Fake(lambda text: text, name="mymemory")
    )
    with pytest.raises(TranslationError) as raised:
        await translator.translate(["Harga nikel", "12"], source="id")
    assert str(raised.value) == (
        "No translator could translate this: 1 of 2 texts (id): google is throttled; mymemory sent the text "
        "back untranslated. `rarewatch doctor` shows the state of each translator."
    )
    assert [failure.kind for failure in raised.value.failures] == [
        FailureKind.THROTTLED,
        FailureKind.UNUSABLE,
    ]
    await translator.aclose()


async def test_with_no_provider_at_all_the_error_says_so() -> None:
    translator, _ = make()
    with pytest.raises(TranslationError, match="no translator is configured"):
        await translator.translate(["Harga nikel"], source="id")
    await translator.aclose()


async def test_what_succeeded_is_remembered_when_another_text_fails() -> None:
    translator, memory = make(Fake(lambda text: text if text == "Dua" else "One"))
    with pytest.raises(TranslationError, match="1 of 2 texts"):
        await translator.translate(["Satu", "Dua"], source="id")
    assert memory.rows == {memory_key("Satu", "id"): ("One", "fake")}
    await translator.aclose()


async def test_a_long_text_is_cut_for_its_provider_and_put_together_with_its_lines() -> None:
    provider = Fake(
        lambda text: {"Satu dua.": "One two.", "Tiga empat.": "Three four.", "Lima.": "Five."}[text],
        max_chars=12,
    )
    translator, _ = make(provider)
    assert await english(translator, ["Satu  dua. Tiga empat.\n\n— 5\nLima."]) == [
        "One two. Three four.\n\n— 5\nFive."
    ]
    await translator.aclose()


async def test_one_bad_sentence_goes_to_the_next_provider_and_spoils_no_other() -> None:
    first = Fake(lambda text: "" if text == "Tiga empat." else "One two.", name="first", max_chars=12)
    second = Fake(lambda text: "Three four.", name="second")
    translator, memory = make(first, second)
    assert await translator.translate(["Satu dua. Tiga empat."], source="id") == [
        Translation("One two. Three four.", "first+second", cached=False)
    ]
    assert second.asked == ["Tiga empat."]
    assert [provider for _, provider in memory.rows.values()] == ["first", "second"]
    await translator.aclose()


async def test_one_bad_part_of_a_sentence_that_is_too_long_spoils_the_sentence_for_that_provider() -> None:
    short = Fake(lambda text: "" if text == "tiga empat." else "One two,", name="short", max_chars=12)
    long = Fake(lambda text: "One two, three four.", name="long")
    translator, memory = make(short, long)
    assert await english(translator, ["Satu dua, tiga empat."]) == ["One two, three four."]
    assert [provider for _, provider in memory.rows.values()] == ["long"]
    await translator.aclose()


@pytest.mark.parametrize("kind", [FailureKind.SERVER, FailureKind.UNREACHABLE])
async def test_a_passing_fault_is_tried_once_more_after_a_pause(kind: FailureKind) -> None:
    replies: list[str | ProviderFailure] = ["English", ProviderFailure("fake", kind, "hiccups")]
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    translator, _ = make(Fake(lambda text: replies.pop()), sleep=pause, jitter=lambda: 0.5)
    assert await english(translator, ["Harga nikel"]) == ["English"]
    assert pauses == [0.4]
    await translator.aclose()


@pytest.mark.parametrize("kind", [FailureKind.THROTTLED, FailureKind.TIMEOUT, FailureKind.REFUSED])
async def test_other_faults_are_not_tried_again(kind: FailureKind) -> None:
    provider = failing(kind)
    translator, _ = make(provider)
    with pytest.raises(TranslationError):
        await translator.translate(["Harga nikel"], source="id")
    assert len(provider.asked) == 1
    await translator.aclose()


async def test_a_provider_that_keeps_failing_rests_and_one_probe_brings_it_back() -> None:
    clock, provider = Clock(), failing(FailureKind.THROTTLED)
    translator, _ = make(provider, clock=clock)
    for number in range(FAILURES_TO_OPEN):
        with pytest.raises(TranslationError):
            await translator.translate([f"Harga {number} nikel"], source="id")
    assert translator.status()[0].state == "resting"

    with pytest.raises(
        TranslationError, match="rests for 60 s more after 5 failures in a row; last it is throttled"
    ):
        await translator.translate(["Harga nikel"], source="id")
    assert len(provider.asked) == FAILURES_TO_OPEN

    clock.now = OPEN_S
    provider.answer = lambda text: "Nickel price"
    assert await english(translator, ["Harga nikel"]) == ["Nickel price"]
    assert translator.status()[0].state == "working"
    await translator.aclose()


async def test_how_long_a_provider_rests_can_be_set() -> None:
    translator, _ = make(failing(FailureKind.THROTTLED), clock=Clock(), rest_s=7)
    for number in range(FAILURES_TO_OPEN):
        with pytest.raises(TranslationError):
            await translator.translate([f"Harga {number} nikel"], source="id")
    assert translator.status()[0].rests_for_s == 7
    await translator.aclose()


async def test_going_to_rest_and_coming_back_are_each_logged_once() -> None:
    clock, provider = Clock(), failing(FailureKind.SERVER, name="google")
    translator, _ = make(provider, clock=clock)
    with capture_logs() as logs:
        for _ in range(8):
            with pytest.raises(TranslationError):
                await translator.translate(["Harga nikel"], source="id")
        clock.now = OPEN_S
        provider.answer = lambda text: "Nickel price"
        await translator.translate(["Harga nikel"], source="id")
    assert [(entry["event"], entry["provider"]) for entry in logs if entry["log_level"] != "debug"] == [
        ("translator_resting", "google"),
        ("translator_back", "google"),
    ]
    await translator.aclose()


async def test_texts_that_can_not_be_translated_do_not_send_a_provider_to_rest() -> None:
    translator, _ = make(Fake(lambda text: text))
    for number in range(3 * FAILURES_TO_OPEN):
        with pytest.raises(TranslationError):
            await translator.translate([f"Teks {number} sulit"], source="id")
    assert translator.status()[0].state == "working"
    await translator.aclose()


async def test_a_quota_warning_sends_a_provider_to_rest() -> None:
    translator, _ = make(Fake(WRONG["quota"]))
    for number in range(FAILURES_TO_OPEN):
        with pytest.raises(TranslationError):
            await translator.translate([f"Harga {number} nikel"], source="id")
    assert translator.status()[0].state == "resting"
    await translator.aclose()


async def test_a_provider_that_raises_is_a_failure_without_the_exceptions_text() -> None:
    def broken(text: str) -> str:
        raise StopIteration(KEY)

    translator, _ = make(Fake(broken))
    with pytest.raises(TranslationError) as raised:
        await asyncio.wait_for(translator.translate(["Harga nikel"], source="id"), 10)
    assert "StopIteration" in str(raised.value)
    assert KEY not in f"{raised.value!r} {raised.value.__context__!r}"
    await translator.aclose()


async def test_a_hung_provider_ends_with_the_deadline_and_a_cancelled_call_frees_its_probe() -> None:
    release, begun = threading.Event(), threading.Event()

    def hang(text: str) -> str:
        if clock.now:  # the probe
            begun.set()
        release.wait()
        return "too late"

    clock = Clock()
    translator, memory = make(Fake(hang), clock=clock)
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(TranslationError, match="fake gave no answer within"):
            await translator.translate(["Harga nikel"], source="id", deadline_s=0.2)
    assert translator.status()[0].state == "resting"

    clock.now = OPEN_S
    probe = asyncio.create_task(translator.translate(["Harga nikel"], source="id"))
    await asyncio.to_thread(begun.wait, 30)
    assert translator.status()[0].state == "probing"
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert translator.status()[0].state == "resting"
    release.set()
    assert memory.rows == {}
    await translator.aclose()


async def test_a_call_that_got_no_turn_before_the_deadline_is_not_held_against_its_provider() -> None:
    release, begun = threading.Event(), threading.Event()

    def hang(text: str) -> str:
        begun.set()
        release.wait()
        return "English"

    translator, _ = make(Fake(hang), threads=1)
    first = asyncio.create_task(translator.translate(["Satu"], source="id", deadline_s=30))
    await asyncio.to_thread(begun.wait, 30)
    with pytest.raises(TranslationError, match=r"had no time for it within 0\.01 s"):
        await translator.translate(["Dua"], source="id", deadline_s=0.01)
    release.set()
    await first
    assert translator.status()[0].state == "working"
    await translator.aclose()


async def test_the_status_tells_state_and_last_error() -> None:
    clock = Clock()
    translator, _ = make(
        failing(FailureKind.THROTTLED, name="a"), Fake(name="b"), Fake(name="c"), clock=clock
    )
    await translator.translate(["Harga nikel"], source="id")
    clock.now = 5.0
    a, b, c = translator.status()
    assert (a.name, a.state, a.last_error, a.seconds_since_error) == ("a", "failing", "is throttled", 5.0)
    assert (b.name, b.state, b.last_error, b.seconds_since_success) == ("b", "working", None, 5.0)
    assert (c.name, c.state, c.rests_for_s) == ("c", "untried", None)
    await translator.aclose()


async def test_sixty_four_texts_at_once_through_sixteen_threads_are_not_mixed_up() -> None:
    together = threading.Barrier(16, timeout=30)

    async with GoogleStandIn(lambda text: f"Translated [{text}]") as server:
        google = GoogleProvider(server.url)

        def meet(text: str) -> str | ProviderFailure:
            together.wait()  # no call goes before 16 are there
            reply = google.translate_many([text], "id")
            return reply if isinstance(reply, ProviderFailure) else reply[0]

        translator, _ = make(Fake(meet), threads=16)
        texts = [f"Teks ke-{number} tentang nikel" for number in range(64)]
        assert await english(translator, texts, deadline_s=60) == [f"Translated [{text}]" for text in texts]
        await translator.aclose()


async def test_googles_passing_fault_over_the_wire_is_overcome() -> None:
    async with GoogleStandIn(lambda text: "Nickel price") as server:
        server.faults = [Fault.BROKEN]
        translator, _ = make(GoogleProvider(server.url))
        assert await english(translator, ["Harga nikel"]) == ["Nickel price"]
        assert len(server.requests) == 2
        await translator.aclose()


@pytest.mark.parametrize("fault", list(Fault))
async def test_with_google_failing_in_any_way_libre_translates(fault: Fault) -> None:
    quick = Limits(connect_s=1, read_s=0.2, total_s=0.4)
    async with GoogleStandIn() as google, LibreStandIn(lambda text: "Nickel price", key=KEY) as libre:
        google.fault = fault
        translator, memory = make(GoogleProvider(google.url, limits=quick), LibreProvider(libre.url, KEY))
        assert await translator.translate(["Harga nikel"], source="id") == [
            Translation("Nickel price", "libre", cached=False)
        ]
        assert list(memory.rows.values()) == [("Nickel price", "libre")]
        await translator.aclose()


@pytest.mark.parametrize("fault", [*Fault, None])
async def test_the_key_is_in_no_error_and_no_log_whatever_fails(fault: Fault | None) -> None:
    quick = Limits(connect_s=1, read_s=0.2, total_s=0.4)
    async with LibreStandIn(key="another") as libre:
        libre.fault = fault
        translator, _ = make(LibreProvider(libre.url, KEY, limits=quick))
        with capture_logs() as logs, pytest.raises(TranslationError) as raised:
            await translator.translate(["Harga nikel"], source="id")
    error = raised.value
    assert KEY not in f"{error!r} {error} {error.failures} {error.__cause__!r} {error.__context__!r}"
    assert KEY not in f"{logs} {translator.status()}"
    await translator.aclose()


HANGS = """
import asyncio, socket
from bot.translation.providers import GoogleProvider
from bot.translation.failures import TranslationError
from bot.translation.timeouts import Limits
from bot.translation.translator import Translator
from tests.translation.memory import DictMemory

silent = socket.create_server(("127.0.0.1", 0))  # takes connections and never says a word
for_ever = Limits(connect_s=3600, read_s=3600, total_s=3600)

async def main():
    google = GoogleProvider(f"http://127.0.0.1:{silent.getsockname()[1]}/m", limits=for_ever)
    translator = Translator([google], DictMemory())
    try:
        await translator.translate(["Harga nikel"], source="id", deadline_s=0.2)
    except TranslationError as exc:
        print(exc.failures[0].kind)
    CLOSE

asyncio.run(main())
"""


@pytest.mark.parametrize("close", ["await translator.aclose()", ""], ids=["closed", "not closed"])
def test_a_call_that_hangs_for_an_hour_does_not_keep_the_process_from_ending(close: str) -> None:
    ended = subprocess.run(  # noqa: S603 -- our own interpreter and text
        [sys.executable, "-c", HANGS.replace("CLOSE", close)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout.splitlines()[-1:]) == (0, ["timeout"]), ended.stderr


async def test_another_target_is_asked_for_checked_and_remembered_apart() -> None:
    class Dictionary:
        name, max_chars, max_texts, marks = "dictionary", 100, 1, Marks.NONE

        def translate_many(
            self, texts: Sequence[str], source: str, target: str = "en"
        ) -> list[str] | ProviderFailure:
            return [{("en", "ru"): "акции", ("ru", "en"): "stocks", ("en", "id"): "акции"}[source, target]]

    translator, memory = make(Dictionary())
    assert await translator.translate(["stock"], source="en", target="ru") == [
        Translation("акции", "dictionary", cached=False)
    ]
    assert (await translator.translate(["акции"], source="ru"))[0].text == "stocks"
    assert (await translator.translate(["stock"], source="en", target="ru"))[0].cached
    assert (await translator.translate(["stock"], source="en", target="en"))[0].provider == ORIGINAL
    assert memory.rows.keys() == {memory_key("stock", "en", "ru"), memory_key("акции", "ru")}
    with pytest.raises(TranslationError, match="not Indonesian"):
        await translator.translate(["stock"], source="en", target="id")
    await translator.aclose()
