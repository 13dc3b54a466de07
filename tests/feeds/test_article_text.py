"""The article on a page, in three languages and two encodings; and what stands in an article's place."""

from __future__ import annotations

import pytest

from bot.feeds.article_text import MAX_TAGS, MAX_TEXT_CHARS, Obstacle, PageText, article_text
from bot.feeds.entry import ParseError

ENGLISH = (
    "The ministry of trade said on Monday that licences for dysprosium would be granted only after a review.",
    "Producers expect the review to take two months, so that stocks last until the spring at the latest.",
    "Prices of terbium rose by a tenth within the week, traders in three ports said.",
)
INDONESIAN = (
    "Kementerian Perdagangan menyatakan bahwa izin ekspor disprosium diberikan setelah kontrak diperiksa.",
    "Para produsen di provinsi itu memperkirakan pemeriksaan akan berlangsung sedikitnya dua bulan.",
    "Harga terbium naik sepersepuluh dalam sepekan, kata para pedagang di tiga pelabuhan.",
)
RUSSIAN = (
    "Министерство торговли сообщило, что лицензии на вывоз диспрозия будут выдавать лишь после проверки.",
    "Производители в провинции ожидают, что проверка займёт не меньше двух месяцев.",
    "Цены на тербий за неделю выросли на десятую часть, рассказали торговцы в трёх портах.",
)


def page(*paragraphs: str, head: str = "", around: str = "") -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"""<!DOCTYPE html><html><head><title>A page</title>{head}</head><body>
      <nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Football scores</a></li></ul></nav>
      <main><article><h1>Export of dysprosium</h1>{text}</article></main>
      <aside><h2>Most read</h2><a href="/x">Ten lipsticks for the winter</a></aside>
      {around}<footer>All rights reserved, Example Media</footer>
      <script>var a = "tracking &&& <p>not the text</p>";</script></body></html>"""


@pytest.mark.parametrize("paragraphs", [ENGLISH, INDONESIAN, RUSSIAN], ids=["en", "id", "ru"])
def test_the_article_comes_out_without_the_page_around_it(paragraphs: tuple[str, ...]) -> None:
    found = article_text(page(*paragraphs).encode(), "text/html; charset=utf-8")
    assert found.obstacle is None
    assert all(paragraph in found.text for paragraph in paragraphs)
    assert not any(word in found.text for word in ("Football", "lipsticks", "rights reserved", "tracking"))


@pytest.mark.parametrize(
    ("content_type", "head"),
    [
        ("text/html; charset=windows-1251", ""),
        ("text/html", '<meta charset="windows-1251">'),
        (
            "text/html",
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        ),
        (None, ""),
    ],
    ids=["said by the server", "said by the page", "said the old way", "said by nobody"],
)
def test_the_letters_are_right_whoever_names_the_encoding(content_type: str | None, head: str) -> None:
    found = article_text(page(*RUSSIAN, head=head).encode("windows-1251"), content_type)
    assert RUSSIAN[0] in found.text


def test_a_long_article_ends_with_a_whole_paragraph_within_the_limit() -> None:
    found = article_text(page(*(f"{n}. {ENGLISH[1]}" for n in range(400))).encode(), "text/html")
    assert MAX_TEXT_CHARS * 0.9 < len(found.text) <= MAX_TEXT_CHARS
    assert found.text.endswith("latest.")


def test_an_endless_paragraph_ends_with_a_whole_word() -> None:
    found = article_text(page("dysprosium " * 5000).encode(), "text/html")
    assert MAX_TEXT_CHARS * 0.9 < len(found.text) <= MAX_TEXT_CHARS
    assert found.text.endswith("dysprosium")


FREE = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":%s}</script>'


@pytest.mark.parametrize("value", ["false", '"False"', ' "false"'])
def test_a_page_that_says_it_is_not_free_is_left_alone(value: str) -> None:
    assert article_text(page(*ENGLISH, head=FREE % value).encode(), None) == PageText("", Obstacle.PAYWALL)


def test_a_page_that_says_it_is_free_is_read() -> None:
    assert article_text(page(*ENGLISH, head=FREE % "true").encode(), None).obstacle is None


@pytest.mark.parametrize(
    ("text", "obstacle"),
    [
        (f"{ENGLISH[2]} Subscribe to read the rest of this article and all others.", Obstacle.PAYWALL),
        (f"{INDONESIAN[2]} Silakan berlangganan untuk membaca artikel ini selengkapnya.", Obstacle.PAYWALL),
        (f"{RUSSIAN[2]} Полный текст доступен по подписке, оформите её сегодня.", Obstacle.PAYWALL),
        (
            "Before you continue to our site, we use cookies to measure how it is used by you.",
            Obstacle.CONSENT,
        ),
        ("Мы используем файлы cookie, чтобы сделать наш сайт удобнее для вас, читатель.", Obstacle.CONSENT),
        ("Situs ini menggunakan cookie untuk kenyamanan Anda saat membaca berita kami.", Obstacle.CONSENT),
        (
            "Checking your browser before you may go on, this will take a few seconds only.",
            Obstacle.CHALLENGE,
        ),
        ("Подтвердите, что вы не робот, и мы сразу же покажем вам эту страницу целиком.", Obstacle.CHALLENGE),
    ],
)
def test_a_notice_in_the_articles_place_is_no_article(text: str, obstacle: Obstacle) -> None:
    assert article_text(page(text).encode(), "text/html; charset=utf-8") == PageText("", obstacle)


def test_an_article_about_cookies_is_one() -> None:
    long = (*ENGLISH * 5, "The regulator found that the firm did not ask before it had users accept cookies.")
    assert "accept cookies" in article_text(page(*long).encode(), "text/html").text


@pytest.mark.parametrize(
    "body",
    [b"", b"\0" * 5000, b"<html></html>", b"<" * 20_000, b"<div>" * 20_000, b"\xff\xfe" * 3000, b"%PDF-1.7"],
    ids=["nothing", "zeros", "no body", "brackets", "nesting", "a mark without end", "a PDF"],
)
def test_what_holds_no_article_has_no_text(body: bytes) -> None:
    assert article_text(body, "text/html") == PageText("", Obstacle.EMPTY)


def test_a_page_of_more_tags_than_any_article_has_is_not_read() -> None:
    with pytest.raises(ParseError, match="more than 40000 tags"):
        article_text(page(*ENGLISH, around="<b>" * MAX_TAGS).encode(), "text/html")
