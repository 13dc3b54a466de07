"""The glossary that comes with the program is sound, and an operator is told what is wrong with his own."""

from __future__ import annotations

import re
from pathlib import Path

import pymorphy3
import pytest

from bot.translation.glossary import Glossary
from bot.translation.glossary_file import Entry, GlossaryError, form_id, read_names, version_of
from bot.translation.marks import Marks, find

MORPH = pymorphy3.MorphAnalyzer(lang="ru")


def own(folder: Path, text: str) -> Path:
    file = folder / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_it_knows_hundreds_of_names() -> None:
    assert len([entry for entry in read_names() if entry.lock]) >= 250


def test_each_form_of_the_glossary_is_found_and_given_its_own_english() -> None:
    glossary = Glossary.load()
    wrong = []
    for entry in glossary.entries:
        for language, forms in entry.forms.items():
            source = "id" if language == "any" else language
            for form in forms:
                written = form.lstrip("=")
                english = glossary.whole(written, source)
                if english is None or english.casefold() != entry.english.casefold():
                    wrong.append((written, source, english))
    assert wrong == []


@pytest.mark.parametrize("case", ["gent", "datv", "accs", "ablt", "loct"])
def test_each_russian_name_is_found_in_every_case(case: str) -> None:
    glossary = Glossary.load()
    forms = [
        (form, entry)
        for entry in glossary.entries
        for form in entry.forms.get("ru", ())
        if re.fullmatch("[А-ЯЁа-яё ]+", form)
    ]
    assert len(forms) > 200
    assert [
        text for form, entry in forms if not _finds(glossary, text := _inflected(form, case), entry)
    ] == []


def _finds(glossary: Glossary, text: str, entry: Entry) -> bool:
    return (glossary.whole(text, "ru") or "").casefold() == entry.english.casefold()


def _inflected(name: str, case: str) -> str:
    """The name in another case: its adjectives and its first noun; what depends on that noun stays."""
    words = name.split()
    for place, word in enumerate(words):
        parses = [parse for parse in MORPH.parse(word) if {"nomn"} in parse.tag and not word.isupper()]
        if not parses or (changed := parses[0].inflect({case})) is None:
            continue
        words[place] = changed.word.capitalize() if word[0].isupper() else changed.word
        if "NOUN" in parses[0].tag:
            break
    return " ".join(words)


def test_no_name_looks_like_a_mark() -> None:
    for marks in (Marks.BRACKETS, Marks.XML):
        assert not [entry for entry in read_names() if find(marks, entry.english)]


def test_an_operator_adds_a_name(tmp_path: Path) -> None:
    glossary = Glossary.load(own(tmp_path, "companies:\n  Acme Mining: {ru: [Акме Майнинг]}"))
    assert glossary.lock("доля в Акме Майнинге", "ru", Marks.BRACKETS).restore("stake in [[1]]") == (
        "stake in Acme Mining"
    )
    assert glossary.whole("Росатом", "ru") == "Rosatom"


def test_an_operator_s_entry_takes_the_place_of_ours(tmp_path: Path) -> None:
    glossary = Glossary.load(own(tmp_path, "companies:\n  Rosatom: {any: [Росатом-Сервис]}"))
    assert glossary.whole("Росатом", "ru") is None


def test_an_operator_s_form_takes_it_from_ours(tmp_path: Path) -> None:
    glossary = Glossary.load(own(tmp_path, "names:\n  the Rosatom Corporation: {ru: Росатом}"))
    assert glossary.whole("Росатом", "ru") == "The Rosatom Corporation"


def test_null_takes_a_name_away(tmp_path: Path) -> None:
    assert Glossary.load(own(tmp_path, "companies:\n  Rosatom: null")).whole("Росатом", "ru") is None


def test_an_exact_form_is_not_inflected(tmp_path: Path) -> None:
    glossary = Glossary.load(own(tmp_path, "names:\n  Vega: {ru: [=Вега]}"))
    assert glossary.whole("Вега", "ru") == "Vega"
    assert glossary.whole("Веги", "ru") is None


def test_the_version_changes_with_the_content_and_with_nothing_else(tmp_path: Path) -> None:
    plain = Glossary.load().version
    assert len(plain) == 12
    assert int(plain, 16) >= 0
    assert Glossary.load().version == plain
    assert Glossary.load(own(tmp_path, "names: {}")).version == plain
    assert Glossary.load(own(tmp_path, "names: {Vega: {ru: [Вега]}}")).version != plain
    assert Glossary.load(own(tmp_path, "names: {Vega: {ru: [Вега], lock: false}}")).version != plain
    assert version_of(reversed(read_names())) == plain


WRONG = {
    "no mapping": ("[a, b]", "own.yaml, the file: expected names with their values"),
    "an empty file": ("", "got nothing"),
    "an unknown group": ("company:\n  A: {ru: [Аа]}", "Did you mean companies?"),
    "an unknown field": (
        "names:\n  Vega: {rus: [Вега]}",
        "names: Vega: expected only id, ru, any, lock, got 'rus'",
    ),
    "no form": ("names:\n  Vega: {lock: false}", "names: Vega: expected at least one form"),
    "a form that is no text": ("names:\n  Vega: {ru: [7]}", "names: Vega: ru: expected a form of 2"),
    "a form of one letter": ("names:\n  Vega: {ru: [В]}", "a form of 2"),
    "a form of nothing but signs": ("names:\n  Vega: {ru: ['=--']}", "a form of 2"),
    "a lock that is neither": ("names:\n  Vega: {ru: [Вега], lock: maybe}", "lock: expected true or false"),
    "brackets in the English": ("names:\n  '[[7]]': {ru: [Вега]}", "expected an English name"),
    "markup in the English": ("names:\n  <b>Vega</b>: {ru: [Вега]}", "expected an English name"),
    "an English name that is a number": ("names:\n  7: {ru: [Вега]}", "names that are text"),
    "one form, two names": (
        "names:\n  Vega: {ru: [Вега]}\n  Lyra: {ru: [вега]}",
        "forms of one name (Vega has it)",
    ),
    "a name twice": ("names:\n  Vega: {ru: [Вега]}\n  Vega: {ru: [Вега]}", "'Vega' stands twice"),
    "a name in two groups": ("names:\n  Vega: {ru: [Вега]}\nplaces:\n  Vega: {ru: [Лира]}", "each name once"),
    "taking away what is not there": ("companies:\n  Rosatm: null", "Did you mean Rosatom?"),
    "no YAML": ("names: [", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_refused_with_its_place_and_reason(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(GlossaryError) as caught:
        Glossary.load(own(tmp_path, text))
    assert told in str(caught.value)
    assert "own.yaml" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(GlossaryError, match="missing\\.yaml"):
        Glossary.load(tmp_path / "missing.yaml")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_bytes("names: {Vega: {ru: [Вега]}}".encode("cp1251"))
    with pytest.raises(GlossaryError, match="not UTF-8"):
        Glossary.load(file)


@pytest.mark.parametrize(
    ("one", "other"), [("Счётная палата", "Счетная  палата"), ("=Антам", "антам"), ("IEU-CEPA", "IEU CEPA")]
)
def test_spellings_that_cannot_be_told_apart_are_one_form(one: str, other: str) -> None:
    assert form_id(one) == form_id(other)
