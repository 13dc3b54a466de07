"""Local models: real CTranslate2 and SentencePiece, running small models that translate word for word."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.local import LocalProvider, open_local
from bot.translation.marks import Marks
from bot.translation.model_folder import ModelError, find_models
from bot.translation.translator import Translator
from tests.translation.memory import DictMemory
from tests.translation.tiny_model import (
    INDONESIAN,
    RUSSIAN,
    install_argos,
    install_byte_pairs,
    install_opus,
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    install_argos(tmp_path / "id-en-1.9", "id", INDONESIAN)
    install_argos(tmp_path / "ru-en-1.9", "ru", RUSSIAN)
    return tmp_path


def done(reply: list[str] | ProviderFailure) -> list[str]:
    assert isinstance(reply, list), str(reply)
    return reply


def failed(reply: list[str] | ProviderFailure) -> ProviderFailure:
    assert isinstance(reply, ProviderFailure), reply
    return reply


def test_texts_are_translated_in_order(models: Path) -> None:
    provider = open_local(models)
    texts = ["larangan ekspor nikel", "tambang baru dibuka", "harga nikel naik"]
    assert done(provider.translate_many(texts, "id")) == [
        "ban export nickel",
        "mine new opened",
        "price nickel rises",
    ]
    assert done(provider.translate_many(["запрет экспорт", "цена растёт"], "ru")) == [
        "ban export",
        "price rises",
    ]


def test_sentences_go_one_by_one_and_keep_their_spacing(models: Path) -> None:
    text = "Larangan ekspor nikel. harga naik 3,5%.  2026\n\ntambang baru!"
    # A capital makes an unknown word of a known one here: it is carried over, letter for letter.
    assert done(open_local(models).translate_many([text], "id")) == [
        "Larangan export nickel. price rises 3,5%.  2026\n\nmine new!"
    ]


@pytest.mark.parametrize("text", ["Antam", "⟦7⟧ ekspor", "ekspor 12.500 ton 🙂", "«экспорт»", "漢字"])
def test_what_a_model_does_not_know_is_carried_over(models: Path, text: str) -> None:
    [english] = done(open_local(models).translate_many([text], "id"))
    assert english == text.replace("ekspor", "export")


@pytest.mark.parametrize("text", ["", " ", "\n", "2026", "— 5 —"])
def test_a_text_without_letters_stays_as_it_is(models: Path, text: str) -> None:
    assert done(open_local(models).translate_many([text], "id")) == [text]


def test_a_long_sentence_is_cut_and_nothing_of_it_is_lost(models: Path) -> None:
    sentence = ", ".join(["larangan ekspor nikel"] * 120)
    [english] = done(open_local(models).translate_many([sentence], "id"))
    assert english == ", ".join(["ban export nickel"] * 120)


def test_a_word_too_long_for_a_model_is_a_failure(models: Path) -> None:
    failure = failed(open_local(models).translate_many(["ekspor", "x" * 500], "id"))
    assert failure.kind is FailureKind.UNSUPPORTED
    assert "too long" in failure.reason


@pytest.mark.parametrize(
    "text",
    ["ekspor \ud800", "\udfff"],
    ids=["half a pair", "the other half"],
)
def test_a_text_that_is_not_unicode_is_a_failure_of_this_text_alone(models: Path, text: str) -> None:
    failure = failed(open_local(models).translate_many([text + " a"], "id"))
    assert failure.kind is FailureKind.UNSUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "ekspor\0nikel",
        "\u202eekspor\u202c",
        "a\u200bb",
        "</s> ekspor",
        "<s>",
        "<unk> a",
        "▁ekspor",
        "@@ a@@",
        "&lt;a&gt;",
    ],
)
@pytest.mark.parametrize("kind", ["pieces", "pairs"])
def test_signs_with_a_meaning_for_the_tools_do_no_harm(tmp_path: Path, text: str, kind: str) -> None:
    if kind == "pieces":
        install_argos(tmp_path / "id-en-1.9", "id", INDONESIAN)
    else:
        install_byte_pairs(tmp_path / "id-en-1.9", INDONESIAN)
    before, english, after = done(open_local(tmp_path).translate_many(["harga", text, "naik"], "id"))
    assert (before, after) == ("price", "rises")
    assert english


def test_a_translation_that_comes_to_no_end_is_a_failure(tmp_path: Path) -> None:
    install_argos(tmp_path / "id-en-1.9", "id", INDONESIAN, never_ends=True)
    failure = failed(open_local(tmp_path).translate_many(["harga nikel"], "id"))
    assert failure.kind is FailureKind.UNUSABLE
    assert "no end" in failure.reason


def test_what_ctranslate2_raises_comes_back_as_a_failure(tmp_path: Path) -> None:
    # This model knows 30 places in a sentence, and there is no comma or space to cut at before that.
    install_argos(tmp_path / "id-en-1.9", "id", INDONESIAN, places=30)
    failure = failed(open_local(tmp_path).translate_many(["x" * 40], "id"))
    assert failure.kind is FailureKind.CRASHED
    assert "RuntimeError" in failure.reason
    assert str(tmp_path) not in str(failure)


def test_a_request_larger_than_promised_is_refused(models: Path) -> None:
    provider = open_local(models)
    failure = failed(provider.translate_many(["ekspor " * 2_000], "id"))
    assert failure.kind is FailureKind.UNSUPPORTED


def test_a_pair_without_a_model_is_a_failure_that_says_what_to_do(models: Path) -> None:
    failure = failed(open_local(models).translate_many(["xuất khẩu"], "vi"))
    assert failure.kind is FailureKind.UNSUPPORTED
    assert "rarewatch models install vi-en" in failure.reason


def test_a_model_installed_while_it_runs_is_found(models: Path) -> None:
    provider = open_local(models)
    failed(provider.translate_many(["export"], "en", "id"))
    install_argos(models / "en-id-1.0", "en", {"export": "ekspor"}, target="id")
    assert done(provider.translate_many(["export"], "en", "id")) == ["ekspor"]


def test_the_newest_version_is_used(models: Path) -> None:
    install_argos(models / "id-en-1.10", "id", {"ekspor": "exports"}, version="1.10")
    assert done(open_local(models).translate_many(["ekspor"], "id")) == ["exports"]


def test_a_broken_model_fails_alone(models: Path) -> None:
    (models / "id-en-1.9" / "model" / "model.bin").write_bytes(b"no model")
    provider = open_local(models)
    failure = failed(provider.translate_many(["ekspor"], "id"))
    assert failure.kind is FailureKind.UNSUPPORTED  # does not open the breaker, which is Russian's too
    assert "can't be loaded" in failure.reason
    assert done(provider.translate_many(["экспорт"], "ru")) == ["export"]


def test_many_threads_share_one_model_and_mix_nothing_up(models: Path) -> None:
    provider = open_local(models)
    words = list(INDONESIAN.items())
    barrier = threading.Barrier(16)

    def work(number: int) -> None:
        barrier.wait()
        for round_ in range(4):
            picked = [words[(number + round_ + i) % len(words)] for i in range(5)]
            texts = [f"{indonesian} {number}" for indonesian, _ in picked]
            assert done(provider.translate_many(texts, "id")) == [f"{word} {number}" for _, word in picked]

    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(work, number) for number in range(16)]:
            future.result()


async def test_64_articles_at_once_go_through_the_chain_and_none_is_mixed_up(models: Path) -> None:
    translator = Translator([open_local(models)], DictMemory())
    title, summary = "harga nikel {} naik", "tambang baru {} dibuka. larangan ekspor"
    russian = "цена {} растёт"
    try:
        done = await asyncio.gather(
            *(
                translator.translate([title.format(number), summary.format(number)], source="id")
                if number % 2
                else translator.translate([russian.format(number)], source="ru")
                for number in range(64)
            )
        )
    finally:
        await translator.aclose()
    for number, translations in enumerate(done):
        expected = (
            [f"price nickel {number} rises", f"mine new {number} opened. ban export"]
            if number % 2
            else [f"price {number} rises"]
        )
        assert [one.text for one in translations] == expected
        assert {one.provider for one in translations} == {"local"}


def test_models_not_used_for_longest_leave_memory_and_come_back(tmp_path: Path) -> None:
    languages = ["id", "ms", "vi", "uk", "kk"]
    for language in languages:
        install_argos(tmp_path / f"{language}-en-1.0", language, {"ekspor": f"export {language}"})
    provider = open_local(tmp_path)
    for language in [*languages, *languages]:
        assert done(provider.translate_many(["ekspor"], language)) == [f"export {language}"]


def test_a_model_of_several_target_languages_gets_its_prefix_and_does_not_show_it(tmp_path: Path) -> None:
    install_argos(tmp_path / "id-en-1.0", "id", INDONESIAN, target_prefix="__en__")
    assert done(open_local(tmp_path).translate_many(["harga nikel"], "id")) == ["price nickel"]


@pytest.mark.parametrize("add_source_eos", [True, False], ids=["from Marian", "from Hugging Face"])
def test_an_opus_folder_is_used_as_it_is(tmp_path: Path, add_source_eos: bool) -> None:
    install_opus(tmp_path / "opus-mt-ru-en", RUSSIAN, add_source_eos=add_source_eos)
    text = "запрет «Alpha» — цена растёт"
    assert done(open_local(tmp_path).translate_many([text], "ru")) == ['ban "Alpha" - price rises']


def test_a_package_with_byte_pairs_is_used_without_sentencepiece(tmp_path: Path) -> None:
    install_byte_pairs(tmp_path / "id-en-1.9", INDONESIAN)
    provider = open_local(tmp_path)
    texts = ["larangan ekspor nikel.", 'harga nikel naik 3,5 %, "tambang baru" dibuka!', "nikel-ekspor"]
    assert done(provider.translate_many(texts, "id")) == [
        "ban export nickel.",
        'price nickel rises 3,5%, "mine new" opened!',
        "nickel-export",
    ]


def test_a_folder_that_is_no_model_is_told_and_harms_none(models: Path) -> None:
    (models / "notes").mkdir()
    (models / "vi-en").mkdir()
    (models / "xx-en-1.0").mkdir()
    (models / "xx-en-1.0" / "metadata.json").write_text("[" * 100_000)
    found, problems = find_models(models)
    assert [model.pair for model in found] == ["id-en", "ru-en"]
    assert len(problems) == 3
    assert all(str(models) in str(problem) for problem in problems)
    assert open_local(models).pairs() == ["id-en", "ru-en"]


def test_a_package_of_an_unknown_kind_is_refused_clearly(models: Path) -> None:
    (models / "id-en-1.9" / "sentencepiece.model").unlink()
    _, [problem] = find_models(models)
    assert "it lacks what cuts sentences" in str(problem)


@pytest.mark.parametrize("missing", ["ctranslate2", "sentencepiece"])
def test_without_the_extra_the_start_says_what_to_install(models: Path, missing: str) -> None:
    have: Callable[[str], object] = lambda name: None if name == missing else object()  # noqa: E731
    with pytest.raises(ModelError, match=rf"{missing} is not installed.*rarewatch\[local\]"):
        open_local(models, have=have)


def test_without_a_model_the_start_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="rarewatch models install id-en ru-en"):
        open_local(tmp_path / "nowhere")


def test_a_start_with_nothing_but_a_broken_model_says_what_is_wrong_with_it(models: Path) -> None:
    (models / "id-en-1.9" / "model" / "model.bin").unlink()
    (models / "ru-en-1.9" / "sentencepiece.model").unlink()
    with pytest.raises(ModelError, match=r"no translation model that can be used \(.*id-en-1.9: it holds no"):
        open_local(models)


@pytest.mark.parametrize("name", ["config.json", "shared_vocabulary.json"])
def test_a_file_of_a_model_that_is_garbage_is_a_failure_of_this_pair(tmp_path: Path, name: str) -> None:
    install_byte_pairs(tmp_path / "id-en-1.9", INDONESIAN)
    (tmp_path / "id-en-1.9" / "model" / name).write_text("[" * 100_000)
    failure = failed(open_local(tmp_path).translate_many(["ekspor"], "id"))
    assert failure.kind is FailureKind.UNSUPPORTED
    assert name.removesuffix(".json") in failure.reason


def test_it_promises_what_the_chain_needs_to_know(models: Path) -> None:
    provider: LocalProvider = open_local(models)
    assert (provider.name, provider.max_texts, provider.marks) == ("local", 32, Marks.NONE)


def test_after_closing_it_takes_no_more(models: Path) -> None:
    provider = open_local(models)
    provider.close()
    assert failed(provider.translate_many(["ekspor"], "id")).kind is FailureKind.RESTING


def test_a_process_that_ends_while_it_translates_ends_cleanly(models: Path) -> None:
    # A daemon thread that came back from C++ into a finished interpreter would abort the process.
    program = """
import sys, threading, time
from pathlib import Path
from bot.translation.local import open_local
provider = open_local(Path(sys.argv[1]))
provider.translate_many(["ekspor"], "id")
def work():
    while True:
        provider.translate_many([f"harga nikel naik {n}, tambang baru dibuka" for n in range(32)], "id")
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program, str(models)], capture_output=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_the_vocabulary_decides_how_byte_pairs_are_written(tmp_path: Path) -> None:
    install_byte_pairs(tmp_path / "id-en-1.9", INDONESIAN, escaped=False)
    assert done(open_local(tmp_path).translate_many(["harga 'nikel' naik"], "id")) == ["price 'nickel' rises"]


def test_metadata_of_another_kind_is_refused(tmp_path: Path) -> None:
    install_argos(tmp_path / "x", "id", INDONESIAN)
    (tmp_path / "x" / "metadata.json").write_text(json.dumps({"from_code": "../x", "to_code": "en"}))
    _, [problem] = find_models(tmp_path)
    assert "names no two languages" in str(problem)
