"""A reader's language: found from what a device says, and by what people call it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.speech import ENGLISH, LANGUAGES, Phrase, Speech, named, nearest


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("id", "id"),
        ("ID-id", "id"),
        ("ms", "id"),
        ("in_ID", "id"),
        ("ru", "ru"),
        ("be", "ru"),
        ("uk", "en"),
        ("pt-br", "en"),
        ("zh_Hans", "en"),
        ("", None),
        (None, None),
        ("-", "en"),
    ],
)
def test_a_devices_language_has_a_nearest_one(code: str | None, language: str | None) -> None:
    assert nearest(code) == language


def test_a_language_goes_by_all_its_names() -> None:
    for name in ("en", "English", "inggris", "английский"):
        assert named(name) == "en"
    for name in ("ru", "  Русский ", "Russian", "rusia"):
        assert named(name) == "ru"
    assert named("bahasa   indonesia") == "id"
    assert named("deutsch") is None


def test_what_is_no_language_of_ours_is_english() -> None:
    assert Speech.of("xx") == Speech.of(None) == ENGLISH


def test_a_phrase_is_english_until_it_is_known_who_reads_it() -> None:
    phrase = Phrase("“{rest}” is no part of a time", {"rest": "{x}"})
    assert str(phrase) == ENGLISH.say(phrase) == "“{x}” is no part of a time"
    assert Speech.of("ru").say(phrase) == "«{x}» — не часть времени"


def test_what_is_put_into_a_sentence_is_never_read_as_one() -> None:
    said = Speech.of("id").gettext("Examples: /help")
    assert said == "Contoh: /help"
    assert Speech.of("ru").gettext("{query} is not followed here.", query="{0.__class__}") == (
        "Запрос {0.__class__} здесь не отслеживается."
    )


def test_dates_numbers_and_names_are_the_readers() -> None:
    day = date(2026, 11, 24)
    assert [Speech.of(language).day(day) for language in LANGUAGES] == [
        "24 November",
        "24 November",
        "24 ноября",
    ]
    assert [Speech.of(language).number(12900) for language in LANGUAGES] == ["12,900", "12.900", "12\xa0900"]
    assert [Speech.of(language).language_name("ru") for language in LANGUAGES] == [
        "Russian",
        "Rusia",
        "русский",
    ]
    assert [Speech.of(language).country_name("id") for language in LANGUAGES] == [
        "Indonesia",
        "Indonesia",
        "Индонезия",
    ]
    assert ENGLISH.language_name("xx-y") == "xx-y"
    assert ENGLISH.language_name(None) == ENGLISH.country_name("") == ""
    assert Speech.of("ru").any_of(["a", "b", "c"]) == "a, b или c"
    assert Speech.of("id").all_of(["a", "b"]) == "a dan b"
