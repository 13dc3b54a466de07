"""Forms of one word share a key, different words do not, and positions point into the text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.language import words as words_module
from bot.language.phrases import spans
from bot.language.words import (
    CACHED_PIECES,
    CACHED_WORDS,
    MAX_PIECE_LENGTH,
    ZONE_GAP,
    Document,
    Span,
    analyse_article,
    clean,
    fold,
    forget_words,
    query_keys,
    search_keys,
    search_terms,
    split_words,
    term_keys,
)


def keys_of(word: str, language: str) -> set[str]:
    return {key for key in analyse_article(word, "", language).positions if key[2:3] == ":"}


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("ru", "никель никеля никелю никелем никеле"),
        ("ru", "Китай Китая Китаю Китаем"),
        ("ru", "пошлина пошлины пошлин пошлинами"),
        ("ru", "редкоземельный редкоземельных редкоземельными редкоземельной"),
        ("ru", "запретить запретил запретила запрещённый запрещенной"),
        ("ru", "учёт учет учета"),
        ("ru", "месторождение месторождений месторождениях"),
        ("id", "ekspor mengekspor diekspor pengekspor ekspornya"),
        ("id", "tambang pertambangan penambangan ditambang"),
        ("id", "larang larangan melarang dilarang pelarangan"),
        ("id", "batas pembatasan membatasi dibatasi"),
        ("id", "hilirisasi penghiliran"),
        ("id", "China Cina Tiongkok"),
        ("en", "tariff tariffs"),
        ("en", "export exports exported exporting"),
        ("en", "levy levies levied"),
        ("en", "smelter smelters"),
        ("en", "downstreaming downstreamings"),
    ],
)
def test_all_forms_of_a_word_share_a_key(language: str, forms: str) -> None:
    assert set.intersection(*(keys_of(form, language) for form in forms.split()))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "mineral miner mine"),
        ("en", "mining mineral"),
        ("id", "pemerintah perintah"),
        ("id", "perusahaan usaha"),
        ("id", "pengadilan adil"),
        ("id", "cerium cium"),
        ("ru", "рудник сотрудник"),
        ("ru", "пошлина госпошлина"),
        ("ru", "вольфрам вольфрамка"),
        ("ru", "санкция санкционировать"),
        ("ru", "магнит Магнитский магнитуда"),
    ],
)
def test_false_friends_share_no_key(language: str, words: str) -> None:
    seen: set[str] = set()
    for word in words.split():
        keys = keys_of(word, language)
        assert seen.isdisjoint(keys)
        seen |= keys


def test_a_capital_tells_the_country_from_the_element() -> None:
    assert keys_of("экспорт Германия", "ru") & {"ru:германия", "ru:германий"} == {"ru:германия"}
    assert keys_of("экспорт германия", "ru") & {"ru:германия", "ru:германий"} == {"ru:германия"}, (
        "no capitals at all"
    )
    assert keys_of("Китай закрыл экспорт германия", "ru") & {"ru:германия", "ru:германий"} == {"ru:германий"}


def test_latin_words_in_russian_are_read_as_english_and_cyrillic_ones_anywhere_as_russian() -> None:
    assert "en:tariff" in keys_of("Новые tariffs для всех", "ru")
    assert "en:airlangga" in keys_of("Министр Airlangga", "ru")
    assert "ru:редкий" in keys_of("Редких metals", "en")
    assert "ru:редкий" in keys_of("kata редких", "id")


def test_english_words_in_indonesian_keep_their_english_forms_too() -> None:
    assert {"en:mineral", "id:ekspor"} <= keys_of("critical minerals diekspor", "id")
    assert not any(key.startswith("en:") for key in keys_of("pertambangan", "id"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rare-earth", ["rare", "earth"]),
        (
            "the U.S. and CO2, up 2.5% or 1,000 t",
            ["the", "U.S.", "and", "CO2", "up", "2.5", "or", "1,000", "t"],
        ),
        ("China’s «ман\u00adна»", ["China’s", "манна"]),
        ("zero\u200bwidth A&amp;B AT&T", ["zerowidth", "A", "B", "AT", "T"]),
        ("за\u0301мок и ёж", ["замок", "и", "ёж"]),
        ("Rarewatch™ №5", ["Rarewatch", "5"]),
        ("redco- «LTJ-nya»", ["redco", "LTJ", "nya"]),
        ("稀土", ["稀", "土"]),
        ("ﬁnal ２０２６", ["final", "2026"]),
        ("…", []),
    ],
)
def test_a_text_is_split_into_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "key", "there"),
    [
        ("Cadangan LTJ naik", "!LTJ", True),
        ("pelatih Keltjes", "!LTJ", False),
        ("ltj", "!LTJ", False),
        ("Heavy REEs and more", "!REE", True),
        ("как ВТО решит", "!ВТО", True),
        ("второй автомобиль", "!ВТО", False),
        ("U.S. and us", "!US", True),
        ("tell us", "!US", False),
    ],
)
def test_acronyms_are_known_by_their_capitals(text: str, key: str, there: bool) -> None:
    assert (key in analyse_article(text, "", "en").positions) is there


def test_words_in_mixed_alphabets_are_brought_to_one() -> None:
    assert "ru:никель" in keys_of("ник\u0065ль", "ru"), "a Latin e"
    assert "en:copper" in keys_of("c\u043epper", "en"), "a Cyrillic о"


def test_positions_and_offsets_point_at_the_words() -> None:
    document = analyse_article("Rare-earth exports fall", "Tin &amp; more", "en")
    assert [token.text for token in document.tokens] == ["Rare", "earth", "exports", "fall", "Tin", "more"]
    for token in document.tokens:
        assert document.zones[token.zone].text[token.start : token.end] == token.text
        assert document.words(Span(token.position, token.position)) == token.text
    assert document.words(Span(0, 1)) == "Rare-earth"
    assert [zone.name for zone in document.zones] == ["title", "summary"]


def adjacent(document: Document, first: str, second: str) -> bool:
    return bool(spans((query_keys(first), query_keys(second)), document.positions))


def test_neighbours_do_not_reach_over_punctuation_or_from_title_to_summary() -> None:
    assert adjacent(analyse_article("Harga tanah jarang naik", "", "id"), "tanah", "jarang")
    assert adjacent(analyse_article("«Tanah» (jarang)", "", "id"), "tanah", "jarang")
    assert not adjacent(
        analyse_article("Mereka menjual tanah. Jarang ada pembeli", "", "id"), "tanah", "jarang"
    )
    assert not adjacent(analyse_article("Jual tanah - jarang laku", "", "id"), "tanah", "jarang")
    assert not adjacent(analyse_article("Sengketa tanah", "Jarang terjadi", "id"), "tanah", "jarang")
    document = analyse_article("satu dua", "tiga", "id")
    first, *_, last = (token.position for token in document.tokens)
    assert last - first > ZONE_GAP


def test_a_term_in_its_dictionary_form_means_only_that() -> None:
    assert term_keys("литий", ("ru",)) == ("ru:литий",)
    assert set(term_keys("стали", ("ru",))) == {"ru:стать", "ru:сталь"}
    assert set(query_keys("exports")) == {"en:export", "id:exports"}
    assert query_keys("никеля") == ("ru:никель",)


def test_search_keys_are_plain_words_that_searches_find() -> None:
    document = analyse_article("Ekspor 2.5 ton bijih-bijih U.S. — LTJ", "никелем", "id")
    keys = search_keys(document)
    assert all(key.isalnum() for key in keys.split())
    assert len(keys.split()) == len(set(keys.split()))
    for asked in ("mengekspor", "никель", "2.5", "U.S.", "LTJ", "BIJIH"):
        (alternatives,) = search_terms(asked)
        assert set(alternatives) & set(keys.split())


@given(st.text(max_size=200), st.text(max_size=50), st.sampled_from(["id", "ru", "en", "zh"]))
@example("䷀ nikel ʼ's", "", "en")  # nothing is left of these as words
@example("䷀ nikel ʼ's", "", "id")
def test_any_text_can_be_analysed(title: str, summary: str, language: str) -> None:
    document = analyse_article(title, summary, language)
    tokens = list(document.tokens)
    assert [token.position for token in tokens] == sorted({token.position for token in tokens})
    known = {token.position for token in tokens}
    assert all(position in known for there in document.positions.values() for position in there)
    assert all(word.isalnum() for word in search_keys(document).split())


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(word: str) -> None:
    for part in split_words(word):
        assert fold(fold(part)) == fold(part)


def test_cleaning_leaves_plain_text_alone() -> None:
    assert clean("Plain text, 5% — «ёж»") == "Plain text, 5% — «ёж»"


def test_threads_analyse_alike() -> None:
    texts = [f"Экспорт{number} руды и mengekspor bijih tariffs" for number in range(40)]
    alone = [analyse_article(text, "", "id").positions for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: analyse_article(text, "", "id").positions, texts * 3))
    assert together == alone * 3


@pytest.mark.parametrize(
    ("language", "text", "keys"),
    [
        ("id", "Perusahaan itu mengekspor, barang diekspor, si pengekspor untung", {"id:ekspor"}),
        ("id", "Pertambangan ditutup, penambangan jalan terus", {"id:tambang"}),
        ("ru", "Автомобиль на CO2 едет", {"en:co2"}),
        ("en", "The U.S. and the US agree", {"!US"}),
        ("ru", "Цены на ник\u00adель", {"ru:никель"}),
        ("ru", "Цены на ни\u200bкель", {"ru:никель"}),
        ("ru", "Никель &laquo;подешевел&raquo;&nbsp;вчера", {"ru:никель", "ru:подешеветь", "ru:вчера"}),
        ("en", "Tariffs&nbsp;up &#8212; markets down", {"en:tariff", "en:market"}),
        ("ru", "Вывоз р\u0443ды", {"ru:руда"}),
        ("ru", "Вывоз p\u0443ды", {"ru:руда"}),
        ("en", "The rare\u2011earth pact", {"en:rare", "en:earth"}),
        ("id", "Proyek redco- dimulai", {"id:redco"}),
        ("ru", "РЗМ-сырьё дорожает", {"!РЗМ", "ru:сырье"}),
    ],
)
def test_words_are_found_in_the_texts_of_the_wild(language: str, text: str, keys: set[str]) -> None:
    assert keys <= analyse_article(text, "", language).positions.keys()


@given(st.text(st.sampled_from("ab1.,'-– \n\u00a0\u00ad&;ёЖ稀!"), max_size=60))
def test_reading_piece_by_piece_finds_the_words_of_the_whole_text(text: str) -> None:
    document = analyse_article(text, "", "en")
    assert [token.text for token in document.tokens] == split_words(text)


def test_no_cache_of_words_grows_without_bound() -> None:
    forget_words()
    analyse_article("word " * 3 + "x" * (MAX_PIECE_LENGTH + 1), "", "en")
    readers = words_module._READERS
    assert readers[False, True].cache_info().currsize == 1, "a very long piece is not kept"
    assert all(reader.cache_info().maxsize == CACHED_PIECES for reader in readers.values())
    for cached in (words_module._keys_in_english, words_module._keys_in_indonesian):
        assert cached.cache_info().maxsize == CACHED_WORDS
