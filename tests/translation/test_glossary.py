"""Names are found in every form a headline gives them, and stand right in the English sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.translation.glossary import Glossary
from bot.translation.marks import Marks, find, write

GLOSSARY = Glossary.load()


def english_names(text: str, source: str) -> list[str]:
    return [name.english for name in GLOSSARY.lock(text, source, Marks.BRACKETS).names]


FOUND = {
    "a Russian company, dative": ("ru", "Норникелю продлили лицензию", ["Nornickel"]),
    "a Russian company, genitive": ("ru", "акции Норникеля подешевели", ["Nornickel"]),
    "in two words, prepositional": ("ru", "В Норильском никеле ждут роста", ["Norilsk Nickel (Nornickel)"]),
    "in quotes with its legal form": ("ru", "АО «Росгео» нашло литий", ["Rosgeo"]),
    "in doubled quotes": ("ru", "ПАО «ГМК «Норильский никель» платит", ["Norilsk Nickel (Nornickel)"]),
    "an inflected acronym": ("ru", "владеет Ловозерским ГОКом", ["Lovozersky GOK"]),
    "three words, genitive": (
        "ru",
        "цех Соликамского магниевого завода",
        ["the Solikamsk Magnesium Works (SMW)"],
    ),
    "in capital letters": ("ru", "РОСАТОМ НАШЁЛ ПАРТНЁРА", ["Rosatom"]),
    "a name with a hyphen": ("ru", "завод в Усть-Каменогорске", ["Ust-Kamenogorsk"]),
    "ТриАрк": ("ru", "«ТриАрк Майнинг» ищет деньги", ["TriArk Mining"]),
    "a ministry with its country": (
        "ru",
        "глава Минпромторга РФ заявил",
        ["Russia's Ministry of Industry and Trade"],
    ),
    "an agency": ("ru", "по данным Роснедр", ["Russia's Federal Agency for Mineral Resources (Rosnedra)"]),
    "customs": ("ru", "сообщила ФТС России", ["Russia's Federal Customs Service"]),
    "a commission": ("ru", "в ЕЭК обсудили пошлины", ["the Eurasian Economic Commission"]),
    "a deposit, prepositional": ("ru", "добыча на Томторе", ["Tomtor"]),
    "a deposit by its adjective": ("ru", "Зашихинского месторождения", ["the Zashikhinskoye deposit"]),
    "the longest of three": ("ru", "у Чуктуконского месторождения", ["the Chuktukonskoye deposit"]),
    "an acronym that is spelled anew": ("ru", "экспорт РЗМ вырос", ["rare earth metals"]),
    "a union": ("ru", "страны ЕАЭС", ["the EAEU"]),
    "China's ministry in Russian": (
        "ru",
        "Минкоммерции КНР ввело лицензии",
        ["China's Ministry of Commerce"],
    ),
    "ё and е": ("ru", "Счётная палата РФ проверила", ["the Accounts Chamber of Russia"]),
    "a Latin name in a Russian text": ("ru", "компания Tsingshan строит", ["Tsingshan"]),
    "an Indonesian company in full": ("id", "PT Aneka Tambang (Persero) Tbk naik", ["Antam"]),
    "PT with its full stop": ("id", "saham PT. Timah hari ini", ["PT Timah"]),
    "Tbk without PT": ("id", "laba Timah Tbk naik", ["PT Timah"]),
    "a ministry by its acronym": (
        "id",
        "kata Kementerian ESDM RI",
        ["Indonesia's Ministry of Energy and Mineral Resources"],
    ),
    "a clitic behind a hyphen": ("id", "Kemendag-nya diam", ["Indonesia's Ministry of Trade"]),
    "a clitic grown on": ("id", "pasir monasitnya dijual", ["monazite sand"]),
    "words joined by a hyphen": ("id", "tambang di Bangka-Belitung", ["Bangka Belitung"]),
    "in a headline's capitals": ("id", "Logam Tanah Jarang Jadi Rebutan", ["rare earth metals"]),
    "China's ministry in Indonesian": (
        "id",
        "Kementerian Perdagangan Tiongkok membatasi",
        ["China's Ministry of Commerce"],
    ),
    "several": ("id", "MIND ID, Inalum dan Vale Indonesia", ["MIND ID", "Inalum", "Vale Indonesia"]),
    "Malay as Indonesian": ("ms", "saham PT Timah", ["PT Timah"]),
    "a name told twice": (
        "id",
        "kata Badan Pusat Statistik (BPS) di sini",
        ["Statistics Indonesia (BPS)"],
    ),
    "a name told twice, its country behind": (
        "ru",
        "Федеральная антимонопольная служба (ФАС) России решила",
        ["Russia's antimonopoly service (FAS)"],
    ),
    "two names, the second in brackets": ("ru", "в Якутии (Томтор)", ["Yakutia", "Tomtor"]),
    "two unions with a hyphen": ("ru", "форум ЕАЭС-АСЕАН", ["the EAEU", "ASEAN"]),
    "an island park": ("id", "kawasan Weda Bay", ["Weda Bay"]),
}


@pytest.mark.parametrize(("source", "text", "names"), FOUND.values(), ids=FOUND.keys())
def test_it_finds(source: str, text: str, names: list[str]) -> None:
    assert english_names(text, source) == names


NOT_FOUND = {
    "tin, not the company": ("id", "harga timah naik"),
    "tin in a headline's capitals": ("id", "Harga Timah Naik"),
    "part of a longer word": ("id", "Antamina dan Morowalian"),
    "part of an address": ("id", "baca di https://www.antam.com/Antam/Morowali"),
    "a bare domain": ("id", "kunjungi Antam.com sekarang"),
    "an e-mail address": ("id", "kirim ke Antam@timah.co.id"),
    "a tag": ("id", "#Antam @Morowali"),
    "small letters": ("ru", "полюс холода и норникель"),
    "the neighbours' ministry": ("ru", "Минпромторг Казахстана и Минэкономразвития Тульской области"),
    "a ministry of more than that": ("id", "Kementerian Perindustrian dan Teknologi Informasi"),
    "part of a name with a hyphen": ("ru", "холдинг «Газпром-медиа» и Росатом-Сервис"),
    "another country's ministry": ("id", "Menteri Perdagangan AS dan Kementerian Keuangan Jepang"),
    "two sentences": ("id", "ke Bangka. Belitung menunggu"),
    "an element, which must agree with its sentence": ("ru", "поставки неодима и диспрозия"),
    "Russian names in another language": ("uk", "Росатом і Томтор"),
}


@pytest.mark.parametrize(("source", "text"), NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_it_leaves_alone(source: str, text: str) -> None:
    locked = GLOSSARY.lock(text, source, Marks.BRACKETS)
    assert (locked.text, locked.names) == (text, ())


def test_the_full_stop_of_an_abbreviation_at_the_end_stays_with_the_sentence() -> None:
    locked = GLOSSARY.lock("Milik PT Aneka Tambang Tbk. Laba naik.", "id", Marks.BRACKETS)
    assert locked.text == "Milik [[1]]. Laba naik."


@pytest.mark.parametrize(
    ("source", "text", "locked"),
    [
        ("ru", "Федеральная антимонопольная служба (ФАС) России решила", "[[1]] решила"),
        ("id", "Kementerian Luar Negeri (Kemlu) RI melalui", "[[1]] melalui"),
        ("id", "saham PT Aneka Tambang Tbk (Antam) naik", "saham [[1]] naik"),
        ("id", "saham PT Aneka Tambang Tbk (ANTM) naik", "saham [[1]] (ANTM) naik"),
    ],
)
def test_an_abbreviation_told_behind_its_name_belongs_to_it(source: str, text: str, locked: str) -> None:
    assert GLOSSARY.lock(text, source, Marks.BRACKETS).text == locked


def test_each_place_has_its_own_number() -> None:
    locked = GLOSSARY.lock("Росатом и Росгео, снова Росатом", "ru", Marks.XML, 101)
    assert locked.text == '<x id="101"/> и <x id="102"/>, снова <x id="103"/>'
    assert [name.number for name in locked.names] == [101, 102, 103]


@pytest.mark.parametrize(
    ("marks", "text"), [(Marks.NONE, "Росатом строит"), (Marks.BRACKETS, "Росатом строит [7]")]
)
def test_a_text_that_cannot_be_marked_stays_as_it_is(marks: Marks, text: str) -> None:
    locked = GLOSSARY.lock(text, "ru", marks)
    assert (locked.text, locked.names) == (text, ())
    assert locked.restore("Rosatom builds [7]") == "Rosatom builds [7]"


def test_there_are_no_more_marks_than_numbers() -> None:
    locked = GLOSSARY.lock("Росатом, Росгео и Ростех", "ru", Marks.BRACKETS, 998)
    assert locked.text == "[[998]], [[999]] и Ростех"


@settings(deadline=None)
@given(
    st.sampled_from([Marks.BRACKETS, Marks.XML]),
    st.sampled_from(["ru", "id", "ms", "kk"]),
    st.lists(
        st.sampled_from(
            [
                "Росатома",
                "Минпромторг РФ",
                "PT Antam Tbk",
                "Bangka",
                "Belitung",
                "и",
                "«",
                "»",
                "(",
                ".",
                "LTJ",
            ]
        )
        | st.text(max_size=5),
        max_size=12,
    ).map(" ".join),
    st.integers(0, 990),
)
def test_the_marks_stand_for_the_words_they_took(marks: Marks, source: str, text: str, first: int) -> None:
    locked = GLOSSARY.lock(text, source, marks, first)
    again = locked.text
    for name in locked.names:
        assert again.count(write(marks, name.number)) == 1
        again = again.replace(write(marks, name.number), name.source)
    assert again == text
    assert [mark.number for mark in find(marks, locked.text)] == [name.number for name in locked.names] or (
        not locked.names
    )
    restored = locked.restore(locked.text)
    assert restored is not None
    assert not locked.names or not find(marks, restored)


TWO = GLOSSARY.lock("Минпромторг предложил странам ЕАЭС", "ru", Marks.BRACKETS)  # [[1]] … [[2]]

RESTORED = {
    "as sent": (
        "[[1]] made a proposal to [[2]]",
        "Russia's Ministry of Industry and Trade made a proposal to the EAEU",
    ),
    "in another order": (
        "To [[2]] a proposal by [[1]]",
        "To the EAEU a proposal by Russia's Ministry of Industry and Trade",
    ),
    "articles made one": (
        "The [[1]] made a proposal to the [[2]] countries",
        "Russia's Ministry of Industry and Trade made a proposal to the EAEU countries",
    ),
    "a name's own nation told twice": (
        "The Russian [[1]] wrote to [[2]]",
        "Russia's Ministry of Industry and Trade wrote to the EAEU",
    ),
    "a possessive before it": (
        "Russia's [[1]] and today's [[2]]",
        "Russia's Ministry of Industry and Trade and today's EAEU",
    ),
    "an article that follows the name": (
        "[[1]] plans a [[2]] list",
        "Russia's Ministry of Industry and Trade plans an EAEU list",
    ),
    "a capital at the beginning": (
        "[[2]] agreed. [[1]] did not",
        "The EAEU agreed. Russia's Ministry of Industry and Trade did not",
    ),
    "a capital behind a quote": (
        "“[[2]]” heard [[1]]",
        "“The EAEU” heard Russia's Ministry of Industry and Trade",
    ),
    "lost spaces": (
        "at[[1]]and[[2]]",
        "at Russia's Ministry of Industry and Trade and the EAEU",
    ),
    "possessives": (
        "[[1]]'s proposal, [[2]]’s answer",
        "Russia's Ministry of Industry and Trade's proposal, the EAEU’s answer",
    ),
    "bent brackets": (
        "[ [1] ] asks 【2】",
        "Russia's Ministry of Industry and Trade asks the EAEU",
    ),
    "a bracket too many": (
        "[[[1]]] asks [[2]]]",
        "Russia's Ministry of Industry and Trade asks the EAEU",
    ),
}


@pytest.mark.parametrize(("reply", "english"), RESTORED.values(), ids=RESTORED.keys())
def test_it_puts_the_names_back(reply: str, english: str) -> None:
    restored = TWO.restore(reply)
    assert restored is not None
    assert restored[0].upper() + restored[1:] == english[0].upper() + english[1:]


BROKEN = {
    "a mark lost": "[[1]] made a proposal",
    "all lost": "The ministry made a proposal",
    "a mark doubled": "[[1]] and [[1]] to [[2]]",
    "a mark made up": "[[1]] to [[2]] and [[3]]",
    "a number changed": "[[1]] to [[12]]",
    "a piece of a mark left": "[[1]] to [[2]] and [[ more",
    "a mark spelled out": "[[one]] to [[2]]",
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
def test_a_reply_whose_marks_are_broken_is_refused(reply: str) -> None:
    assert TWO.restore(reply) is None


def test_names_deep_in_a_long_reply_are_set_right_too() -> None:
    locked = GLOSSARY.lock("О ЕАЭС и ещё раз о ЕАЭС", "ru", Marks.BRACKETS)
    talk = "and so on " * 30
    assert locked.restore(f"About the [[1]] {talk}[[2]]. End") == f"About the EAEU {talk}the EAEU. End"


@pytest.mark.parametrize(
    "hostile",
    [
        "Росатом" * 20_000,
        "a." * 40_000,
        "a@" * 40_000,
        "РЗМ " * 20_000,
        "«" * 60_000 + "Антам" + "»" * 60_000,
        "." + " " * 60_000,
    ],
    ids=["one word", "dots", "addresses", "names", "quotes", "space"],
)
def test_a_hostile_text_is_read_to_its_end_and_restored(hostile: str) -> None:
    locked = GLOSSARY.lock(hostile, "ru", Marks.BRACKETS)
    assert locked.restore(locked.text) is not None


ARTICLES = {
    "Antam": ("id", "Antam", "a [[1]] mine", "an Antam mine"),
    "Rosatom": ("ru", "Росатом", "an [[1]] unit", "a Rosatom unit"),
    "Eurasian": ("id", "Uni Ekonomi Eurasia", "an [[1]] rule", "a Eurasian Economic Union rule"),
    "LME, spelled out": ("id", "LME", "a [[1]] price", "an LME price"),
    "USTR, spelled out": ("id", "USTR", "an [[1]] list", "a USTR list"),
    "RCEP, read as a word or not": ("id", "RCEP", "a [[1]] member", "an RCEP member"),
    "An at the beginning": ("id", "Antam", "A [[1]] mine", "An Antam mine"),
    "the nation once": ("id", "Bea Cukai", "says the Indonesian [[1]]", "says Indonesian Customs"),
    "the nation within the name": (
        "ru",
        "РАН",
        "at the Russian [[1]]",
        "at the Russian Academy of Sciences",
    ),
    "the stays": ("id", "Antam", "the [[1]] mine", "the Antam mine"),
}


@pytest.mark.parametrize(("source", "text", "reply", "english"), ARTICLES.values(), ids=ARTICLES.keys())
def test_articles_follow_the_name(source: str, text: str, reply: str, english: str) -> None:
    assert GLOSSARY.lock(text, source, Marks.BRACKETS).restore(reply) == english


def test_brackets_of_the_text_itself_stay() -> None:
    locked = GLOSSARY.lock("[Росатом] строит", "ru", Marks.BRACKETS)
    assert locked.restore("[[[1]]] builds") == "[Rosatom] builds"


WHOLE = {
    "one name": ("ru", "ЕАЭС", "The EAEU"),
    "in quotes": ("ru", "«Норникель»", "Nornickel"),
    "several": ("id", "MIND ID, Inalum", "MIND ID, Inalum"),
    "an element, too": ("ru", "диспрозий", "dysprosium"),
    "with a capital": ("ru", "Диспрозий", "Dysprosium"),
    "and more": ("ru", "Норникель растёт", None),
    "nothing known": ("ru", "Погода", None),
    "no words": ("ru", " — ", None),
    "empty": ("ru", "", None),
}


@pytest.mark.parametrize(("source", "text", "english"), WHOLE.values(), ids=WHOLE.keys())
def test_a_text_of_nothing_but_names_needs_no_translator(source: str, text: str, english: str | None) -> None:
    assert GLOSSARY.whole(text, source) == english
