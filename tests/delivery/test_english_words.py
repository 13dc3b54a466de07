"""A translation is marked where it says what the original was found by."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.delivery.english_words import EnglishWords
from bot.delivery.render import render_alert
from bot.delivery.views import alert_view
from bot.language.concepts import Concepts
from storage.models import Alert, Article, Chat, Feed


@pytest.fixture(scope="module")
def english() -> EnglishWords:
    return EnglishWords(Concepts.load())


def test_finds_what_means_the_same_in_english(english: EnglishWords) -> None:
    found = english(["#rare_earths", "nickel", "#rare_earths"], "Rare earths and nickel ore", "More nickel.")
    assert found == ("Rare earths", "nickel")


def test_what_is_not_there_or_can_not_be_read_is_left_out(english: EnglishWords) -> None:
    assert english(["#no_such_concept", "nikel", "(", ""], "Rare earths", "") == ()
    assert english([], "Rare earths", "") == ()
    assert english(["nickel"], "", "") == ()


def test_a_translated_alert_is_marked_in_both_languages(english: EnglishWords, now: datetime) -> None:
    reason = {"clause": "#rare_earths", "words": ["logam tanah jarang"], "language": "id"}
    article = Article(
        title="Rencana penambangan logam tanah jarang",
        summary="",
        language="id",
        english_title="A plan for mining rare-earth metals",
        english_summary="Nothing else.",
        fetched_at=now,
    )
    view = alert_view(
        Alert(why=[{"subscription": "#rare_earths", "id": 1, "reasons": [reason]}]),
        Chat(zone="UTC"),
        article,
        Feed(name="Kabar", tier="trade"),
        english=english,
    )
    html = render_alert(view).html
    assert "<b>A plan for mining <u>rare-earth</u> metals</b>" in html
    assert "<i>Rencana penambangan <u>logam tanah jarang</u></i>" in html
