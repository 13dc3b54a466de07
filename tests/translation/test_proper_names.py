"""Names that may stay as they are, and Indonesian headlines that look like names."""

from __future__ import annotations

import pytest

from bot.translation.checks import check_reply
from bot.translation.proper_names import is_proper_name

NAMES = [
    "Norilsk Nickel",
    "PT Timah Tbk",
    "PT TIMAH TBK",
    "PT Aneka Tambang Tbk",
    "PT Vale Indonesia Tbk.",
    "PT Bumi Resources",
    "Freeport-McMoRan",
    "Vale Indonesia",
    "Lynas Rare Earths Ltd",
    "MP Materials",
    "iPhone",
    "OPEC",
    "IHSG",
    "Jack of York",
    "Lovozero",
]
HEADLINES = [
    "HARGA NIKEL NAIK",
    "HARGA NAIK",
    "HARGA",
    "PEMERINTAH LARANG EKSPOR BAUKSIT",
    "BREAKING NEWS TODAY",
    "Harga Nikel Naik",
    "Pemerintah Larang Ekspor Bauksit Mulai Juni",
    "PT Timah Rugi Besar Tahun Ini",
    "PT Timah rugi",
    "Freeport Tambah Produksi",
    "Norilsk Nickel naik",
    "Norilsk Nickel!",
    "Apa Kabar Freeport?",
    "Норильский никель",
    "Норникель Nickel",
    "nikel",
    "2026",
    "",
    "!",
]


@pytest.mark.parametrize("text", NAMES)
def test_a_name_may_come_back_unchanged(text: str) -> None:
    assert is_proper_name(text)
    assert check_reply(text, text, "id") is None
    assert check_reply(text, text, "ru") is None


@pytest.mark.parametrize("text", HEADLINES)
def test_a_headline_that_comes_back_unchanged_is_untranslated(text: str) -> None:
    assert not is_proper_name(text)
    assert check_reply(text, text, "id") is not None or not any(map(str.isalpha, text))


OTHER_LANGUAGES = {
    "Indonesian": "Pemerintah larang ekspor bijih dari Sulawesi dan akan menambah produksi untuk pasar",
    "German": "Die Regierung verbietet die Ausfuhr von Erz und wird nicht mehr mit dem Handel",
    "French": "Le gouvernement interdit les exportations de minerai dans une province",
    "Spanish": "El gobierno prohíbe las exportaciones de los minerales por una ley",
}


@pytest.mark.parametrize("reply", OTHER_LANGUAGES.values(), ids=OTHER_LANGUAGES.keys())
def test_a_reply_in_another_language_in_latin_letters_is_not_english(reply: str) -> None:
    source = "Правительство запретило вывоз руды из провинции и увеличит производство для рынка"
    assert check_reply(source, reply, "ru") == "sent a text that is not English"


@pytest.mark.parametrize(
    "reply",
    [
        'The film "Yang Tercinta dan Hilang" was shown to the ministers of trade in the capital',
        "Van der Berg and Dan Ini report on the price of nickel",
        "Los Angeles imports rare earths from the mine, says Juan del Rio",
    ],
)
def test_english_with_foreign_names_is_english(reply: str) -> None:
    source = "Фильм показали министрам торговли в столице, сообщает агентство новостей"
    assert check_reply(source, reply, "ru") is None
