"""Titles without what outlets hang on them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.titles import feed_names, folded, habits_of, undressed

NAMES = feed_names(
    "Kabar Tambang - Ekonomi", "https://www.kabartambang.example/", "https://rss.kabar.co.id/x"
)


def bare(titles: Sequence[str], names: frozenset[str] = NAMES, source: str = "") -> list[tuple[str, str]]:
    return undressed(titles, names, [source] * len(titles), habits_of(titles))


def one(title: str, source: str = "") -> str:
    return bare([title], source=source)[0][0]


@pytest.mark.parametrize(
    "title",
    [
        "Harga nikel naik - Kabar Tambang",
        "Harga nikel naik | KABAR TAMBANG",
        "Harga nikel naik — kabartambang.example",
        "Harga nikel naik – Ekonomi - Kabar Tambang",
        "Harga nikel naik :: KabarTambang",
        "Harga nikel naik // Kabar Tambang",
        "Harga nikel naik - Kabar",
        "Kabar Tambang | Harga nikel naik",
        "Harga nikel naik",
    ],
)
def test_the_feeds_own_name_goes(title: str) -> None:
    assert one(title) == "Harga nikel naik"


def test_the_name_of_the_outlet_that_the_item_was_taken_from_goes() -> None:
    assert one("Harga nikel naik - Warta Logam", source="Warta Logam") == "Harga nikel naik"
    assert one("Harga nikel naik - Warta Logam") == "Harga nikel naik - Warta Logam"


def test_what_stands_on_three_of_four_titles_goes() -> None:
    titles = ["Nikel naik | Warta", "Timah turun | Warta", "Bauksit tetap | Warta", "Emas | perak | tembaga"]
    assert bare([*titles, "Kobalt hilang | Warta"])[4][0] == "Kobalt hilang"
    assert bare(titles)[0][0] == "Nikel naik | Warta"  # three are too few to tell


def test_what_starts_three_of_four_titles_goes() -> None:
    titles = [f"Вестник | Новость номер {number}" for number in "абвгд"]
    assert bare(titles)[0][0] == "Новость номер а"


@pytest.mark.parametrize(
    "title",
    [
        "Ekspor - impor nikel naik",
        "Nikel naik - pemerintah menutup keran",
        "Цены на никель — рекордные",
        "РЗМ — это не редкие металлы",
        "COVID-19: nikel turun",
        "GOVERNMENT: nickel rises",
        "Harga 10 - 12 dolar",
        "Nikel - Kabar",
        "Kabar Tambang",
        " - Kabar Tambang",
    ],
)
def test_a_real_title_is_never_cut(title: str) -> None:
    assert one(title) == title


def test_a_subtitle_behind_two_strokes_is_handed_over() -> None:
    assert bare(["Рынок замер // Чего ждут добытчики никеля"]) == [
        ("Рынок замер", "Чего ждут добытчики никеля")
    ]


def test_two_strokes_in_an_address_are_none() -> None:
    assert bare(["Situs https://kabar.example dibuka"])[0] == ("Situs https://kabar.example dibuka", "")


def test_a_feed_is_called_by_its_title_the_parts_of_it_and_its_host() -> None:
    assert {"kabartambangekonomi", "kabartambang", "ekonomi", "kabartambangexample", "kabar"} <= NAMES
    assert "co" not in NAMES
    assert feed_names("", "http://[", "") == frozenset()


@given(st.text(st.characters(max_codepoint=127)) | st.text())
def test_folding_leaves_letters_and_digits_in_small_letters(text: str) -> None:
    assert folded(text) == "".join(each for each in text.casefold() if each.isalnum())
