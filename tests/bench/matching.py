"""Articles against many queries: the index against asking every query."""

from __future__ import annotations

import random
from functools import partial

from bot.demo.samples import load_samples
from bot.language.concepts import Concepts
from bot.language.words import analyse_article
from bot.matching.index import QueryIndex, _View
from bot.matching.query import Query, parse_query
from tests.bench.figures import Figure, rate
from tests.bench.sample import words


def queries(count: int, concepts: Concepts) -> list[Query]:
    """Different queries as people write them: a concept, words together, alternatives, exclusions."""
    chance = random.Random(7)
    vocabulary = words(3000)
    ids = list(concepts.ids)
    made: dict[str, Query] = {}
    while len(made) < count:
        a, b, c = chance.sample(vocabulary, 3)
        text = chance.choice(
            [f"#{chance.choice(ids)} {a}", f"{a} {b}", f"{a} OR {b}", f"{a} ({b} OR {c})", f"{a} -{b}"]
        )
        query = parse_query(text, concepts)
        made[query.canonical] = query
    return list(made.values())


class EveryQuery(QueryIndex):
    """The baseline: the same tests, asked of every query instead of those that wait at a word of the text."""

    def _candidates(self, view: _View) -> set[int]:
        return set(self._entries)


def matching() -> list[Figure]:
    """Articles a second through `wanted`, on one core."""
    concepts = Concepts.load()
    articles = load_samples().articles
    documents = [analyse_article(article.title, article.summary, article.language) for article in articles]
    figures = []
    for count in (1_000, 10_000):
        ours, baseline = QueryIndex(concepts), EveryQuery(concepts)
        for number, query in enumerate(queries(count, concepts)):
            ours.add(number, query)
            baseline.add(number, query)
        if [ours.wanted(document) for document in documents] != [baseline.wanted(d) for d in documents]:
            raise RuntimeError("the index and the plain loop disagree")

        def ask(index: QueryIndex) -> int:
            for document in documents:
                index.wanted(document)
            return len(documents)

        figures.append(
            Figure(
                f"match an article against {count:,} queries",
                "articles",
                rate(partial(ask, ours)),
                "asking every query",
                rate(partial(ask, baseline)),
            )
        )
    return figures
