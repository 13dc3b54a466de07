"""Feeds and texts to measure with, made of the demo's articles."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from bot.demo.samples import load_samples
from bot.translation.segments import sentences

_ARTICLES = load_samples().articles
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def feed_document(number: int, *, items: int) -> bytes:
    """An RSS document of about a kilobyte an item, different for each number."""
    articles = _ARTICLES
    chance = random.Random(number)
    rows = []
    for index in range(items):
        article = chance.choice(articles)
        link = f"http://feed{number}.example/{index}"
        body = " ".join(chance.choice(articles).summary for _ in range(3))
        date = (START - timedelta(minutes=index)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        rows.append(
            f"<item><title>{escape(article.title)} {number}-{index}</title><link>{link}</link>"
            f"<guid>{link}</guid><pubDate>{date}</pubDate><description>{escape(body)}</description></item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>Feed {number}</title><link>http://feed{number}.example/</link>{''.join(rows)}</channel></rss>"
    ).encode()


def one_more_item(document: bytes, number: int, turn: int) -> bytes:
    """The document with a new item in front, and its last one gone."""
    article = _ARTICLES[(number + turn) % len(_ARTICLES)]
    link = f"http://feed{number}.example/new/{turn}"
    item = (
        f"<item><title>{escape(article.title)} {number}+{turn}</title><link>{link}</link>"
        f"<guid>{link}</guid><description>{escape(article.summary)}</description></item>"
    )
    head, mark, items = document.partition(b"<item>")
    kept, _, _ = (mark + items).rpartition(b"<item>")
    return head + item.encode() + kept + b"</channel></rss>"


def words(count: int) -> list[str]:
    """Different words of the demo's articles, in three languages, then made-up ones."""
    found: dict[str, None] = {}
    for article in load_samples().articles:
        for word in f"{article.title} {article.summary} {article.english_summary}".split():
            cleaned = word.strip(".,:;«»\"'()%–—-").lower()
            if len(cleaned) > 3 and cleaned.isalpha():
                found[cleaned] = None
    chosen = list(found)[:count]
    return chosen + [f"kata{number}" for number in range(count - len(chosen))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An article to translate, and each of its sentences in English."""

    language: str
    title: str
    summary: str
    english: Mapping[str, str]


def wanted_articles(count: int) -> list[Wanted]:
    """Articles in Indonesian and Russian, as long as a feed's usually are; no sentence stands twice."""
    samples = [article for article in load_samples().articles if article.language != "en"]
    found = []
    for number in range(count):
        article = samples[number % len(samples)]
        english = {f"{article.title} ({number})": f"{article.english_title} ({number})"}
        summary = []
        pairs = zip(sentences(article.summary), sentences(article.english_summary), strict=True)
        for sentence, its_english in pairs:
            text = f"{sentence.text.rstrip('.')} ({number})."
            english[text] = f"{its_english.text.rstrip('.')} ({number})."
            summary.append(text)
        found.append(Wanted(article.language, next(iter(english)), " ".join(summary), english))
    return found
