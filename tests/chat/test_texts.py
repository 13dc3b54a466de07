"""What the bot says: valid Telegram HTML within the limits, whatever people typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import alert_texts, feed_texts, follow_texts, news_texts, offer_texts, texts
from bot.chat.alert_care import MutedHere, SavedAlerts
from bot.chat.audience import Audience
from bot.chat.feed_texts import Press
from bot.chat.offers import Offer, Offered, Verdict
from bot.chat.outcomes import (
    AlreadySubscribed,
    Digest,
    Latest,
    LatestItem,
    Listing,
    NoAlert,
    NotSubscribed,
    Previewed,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
    Why,
)
from bot.chat.zones import TimeError, ZoneError
from bot.delivery.render import AS_SENT, AlertPress
from bot.delivery.render import keyboard as alert_keyboard
from bot.feed_states import FeedState
from bot.feeds.diagnosis import Remark
from bot.feeds.health import TROUBLED, Health, State
from bot.feeds.parse import Entry, ParsedFeed
from bot.inspection import Inspection
from bot.matching.explain import Reason
from bot.preview import Example, Preview
from bot.speech import ENGLISH, LANGUAGES, Phrase, Speech
from storage.added_feeds import Change
from storage.models import Alert, Article, Feed
from storage.mutes import Muted, Named
from tests.standins import telegram_html

NOW = datetime.fromisoformat("2026-11-23T09:00+00:00")
BAD = Phrase("{sign} has no meaning here", {"sign": "<" * 500})
OFF = Digest(None, "UTC", date(2026, 11, 23), None, NOW)
ON = Digest(time(8), "Asia/Jakarta", date(2026, 11, 23), date(2026, 11, 24), NOW)
NASTY = '<b>&amp; "q" </pre> #x \u202e' + "&" * 500


def read(page: str) -> str:
    """The text a reader sees; fails when Telegram would refuse or cut it."""
    parsed = telegram_html.parse(page)
    assert 0 < len(parsed.text) <= 4096
    assert len(parsed.entities) <= 90
    return parsed.text


def example(text: str) -> Example:
    """An example of a preview that has this text wherever it can."""
    why = (Reason(text, (text,) * 3, "id"),) * 9
    return Example(1, text, f"{text}.", "id", True, text, NOW, f"http://x.example/{text}", why)


Say = Callable[[Speech, str], list[str]]


def feed(text: str, *, enabled: bool = True) -> Feed:
    """A feed that has this text wherever it can."""
    return Feed(
        id=1,
        url=f"https://x.example/{text}",
        name=text,
        language="id",
        enabled=enabled,
        added_by=1,
        failures=0,
    )


def article(text: str) -> Article:
    """An article that has this text wherever it can."""
    return Article(
        id=1, feed_id=1, title=text, url=f"https://x.example/{text}", english_title=None, fetched_at=NOW
    )


def alert() -> Alert:
    """An alert."""
    return Alert(id=1, chat_id=1, story_id=1, article_id=1)


def state(text: str, how: State, *, read: datetime | None = None) -> FeedState:
    """How a feed stands that has this text wherever it can."""
    one = feed(text)
    one.last_success_at, one.poll_every_s = read, 900
    problem = text if how in TROUBLED else ""
    return FeedState(one, Health(how, problem, problem))


def inspection(text: str) -> Inspection:
    """What was found at an address, with this text wherever it can be."""
    entries = (Entry("a" * 64, "g", None, text, text, NOW),) * 3
    remarks = (Remark(text or "x", text),) * 9
    return Inspection("https://x.example/rss", ParsedFeed(text, "id", entries), "id", remarks, None)


ANSWERS: dict[str, Say] = {
    "start": lambda speech, _: [
        texts.start(speech, Audience.PERSON, 3),
        texts.start(speech, Audience.GROUP, 0),
    ],
    "help": lambda speech, text: texts.help_pages(speech, [text[:20]] * 200, group=True, operator=True),
    "language": lambda speech, text: [
        texts.which_language(speech),
        texts.language_set(speech),
        texts.language_refused(speech, text),
    ],
    "subscribed": lambda speech, text: [
        follow_texts.subscribed(speech, Subscribed(text, 1, 1, {text: text}), audience)
        for audience in Audience
    ],
    "already": lambda speech, text: [follow_texts.already_subscribed(speech, AlreadySubscribed(text, 3))],
    "refused": lambda speech, text: [
        follow_texts.query_refused(
            speech, QueryRefused(text, BAD, Phrase("Write one of {known}.", {"known": text}), 5)
        )
    ],
    "too many": lambda speech, _: [follow_texts.too_many(speech, TooMany(50))],
    "subscribe what": lambda speech, text: [follow_texts.subscribe_what(speech, [text[:20]] * 200)],
    "unsubscribed": lambda speech, text: follow_texts.unsubscribed(
        speech, Unsubscribed((text,) * 50, 2), Audience.GROUP
    ),
    "unsubscribed one": lambda speech, text: follow_texts.unsubscribed(
        speech, Unsubscribed((text,), 0), Audience.PERSON
    ),
    "not subscribed": lambda speech, text: [
        follow_texts.not_subscribed(speech, NotSubscribed(text, 2), Audience.TOPIC),
        follow_texts.not_subscribed(speech, NotSubscribed(text, 0), Audience.TOPIC),
    ],
    "unsubscribe what": lambda speech, text: follow_texts.unsubscribe_what(
        speech, Listing((text,) * 50, OFF), Audience.GROUP
    ),
    "listing": lambda speech, text: follow_texts.listing(speech, Listing((text,) * 50, ON), Audience.PERSON),
    "digest state": lambda speech, _: [
        follow_texts.digest_state(speech, ON),
        follow_texts.digest_state(speech, OFF),
    ],
    "digest set": lambda speech, _: [
        follow_texts.digest_set(speech, ON, zone_given=False),
        follow_texts.digest_off(speech),
    ],
    "digest refused": lambda speech, text: [
        follow_texts.digest_refused(speech, TimeError(text, Phrase("“{rest}” is no time", {"rest": text}))),
        follow_texts.digest_refused(
            speech, ZoneError(text, Phrase("it is empty"), suggestions=("Jakarta", "Moscow", "UTC+7"))
        ),
    ],
    "latest": lambda speech, text: news_texts.latest(
        speech,
        Latest((LatestItem(text, f"http://x.example/{text}", text, NOW, "id", False),) * 5, 1, "UTC"),
        Audience.PERSON,
    ),
    "no latest": lambda speech, _: [
        *news_texts.latest(speech, Latest((), 0, "UTC"), Audience.PERSON),
        *news_texts.latest(speech, Latest((), 5, "UTC"), Audience.GROUP),
    ],
    "translations": lambda speech, text: [
        offer_texts.translations(
            speech,
            Offer(text, tuple(Offered(n, text, "ru", text, text, "added") for n in range(8)), (text,) * 4),
        ),
        offer_texts.write_words(speech, Offered(1, text, "ru", text, None, "offered")),
    ],
    "preview": lambda speech, text: [
        news_texts.preview_what(speech),
        news_texts.preview_busy(speech),
        *(
            page
            for cut_short in (True, False)
            for page in news_texts.previewed(
                speech,
                Previewed(
                    text, Preview(7, (example(text),) * 5, 3, 99, 2, NOW, cut_short, not cut_short), "UTC"
                ),
            )
        ),
    ],
    "why": lambda speech, text: news_texts.why(
        speech,
        Why(
            LatestItem(text, f"http://x.example/{text}", text, NOW, "id", True),
            f"{text}!",
            text,
            text,
            ((text, (Reason(text, (text,) * 3, "id"),) * 4),) * 20,
            text,
            None,
            NOW,
            NOW,
            "UTC",
        ),
    ),
    "no alert": lambda speech, _: [
        news_texts.no_alert(speech, NoAlert(replied=True, following=1), Audience.TOPIC),
        news_texts.no_alert(speech, NoAlert(replied=False, following=1), Audience.TOPIC),
        news_texts.no_alert(speech, NoAlert(replied=False, following=0), Audience.TOPIC),
    ],
    "administrators only": lambda speech, _: [texts.administrators_only(speech)],
    "not allowed": lambda speech, _: [texts.not_allowed(speech, -100)],
    "unknown": lambda speech, text: [texts.unknown_command(speech, text)],
    "offer": lambda speech, text: [
        texts.offer(speech, text),
        texts.not_understood(speech),
        texts.something_went_wrong(speech),
    ],
    "saved": lambda speech, text: [
        *alert_texts.saved(
            speech, SavedAlerts(((alert(), article(text), feed(text)),) * 20, 99, "Asia/Jakarta")
        ),
        *alert_texts.saved(speech, SavedAlerts((), 0, "UTC")),
    ],
    "muted": lambda speech, text: [
        alert_texts.muted(speech, MutedHere((Named(1, Muted.STORY, text, NOW),) * 99, "Asia/Jakarta"))[0],
        alert_texts.muted(speech, MutedHere((), "UTC"))[0],
    ],
    "feeds": lambda speech, text: [
        feed_texts.listing(speech, [state(text, how, read=NOW) for how in State] * 9, page, now=NOW)[0]
        for page in range(3)
    ],
    "feeds added": lambda speech, text: [
        feed_texts.listing(speech, [], 0, now=NOW)[0],
        feed_texts.add_what(speech),
        feed_texts.no_address(speech, text),
        feed_texts.busy(speech),
        feed_texts.operators_only(speech, None),
        feed_texts.operators_only(speech, 7),
        feed_texts.unreadable(speech, text),
        *(feed_texts.not_added(speech, text, change) for change in Change),
        feed_texts.added(speech, inspection(text), feed(text)),
        feed_texts.offered(speech, [inspection(text)] * 5, [feed(text)] * 5),
        feed_texts.chosen(speech, [feed(text), feed(text, enabled=False)]),
        feed_texts.remove_what(speech, []),
        feed_texts.remove_what(speech, [feed(text)] * 31),
        feed_texts.not_found(speech, text),
        feed_texts.listed(speech),
    ],
}

TOASTS: dict[str, Callable[[Speech], list[str]]] = {
    "decisions": lambda speech: [offer_texts.decided(speech, verdict) for verdict in Verdict],
    "feeds": lambda speech: [
        feed_texts.decided(speech, press, change) for press in Press for change in Change
    ],
    "alerts": lambda speech: [
        alert_texts.gone(speech),
        alert_texts.wait(speech, 5),
        *(
            alert_texts.done(speech, AlertPress(press, 1, AS_SENT, target), source="x" * 500, changed=True)
            or "–"
            for press in alert_keyboard.Press
            for target in alert_keyboard.Target
        ),
        *(alert_texts.undone(speech, changed=changed) for changed in (True, False)),
    ],
    "others": lambda speech: [
        texts.unknown_button(speech),
        texts.administrators_only_short(speech),
        texts.language_set(speech),
        texts.something_went_wrong(speech),
        feed_texts.operators_only_short(speech),
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@settings(deadline=None, max_examples=12)
@given(text=st.text(min_size=1) | st.just(NASTY) | st.just("nickel OR"))
def test_telegram_accepts_every_answer_whole(answer: Say, language: str, text: str) -> None:
    pages = answer(Speech.of(language), text)
    assert pages
    for page in pages:
        read(page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("said", TOASTS.values(), ids=TOASTS)
def test_the_answer_to_a_button_is_plain_and_short(
    said: Callable[[Speech], list[str]], language: str
) -> None:
    """Telegram shows 200 characters, and tags as they stand."""
    for text in said(Speech.of(language)):
        assert 0 < len(text) <= 200
        assert "<" not in text


def test_a_long_list_is_split_between_lines_and_keeps_its_numbers() -> None:
    queries = tuple(f"query {number} {'word ' * 80}" for number in range(1, 51))
    pages = follow_texts.listing(ENGLISH, Listing(queries, OFF), Audience.PERSON)
    assert len(pages) > 1
    lines = "\n".join(read(page) for page in pages).splitlines()
    numbered = [line.split(".")[0] for line in lines if line[:1].isdigit()]
    assert numbered == [str(number) for number in range(1, 51)]


def test_the_success_of_a_subscription_says_what_happens_next() -> None:
    assert read(follow_texts.subscribed(ENGLISH, Subscribed("#rare_earths", 1), Audience.PERSON)) == (
        "Following #rare_earths. I will alert you at once, in English, whatever language it is written in. "
        "You follow 1 query. All of them: /list"
    )


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("nickel OR", 8, "nickel OR\n       ^"),
        ("(", 1, "(\n^"),
        ("ab", 3, "ab\n  ^"),
        ("稀土 OR", 4, "稀土 OR\n     ^"),
        ("a" * 40 + "|" + "b" * 40, 41, "…" + "a" * 15 + "|" + "b" * 14 + "…\n" + " " * 16 + "^"),
    ],
    ids=[
        "in a short query",
        "at the beginning",
        "behind the end",
        "after wide characters",
        "in a long query",
    ],
)
def test_an_error_points_at_its_character(text: str, position: int, expected: str) -> None:
    assert follow_texts.pointer(text, position) == expected


@given(text=st.text(alphabet="ab (|", min_size=1, max_size=200), position=st.integers(1, 201))
def test_the_pointer_stands_below_the_character_it_means(text: str, position: int) -> None:
    line, mark = follow_texts.pointer(text, position).split("\n")
    index = mark.index("^")
    expected = text[position - 1 : position]
    assert line[index : index + 1] == expected or position > len(text)


def test_a_word_that_a_concept_knows_brings_a_hint() -> None:
    followed = Subscribed("nickel", 1, 1, {"nickel": "nickel"})
    last = read(follow_texts.subscribed(ENGLISH, followed, Audience.PERSON)).splitlines()[-1]
    assert last == "#nickel would find «nickel» in all three languages."


def test_an_unknown_command_that_looks_like_one_gets_a_guess() -> None:
    assert "/subscribe" in texts.unknown_command(ENGLISH, "subscirbe")
    assert "Did you mean" not in texts.unknown_command(ENGLISH, "xyz")


def test_an_untranslated_article_is_said_to_be_one() -> None:
    item = LatestItem("Judul", None, "Kabar", NOW, "id", False)
    (page,) = news_texts.latest(ENGLISH, Latest((item,), 1, "Asia/Jakarta"), Audience.PERSON)
    assert read(page).splitlines()[-1] == ("Kabar · Indonesian, not translated yet · 23 Nov 2026, 16:00 WIB")


@pytest.mark.parametrize(
    ("language", "translator", "expected"),
    [
        pytest.param("id", "libre", "translated from Indonesian by LibreTranslate", id="one"),
        pytest.param(
            "ru",
            "google,mymemory",
            "translated from Russian by Google (title) and MyMemory (summary)",
            id="one each",
        ),
        pytest.param("en", None, "none needed, it is in English", id="english"),
        pytest.param("id", "original", "none needed, there are no words to translate", id="figures"),
        pytest.param("id", None, "not translated yet", id="not yet"),
    ],
)
def test_why_says_who_translated(language: str, translator: str | None, expected: str) -> None:
    item = LatestItem("Title", None, "Kabar", NOW, language, True)
    [page] = news_texts.why(ENGLISH, Why(item, "Judul", "ID", "trade", (), translator, None, NOW, NOW, "UTC"))
    assert f"Translation: {expected}\n" in read(page)
