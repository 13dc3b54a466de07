"""Reasons survive storage as JSON and read well in one line."""

from __future__ import annotations

import json

from bot.matching.explain import Reason, describe, language_name

REASONS = (
    Reason("#rare_earths", ("logam tanah jarang", "LTJ"), "id"),
    Reason("export", ("exports",), "en"),
)


def test_reasons_make_one_line() -> None:
    line = "#rare_earths: «logam tanah jarang», «LTJ» (Indonesian); export: «exports» (English)"
    assert describe(REASONS) == line
    assert describe(()) == ""


def test_a_reason_comes_back_from_json_unchanged() -> None:
    for reason in REASONS:
        assert Reason.from_json(json.loads(json.dumps(reason.to_json()))) == reason


def test_a_language_without_a_name_shows_its_code() -> None:
    assert language_name("ru") == "Russian"
    assert language_name("xx") == "xx"
