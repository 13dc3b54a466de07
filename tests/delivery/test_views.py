"""What an alert and a digest show of the stored rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bot.delivery.render import Shown, WhyLine, render_alert, render_digest
from bot.delivery.views import alert_message, alert_view, digest_view, is_english
from storage.models import Alert, Article, Chat, Feed, Story
from storage.mutes import Muted

FEED = Feed(name="Kabar", country="ID", tier="trade", language="id")
CHAT = Chat(id=1, chat_id=100, kind="private", title="Ibu Sari", zone="Asia/Jakarta")
STORY = Story(articles=1)


def article(now: datetime, **values: Any) -> Article:
    default: dict[str, Any] = {
        "id": 1,
        "title": "Ekspor nikel",
        "summary": "Isi",
        "language": "id",
        "url": "http://kabar.example/1",
        "fetched_at": now,
    }
    return Article(**(default | values))


def why(subscription: str, *clauses: str) -> dict[str, Any]:
    reasons = [{"clause": clause, "words": ["nikel"], "language": "id"} for clause in clauses]
    return {"subscription": subscription, "reasons": reasons}


def test_an_untranslated_article_is_shown_as_it_is(now: datetime) -> None:
    view = alert_view(Alert(why=[]), CHAT, article(now), FEED)
    assert (view.title, view.summary, view.english) == ("Ekspor nikel", "Isi", False)
    assert view.published == now  # the feed named no time: when it was first seen
    assert "Not translated yet" in render_alert(view).plain


def test_a_translated_article_never_mixes_in_the_original_summary(now: datetime) -> None:
    translated = article(now, english_title="Nickel exports", english_summary=None)
    view = alert_view(Alert(why=[]), CHAT, translated, FEED)
    assert (view.title, view.summary, view.english) == ("Nickel exports", "", True)
    assert view.original_title == "Ekspor nikel"


def test_an_article_in_english_is_no_translation(now: datetime) -> None:
    assert is_english(article(now, language="en"))
    assert is_english(article(now, english_title=""))  # translated, and there was no title
    assert not is_english(article(now, language=None))


def test_the_reason_names_its_part_of_a_longer_query_only(now: datetime) -> None:
    alert = Alert(why=[why("nickel", "nickel"), why("nickel (ban OR quota)", "nickel", "ban")])
    assert alert_view(alert, CHAT, article(now), FEED).why == (
        WhyLine("nickel", ("«nikel»",)),
        WhyLine("nickel (ban OR quota)", ("nickel «nikel»", "ban «nikel»")),
    )


def test_concepts_stand_among_the_hashtags_and_what_they_found_in_one_line(now: datetime) -> None:
    def found(clause: str, *words: str, language: str = "id") -> dict[str, Any]:
        return {
            "subscription": clause,
            "reasons": [{"clause": clause, "words": list(words), "language": language}],
        }

    alert = Alert(
        why=[
            found("#nickel", "nikel", "bijih nikel"),
            found("#mining", "Bijih nikel", "tambang"),
            found("#export_controls", "export ban", language="en"),
            why("#nickel OR ban", "#nickel", "ban"),
        ]
    )
    view = alert_view(alert, CHAT, article(now), FEED)
    assert view.concepts == ("nickel", "mining", "export_controls")
    assert view.why == (
        WhyLine("", ("«Bijih nikel»", "«tambang»", "«export ban» (English)")),
        WhyLine("#nickel OR ban", ("#nickel «nikel»", "ban «nikel»")),
    )
    plain = render_alert(view).plain
    assert "\n#nickel #mining #export_controls\nWhy:\n• «Bijih nikel», «tambang», «export ban»" in plain


def test_the_words_that_were_found_are_marked_and_the_original_has_its_own_summary(now: datetime) -> None:
    translated = article(now, english_title="Nickel exports", english_summary="Content")
    view = alert_view(Alert(why=[why("nickel", "nickel")]), CHAT, translated, FEED)
    assert (view.found, view.original_summary) == (("nikel",), "Isi")
    assert "<i>Ekspor <u>nikel</u></i>" in render_alert(view).html
    assert render_alert(view, original=True).plain.startswith(
        "Ekspor nikel\n\nIsi\n\nNickel exports (English)"
    )


def test_the_reason_names_the_language_of_words_that_the_original_lacks(now: datetime) -> None:
    in_english = article(now, language="ru", english_title="Nickel")
    alert = Alert(why=[{"subscription": "q", "reasons": [{"clause": "q", "words": ["x"], "language": "en"}]}])
    assert alert_view(alert, CHAT, in_english, FEED).why == (WhyLine("q", ("«x» (English)",)),)


def test_the_reason_does_not_name_a_part_that_the_words_are_already(now: datetime) -> None:
    found = {"words": ["Export ban"], "language": "en"}
    alert = Alert(
        why=[
            {"subscription": "“export ban”", "reasons": [{"clause": '"export ban"', **found}]},
            {"subscription": "#mining OR bans", "reasons": [{"clause": "bans", **found}]},
        ]
    )
    assert alert_view(alert, CHAT, article(now), FEED).why == (
        WhyLine("“export ban”", ("«Export ban» (English)",)),
        WhyLine("#mining OR bans", ("bans «Export ban» (English)",)),
    )


def test_a_digest_begins_with_what_many_wrote_about_then_the_newest(now: datetime) -> None:
    rows = [
        (Alert(id=number, why=[why("q", *clauses)]), article(now, title=title), FEED, Story(articles=count))
        for number, title, count, clauses in [
            (1, "old", 1, ["#nickel"]),
            (2, "new", 1, ["#nickel", "ban", "#tariffs", "#nickel"]),
            (3, "big", 5, ["ban"]),
        ]
    ]
    view = digest_view(CHAT, date(2026, 11, 23), rows)
    assert [line.title for line in view.stories] == ["big", "new", "old"]
    assert [line.concepts for line in view.stories] == [(), ("nickel", "tariffs"), ("nickel",)]
    assert view.stories[0].sources == 5


def test_a_digest_names_its_chat_where_it_is_not_the_readers_own(now: datetime) -> None:
    group = Chat(id=2, chat_id=-5, kind="supergroup", title="Desk", zone="UTC")
    terminal = Chat(id=3, chat_id=1, kind="console", title="terminal", zone="UTC")
    titles = [digest_view(chat, now.date(), []).chat_title for chat in (CHAT, group, terminal)]
    assert titles == [None, "Desk", None]


def test_a_digest_marks_what_is_not_translated_yet(now: datetime) -> None:
    rows = [
        (Alert(id=number, why=[]), article(now, title=f"Judul {number}", **values), FEED, Story(articles=1))
        for number, values in enumerate(
            [{"language": "en"}, {"english_title": "Title", "english_summary": ""}, {"language": "ru"}]
        )
    ]
    view = digest_view(CHAT, date(2026, 11, 23), rows)
    assert [line.untranslated for line in view.stories] == ["ru", None, None]
    [message] = render_digest(view)
    assert message.plain.count("not translated yet") == 1
    assert "Judul 2 — Kabar (Russian, not translated yet)" in message.plain


def test_an_alert_and_a_digest_speak_the_language_of_their_chat(now: datetime) -> None:
    russian = Chat(id=1, chat_id=100, kind="private", title="", zone="Europe/Moscow", language="ru")
    alert = Alert(id=7, story_id=1, why=[{**why("nickel", "nickel"), "id": 3}])
    translated = article(now, english_title="Nickel exports", english_summary="Content")
    message = alert_message(alert, russian, translated, FEED)
    assert "Kabar · Индонезия · " in message.plain
    assert "23 нояб. 2026, 12:00 MSK" in message.plain
    assert "Ekspor nikel (индонезийский)" in message.plain
    assert "Original" not in {button.label for row in message.buttons for button in row}
    [digest] = render_digest(digest_view(russian, date(2026, 11, 23), [(alert, translated, FEED, STORY)]))
    assert "понедельник, 23 ноября" in digest.plain


def test_the_buttons_know_what_is_saved_and_muted(now: datetime) -> None:
    alert = Alert(
        id=7, story_id=1, why=[{**why("nickel", "nickel"), "id": 3}, why("tin", "tin"), {**why("a"), "id": 4}]
    )
    source = Feed(id=2, name="Kabar", country="ID", tier="trade", language="id")
    message = alert_message(
        alert,
        CHAT,
        article(now),
        source,
        shown=Shown(menu=True),
        saved=True,
        muted={(Muted.SOURCE, 2), (Muted.STORY, 2), (Muted.SUBSCRIPTION, 4)},
    )
    assert [[button.label for button in row] for row in message.buttons] == [
        ["Open"],
        ["★ Saved", "‹ Back", "Why"],
        ["This story, for a day"],
        ["↶ Source: Kabar"],
        ["nickel"],
        ["↶ a"],
    ]
