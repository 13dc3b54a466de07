"""Numbers that survive a translation, and numbers that do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.translation.figures import lost_numbers

KEPT = {
    "the same figures": ("Ekspor naik 15 persen pada 2026", "Exports rose 15 percent in 2026"),
    "a decimal comma": ("рост на 1,5%", "growth of 1.5%"),
    "thousands with full stops": ("Rp 1.000.000", "Rp 1,000,000"),
    "thousands and decimals": ("Rp 1.000,50 per kg", "Rp 1,000.50 per kg"),
    "thousands with spaces": ("1 250 000 тонн", "1,250,000 tonnes"),
    "thousands with no-break spaces": (
        "24\u00a0000 тонн и 1\u202f500 рублей",
        "24,000 tonnes and 1,500 roubles",
    ),
    "thousands written out": ("17 тыс. тонн", "17 thousand tonnes"),
    "thousands in figures": ("17 тыс. тонн", "17,000 tonnes"),
    "millions moved": ("1,5 млрд рублей", "1,500 million roubles"),
    "triliun": ("Rp2,3 triliun", "Rp 2.3 trillion"),
    "juta as figures": ("3,2 juta ton", "3,200,000 tons"),
    "ribu as k": ("12 ribu orang", "12k people"),
    "a small number as a word": ("3 компании и 12 банков", "three companies and twelve banks"),
    "an ordinal": ("5-й пакет, ke-20", "the fifth package, the twentieth"),
    "twice": ("выросли в 2 раза", "doubled"),
    "a million": ("1 млн тонн", "a million tonnes"),
    "a half": ("0,5 ставки, 1,5 года", "half a rate, one and a half years"),
    "a clock": ("в 18:00", "at 6 p.m."),
    "a clock with a full stop": ("pukul 18.30 WIB", "at 18:30 WIB"),
    "a clock with a full stop, twelve hours": ("pukul 18.30 WIB", "at 6:30 pm"),
    "a date with slashes": ("(13/11/2026)", "(November 13, 2026)"),
    "a date with full stops": ("13.11.2026", "13 November 2026"),
    "a date in May": ("1.05.2026", "May 1, 2026"),
    "a decade": ("в 90-е", "in the 1990s"),
    "a range": ("1.000-2.000 ton", "1,000–2,000 tons"),
    "a range as words": ("2-3 года", "two to three years"),
    "two numbers side by side": ("В 2025 100 компаний", "In 2025, 100 companies"),
    "a name with a number": ("COVID-19, G20, Su-57", "COVID-19, G20, Su-57"),
    "square metres": ("100 м2 и 5 км2", "100 square metres and 5 sq km"),
    "a third": ("1/3 запасов", "a third of the reserves"),
    "no numbers": ("Нет цифр", "No digits"),
    "numbers added": ("десять", "10"),
}

LOST = {
    "gone": ("Экспорт вырос на 15%", "Exports rose", ("15",)),
    "another": ("50 компаний", "15 companies", ("50",)),
    "one of three": ("10 млн, 20 млн и 30 млн", "10 million and 30 million", ("20",)),
    "decimal gone": ("1,5 млрд", "1 billion", ("1,5",)),
    "decimal point gone": ("2,75%", "275%", ("2,75",)),
    "a zero more": ("24 000 тонн", "240,000 tonnes", ("24 000",)),
    "part of another number": ("5 тонн", "2.5 tonnes", ("5",)),
    "the verb may is no month": ("5 стран", "countries may join", ("5",)),
    "the article is no number": ("1 завод", "a plant in the town", ("1",)),
    "a number behind a letter that is no unit": ("Союз-2", "Soyuz", ("2",)),
    "a year": ("в 2030 году", "in 2031", ("2030",)),
}


@pytest.mark.parametrize(("source", "reply"), KEPT.values(), ids=KEPT.keys())
def test_a_number_written_another_way_is_kept(source: str, reply: str) -> None:
    assert lost_numbers(source, reply) == ()


@pytest.mark.parametrize(("source", "reply", "lost"), LOST.values(), ids=LOST.keys())
def test_a_number_that_is_gone_or_changed_is_named(source: str, reply: str, lost: tuple[str, ...]) -> None:
    assert lost_numbers(source, reply) == lost


@settings(deadline=None)
@given(st.text(alphabet="0123456789 .,:-/\u00a0тысrbkm%½²", max_size=40) | st.text(max_size=40))
def test_a_text_loses_no_number_to_itself(text: str) -> None:
    assert lost_numbers(text, text) == ()
