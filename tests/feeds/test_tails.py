"""Invitations at the end of a summary."""

from __future__ import annotations

import pytest

from bot.feeds.tails import without_tail

TEXT = "Pemerintah menutup keran ekspor nikel."


@pytest.mark.parametrize(
    "tail",
    [
        " Read more",
        " Read more...",
        " Read More »",
        " [Read more]",
        " Continue reading…",
        " Continue reading on Kabar",
        " Read the full story",
        " Baca selengkapnya",
        " Baca juga: Harga nikel naik lagi",
        " Baca juga: Harga nikel naik. Baca selengkapnya »",
        " Selengkapnya →",
        " Читать далее",
        " Читать далее →",
        " Читать полностью…",
        " Подробнее...",
        " Читайте также: Цены на никель растут",
        " The post Harga nikel naik appeared first on Kabar Tambang.",
        " The article Harga nikel naik first appeared on Kabar.",
        " Сообщение Цены на никель растут появились сначала на Вестник недр.",
        " Запись Никель впервые появилась на Вестник недр.",
        " submitted by /u/geolog [link] [comments]",
        " >>",
        " Read Full Article at Kabar.example",
    ],
)
def test_what_leads_the_reader_on_goes(tail: str) -> None:
    assert without_tail(TEXT + tail) == TEXT


@pytest.mark.parametrize("end", [*".!?…", *(f"{mark} " for mark in '.!?…»”")]:>|–—-')])
@pytest.mark.parametrize("tail", ["[Read more]", "ЧИТАТЬ ДАЛЕЕ", "Baca juga: Harga naik lagi"])
def test_a_tail_stands_behind_the_end_of_a_sentence_or_a_dash(end: str, tail: str) -> None:
    text = without_tail(f"Harga nikel naik{end}{tail}")
    assert text.startswith("Harga nikel naik")
    assert f"Harga nikel naik{end}".startswith(text)
    assert without_tail(tail) == ""


@pytest.mark.parametrize("before", ["", "Harga naik. ", "x" * 700 + ". "])
def test_a_tail_may_be_hundreds_of_letters_long(before: str) -> None:
    tail = f"The post {'y' * 300} appeared first on {'z' * 100}"  # 450 with the ends of sentences
    assert without_tail(before + tail) == before.rstrip()


@pytest.mark.parametrize("link", ["Continue reading...", "Читать далее…", "Baca selengkapnya »"])
def test_the_text_of_a_link_that_ran_into_the_summary_goes(link: str) -> None:
    assert without_tail(f"Keran ekspor nikel ditutup {link}") == "Keran ekspor nikel ditutup"


@pytest.mark.parametrize(
    "text",
    [
        "Read more books, says the minister.",
        "Menteri: baca selengkapnya aturan ini sebelum mengekspor",
        "Baca juga: Satu. Kalimat lain yang panjang menyusul.",
        "Завод обещает подробнее рассказать о планах в мае",
        "The post office appeared first on the list of closures. The ministry will decide in March, it says.",
        "Selengkapnya dokumen itu memuat 40 pasal",
        "",
    ],
)
def test_the_articles_own_words_stay(text: str) -> None:
    assert without_tail(text) == text


def test_a_long_text_costs_no_more_than_a_short_one() -> None:
    text = ("the post " * 20_000).strip()
    assert without_tail(text) == text
    text = ("Baca juga: " * 300).strip()
    assert without_tail(text) == text
