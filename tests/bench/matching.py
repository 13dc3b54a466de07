"""Articles against many queries: the index against asking every query, and the memory a query takes."""

from __future__ import annotations

import gc
import json
import random
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from bot.demo.samples import load_samples
from bot.language.concepts import Concepts
from bot.language.words import Document, analyse_article
from bot.matching.atoms import promises
from bot.matching.index import QueryIndex
from bot.matching.origin import UNKNOWN
from bot.matching.query import Query, parse_query
from tests.bench.figures import Figure, rate
from tests.bench.sample import words

COUNTS = (1_000, 10_000, 100_000)
VOCABULARY = 20_000
WORDS_IN_AN_ARTICLE = 40
HEADLINES = Path(__file__).parent.parent / "language" / "holdout.jsonl"
ORDINARY_NEWS = Path(__file__).with_name("ordinary_news.tsv")
# The baseline asks every query of so many articles: of all, it would take minutes at the largest count.
BASELINE_ARTICLES = 4


def queries(count: int, concepts: Concepts) -> list[Query]:
    """Different queries as people write them: mostly concepts with words, and words together."""
    chance = random.Random(7)
    vocabulary = words(VOCABULARY)
    # Words are asked for as often as they stand in the news: few very often, most seldom.
    weights = [1 / (rank + 20) for rank in range(len(vocabulary))]
    ids = list(concepts.ids)
    made: dict[str, Query] = {}
    while len(made) < count:
        a, b, c = chance.choices(vocabulary, weights, k=3)
        concept = chance.choice(ids)
        form = chance.choices(
            [
                f"#{concept} {a}",
                f"#{concept} ({a} OR {b})",
                f"{a} {b}",
                f"{a} {b} {c}",
                f"{a} ({b} OR {c})",
                f"#{concept} {a} -{b}",
                f'"{a} {b}"',
                f"{a} NEAR/5 {b}",
                f"{a[:5]}* {b}" if len(a) > 4 else f"title:{a} {b}",
                f"#{concept} {a} -source:{b}.example",
            ],
            [20, 10, 25, 10, 10, 8, 7, 4, 3, 3],
        )[0]
        query = parse_query(form, concepts)
        made[query.canonical] = query
    return list(made.values())


def articles() -> list[Document]:
    """The demo's articles, cut or filled up to forty words."""
    samples = load_samples().articles
    made = []
    for number, article in enumerate(samples):
        more = [
            other.summary
            for other in samples[number + 1 :] + samples[:number]
            if other.language == article.language
        ]
        text = " ".join([article.summary, *more]).split()
        title = article.title.split()
        made.append(
            analyse_article(
                article.title, " ".join(text[: WORDS_IN_AN_ARTICLE - len(title)]), article.language
            )
        )
    return made


def ordinary(on_topic: Sequence[Document]) -> list[Document]:
    """What most feeds bring: of ten articles one is about what is watched, nine are of courts and weather."""
    rows = [line.split("\t") for line in ORDINARY_NEWS.read_text(encoding="utf-8").splitlines()]
    other = [analyse_article(title, text, language) for language, title, text in rows]
    return _one_in_ten(on_topic, other)


def seeming(on_topic: Sequence[Document]) -> list[Document]:
    """As `ordinary`, but the nine are made of headlines that have the watched words in other senses: the
    hardest there are, those that the concepts are held to and that are about none of them.
    """
    chance = random.Random(11)
    rows = [json.loads(line) for line in HEADLINES.read_text(encoding="utf-8").splitlines()]
    headlines = {
        language: [row["text"] for row in rows if row["lang"] == language and row["labels"] == ["none"]]
        for language in ("en", "id", "ru")
    }
    other = []
    for number in range(9 * len(on_topic)):
        language = ("en", "id", "ru")[number % 3]
        texts = chance.sample(headlines[language], len(headlines[language]))
        text = " . ".join(texts).split()[:WORDS_IN_AN_ARTICLE]
        other.append(analyse_article(" ".join(text[:10]), " ".join(text[10:]), language))
    return _one_in_ten(on_topic, other)


def _one_in_ten(on_topic: Sequence[Document], other: Sequence[Document]) -> list[Document]:
    return [*on_topic, *islice(cycle(other), 9 * len(on_topic))]


class EveryQuery(QueryIndex):
    """The baseline: the same conditions, with every query asked instead of those that wait at one of them."""

    def wanted(self, original: Document, origin: object = UNKNOWN) -> set[int]:
        standing = self._atoms.view((original,), UNKNOWN).atoms
        return {id_ for id_, (part, _) in self._entries.items() if promises(part, standing)}


def memory(index: QueryIndex, several: Sequence[Query]) -> float:
    """Bytes a query takes once it is in the index and the caller has let go of it.

    The queries are parsed anew and one by one, so that all the index keeps of them is counted.
    """
    concepts = Concepts.load()
    texts = [query.canonical for query in several]
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number, text in enumerate(texts):
        index.add(number, parse_query(text, concepts))
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / len(texts)


def matching() -> list[Figure]:
    """Articles a second through `wanted` and `match`, on one core."""
    concepts = Concepts.load()
    documents = articles()
    mixtures = {
        "one article in ten on the subject": ordinary(documents),
        "one in ten on it, nine that seem to be": seeming(documents),
    }
    figures = []
    several = queries(max(COUNTS), concepts)
    for count in COUNTS:
        ours, baseline = QueryIndex(concepts), EveryQuery(concepts)
        for number, query in enumerate(islice(several, count)):
            ours.add(number, query)
            baseline.add(number, query)
        few = documents[:: len(documents) // BASELINE_ARTICLES]
        if [ours.wanted(document) for document in few] != [baseline.wanted(document) for document in few]:
            raise RuntimeError("the index and the plain loop disagree")
        plain = rate(partial(_ask, baseline.wanted, few))
        note = f"asking every query, {len(few)} articles"
        found = sum(len(ours.wanted(document)) for document in documents) / len(documents)
        for name, ask in (
            ("wanted", ours.wanted),
            ("match", partial(_match, ours)),
            ("match and why", partial(_match_and_why, ours)),
        ):
            title = f"{name}: {count:,} queries, {found:.1f} wanting each"
            figures.append(Figure(title, "articles", rate(partial(_ask, ask, documents)), note, plain))
        for mixture, several_kinds in mixtures.items():
            for name, ask in (("wanted", ours.wanted), ("match", partial(_match, ours))):
                title = f"{name}: {count:,} queries, {mixture}"
                figures.append(
                    Figure(title, "articles", rate(partial(_ask, ask, several_kinds)), note, plain)
                )
    sample = several[: COUNTS[1]]
    size = memory(QueryIndex(concepts), sample)
    print(f"  memory of the index: {size:,.0f} bytes a query, of {len(sample):,}")
    return figures


def _match(index: QueryIndex, document: Document) -> object:
    return index.match(document, None)


def _match_and_why(index: QueryIndex, document: Document) -> object:
    return [match.why for match in index.match(document, None)]


def _ask(ask: Callable[[Document], object], documents: Sequence[Document]) -> int:
    for document in documents:
        ask(document)
    return len(documents)
