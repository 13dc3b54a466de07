"""Feeds and texts to measure with, made of the demo's articles."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from bot.demo.samples import load_samples

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def feed_document(number: int, *, items: int) -> bytes:
    """An RSS document of about a kilobyte an item, different for each number."""
    articles = load_samples().articles
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
