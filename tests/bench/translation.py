"""Articles translated through a server that takes its time, against a plain loop over `translate_batch`.

Both translate the same articles, title and summary, through the same loopback server, one after the other.
Ours has neither a budget nor a glossary here: with Google's default of 5 requests a second it is the budget
that decides. Then: how many segments a second come out of the memory, asked for the first time and again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from deep_translator import GoogleTranslator

from bot.translation.memory import memory_key
from bot.translation.providers import GoogleProvider, Provider
from bot.translation.segments import join, sentences
from bot.translation.translator import Translator
from storage.database import Database
from storage.translations import StoredMemory
from tests.bench.figures import Figure
from tests.bench.sample import Wanted, wanted_articles
from tests.standins.google_translate import GoogleStandIn
from tests.standins.marked import by_lines

ARTICLES = 60
LATENCY_S = 0.3
KNOWN = 6_000  # articles in the memory: some 18,000 segments
AT_ONCE = 200


def translation() -> list[Figure]:
    """Articles a second, requests and characters per 100 articles; segments a second out of the memory."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    return [*await _through_a_server(), *await _out_of_the_memory()]


async def _through_a_server() -> list[Figure]:
    articles = wanted_articles(ARTICLES)
    english = {text: its for article in articles for text, its in article.english.items()}

    def answer(line: str) -> str:
        pieces = sentences(line)
        return join(pieces, [english[piece.text] for piece in pieces])

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        await database.upgrade()
        async with GoogleStandIn(by_lines(answer)) as server:
            server.delay_s = LATENCY_S
            translator = Translator([GoogleProvider(server.url)], StoredMemory(database, _now))
            started = time.perf_counter()
            ours = await _all(translator, articles)
            ours_s = time.perf_counter() - started
            sent, server.requests = server.requests, []
            started = time.perf_counter()
            plain = await asyncio.to_thread(_plain_loop, server.url, articles)
            plain_s = time.perf_counter() - started
            sent_plain = server.requests
        await translator.aclose()
        await database.close()
    if ours != plain:
        raise RuntimeError("the two did not translate alike")
    name, per = "a loop over translate_batch", "100 articles"
    share = 100 / ARTICLES
    return [
        Figure(
            f"translated, {LATENCY_S:g} s a request", "articles", ARTICLES / ours_s, name, ARTICLES / plain_s
        ),
        Figure("requests", "requests", len(sent) * share, name, len(sent_plain) * share, per),
        Figure("sent", "characters", _characters(sent) * share, name, _characters(sent_plain) * share, per),
    ]


async def _all(translator: Translator, articles: Sequence[Wanted]) -> list[list[str]]:
    async def one(article: Wanted) -> list[str]:
        found = await translator.translate([article.title, article.summary], source=article.language)
        return [translation.text for translation in found]

    return await asyncio.gather(*map(one, articles))


def _plain_loop(url: str, articles: Sequence[Wanted]) -> list[list[str]]:
    found = []
    for article in articles:
        translator = GoogleTranslator(source=article.language, target="en")
        translator._base_url = url
        found.append(translator.translate_batch([article.title, article.summary]))
    return found


def _characters(requests: Sequence[dict[str, str]]) -> int:
    return sum(len(request["q"]) for request in requests)


async def _out_of_the_memory() -> list[Figure]:
    articles = wanted_articles(KNOWN)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        database = Database(f"sqlite:///{file}")
        await database.upgrade()
        memory = StoredMemory(database, _now)
        rows = {
            memory_key(text, article.language): (english, "google")
            for article in articles
            for text, english in article.english.items()
        }
        await memory.put(rows)
        nobody: list[Provider] = []
        translator = Translator(nobody, memory)
        rates = []
        for _ in range(2):
            started = time.perf_counter()
            for start in range(0, KNOWN, AT_ONCE):
                await _all(translator, articles[start : start + AT_ONCE])
            rates.append(len(rows) / (time.perf_counter() - started))
        await translator.aclose()
        await database.close()
        baseline = len(rows) / _one_by_one(file, list(rows))
    name = "sqlite3, a SELECT a segment"
    return [
        Figure("known, asked for the first time", "segments", rates[0], name, baseline),
        Figure("known, asked for again", "segments", rates[1], name, baseline),
    ]


def _one_by_one(file: Path, keys: Sequence[str]) -> float:
    """Seconds to read all keys, one by one; no text is cut, no key made."""
    connection = sqlite3.connect(file)
    started = time.perf_counter()
    for key in keys:
        connection.execute("SELECT text, provider FROM translations WHERE key = ?", (key,)).fetchone()
    elapsed = time.perf_counter() - started
    connection.close()
    return elapsed


def _now() -> datetime:
    return datetime.now(UTC)
