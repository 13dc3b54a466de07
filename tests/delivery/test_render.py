"""What a reader sees is valid Telegram HTML within the limits, whatever the feeds send."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.render import (
    ENTITY_BYTES_LIMIT,
    ENTITY_LIMIT,
    TEXT_LIMIT,
    AlertView,
    DigestLine,
    DigestView,
    Message,
    WhyLine,
    clean,
    cut,
    language_name,
    local_time,
    reason,
    render_alert,
    render_digest,
    safe_url,
)
from bot.speech import ENGLISH, LANGUAGES, Speech
from tests.standins.telegram_html import Entity, Parsed, parse

MORNING = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)

ALERT = AlertView(
    title="Moscow orders a plan for digging up rare earths",
    summary="The cabinet has until March to say where, how and with whose money.",
    original_title="Moskwa minta rencana penambangan logam tanah jarang",
    original_language="id",
    english=True,
    source="Warta Tambang",
    country="ID",
    tier="independent",
    published=MORNING,
    url="https://www.warta.example/a?x=1&y=2",
    why=(WhyLine("", (reason(["logam tanah jarang"], "id"),)),),
    zone="Asia/Jakarta",
    concepts=("rare_earths",),
    found=("rare earths", "logam tanah jarang"),
)

DIGEST = DigestView(
    chat_title=None,
    local_date=date(2026, 11, 23),
    zone="Asia/Jakarta",
    speech=ENGLISH,
    stories=(
        DigestLine("Ban on ore exports stays", "https://a.example/1", "Warta", 1, ("bauxite", "export_ban")),
        DigestLine("Magnets get dearer", "https://a.example/2", "Kabar", 3, ("rare_earths",)),
        DigestLine("Smelter opens", None, "Warta", 2, ("bauxite",)),
        DigestLine("Port strike ends", "https://a.example/4", "Kabar", 1, ()),
    ),
)


class TestAlert:
    def test_shows_title_summary_original_origin_concepts_and_why(self) -> None:
        message = render_alert(ALERT)
        assert message.html == (
            "<b>Moscow orders a plan for digging up <u>rare earths</u></b>\n"
            "\n"
            "The cabinet has until March to say where, how and with whose money.\n"
            "\n"
            "<i>Moskwa minta rencana penambangan <u>logam tanah jarang</u></i> (Indonesian)\n"
            '<a href="https://www.warta.example/a?x=1&amp;y=2">Warta Tambang</a> · Indonesia · '
            'independent media · <tg-time unix="1795417500" format="Dt">23 Nov 2026, 14:05 WIB</tg-time>\n'
            "#rare_earths\n"
            "Why: «logam tanah jarang» (Indonesian)"
        )
        assert message.plain == (
            "Moscow orders a plan for digging up rare earths\n"
            "\n"
            "The cabinet has until March to say where, how and with whose money.\n"
            "\n"
            "Moskwa minta rencana penambangan logam tanah jarang (Indonesian)\n"
            "Warta Tambang · Indonesia · independent media · 23 Nov 2026, 14:05 WIB\n"
            "#rare_earths\n"
            "Why: «logam tanah jarang» (Indonesian)\n"
            "https://www.warta.example/a?x=1&y=2"
        )
        assert message.url == ALERT.url
        assert [message.plain[begin:end] for begin, end in message.marks] == [
            "rare earths",
            "logam tanah jarang",
        ]

    def test_of_the_original_shows_what_was_published_and_the_english_title(self) -> None:
        view = replace(ALERT, original_summary="Kabinet diberi waktu sampai Maret.")
        message = render_alert(view, original=True)
        assert message.plain.startswith(
            "Moskwa minta rencana penambangan logam tanah jarang\n"
            "\n"
            "Kabinet diberi waktu sampai Maret.\n"
            "\n"
            "Moscow orders a plan for digging up rare earths (English)\n"
        )
        english = replace(ALERT, original_language="en")
        assert render_alert(english, original=True) == render_alert(english)

    def test_puts_what_follows_the_first_sentences_into_a_quotation(self) -> None:
        first = "The cabinet has until March to say where, how, and with whose money it is to be done at all."
        rest = "The ministry is to list the deposits. " * 8
        message = render_alert(replace(ALERT, summary=f"{first} {first} {rest}"))
        assert f"\n{first} {first}\n<blockquote expandable>The ministry" in message.html
        assert message.html.count("</blockquote>\n\n<i>Moskwa") == 1
        assert "blockquote" not in render_alert(replace(ALERT, summary=f"{first} {first} Yes.")).html

    def test_cuts_a_summary_without_sentences_at_a_word(self) -> None:
        words = " ".join(f"word{number}" for number in range(100))
        parsed = parse(render_alert(replace(ALERT, summary=words)).html, pedantic=True)
        lead, rest = parsed.text.split("\n")[2:4]
        assert (lead + rest).replace("……", " ") == words

    def test_a_message_never_is_too_long_however_much_there_is_to_say(self) -> None:
        much = "а бв 😀 " * 1000
        view = replace(
            ALERT,
            title=much,
            summary=much,
            original_title=much[1:],
            source=much,
            country=much,
            tier=much,
            original_language=much,
            concepts=tuple(f"{number}{much}" for number in range(20)),
            why=tuple(WhyLine(f"{number}{much}", (much,) * 9) for number in range(20)),
            found=("бв",),
        )
        for one in (view, replace(view, english=False)):
            assert "<blockquote expandable>" in render_alert(one).html
            check(render_alert(one))

    def test_links_the_hashtags_of_all_concepts_once(self) -> None:
        tagged = replace(ALERT, concepts=("rare_earths", "#tin", "tin", "export ban"))
        assert "\n#rare_earths #tin #export ban\n" in render_alert(tagged).plain

    def test_without_english_shows_the_original_and_says_that_english_follows(self) -> None:
        message = render_alert(replace(ALERT, english=False, title="", summary=""))
        assert message.html.startswith(
            "<b>Moskwa minta rencana penambangan <u>logam tanah jarang</u></b>\n"
            "<i>Indonesian original. Not translated yet; this message will be updated.</i>\n"
        )
        assert message.plain.count("logam tanah jarang") == 2  # the title, and why

    def test_of_an_english_article_shows_the_title_once(self) -> None:
        english = replace(ALERT, original_title=ALERT.title, original_language="en")
        assert render_alert(english).plain.count(ALERT.title) == 1

    def test_does_not_repeat_a_summary_that_is_the_title(self) -> None:
        assert render_alert(replace(ALERT, summary=ALERT.title)).plain.count(ALERT.title) == 1

    def test_names_every_subscription_that_matched_up_to_five(self) -> None:
        why = tuple(WhyLine(f"query {number}", ("«ore»",)) for number in range(7))
        plain = render_alert(replace(ALERT, why=why)).plain
        assert "Why:\n• query 0 — «ore»\n" in plain
        assert "query 5" not in plain
        assert "and 2 more" in plain

    def test_leaves_out_what_is_not_known(self) -> None:
        bare = replace(
            ALERT,
            summary="",
            country=None,
            tier=None,
            published=None,
            url=None,
            why=(),
            original_language=None,
            concepts=(),
        )
        message = render_alert(bare)
        assert message.plain.endswith("\nWarta Tambang")
        assert message.url is None

    def test_with_nothing_at_all_still_is_a_message(self) -> None:
        empty = replace(ALERT, title="", summary="", original_title="\u200b", source="", url=None)
        assert parse(render_alert(empty).html, pedantic=True).text.startswith("(no title)")

    @pytest.mark.parametrize(
        "hostile",
        [
            "<script>alert(1)</script>",
            "</b></i></a>",
            "&lt;b&gt; &amp; &#60;",
            '"><a href="tg://user?id=1">x</a>',
            "a < b > c & d",
        ],
    )
    def test_markup_in_a_feed_is_shown_as_it_stands(self, hostile: str) -> None:
        parsed = parse(render_alert(replace(ALERT, title=hostile, source=hostile)).html, pedantic=True)
        assert parsed.text.startswith(hostile + "\n")
        assert [entity.type for entity in parsed.entities] == [
            "bold",
            "italic",
            "underline",
            "text_link",
            "date_time",
        ]


class TestDigest:
    def test_groups_stories_by_their_first_concept_one_line_each(self) -> None:
        (message,) = render_digest(DIGEST)
        assert message.html == (
            "<b>Daily digest · Monday, 23 November 2026</b>\n"
            "4 stories · Asia/Jakarta\n"
            "\n"
            "<b>#bauxite</b>\n"
            '• <a href="https://a.example/1">Ban on ore exports stays</a> — Warta\n'
            "• Smelter opens — Warta and 1 more\n"
            "\n"
            "<b>#rare_earths</b>\n"
            '• <a href="https://a.example/2">Magnets get dearer</a> — Kabar and 2 more\n'
            "\n"
            "<b>Other stories</b>\n"
            '• <a href="https://a.example/4">Port strike ends</a> — Kabar'
        )
        assert "• Magnets get dearer — Kabar and 2 more\n  https://a.example/2\n" in message.plain

    def test_an_empty_day_gives_no_message_unless_asked_for(self) -> None:
        empty = replace(DIGEST, stories=())
        assert render_digest(empty) == []
        (message,) = render_digest(empty, even_if_empty=True)
        assert "Nothing new today." in message.plain

    def test_dates_are_written_in_the_chats_language(self) -> None:
        assert (
            "понедельник, 23 ноября 2026" in render_digest(replace(DIGEST, speech=Speech.of("ru")))[0].plain
        )

    def test_a_long_one_is_split_between_stories_and_numbered(self) -> None:
        stories = tuple(
            DigestLine(f"{number:03} {'ore ' * 30}", f"https://a.example/{number}", "Warta", 1, ("nickel",))
            for number in range(100)
        )
        messages = render_digest(replace(DIGEST, stories=stories))
        assert len(messages) == len([m for m in messages if f"/{len(messages)})</b>" in m.html]) > 1
        assert all("<b>#nickel</b>" in message.html for message in messages)
        titles = [
            line[2:5] for message in messages for line in message.plain.splitlines() if "ore ore" in line
        ]
        assert titles == [f"{number:03}" for number in range(100)]

    def test_long_addresses_count_too(self) -> None:
        stories = tuple(
            DigestLine(f"Story {number}", f"https://a.example/{'x' * 1900}", "Warta", 1, ())
            for number in range(12)
        )
        messages = render_digest(replace(DIGEST, stories=stories))
        assert len(messages) == 3
        for message in messages:
            check(message)


# Everything that has ever broken a renderer: markup, marks, directions, escapes, planes.
hostile_text = st.one_of(
    st.text(max_size=80),
    st.text(
        st.sampled_from(
            list("<>&\"'/=abc#@ \n\t\x00\x1b\x9b\u202e\u2066\u200b\u200d\ufeff\u0301\ud800😀ж中.!?")
        ),
        max_size=400,
    ),
    st.sampled_from(["<b>", "</a>", "&amp;", "x" * 5000, "<" * 5000, "😀" * 700, "\u0301" * 900, ""]),
)
hostile_url = st.one_of(
    st.none(),
    hostile_text,
    hostile_text.map(lambda text: f"https://a.example/{text}"),
    hostile_text.map(lambda text: f"http://{text}"),
    st.sampled_from(
        ["javascript:alert(1)", "https://[", "https://a.example:99999/", "https://" + "a" * 3000 + ".example"]
    ),
)
speeches = st.sampled_from(LANGUAGES).map(Speech.of)
alerts = st.builds(
    AlertView,
    title=hostile_text,
    summary=hostile_text,
    original_title=hostile_text,
    original_language=st.none() | hostile_text,
    english=st.booleans(),
    source=hostile_text,
    country=st.none() | hostile_text | st.sampled_from(["ID", "ru"]),
    tier=st.none() | hostile_text | st.just("official"),
    published=st.none() | st.datetimes(timezones=st.just(UTC)),
    url=hostile_url,
    why=st.lists(
        st.builds(WhyLine, hostile_text, st.lists(hostile_text, max_size=6).map(tuple)), max_size=8
    ).map(tuple),
    zone=st.sampled_from(["Asia/Jakarta", "Asia/Kathmandu", "Australia/Lord_Howe"]) | hostile_text,
    speech=speeches,
    original_summary=hostile_text,
    concepts=st.lists(hostile_text | st.sampled_from(["nickel", "#tin"]), max_size=12).map(tuple),
    found=st.lists(hostile_text | st.sampled_from(list("ax<&ж中😀")), max_size=12).map(tuple),
)
digests = st.builds(
    DigestView,
    chat_title=st.none() | hostile_text,
    local_date=st.dates(),
    zone=hostile_text,
    speech=speeches,
    stories=st.lists(
        st.builds(
            DigestLine,
            hostile_text,
            hostile_url,
            hostile_text,
            st.integers(0, 500),
            st.lists(hostile_text | st.sampled_from(["nickel", "#tin"]), max_size=3).map(tuple),
        ),
        max_size=25,
    ).map(tuple),
)


def check(message: Message) -> Parsed:
    """Valid, within the limits, and nothing in it that can't be seen."""
    parsed = parse(message.html, pedantic=True)
    assert parsed.text.strip()
    assert parsed.text == parsed.text.strip()  # Telegram would trim it, and shift nothing but our count
    assert len(parsed.text) <= TEXT_LIMIT
    assert len(parsed.entities) <= ENTITY_LIMIT
    assert sum(32 + len((entity.value or "").encode()) for entity in parsed.entities) <= ENTITY_BYTES_LIMIT
    for text in (parsed.text, message.plain):
        unseen = [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
        assert unseen == []
    for entity in parsed.entities:
        if entity.type == "text_link":
            assert entity.value is not None
            assert entity.value.startswith(("http://", "https://", "HTTP"))
            assert safe_url(entity.value) == entity.value
    message.html.encode()
    return parsed


class TestProperties:
    @settings(deadline=None)
    @given(alerts, st.booleans())
    def test_any_alert_is_valid_html_within_the_limits(self, view: AlertView, original: bool) -> None:
        message = render_alert(view, original=original)
        parsed = check(message)
        assert message.plain.startswith(parsed.text)  # behind it there is but the address
        for begin, end in message.marks:
            assert message.plain[begin:end].strip()

    @settings(deadline=None)
    @given(digests)
    def test_any_digest_is_valid_html_within_the_limits(self, view: DigestView) -> None:
        messages = render_digest(view)
        assert bool(messages) == bool(view.stories)
        shown = sum(line.startswith("• ") for m in messages for line in check(m).text.splitlines())
        assert shown == len(view.stories)

    @settings(deadline=None)
    @given(hostile_text)
    def test_cleaning_is_done_after_one_pass(self, text: str) -> None:
        assert clean(clean(text)) == clean(text)

    @settings(deadline=None)
    @given(st.text(st.characters(max_codepoint=0x20FF), max_size=40))
    def test_ordinary_text_is_cleaned_as_any_other(self, text: str) -> None:
        assert clean(text) == clean(f"{text}\u200b")

    def test_no_ordinary_character_needs_cleaning(self) -> None:
        for char in map(chr, range(0x2200)):
            assert clean(f"a{char}b") == clean(f"a{char}b\u200b")

    @settings(deadline=None)
    @given(st.text(max_size=300), st.integers(2, 100))
    def test_a_cut_is_a_beginning_within_its_limit(self, text: str, limit: int) -> None:
        short = cut(text, limit)
        assert len(short) <= limit
        assert text.startswith(short.removesuffix("…"))

    @settings(deadline=None)
    @given(hostile_url)
    def test_a_safe_address_stays_as_it_is(self, url: str | None) -> None:
        safe = safe_url(url)
        assert safe_url(safe) == safe


class TestWords:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("\x1b[31mred\x1b]0;title\x07", "[31mred]0;title", id="terminal escapes"),
            pytest.param("abc\u202edcba\u2069", "abcdcba", id="direction overrides"),
            pytest.param("rare\u200b\u00adearth\ufeff", "rareearth", id="zero widths"),
            pytest.param(" a\u00a0\t\n b ", "a b", id="white space"),
            pytest.param("Z\u0300\u0301\u0302\u0303\u0304\u0305x", "Z\u0300\u0301\u0302\u0303x", id="zalgo"),
            pytest.param("й и\u0306 ❤\ufe0f", "й и\u0306 ❤\ufe0f", id="real marks and emoji stay"),
            pytest.param("\ud83d lone", "lone", id="lone surrogate"),
        ],
    )
    def test_what_cannot_be_seen_goes(self, text: str, expected: str) -> None:
        assert clean(text) == expected

    @pytest.mark.parametrize(
        ("text", "limit", "expected"),
        [
            pytest.param("Short.", 20, "Short.", id="whole"),
            pytest.param("It begins here. And it goes on.", 20, "It begins here.", id="sentence"),
            pytest.param("One two three four five", 15, "One two three…", id="word"),
            pytest.param("Выросла на 5 т. е. процентов", 20, "Выросла на 5 т. е.…", id="no end after т. е."),
            pytest.param("x" * 30, 10, "x" * 9 + "…", id="no word's end"),
            pytest.param("稀土出口管制。新的规定生效", 10, "稀土出口管制。", id="Chinese sentence"),
        ],
    )
    def test_a_cut_is_at_a_sentence_or_a_word(self, text: str, limit: int, expected: str) -> None:
        assert cut(text, limit) == expected

    @pytest.mark.parametrize(
        ("zone", "expected"),
        [
            ("Asia/Jakarta", "23 Nov 2026, 14:05 WIB"),
            ("Europe/Moscow", "23 Nov 2026, 10:05 MSK"),
            ("Asia/Kathmandu", "23 Nov 2026, 12:50 UTC+5:45"),
            ("Etc/GMT-7", "23 Nov 2026, 14:05 UTC+7"),
            ("Etc/GMT+11", "22 Nov 2026, 20:05 UTC-11"),
            ("Australia/Lord_Howe", "23 Nov 2026, 18:05 Lord Howe Daylight Time"),
            ("Nowhere/Land", "23 Nov 2026, 07:05 UTC"),
        ],
    )
    def test_a_time_names_its_zone(self, zone: str, expected: str) -> None:
        assert local_time(MORNING, zone) == expected

    def test_languages_and_reasons_have_names(self) -> None:
        assert [language_name(code) for code in ("id", "ru", "zh-CN", "qqq", None)] == [
            "Indonesian",
            "Russian",
            "Chinese",
            "qqq",
            "",
        ]
        assert reason(["РЗМ", "экспорт"], "ru") == "«РЗМ», «экспорт» (Russian)"

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            pytest.param("https://a.example/x y", "https://a.example/x%20y", id="space"),
            pytest.param(" HTTPS://a.example/ ", "HTTPS://a.example/", id="upper case"),
            pytest.param("https://сайт.example/путь", "https://сайт.example/путь", id="Cyrillic"),
            pytest.param("https://a.example\\@b.example/", None, id="two hosts at once"),
            pytest.param("https://user:word@a.example/", None, id="a name before the host"),
            pytest.param("javascript:alert(1)", None, id="script"),
            pytest.param("//a.example/x", None, id="no scheme"),
            pytest.param("tg://user?id=1", None, id="telegram's own"),
            pytest.param("https:///x", None, id="no host"),
            pytest.param("https://a.example/\u202egpj.exe", None, id="direction override"),
            pytest.param("https://a.example/\x1b]8;;", None, id="terminal escape"),
            pytest.param("https://a.example/" + "x" * 2048, None, id="endless"),
        ],
    )
    def test_only_plain_web_addresses_are_linked(self, url: str, expected: str | None) -> None:
        assert safe_url(url) == expected
        html = render_alert(replace(ALERT, url=url)).html
        assert ("<a href" in html) == (expected is not None)


def test_a_bold_title_is_one_entity_with_the_marks_within() -> None:
    entities = parse(render_alert(ALERT).html, pedantic=True).entities
    assert entities[:2] == (Entity("bold", 0, len(ALERT.title)), Entity("underline", 36, 11))
