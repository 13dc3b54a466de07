"""Replies that are translations, and replies that only look like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.translation.checks import check_reply, is_warning

RU = "Китай ограничил экспорт 7 редкоземельных металлов"
ID = "Pemerintah larang ekspor bauksit mulai Juni"

GOOD = {
    "Russian": (RU, "China has restricted exports of 7 rare-earth metals", "ru"),
    "Indonesian": (ID, "Government bans bauxite exports from June", "id"),
    "an abbreviation": ("РЗМ", "Rare-earth metals", "ru"),
    "a name in Cyrillic quoted": (
        "Компания «Сегодня» сообщила о добыче",
        "Segodnya («Сегодня») reported mining",
        "ru",
    ),
    "English in an Indonesian feed": (
        "Vale to build a smelter in Sulawesi with its partners",
        "Vale to build a smelter in Sulawesi with its partners",
        "id",
    ),
    "English by its language": ("Rare earths", "Rare earths", "en"),
    "an ampersand": ("Хлеб и соль & Ко", "Bread & Salt & Co", "ru"),
    "markup that the source has": ("Тег <b> в HTML", "The <b> tag in HTML", "ru"),
    "an arrow and less-than": ("цена < 5 и > 3", "the price is < 5 and > 3", "ru"),
    "Chinese": ("中国限制稀土出口", "China restricts exports of rare earths", "zh"),
    "requests in the news": (
        "Kementerian menerima terlalu banyak permintaan",
        "The ministry received too many requests",
        "id",
    ),
    "quota news": ("MyMemory предупреждает: квота исчерпана", "MyMemory warns: the quota is used up", "ru"),
}

BAD = {
    "nothing": (RU, None, "ru", "nothing"),
    "a number": (RU, 42, "ru", "not text"),
    "a list": (RU, ["China"], "ru", "not text"),
    "empty": (RU, "", "ru", "empty"),
    "blank": (RU, " \n ", "ru", "empty"),
    "the source": (RU, RU, "ru", "untranslated"),
    "the source but for case and stops": (ID, ID.upper() + " .", "id", "untranslated"),
    "quota": (
        ID,
        "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY. NEXT AVAILABLE IN 10 HOURS",
        "id",
        "warning",
    ),
    "language": (ID, "'XX' IS AN INVALID SOURCE LANGUAGE . EXAMPLE: LANGPAIR=EN|IT", "id", "warning"),
    "language pair": (ID, "INVALID LANGUAGE PAIR SPECIFIED. EXAMPLE: LANGPAIR=EN|IT", "id", "warning"),
    "length": (ID, "QUERY LENGTH LIMIT EXCEEDED. MAX ALLOWED QUERY : 500 CHARS", "id", "warning"),
    "same language": (ID, "PLEASE SELECT TWO DISTINCT LANGUAGES", "id", "warning"),
    "consent": (ID, "Before you continue to Google Search", "id", "consent"),
    "robot": (ID, "Our systems have detected unusual traffic from your computer network.", "id", "consent"),
    "no letters": (ID, "… 12 —", "id", "without letters"),
    "markup": (ID, "The government <b>bans</b> bauxite exports from June", "id", "HTML"),
    "entities": (ID, "The government bans bauxite&nbsp;exports from June", "id", "HTML"),
    "still Russian": (RU, "Китай restricted экспорт 7 редкоземельных металлов", "ru", "not English"),
    "Chinese": (RU, "中国限制7种稀土出口", "ru", "not English"),
    "far too long": (ID, "Government bans bauxite exports. " * 20, "id", "longer"),
    "far too short": (ID, "Bans", "id", "shorter"),
    "a number lost": (RU, "China has restricted exports of rare-earth metals", "ru", "lost numbers"),
}


@pytest.mark.parametrize(("source", "reply", "language"), GOOD.values(), ids=GOOD.keys())
def test_a_translation_is_taken(source: str, reply: str, language: str) -> None:
    assert check_reply(source, reply, language) is None


@pytest.mark.parametrize(("source", "reply", "language", "word"), BAD.values(), ids=BAD.keys())
def test_what_is_none_is_refused_with_a_reason(source: str, reply: object, language: str, word: str) -> None:
    reason = check_reply(source, reply, language)
    assert reason is not None
    assert word in reason


def test_the_lost_numbers_are_named() -> None:
    assert check_reply("Рост на 12,5% в 2026", "Growth in 2026", "ru") == "lost numbers of the text (12,5)"


def test_a_quota_warning_is_told_from_other_refusals() -> None:
    assert is_warning("MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY.")
    assert not is_warning("Invalid sources of finance, warned the ministry")


@settings(deadline=None)
@given(
    st.text(max_size=60),
    st.none() | st.text(max_size=60) | st.integers(),
    st.sampled_from(["id", "ru", "zh"]),
)
def test_whatever_comes_back_is_judged_and_the_source_itself_never_passes(
    source: str, reply: object, language: str
) -> None:
    assert check_reply(source, reply, language) is None or check_reply(source, reply, language)
    assert check_reply("Harga nikel " + source, "Harga nikel " + source, "id")


@pytest.mark.parametrize(
    ("text", "reply", "target", "said"),
    [
        pytest.param("stock", "акции", "ru", None, id="Russian"),
        pytest.param("stock", "saham", "id", None, id="Indonesian"),
        pytest.param("stock", "saham", "ru", "not Russian", id="Latin for Russian"),
        pytest.param("stock", "акции", "id", "not Indonesian", id="Cyrillic for Indonesian"),
        pytest.param("stock", "stock", "id", "untranslated", id="unchanged"),
        pytest.param("Lynas", "Lynas", "id", None, id="a name unchanged"),
        pytest.param("Lynas", "Lynas", "ru", None, id="a name in its own script"),
        pytest.param("stock", " ", "ru", "empty", id="empty"),
        pytest.param("stock", "1 2", "ru", "without letters", id="no letters"),
    ],
)
def test_a_reply_is_judged_by_the_language_asked_for(
    text: str, reply: str, target: str, said: str | None
) -> None:
    reason = check_reply(text, reply, "en", target)
    assert reason is None if said is None else said in str(reason)


def test_a_translation_said_twice_is_refused_unless_the_text_itself_says_it_twice() -> None:
    once, twice = "Antam jual 100 ton nikel", "Antam jual 100 ton Antam jual 100 ton"
    doubled = "Antam sells 100 tonnes Antam sells 100 tonnes"
    assert check_reply(once, doubled, "id") == "sent its translation several times over"
    assert check_reply(twice, doubled, "id") is None
    assert check_reply("Naik, naik, naik terus", "Up up up up", "id") is None  # one word is emphasis
