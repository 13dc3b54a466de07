"""Many texts in few requests: what is gathered, what is shared, and that nobody gets another's text."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.translation.breaker import FAILURES_TO_OPEN
from bot.translation.failures import FailureKind, ProviderFailure, TranslationError
from bot.translation.locking import LockedText
from bot.translation.marks import Marks
from bot.translation.memory import memory_key
from bot.translation.providers import GoogleProvider
from bot.translation.translator import GLOSSARY, ProviderStatus, Translation, Translator
from tests.standins.google_translate import GoogleStandIn
from tests.standins.marked import HARMLESS, Habit, by_lines
from tests.translation.memory import DictMemory
from tests.translation.test_requests import OneName

METALS = ("nikel", "timah", "bauksit", "tembaga", "kobalt", "mangan", "litium", "seng")
SOURCE = ("Harga", "Ekspor", "Produksi", "Cadangan")
ENGLISH = {"Harga": "Price", "Ekspor": "Export", "Produksi": "Production", "Cadangan": "Reserves"}


def article(number: int) -> list[str]:
    """A title and a summary of two sentences, each with a number that no other has."""
    word, metal = SOURCE[number % 4], METALS[number % 8]
    return [
        f"{word} {metal} ke-{number} naik lagi",
        f"{word} {metal} naik {number + 100} persen pada kuartal ini. Analis menghitung {number + 500} ton.",
    ]


def english_of(text: str) -> str:
    """The stand-in's English: every word in its place, so that a reply tells which text it belongs to."""
    return " ".join(ENGLISH.get(word, word + "e" if word.isalpha() else word) for word in text.split())


def english(texts: Sequence[str]) -> list[str]:
    """What an article must come out as."""
    return [english_of(text) for text in texts]


class Packs:
    """A provider that keeps marks; remembers what it was asked."""

    def __init__(
        self,
        answer: Callable[[str], str | ProviderFailure] | None = None,
        *,
        max_chars: int = 1200,
        max_texts: int = 1,
        name: str = "packs",
    ) -> None:
        self.answer = answer or by_lines(english_of)
        self.max_chars = max_chars
        self.max_texts = max_texts
        self.marks = Marks.BRACKETS
        self.name = name
        self.asked: list[tuple[str, ...]] = []

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider."""
        assert sum(map(len, texts)) <= self.max_chars
        assert len(texts) <= self.max_texts
        self.asked.append(tuple(texts))
        replies = [self.answer(text) for text in texts]
        failures = [reply for reply in replies if isinstance(reply, ProviderFailure)]
        return failures[0] if failures else [reply for reply in replies if isinstance(reply, str)]


def make(*providers: Any, **options: Any) -> tuple[Translator, DictMemory]:
    """A translator and its memory; the pauses are the real ones."""
    memory = DictMemory()
    return Translator(providers, memory, **options), memory


async def until(come: Callable[[], bool]) -> None:
    """Let the others work until it has come about."""
    while not come():  # noqa: ASYNC110 -- it comes about in another thread
        await asyncio.sleep(0.01)


async def all_of(translator: Translator, articles: Sequence[Sequence[str]]) -> list[list[str]]:
    """Each article by a caller of its own, all at once."""

    async def one(texts: Sequence[str]) -> list[str]:
        return [found.text for found in await translator.translate(texts, source="id", deadline_s=60)]

    return await asyncio.gather(*map(one, articles))


async def test_articles_wanted_at_the_same_time_share_requests() -> None:
    provider = Packs()
    translator, memory = make(provider)
    articles = [article(number) for number in range(12)]
    assert await all_of(translator, articles) == list(map(english, articles))
    assert len(provider.asked) <= 3
    assert len(memory.rows) == 36  # by sentence
    await translator.aclose()


async def test_an_article_that_fits_in_a_request_is_not_torn_apart() -> None:
    provider = Packs(max_chars=420)
    translator, _ = make(provider)
    articles = [article(number) for number in range(6)]
    await all_of(translator, articles)
    for texts in articles:
        assert sum(texts[0] in asked for (asked,) in provider.asked) == 1
        [asked] = [asked for (asked,) in provider.asked if texts[0] in asked]
        assert all(sentence in asked for sentence in texts[1].split(". "))
    await translator.aclose()


async def test_a_provider_of_many_texts_gets_them_without_marks() -> None:
    provider = Packs(english_of, max_texts=50)
    translator, _ = make(provider)
    articles = [article(number) for number in range(12)]
    assert await all_of(translator, articles) == list(map(english, articles))
    assert len(provider.asked) == 2
    assert not any("[[" in text for texts in provider.asked for text in texts)
    await translator.aclose()


async def test_texts_of_two_languages_never_share_a_request() -> None:
    provider = Packs(by_lines(lambda text: f"English of {text}"))
    translator, _ = make(provider)
    await asyncio.gather(
        translator.translate(["Harga nikel naik"], source="id"),
        translator.translate(["Harga nikel turun"], source="ms"),
    )
    assert len(provider.asked) == 2
    await translator.aclose()


@pytest.mark.parametrize("habit", Habit)
async def test_sixty_four_articles_at_once_through_sixteen_threads_are_never_mixed_up(habit: Habit) -> None:
    articles = [article(number) for number in range(64)]
    async with GoogleStandIn(by_lines(english_of, habit=habit)) as server:
        server.delay_s = 0.01
        translator, memory = make(GoogleProvider(server.url), threads=16, jitter=random.Random(1).random)
        assert await all_of(translator, articles) == list(map(english, articles))
        if habit in HARMLESS:
            assert len(server.requests) <= 32
        assert len(memory.rows) == 64 * 3
        for texts in articles:
            title = memory.rows[memory_key(texts[0], "id")]
            assert title == (english_of(texts[0]), "google")
        await translator.aclose()


async def test_borders_that_keep_being_lost_are_not_sent_any_more() -> None:
    provider = Packs(by_lines(english_of, habit=Habit.ALL_LOST))
    translator, _ = make(provider)
    for number in range(FAILURES_TO_OPEN):
        assert await all_of(translator, [article(number)]) == [english(article(number))]
    packs = sum("[[" in text for texts in provider.asked for text in texts)
    assert packs == FAILURES_TO_OPEN
    await all_of(translator, [article(90), article(91)])
    assert sum("[[" in text for texts in provider.asked for text in texts) == packs
    assert translator.status()[0].state == "working"
    await translator.aclose()


async def test_a_provider_that_sends_rubbish_for_many_is_asked_once_more_and_not_for_each() -> None:
    first, second = Packs(lambda text: "", name="first"), Packs(name="second")
    translator, _ = make(first, second)
    articles = [article(number) for number in range(4)]
    assert await all_of(translator, articles) == list(map(english, articles))
    assert len(first.asked) == 2
    assert len(second.asked) == 1
    await translator.aclose()


async def test_what_is_too_much_at_once_is_asked_for_one_by_one() -> None:
    refused = ProviderFailure("packs", FailureKind.PROTOCOL, "does not take the request (status 413)")
    provider = Packs(lambda text: refused if "[[" in text else english_of(text))
    translator, _ = make(provider)
    articles = [article(number) for number in range(3)]
    assert await all_of(translator, articles) == list(map(english, articles))
    await translator.aclose()


async def test_one_bad_piece_goes_to_the_next_provider_and_the_others_stay() -> None:
    bad = article(3)[0]
    first = Packs(by_lines(lambda text: "" if text == bad else english_of(text)), name="first")
    second = Packs(name="second")
    translator, memory = make(first, second)
    articles = [article(number) for number in range(6)]
    assert await all_of(translator, articles) == list(map(english, articles))
    assert second.asked == [(bad,)]
    assert [texts for texts in first.asked if texts == (bad,)] == [(bad,)]  # once more alone, then no more
    assert sum(provider == "second" for _, provider in memory.rows.values()) == 1
    await translator.aclose()


async def test_a_sentence_in_two_articles_at_the_same_time_is_paid_for_once() -> None:
    release = threading.Event()

    def slowly(text: str) -> str:
        release.wait(30)
        return by_lines(english_of)(text)

    provider = Packs(slowly)
    translator, _ = make(provider, window_s=0)
    shared = "Analis memperkirakan kenaikan lagi."
    first = asyncio.create_task(translator.translate([f"Harga nikel naik. {shared}"], source="id"))
    await until(lambda: bool(provider.asked))
    second = asyncio.create_task(translator.translate([f"Harga timah turun. {shared}"], source="id"))
    await until(lambda: len(provider.asked) == 2)
    release.set()
    assert (await first)[0].text == english_of(f"Harga nikel naik. {shared}")
    assert (await second)[0].text == english_of(f"Harga timah turun. {shared}")
    assert sum(text.count(shared) for texts in provider.asked for text in texts) == 1
    await translator.aclose()


async def test_a_sentence_known_from_another_article_is_not_sent_again() -> None:
    provider = Packs()
    translator, _ = make(provider)
    one, two = "Harga nikel naik.", "Ekspor timah turun."
    await translator.translate([one], source="id")
    [found] = await translator.translate([f"{two} {one}"], source="id")
    assert found == Translation(english_of(f"{two} {one}"), "packs", cached=False)
    assert provider.asked == [(one,), (two,)]
    assert (await translator.translate([f"{one}\n{two}"], source="id"))[0].cached
    await translator.aclose()


async def test_who_gives_up_does_not_take_the_sentence_from_others() -> None:
    release = threading.Event()

    def slowly(text: str) -> str:
        release.wait(30)
        return english_of(text)

    translator, memory = make(Packs(slowly), window_s=0)
    patient = asyncio.create_task(translator.translate(["Harga nikel naik"], source="id", deadline_s=30))
    gone = asyncio.create_task(translator.translate(["Harga nikel naik"], source="id", deadline_s=30))
    await asyncio.sleep(0.01)
    gone.cancel()
    with pytest.raises(TranslationError, match="gave no answer within"):
        await translator.translate(["Harga nikel naik"], source="id", deadline_s=0.01)
    release.set()
    assert (await patient)[0].text == english_of("Harga nikel naik")
    assert len(memory.rows) == 1
    await translator.aclose()


async def test_what_comes_after_the_deadline_is_remembered_and_not_paid_for_again() -> None:
    release = threading.Event()

    def slowly(text: str) -> str:
        release.wait(30)
        return by_lines(english_of)(text)

    provider = Packs(slowly)
    translator, memory = make(provider)
    with pytest.raises(TranslationError, match="gave no answer within"):
        await translator.translate(article(1), source="id", deadline_s=0.1)
    release.set()
    await until(lambda: len(memory.rows) == 3)
    found = await translator.translate(article(1), source="id", deadline_s=0.1)
    assert [one.text for one in found] == english(article(1))
    assert len(provider.asked) == 1
    await translator.aclose()


ANTAM = OneName("Aneka Tambang", "Antam")


async def test_a_locked_name_comes_back_in_english_also_among_other_texts() -> None:
    provider = Packs()
    translator, memory = make(provider, glossary=ANTAM)
    texts = ["Aneka Tambang naik lagi", "Harga nikel naik lagi"]
    assert [found.text for found in await translator.translate(texts, source="id")] == [
        "naike lagie Antam",
        "Price nikele naike lagie",
    ]
    assert "Aneka" not in provider.asked[0][0]
    assert set(memory.rows) == {memory_key(text, "id", "en", "v1") for text in texts}
    await translator.aclose()


async def test_a_name_whose_mark_is_lost_is_asked_for_unlocked() -> None:
    provider = Packs(by_lines(english_of, names_lost=True))
    translator, _ = make(provider, glossary=ANTAM)
    texts = ["Aneka Tambang naik lagi", "Harga nikel naik lagi"]
    assert [found.text for found in await translator.translate(texts, source="id")] == english(texts)
    assert provider.asked[1:] == [("Aneka Tambang naik lagi",)]
    await translator.aclose()


async def test_a_text_that_is_nothing_but_a_name_needs_no_provider() -> None:
    provider = Packs()
    translator, memory = make(provider, glossary=ANTAM)
    assert await translator.translate(["Aneka Tambang"], source="id") == [
        Translation("Antam", GLOSSARY, cached=False)
    ]
    assert (provider.asked, memory.rows) == ([], {})
    await translator.aclose()


class Ration:
    """Budgets that allow so many requests, a wait before each."""

    def __init__(self, requests: int, wait_s: float = 0.0) -> None:
        self.requests = requests
        self.wait_s = wait_s
        self.characters = 0

    async def take(
        self, provider: str, *, requests: int, characters: int, allowance: object, patience_s: float = 0.0
    ) -> float | ProviderFailure:
        """See Budgets."""
        if not self.requests:
            return ProviderFailure(provider, FailureKind.QUOTA, "has used its characters of today")
        self.requests -= requests
        self.characters += characters
        return self.wait_s

    async def left(self, provider: str, allowance: object) -> Any:
        """Not asked here."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """See Budgets."""


async def test_a_budget_that_is_used_up_sends_the_texts_to_the_next_provider() -> None:
    class OnlyFirst(Ration):
        async def take(self, provider: str, **wish: Any) -> float | ProviderFailure:
            return await super().take(provider, **wish) if provider == "first" else 0.0

    first, second = Packs(name="first"), Packs(name="second")
    budgets = OnlyFirst(1)
    translator, _ = make(first, second, budgets=budgets)
    one = await translator.translate(["Harga nikel naik"], source="id")
    two = await translator.translate(["Harga timah naik"], source="id")
    assert (one[0].provider, two[0].provider) == ("first", "second")
    assert budgets.characters == len("Harga nikel naik")
    assert translator.status()[0].last_error == "has used its characters of today"
    await translator.aclose()


async def test_the_wait_for_a_budget_is_kept_before_the_request() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    translator, _ = make(Packs(), budgets=Ration(9, wait_s=3.5), sleep=sleep)
    await translator.translate(["Harga nikel naik"], source="id")
    assert waits == [3.5]
    await translator.aclose()


async def test_with_a_budget_that_can_not_be_read_nothing_is_asked_and_nothing_hangs() -> None:
    class Away(Ration):
        async def take(self, provider: str, **wish: Any) -> float | ProviderFailure:
            raise OSError("the database")

    provider = Packs()
    translator, _ = make(provider, budgets=Away(1))
    with pytest.raises(TranslationError, match="its budget can't be read"):
        await translator.translate(["Harga nikel naik"], source="id")
    assert provider.asked == []
    await translator.aclose()


async def test_a_memory_that_fails_is_an_error_for_each_who_asked() -> None:
    class Broken(DictMemory):
        async def put(self, rows: Any) -> None:
            raise OSError("the database")

    translator = Translator([Packs()], Broken())
    with pytest.raises(OSError, match="the database"):
        await translator.translate(["Harga nikel naik"], source="id")
    assert (await translator.translate(["Harga nikel naik"], source="id"))[0].cached  # still at hand
    await translator.aclose()


async def test_a_change_of_state_or_a_new_error_is_told_once() -> None:
    told: list[tuple[str, str | None]] = []

    async def tell(status: ProviderStatus) -> None:
        told.append((status.state, status.last_error))
        raise OSError("the database")  # which must not matter

    provider = Packs(lambda text: "")
    translator, _ = make(provider, tell=tell)
    for number in range(2):
        with pytest.raises(TranslationError):
            await translator.translate([f"Harga {number} naik"], source="id")
    provider.answer = english_of
    await translator.translate(["Harga nikel naik"], source="id")
    await asyncio.sleep(0)
    assert told == [("working", "sent an empty text back")]
    await translator.aclose()


@pytest.mark.parametrize("where", ["lock", "restore"])
async def test_a_fault_of_ours_at_one_text_holds_up_no_other(where: str) -> None:
    class Faulty(OneName):
        def lock(self, text: str, source: str, marks: Marks, first_number: int) -> LockedText:
            locked = super().lock(text, source, marks, first_number)
            if not locked.names:
                return locked
            if where == "lock":
                raise ValueError(text)
            return FaultyLocked(locked.text)

    class FaultyLocked:
        names = ("Aneka Tambang",)

        def __init__(self, text: str) -> None:
            self.text = text

        def restore(self, reply: str) -> str | None:
            raise ValueError(reply)

    translator, _ = make(Packs(), glossary=Faulty("Aneka Tambang", "Antam"))
    with pytest.raises(TranslationError, match="a fault of Rarewatch's own"):
        await translator.translate(["Aneka Tambang naik lagi"], source="id", deadline_s=30)
    assert (await translator.translate(["Harga nikel naik"], source="id"))[0].provider == "packs"
    await translator.aclose()
