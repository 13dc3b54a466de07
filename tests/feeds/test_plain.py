"""Markup to one line of text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.plain import capped, first_image, plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Harga <b>nikel</b> naik", "Harga nikel naik"),
        ("<p>Satu</p><p>Dua</p>", "Satu Dua"),
        ("Satu<br/>Dua<br>Tiga", "Satu Dua Tiga"),
        ("ни<b>кель</b>", "никель"),
        ("AT&amp;T &quot;x&quot; &#8212; &#x2014;", 'AT&T "x" — —'),
        ("AT&amp;amp;T", "AT&T"),
        ("&lt;p&gt;Ekspor&lt;/p&gt;", "Ekspor"),
        ("&amp;lt;b&amp;gt;Ekspor&amp;lt;/b&amp;gt;", "Ekspor"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("3 &lt; 5 dan 7 > 2", "3 < 5 dan 7 > 2"),
        ("List<int> dan <Nama>", "List<int> dan <Nama>"),
        ("<me@example.org> <https://example.org/a>", "<me@example.org> <https://example.org/a>"),
        ("a<script>alert('<b>x</b>')</script>b", "a b"),
        ("a<style>p { color: red }</style>b", "a b"),
        ("a<script>never closed", "a"),
        ("a<SCRIPT SRC='x'></SCRIPT >b", "a b"),
        ("a<!-- hidden <b> -->b", "a b"),
        ("a<!-- never closed", "a"),
        ("<![CDATA[Bijih]]> nikel", "Bijih nikel"),
        ("<a href=\"x>y\" title='<b>'>tautan</a>", "tautan"),
        ('<img alt="a > b" src="x">foto', "foto"),
        ('Ringkasan <a href="https://exa', "Ringkasan"),
        ("<o:p>Word</o:p> <amp-img src=x>", "Word"),
        ("<blink>aneh</blink>", "<blink>aneh"),
        ("<g fill='x'>svg</g>", "svg"),
        ("ред\u00adко\u200bземель\u2060ные", "редкоземельные"),
        ("\ufeff a\u00a0b\u2009c\r\n\td \x00", "a b c d"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("и\u0306", "й"),
        ("<table><tr><td>Nikel</td><td>18.000</td></tr></table>", "Nikel 18.000"),
        ("<ul><li>Satu<li>Dua</ul>", "Satu Dua"),
        ("<title>Judul</title> isi <textarea>teks</textarea>", "Judul isi teks"),
        ("<iframe src='x'>tak terlihat</iframe>isi", "isi"),
        ("<svg><text>tak terlihat</text></svg>isi", "isi"),
        ("<svg/>isi", "isi"),
        ("a<noscript>b</noscript>c", "a b c"),
        ("<!DOCTYPE html><?php x ?>isi", "isi"),
        ("U.S. president-electâ€™s plan", "U.S. president-elect’s plan"),
        ("Ð”Ð¾Ð±Ñ‹Ñ‡Ð° растёт", "Добыча растёт"),
        ("Ãrea de São Paulo “ÜBER”", "Ãrea de São Paulo “ÜBER”"),
        ("", ""),
    ],
)
def test_markup_becomes_the_text_a_reader_sees(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    "markup",
    [
        "<div>",
        "<b>",
        "<font c='1'><p>",
        "<",
        "&",
        "<a x='",
        "<!--",
        "<svg>",
        "</p>",
        "<table><td>",
        "&amp;lt;",
        "<a ",
    ],
)
def test_a_megabyte_of_anything_takes_no_time(markup: str) -> None:
    assert plain_text(f"Nikel {markup * (1_000_000 // len(markup))}").startswith("Nikel")


def test_any_character_alone_leaves_one_line_of_what_can_be_seen() -> None:
    codes = (*range(0x3100), *range(0xD700, 0xE100), *range(0xF900, 0x10000), *range(0x1F000, 0x1F700))
    shown = {plain_text(f"a{chr(code)}  b {chr(code)}") for code in codes}
    unseen = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
    assert all(" ".join(text.split()) == text for text in shown)
    assert all(unicodedata.is_normalized("NFC", text) for text in shown)
    assert not unseen.search("".join(shown).replace("\u200d", ""))


def test_letters_that_have_no_small_form_of_one_letter_hide_no_picture() -> None:
    assert first_image("İSTANBUL <IMG alt='' SRC='/nikel.jpg'>") == "/nikel.jpg"


@given(st.text(alphabet="<>/&;!-[]\"'= \nabpscriptlamgtCDATA#1", max_size=200))
def test_any_markup_gives_one_line_without_known_tags(markup: str) -> None:
    text = plain_text(markup)
    assert text == " ".join(text.split())
    assert not re.search(r"<(p|b|script)(\s[^<>]*)?>", text)


@given(st.text(max_size=300), st.integers(2, 50))
def test_a_capped_text_is_never_longer_than_its_cap(text: str, cap: int) -> None:
    text = " ".join(text.split())
    short = capped(text, cap)
    assert len(short) <= cap
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_a_text_is_cut_at_a_words_end() -> None:
    assert capped("ekspor nikel dihentikan", 15) == "ekspor nikel…"
    assert capped("ekspor nikel", 12) == "ekspor nikel"
    assert capped("x" * 50, 10) == "x" * 9 + "…"
