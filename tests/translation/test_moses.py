"""Moses' tokens: the expected ones are those of Moses' own scripts (through sacremoses 0.2)."""

from __future__ import annotations

import pytest

from bot.translation.moses import detokenise, normalise, tokenise

SENTENCES = [
    pytest.param(
        "id",
        "Harga nikel (LME) naik 3,5 % menjadi US$ 15.400 per ton.",
        "Harga nikel ( LME ) naik 3,5 % menjadi US $ 15.400 per ton .",
        id="Indonesian",
    ),
    pytest.param(
        "id",
        'PT Antam Tbk. dan Dr. Sari: "Jum\'at..."',
        "PT Antam Tbk. dan Dr. Sari : &quot; Jum &apos; at ... &quot;",
        id="abbreviations, quotes and dots",
    ),
    pytest.param(
        "id", "mineral-mineral & kawan", "mineral @-@ mineral &amp; kawan", id="a hyphen and an ampersand"
    ),
    pytest.param(
        "ru",
        "Завод открыли в 2026 г. в Норильске, вложив 1,2 млрд руб.",
        "Завод открыли в 2026 г. в Норильске , вложив 1,2 млрд руб.",
        id="Russian",
    ),
    pytest.param("en", "Miners' pay isn't 5's.", "Miners &apos; pay isn &apos;t 5 &apos;s .", id="English"),
]


@pytest.mark.parametrize(("language", "sentence", "tokens"), SENTENCES)
def test_a_sentence_becomes_the_tokens_moses_makes(language: str, sentence: str, tokens: str) -> None:
    plain = normalise(sentence, language)
    assert tokenise(plain, language, split_hyphens=True, escape=True) == tokens.split()


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("«экспорт» — „запрет“ …", '"экспорт" - "запрет" ...'),
        ("3,5 % ( baru )", "3,5% (baru)"),
        ("1\u00a0000", "1.000"),
        ("jum’at", "jum'at"),
    ],
)
def test_punctuation_is_made_plain(written: str, plain: str) -> None:
    assert normalise(written, "ru") == plain


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        ("The price , up 3.5 % , is $ 15,400 ( LME ) .", "The price, up 3.5%, is $15,400 (LME)."),
        ("&quot; Rare @-@ earth &quot; mines &amp; plants", '"Rare-earth" mines & plants'),
        ("It isn &apos;t Russia &apos;s .", "It isn't Russia's."),
        ("the miners &apos; union", "the miners' union"),
        ("", ""),
    ],
)
def test_tokens_become_a_sentence_again(tokens: str, sentence: str) -> None:
    assert detokenise(tokens.split(), "en") == sentence


def test_hyphens_and_signs_stay_where_the_model_was_trained_so() -> None:
    assert tokenise("jum'at baru-baru", "id", split_hyphens=False, escape=False) == [
        "jum",
        "'",
        "at",
        "baru-baru",
    ]
