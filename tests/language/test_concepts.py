"""Concepts fire on what a text is about and keep clear of their traps; a bad file is told where it is bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.language.concepts import Concepts, ConceptsError, UnknownConceptError
from bot.language.words import analyse_article

# What must be found: the ids that stand behind the text must all be among the named ones.
NAMED = [
    ("rare_earths", "id", "Cadangan logam tanah jarangnya baru terpetakan separuh"),
    ("rare_earths", "id", "Pabrik percontohan LTJ-nya selesai"),
    ("rare_earths", "id", "Harta karun mineral di perut pulau itu diincar banyak pihak"),
    ("rare_earths", "id", "Mineral langka untuk turbin angin makin mahal"),
    ("rare_earths", "ru", "Цены на редкие земли выросли вдвое"),
    ("rare_earths", "ru", "Завод начнёт выпуск оксидов редкоземов"),
    ("rare_earths", "ru", "Дефицит РЗМ остановил конвейер"),
    ("rare_earths", "ru", "Партии диспрозия и тербия ждут на складе"),
    ("rare_earths", "ru", "Автопроизводителям не хватает: поставки магнитов задержаны"),
    ("rare_earths", "en", "A rare-earth refinery opens in the north"),
    ("rare_earths", "en", "Prices of neodymium double"),
    ("rare_earths", "en", "Car makers count the days as magnets from China run short of licences"),
    ("critical_minerals", "id", "Daftar mineral kritis dan strategis diperbarui"),
    ("critical_minerals", "ru", "Перечень критически важных минералов расширен"),
    ("critical_minerals", "ru", "Добычу редких металлов поддержат льготами"),
    ("critical_minerals", "en", "Allies pledge money for critical raw materials"),
    ("critical_minerals", "ru", "Тонна сурьмы подорожала"),
    ("gallium_germanium", "ru", "Пекин выдал лицензии на вывоз галлия и германия"),
    ("tin", "id", "Ingot timah menumpuk di gudang smelter"),
    ("nickel", "ru", "Никелевый завод снизил выпуск"),
    ("export_controls", "id", "Pemerintah membatasi ekspor bijih mulai bulan depan"),
    ("export_controls", "id", "Ekspor bauksit mentah kembali dilarang"),
    ("export_controls", "id", "Keran ekspor konsentrat dibuka lagi"),
    ("export_controls", "ru", "Кабмин продлил запрет на вывоз лома"),
    ("export_controls", "ru", "Ограничения на китайский экспорт смягчены"),
    ("export_controls", "ru", "Перечень товаров двойного назначения пополнен"),
    ("export_controls", "ru", "Минторг США внёс заводы в «чёрный список»"),
    ("export_controls", "en", "Restrictions on nickel ore exports return"),
    ("export_controls", "en", "Three chip firms land on the Entity List"),
    ("tariffs", "id", "Bea keluar kelapa sawit dinaikkan"),
    ("tariffs", "id", "Trump tunda tarif baru untuk Meksiko"),
    ("tariffs", "ru", "Пошлины на алюминий отменят осенью"),
    ("tariffs", "ru", "Трамп пригрозил новыми тарифами соседям"),
    ("tariffs", "en", "Steel makers cheer anti-dumping duties"),
    ("tariffs", "en", "New tariffs hit furniture"),
    ("sanctions", "id", "Uni Eropa siapkan sanksi baru terhadap Rusia"),
    ("sanctions", "ru", "Банк попал под блокирующие санкции"),
    ("sanctions", "ru", "Эмбарго на поставки продлено"),
    ("sanctions", "en", "Ministers agree a new round of sanctions"),
    ("trade_war", "id", "Perang dagang membuat pasar goyah"),
    ("trade_war", "ru", "Эксперты боятся новой торговой войны"),
    ("sanctions", "ru", "Чехия заморозила имущество российского чиновника"),
    ("sanctions", "ru", "Минск просит Трампа снять запрет с калия"),
    ("sanctions", "ru", "Вашингтон дал «Лукойлу» отсрочку по заправкам"),
    ("sanctions", "ru", "Брюссель бессрочно обездвижил резервы"),
    ("export_controls", "ru", "Пекин ввёл разрешительный порядок для технологий аккумуляторов"),
    ("export_controls", "ru", "Гана остановит отгрузки бокситов за рубеж"),
    ("tariffs", "ru", "Анкара повысит сборы на китайские машины"),
    ("tariffs", "ru", "Европейское вино обложат 15%"),
    ("trade_war", "ru", "Экономическая схватка США и Китая затянется"),
    ("mining", "ru", "На Урале нашли самородок весом с буханку"),
    ("trade_war", "en", "A trade truce holds for now"),
    ("mining", "id", "Penambangan pasir besi dihentikan warga"),
    ("mining", "id", "Pabrik peleburan baru berdiri di Halmahera"),
    ("mining", "ru", "Горняки подняли на поверхность первую руду"),
    ("mining", "ru", "На руднике завершили проходку ствола"),
    ("mining", "ru", "Компания начала добычу апатитов"),
    ("mining", "en", "Miners strike at the copper pit"),
    ("downstreaming", "id", "Hilirisasi bauksit tertunda lagi"),
    ("wto", "ru", "Спор передан в ВТО"),
    ("wto", "id", "Gugatan di WTO dimenangkan"),
]  # fmt: skip

# The traps: the concept must not be named.
NOT_NAMED = [
    ("rare_earths", "id", "Di sini jarang ada tanah kosong"),
    ("rare_earths", "id", "Tanah itu jarang dijual"),
    ("rare_earths", "id", "Warga menjual tanah. Jarang ada yang membeli"),
    ("rare_earths", "id", "Pemain muda Keltjes tampil gemilang"),
    ("rare_earths", "id", "Harta karun kapal tenggelam ditemukan nelayan"),
    ("rare_earths", "id", "Gas elpiji langka di pasar"),
    ("rare_earths", "id", "Pulau itu jadi magnet wisata dan investasi"),
    ("rare_earths", "id", "Penyanyi itu cium tangan ibunya"),
    ("rare_earths", "ru", "Редкие гости заходят на эти земли"),
    ("rare_earths", "ru", "Добыча редких металлов: литий и ниобий"),
    ("rare_earths", "ru", "«Магнит» открыл сотый магазин"),
    ("rare_earths", "ru", "Дело Магнитского вернули в суд"),
    ("rare_earths", "ru", "Толчок магнитудой пять у берегов"),
    ("rare_earths", "ru", "Самария и Скандинавия на старой карте"),
    ("rare_earths", "en", "Such quiet is rare. Earth shook again"),
    ("rare_earths", "en", "The Rare Earth hypothesis and life elsewhere"),
    ("rare_earths", "en", "The grid operator REE warned of power cuts in Spain"),
    ("critical_minerals", "ru", "Пострадавший в критическом состоянии"),
    ("critical_minerals", "ru", "Список критического импорта пополнен"),
    ("critical_minerals", "ru", "Критически важная инфраструктура под защитой"),
    ("critical_minerals", "ru", "Дроны получат литий-ионные аккумуляторы"),
    ("critical_minerals", "ru", "Команда из Германии выиграла кубок"),
    ("critical_minerals", "ru", "Германия и Индия подписали договор"),
    ("critical_minerals", "ru", "В храме прошла лития"),
    ("critical_minerals", "en", "The old Chevrolet Cobalt is recalled"),
    ("critical_minerals", "id", "Kondisi pasien masih kritis"),
    ("tin", "id", "Polisi lepaskan timah panas ke kaki pelaku"),
    ("tin", "en", "He kept the letters in a tin"),
    ("nickel", "en", "Nickelback play the final night"),
    ("export_controls", "id", "Petani bawang siap ekspor ke Jepang"),
    ("export_controls", "id", "Kuota haji tahun depan bertambah"),
    ("export_controls", "ru", "Квоты на обучение в вузах распределены"),
    ("export_controls", "ru", "Миграционные квоты снова обсуждают"),
    ("export_controls", "ru", "Вывоз мусора ограничат в праздники"),
    ("export_controls", "ru", "Экспорт зерна вырос"),
    ("export_controls", "ru", "Погранконтроль вернули на мосту"),
    ("export_controls", "en", "Weak exports halt a rally in stocks"),
    ("export_controls", "en", "BIS warns of debt in its annual report"),
    ("tariffs", "id", "Tarif tol naik menjelang libur"),
    ("tariffs", "id", "Diskon tarif listrik diperpanjang"),
    ("tariffs", "id", "Tarif ojol dan KRL dikeluhkan penumpang"),
    ("tariffs", "id", "Bea Cukai sita rokok ilegal di pelabuhan"),
    ("tariffs", "id", "Emas kena tarif royalti baru"),
    ("tariffs", "ru", "Тарифы ЖКХ вырастут с июля"),
    ("tariffs", "ru", "Госпошлина за загранпаспорт повышена"),
    ("tariffs", "ru", "Оператор сменил тарифный план без спроса"),
    ("tariffs", "ru", "Единый тариф взносов для бизнеса"),
    ("tariffs", "ru", "Тарифы на проезд в метро"),
    ("tariffs", "en", "A cheaper phone tariff for students"),
    ("tariffs", "en", "Officer was on duty that night"),
    ("sanctions", "id", "DKPP jatuhkan sanksi kepada ketua panitia"),
    ("sanctions", "id", "Sanksi tilang bagi pengendara"),
    ("sanctions", "id", "FIFA beri sanksi kepada Malaysia"),
    ("sanctions", "id", "Perusahaan nakal terancam sanksi administratif"),
    ("sanctions", "ru", "Обыск прошёл с санкции суда"),
    ("sanctions", "ru", "Санкция прокурора получена"),
    ("sanctions", "ru", "Несанкционированный митинг разогнали"),
    ("sanctions", "ru", "Выборы санкционировал губернатор"),
    ("trade_war", "id", "Perang diskon mobil listrik makin seru"),
    ("trade_war", "id", "Perang Iran membuat harga naik"),
    ("trade_war", "en", "The war slows trade on the river"),
    ("mining", "id", "Warga ramai ikut lomba tarik tambang"),
    ("mining", "id", "Air mineral dibagikan gratis"),
    ("mining", "id", "Harga emas Aneka Tambang turun tipis"),
    ("mining", "id", "Tambang bitcoin rumahan digerebek"),
    ("mining", "ru", "Сотрудники завода получили премии"),
    ("mining", "ru", "Добыча нефти снижена по решению ОПЕК"),
    ("mining", "ru", "Открыто месторождение газа на шельфе"),
    ("mining", "ru", "Кабина упала в шахту лифта"),
    ("mining", "ru", "«Шахтёр» забил гол в конце матча"),
    ("mining", "ru", "Политическая карьера министра окончена"),
    ("mining", "en", "Data mining helps doctors"),
    ("mining", "en", "Bitcoin miners move north"),
    ("mining", "en", "Navy ships clear a sea mine"),
    ("mining", "en", "That idea of mine was no good"),
    ("downstreaming", "id", "Hilirisasi kelapa dorong pendapatan petani"),
    ("wto", "ru", "Второй автомобиль угнали ночью"),
    ("critical_minerals", "en", "The new CRM software pleased the sales team"),
    ("rare_earths", "en", "REM play one more song for the fans"),
    ("tariffs", "en", "CVD is the first cause of death among men"),
    ("mining", "ru", "Студенты МИИТ сдали экзамены"),
    ("rare_earths", "ru", "Врач СМЗ принял сорок больных"),
    ("mining", "ru", "Он начал карьеру сторожем"),
    ("mining", "ru", "Чёрные копатели раскопали курган"),
    ("mining", "ru", "Горняк сыграл вничью с «Торпедо»"),
    ("export_controls", "ru", "Квота на вылов минтая распределена"),
    ("sanctions", "ru", "Получена санкция на обыск у чиновника"),
    ("rare_earths", "id", "Bajak laut mengubur harta karun di pantai"),
    ("mining", "id", "Mineral dalam air minum baik untuk tulang"),
    ("export_controls", "en", "Weak demand is holding exports down"),
    ("mining", "en", "A nickel-plated cup for the winner"),
    ("tariffs", "en", "Households pay a higher tariff at night, says Ofgem"),
]  # fmt: skip


def named(concepts: Concepts, language: str, text: str) -> set[str]:
    return set(concepts.named(analyse_article(text, "", language)))


@pytest.mark.parametrize(("concept", "language", "text"), NAMED)
def test_a_text_names_its_concept(concepts: Concepts, concept: str, language: str, text: str) -> None:
    assert concept in named(concepts, language, text)


@pytest.mark.parametrize(("concept", "language", "text"), NOT_NAMED)
def test_a_trap_does_not_name_the_concept(concepts: Concepts, concept: str, language: str, text: str) -> None:
    assert concept not in named(concepts, language, text)


def test_the_seven_labels_and_more_are_there(concepts: Concepts) -> None:
    assert len(concepts.ids) >= 30
    assert {
        "rare_earths", "critical_minerals", "nickel", "bauxite", "export_controls", "tariffs", "sanctions",
        "trade_war", "mining", "downstreaming",
    } <= set(concepts.ids)  # fmt: skip


def test_each_concept_has_terms_in_each_language(concepts: Concepts) -> None:
    for concept in concepts:
        assert set(concept.terms) == {"en", "id", "ru"}, concept.id
        assert all(concept.terms.values())


def test_each_term_that_needs_no_neighbour_is_found_as_it_is_written(concepts: Concepts) -> None:
    for concept in concepts:
        for rule in concept.rules:
            if not rule.near and not rule.near_keys:
                for text in rule.texts:
                    written = " ".join(part.split("/")[0].removeprefix("=") for part in text.split())
                    assert concept.id in concepts.found(analyse_article(written, "", rule.language)), (
                        concept.id,
                        text,
                    )


def test_a_hit_says_where_and_in_which_language(concepts: Concepts) -> None:
    document = analyse_article("Harga logam tanah jarang naik", "", "id")
    (hit,) = concepts.found(document)["rare_earths"]
    assert document.words(hit.span) == "tanah jarang"
    assert hit.language == "id"


def test_an_english_term_in_a_russian_text_is_an_english_hit(concepts: Concepts) -> None:
    hits = concepts.found(analyse_article("Компания MP Materials нашла инвестора", "", "ru"))["rare_earths"]
    assert {hit.language for hit in hits} == {"en"}


def test_what_is_a_kind_counts_and_what_is_only_brought_along_does_not(concepts: Concepts) -> None:
    names = named(concepts, "en", "Lithium output doubles")
    assert {"lithium", "critical_minerals"} <= names
    assert "critical_minerals" not in named(concepts, "en", "Rare earth output doubles")
    assert {"rare_earths", "nickel", "lithium"} <= concepts.answers("critical_minerals")


def test_an_unknown_id_brings_the_nearest(concepts: Concepts) -> None:
    with pytest.raises(
        UnknownConceptError, match=r"#tarifs: there is no concept of this name\. Did you mean #tariffs\?"
    ):
        concepts.get("tarifs")
    assert concepts.nearest("Rare-Earths") == "rare_earths"
    assert concepts.nearest("zzz") is None


GOOD = """
sets:
  seas: {en: [sea, ocean]}
concepts:
  fish:
    name: Fish
    group: food
    terms:
      en:
        - tuna
        - any: fish
          with: $seas
          within: 2
          without: [plastic]
          apart: text
        - any: catch
          with: $seas
          and: [boat, fishing net]
          within: 3
    excludes:
      en: [fish eye lens]
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    return file


def test_rules_of_a_file_of_ones_own(tmp_path: Path) -> None:
    concepts = Concepts.load(written(tmp_path, GOOD))

    def fires(text: str) -> bool:
        return "fish" in named(concepts, "en", text)

    assert fires("Tunas sold")
    assert fires("Fishes of oceans")
    assert not fires("Fishes of a much too distant sea")
    assert not fires("Fish")
    assert not fires("Fish in the sea. In the long run, and far from all shores, it is full of plastic")
    assert not fires("A fish-eye lens at sea")
    assert fires("The ocean catch of a boat")
    assert fires("Fishing net catch at sea")
    assert not fires("The ocean catch, none of it from the old boat")
    assert not fires("A boat and its catch")
    assert not fires("A good catch at sea")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: Fish", "title: Fish", r"mine\.yaml, concepts\.fish: expected only name, .*, got 'title'"),
        ("group: food", "grup: food", r"Did you mean group\?"),
        ("name: Fish", "name: 5", r"fish\.name: expected text .*, got 5"),
        ("- tuna", "- 232", r"concepts\.fish\.terms\.en\[0\]: expected a mapping, got 232"),
        ("- tuna", "- '!?'", r"concepts\.fish\.terms\.en\[0\]: expected words, .*, got '!\?'"),
        ("$seas", "$lakes", r"name of a set \(seas\), got '\$lakes'"),
        ("within: 2", "within: near", r"en\[1\]\.within: expected a number of words .*, got 'near'"),
        ("any: fish", "all: fish", r"expected only any, with, and, within, without, apart, got 'all'"),
        ("      en:\n        - tuna", "      de:\n        - tuna", r"expected only en, id, ru, got 'de'"),
        ("  fish:", "  Fish One:", r"expected an id of lower-case letters, digits and _, got 'Fish One'"),
        ("name: Fish", "name: Fish\n    includes: [birds]", r"expected the id of a concept, got 'birds'"),
        ("group: food", "group: food\n    group: fun", r'"group" stands twice in one mapping, .* in line 8'),
        ("concepts:", "concepts: [", r"not valid YAML"),
        (GOOD, "[]", r"the file: expected a mapping, got \[\]"),
        (GOOD, "", r"the file: expected a mapping, got nothing"),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_where_it_is_bad(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConceptsError, match=message):
        Concepts.load(written(tmp_path, GOOD.replace(old, new)))


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConceptsError, match=r"absent\.yaml: No such file"):
        Concepts.load(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConceptsError, match="not UTF-8"):
        Concepts.load(tmp_path / "latin.yaml")


OWN = {
    "fish": {
        "name": "Fish of mine",
        "group": "food",
        "terms": {"en": ["carp", {"any": "eel", "with": "$seas"}]},
    },
    "birds": {"name": "Birds", "group": "food", "terms": {"en": ["duck"]}, "includes": ["fish"]},
}


def test_an_operator_adds_concepts_and_puts_others_in_their_place(tmp_path: Path) -> None:
    concepts = Concepts.load(written(tmp_path, GOOD), own=OWN)
    assert concepts.ids == ("fish", "birds")
    assert named(concepts, "en", "A carp") == {"fish", "birds"}
    assert named(concepts, "en", "Eels of the ocean") == {"fish", "birds"}, "the file's sets can be used"
    assert named(concepts, "en", "Tuna") == set()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"name": "Tea", "group": "food", "terms": {"en": ["tea"]}, "includes": ["cups"]},
            r"my\.yaml, concepts\.tea\.includes: expected the id of a concept, got 'cups'",
        ),
        (
            {"name": "Tea", "group": "food"},
            r"my\.yaml, concepts\.tea\.terms: expected a mapping, got nothing",
        ),
        ("tea", r"my\.yaml, concepts\.tea: expected a mapping, got 'tea'"),
    ],
)
def test_an_operator_is_told_where_his_concept_is_bad(tmp_path: Path, body: object, message: str) -> None:
    with pytest.raises(ConceptsError, match=message):
        Concepts.load(written(tmp_path, GOOD), own={"tea": body}, own_file="my.yaml")


def test_each_concept_says_where_its_terms_come_from(concepts: Concepts) -> None:
    for concept in concepts:
        assert concept.source, concept.id
        assert set(concept.source) <= {"glossary", "news", "law"}, concept.id


# Concepts whose terms name another concept as well, on purpose: a tariff tit for tat is both.
MEANT = {
    ("coal", "mining"),
    ("critical_minerals", "mining"),  # полезные ископаемые
    ("danantara", "rare_earths"),  # the agency that is to dig them
    ("diamonds", "mining"),
    ("export_controls", "mining"),  # halt ore exports
    ("mining", "coal"),
    ("mining", "critical_minerals"),  # a lithium deposit
    ("mining", "diamonds"),
    ("mining", "lithium"),
    ("mining", "output_quotas"),
    ("mining", "precious_metals"),
    ("mining_royalties", "mining"),
    ("output_quotas", "mining"),
    ("permanent_magnets", "recycling_of_metals"),
    ("platinum_metals", "mining"),
    ("precious_metals", "mining"),
    ("rare_earths", "danantara"),
    ("rare_earths", "mining"),  # a mining works by its name
    ("recycling_of_metals", "permanent_magnets"),
    ("recycling_of_metals", "rare_earths"),
    ("sanctions", "tariffs"),  # secondary tariffs
    ("stockpiles", "critical_minerals"),
    ("titanium", "mining"),
    ("trade_talks", "tariffs"),
    ("free_trade_agreements", "tariffs"),
    ("trade_war", "tariffs"),
    ("zinc_lead", "mining"),
    ("zinc_lead", "smelters"),
}


def test_no_term_is_swallowed_by_another_concept_by_accident(concepts: Concepts) -> None:
    both: dict[tuple[str, str], str] = {}
    for concept in concepts:
        for rule in concept.rules:
            if rule.near or rule.near_keys:
                continue
            for text in rule.texts:
                written = " ".join(part.split("/")[0].removeprefix("=") for part in text.split())
                for other in named(concepts, rule.language, written) - {concept.id}:
                    kin = concept.id in concepts.answers(other) or other in concepts.answers(concept.id)
                    if not kin:
                        both[concept.id, other] = text
    assert {pair: text for pair, text in both.items() if pair not in MEANT} == {}


def test_sixty_concepts_and_more_in_the_five_groups(concepts: Concepts) -> None:
    assert len(concepts.ids) >= 60
    assert {concept.group for concept in concepts} == {
        "elements and materials",
        "mining and processing",
        "trade policy",
        "sanctions",
        "actors and agreements",
    }
