"""Text to keys: words a second seen for the first time, and seen before, in each language."""

from __future__ import annotations

import re

from bot.demo.samples import load_samples
from bot.language.words import analyse_article, forget_words
from tests.bench.figures import Figure, rate

_WORD = re.compile(r"\w+")


def words_to_keys() -> list[Figure]:
    """Words a second of the demo's articles, beside plainly splitting and lower-casing them."""
    figures = []
    for language in ("en", "id", "ru"):
        texts = [
            (article.title, article.summary)
            for article in load_samples().articles
            if article.language == language
        ]

        def analyse(texts: list[tuple[str, str]] = texts, language: str = language) -> int:
            documents = (analyse_article(title, summary, language) for title, summary in texts)
            return sum(len(zone.positions) for document in documents for zone in document.zones)

        def analyse_anew() -> int:
            forget_words()
            return analyse()

        def split(texts: list[tuple[str, str]] = texts) -> int:
            return sum(len(_WORD.findall(text.lower())) for pair in texts for text in pair)

        analyse()  # the dictionaries are loaded now
        baseline = rate(split, at_least_s=0.5)
        figures += [
            Figure(f"{name}, {language}", "words", rate(work), "lower-case and split", baseline)
            for name, work in (
                ("words seen before", analyse),
                ("words seen for the first time", analyse_anew),
            )
        ]
    return figures
