"""The names of translators, as a person reads them."""

from __future__ import annotations

import pytest

from bot.settings import Settings
from bot.translation import translator
from bot.translation.credits import NAMES, ORIGINAL, translated_by


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param("google", "Google", id="one"),
        pytest.param("local", "a local model", id="a model"),
        pytest.param("google,mymemory", "Google (title) and MyMemory (summary)", id="one each"),
        pytest.param("google+libre", "Google and LibreTranslate", id="two for parts of one text"),
        pytest.param("fancy", "fancy", id="one nobody has heard of"),
        pytest.param("original", "", id="nothing to translate"),
        pytest.param(None, "", id="nobody"),
        pytest.param("", "", id="no name"),
    ],
)
def test_who_translated_is_told_truthfully(kept: str | None, expected: str) -> None:
    assert translated_by(kept) == expected


def test_every_translator_there_is_by_default_has_a_name() -> None:
    assert set(Settings.model_fields["translators"].default) <= set(NAMES)


def test_what_needed_no_translation_goes_by_one_name() -> None:
    assert ORIGINAL == translator.ORIGINAL
