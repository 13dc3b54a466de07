"""The catalogues are whole: each sentence of the code in each language, and nothing else."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot.speech import CATALOGUES, DOMAIN, LANGUAGES, Speech

PROGRAM = Path(bot.__file__).parent
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "Phrase": None}
TRANSLATED = [language for language in LANGUAGES if language != "en"]
HOW = "pybabel extract and update, as the README says"
# What a translation must have as often as its sentence: placeholders, tags, commands, addresses.
KEPT = re.compile(r"\{\w*\}|</?\w+>|/[a-z]+|https?://|feeds\.yaml|RAREWATCH_\w+|UTC[+-]\d+|…|«|»")


@pytest.fixture(scope="module")
def sentences() -> dict[tuple[str | None, object], str]:
    """(context, sentence) → where it stands in the code."""
    found = extract_from_dir(str(PROGRAM), [("**.py", "python")], keywords=KEYWORDS)
    return {(context, text): f"{file}:{line}" for file, line, text, _, context in found}


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(text: object) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (str(text or ""),)


def kept(text: str) -> Counter[str]:
    return Counter(KEPT.findall(text.replace("“", "«").replace("”", "»")))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_of_the_code_is_translated(
    language: str, sentences: dict[tuple[str | None, object], str]
) -> None:
    there = {(message.context, message.id) for message in messages(language)}
    missing = [
        f"{where} {text!r}" for (context, text), where in sentences.items() if (context, text) not in there
    ]
    assert not missing, f"not in {language}, add them with {HOW}"
    empty = [message.id for message in messages(language) if not all(forms(message.string))]
    assert not empty, f"translate these into {language}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_that_the_code_does_not_say(
    language: str, sentences: dict[tuple[str | None, object], str]
) -> None:
    assert [
        message.id for message in messages(language) if (message.context, message.id) not in sentences
    ] == []
    assert not catalogue(language).obsolete
    assert [message.id for message in messages(language) if message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_what_is_no_language(language: str) -> None:
    for message in messages(language):
        wanted = kept(forms(message.id)[-1])
        for form in forms(message.string):
            assert kept(form) == wanted, (message.id, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_ends_and_begins_as_its_sentence_does(language: str) -> None:
    for message in messages(language):
        said = forms(message.id)[-1]
        for form in forms(message.string):
            assert form == form.strip()
            for mark in ".:?":
                assert form.endswith(mark) == said.endswith(mark) or form.endswith("дн."), (said, form)
            if re.match(r"[A-Z]([a-z ']|$)", said):
                assert not form[0].islower(), (said, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_plural_has_all_the_forms_of_its_language(language: str) -> None:
    number = catalogue(language).num_plurals
    assert number == {"id": 1, "ru": 3}[language]
    for message in messages(language):
        if isinstance(message.id, tuple):
            assert len(forms(message.string)) == number, message.id


def test_no_sentence_stands_where_it_can_not_be_found() -> None:
    """Within an f-string, or made up at run time, a sentence would stay English and nobody would notice."""
    hidden = [f"{file.name}:{call.lineno}" for file in PROGRAM.rglob("*.py") for call in _hidden(file)]
    assert hidden == []


def _hidden(file: Path) -> Iterator[ast.Call]:
    if file.name == "speech.py":
        return
    tree = ast.parse(file.read_text(encoding="utf-8"))
    within = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _called(node) not in KEYWORDS:
            continue
        texts = node.args[: {"ngettext": 2, "pgettext": 2}.get(_called(node), 1)]
        if id(node) in within or not all(isinstance(text, ast.Constant) for text in texts):
            yield node


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "Вы следите за 1 запросом."),
        (2, "Вы следите за 2 запросами."),
        (21, "Вы следите за 21 запросом."),
        (12_900, "Вы следите за 12\xa0900 запросами."),
    ],
)
def test_russian_counts(count: int, expected: str) -> None:
    speech = Speech.of("ru")
    assert speech.ngettext("You follow {count} query.", "You follow {count} queries.", count) == expected


def test_the_catalogues_go_into_the_wheel() -> None:
    root = Path(bot.__file__).parents[1]
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["bot"]
    files = [file.relative_to(root / "bot") for file in CATALOGUES.rglob("*.po")]
    assert len(files) == len(LANGUAGES) - 1
    for file in files:
        assert any(file.match(pattern.removeprefix("**/")) for pattern in patterns)
