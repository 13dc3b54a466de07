"""What the bot says: valid Telegram HTML within the limits, whatever people typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import texts
from bot.chat.offers import Offer, Offered, Verdict
from bot.chat.service import (
    AlreadySubscribed,
    Digest,
    Latest,
    LatestItem,
    Listing,
    NoAlert,
    NotSubscribed,
    Previewed,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
    Why,
)
from bot.chat.texts import Audience
from bot.matching.explain import Reason
from bot.preview import Example, Preview
from tests.standins import telegram_html

NOW = datetime.fromisoformat("2026-11-23T09:00+00:00")
OFF = Digest(None, "UTC", date(2026, 11, 23), None, NOW)
ON = Digest(time(8), "Asia/Jakarta", date(2026, 11, 23), date(2026, 11, 24), NOW)
NASTY = '<b>&amp; "q" </pre> #x \u202e' + "&" * 500


def read(page: str) -> str:
    """The text a reader sees; fails when Telegram would refuse or cut it."""
    parsed = telegram_html.parse(page)
    assert 0 < len(parsed.text) <= 4096
    assert len(parsed.entities) <= 90
    return parsed.text


def example(text: str) -> Example:
    """An example of a preview that has this text wherever it can."""
    why = (Reason(text, (text,) * 3, "id"),) * 9
    return Example(1, text, f"{text}.", "id", True, text, NOW, f"http://x.example/{text}", why)


ANSWERS: dict[str, Callable[[str], list[str]]] = {
    "start": lambda _: [texts.start(Audience.PERSON, 3), texts.start(Audience.GROUP, 0)],
    "help": lambda text: texts.help_pages([text[:20]] * 200, group=True),
    "subscribed": lambda text: [texts.subscribed(Subscribed(text, 1), Audience.PERSON)],
    "already": lambda text: [texts.already_subscribed(AlreadySubscribed(text, 3))],
    "refused": lambda text: [texts.query_refused(QueryRefused(text, f"bad {text[:80]}", text[:99], 5))],
    "too many": lambda _: [texts.too_many(TooMany(50))],
    "subscribe what": lambda text: [texts.subscribe_what([text[:20]] * 200)],
    "unsubscribed": lambda text: texts.unsubscribed(Unsubscribed((text,) * 50, 2), Audience.GROUP),
    "not subscribed": lambda text: [texts.not_subscribed(NotSubscribed(text, 2), Audience.TOPIC)],
    "unsubscribe what": lambda text: texts.unsubscribe_what(Listing((text,) * 50, OFF), Audience.GROUP),
    "listing": lambda text: texts.listing(Listing((text,) * 50, ON), Audience.PERSON),
    "digest state": lambda _: [texts.digest_state(ON), texts.digest_state(OFF)],
    "digest set": lambda _: [texts.digest_set(ON, zone_given=False), texts.digest_off()],
    "digest refused": lambda text: [texts.digest_refused(text, text[:99], text[:99])],
    "latest": lambda text: texts.latest(
        Latest((LatestItem(text, f"http://x.example/{text}", text, NOW, "id", False),) * 5, 1, "UTC"),
        Audience.PERSON,
    ),
    "translations": lambda text: [
        texts.translations(
            Offer(text, tuple(Offered(n, text, "ru", text, text, "added") for n in range(8)), (text,) * 4)
        ),
        texts.write_words(Offered(1, text, "ru", text, None, "offered")),
        *map(texts.decided, Verdict),
    ],
    "preview": lambda text: texts.previewed(
        Previewed(text, Preview(7, (example(text),) * 5, 3, 99, 2, NOW, True, False), "UTC")
    ),
    "why": lambda text: texts.why(
        Why(
            LatestItem(text, f"http://x.example/{text}", text, NOW, "id", True),
            f"{text}!",
            text,
            text,
            ((text, (Reason(text, (text,) * 3, "id"),) * 4),) * 20,
            text,
            None,
            NOW,
            NOW,
            "UTC",
        )
    ),
    "no alert": lambda _: [texts.no_alert(NoAlert(replied=True, following=1), Audience.TOPIC)],
    "administrators only": lambda _: [texts.administrators_only()],
    "not allowed": lambda _: [texts.not_allowed(-100)],
    "unknown": lambda text: [texts.unknown_command(text)],
    "offer": lambda text: [texts.offer(text), texts.not_understood(), texts.something_went_wrong()],
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@settings(deadline=None)
@given(text=st.text(min_size=1) | st.just(NASTY) | st.just("nickel OR"))
def test_telegram_accepts_every_answer_whole(answer: Callable[[str], list[str]], text: str) -> None:
    pages = answer(text)
    assert pages
    for page in pages:
        read(page)


def test_a_long_list_is_split_between_lines_and_keeps_its_numbers() -> None:
    queries = tuple(f"query {number} {'word ' * 80}" for number in range(1, 51))
    pages = texts.listing(Listing(queries, OFF), Audience.PERSON)
    assert len(pages) > 1
    lines = "\n".join(read(page) for page in pages).splitlines()
    numbered = [line.split(".")[0] for line in lines if line[:1].isdigit()]
    assert numbered == [str(number) for number in range(1, 51)]


def test_the_success_of_a_subscription_says_what_happens_next() -> None:
    assert read(texts.subscribed(Subscribed("#rare_earths", 1), Audience.PERSON)) == (
        "Following #rare_earths. I will alert you at once, in English, whatever language it is written in. "
        "You follow 1 query; see /list."
    )


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("nickel OR", 8, "nickel OR\n       ^"),
        ("(", 1, "(\n^"),
        ("ab", 3, "ab\n  ^"),
        ("稀土 OR", 4, "稀土 OR\n     ^"),
        ("a" * 40 + "|" + "b" * 40, 41, "…" + "a" * 15 + "|" + "b" * 14 + "…\n" + " " * 16 + "^"),
    ],
    ids=[
        "in a short query",
        "at the beginning",
        "behind the end",
        "after wide characters",
        "in a long query",
    ],
)
def test_an_error_points_at_its_character(text: str, position: int, expected: str) -> None:
    assert texts.pointer(text, position) == expected


@given(text=st.text(alphabet="ab (|", min_size=1, max_size=200), position=st.integers(1, 201))
def test_the_pointer_stands_below_the_character_it_means(text: str, position: int) -> None:
    line, mark = texts.pointer(text, position).split("\n")
    index = mark.index("^")
    expected = text[position - 1 : position]
    assert line[index : index + 1] == expected or position > len(text)


def test_a_word_that_a_concept_knows_brings_a_hint() -> None:
    followed = Subscribed("nickel", 1, 1, {"nickel": "nickel"})
    last = read(texts.subscribed(followed, Audience.PERSON)).splitlines()[-1]
    assert last == "#nickel would find «nickel» in all three languages."


def test_an_unknown_command_that_looks_like_one_gets_a_guess() -> None:
    assert "/subscribe" in texts.unknown_command("subscirbe")
    assert "Did you mean" not in texts.unknown_command("xyz")


def test_an_untranslated_article_is_said_to_be_one() -> None:
    item = LatestItem("Judul", None, "Kabar", NOW, "id", False)
    (page,) = texts.latest(Latest((item,), 1, "Asia/Jakarta"), Audience.PERSON)
    assert read(page).splitlines()[-1] == ("Kabar · Indonesian, not translated yet · 23 Nov 2026, 16:00 WIB")


@pytest.mark.parametrize(
    ("language", "translator", "expected"),
    [
        pytest.param("id", "libre", "translated from Indonesian by LibreTranslate", id="one"),
        pytest.param(
            "ru",
            "google,mymemory",
            "translated from Russian by Google (title) and MyMemory (summary)",
            id="one each",
        ),
        pytest.param("en", None, "none needed, it is in English", id="english"),
        pytest.param("id", "original", "none needed, there are no words to translate", id="figures"),
        pytest.param("id", None, "not translated yet", id="not yet"),
    ],
)
def test_why_says_who_translated(language: str, translator: str | None, expected: str) -> None:
    item = LatestItem("Title", None, "Kabar", NOW, language, True)
    [page] = texts.why(Why(item, "Judul", "ID", "trade", (), translator, None, NOW, NOW, "UTC"))
    assert f"Translation: {expected}\n" in read(page)
