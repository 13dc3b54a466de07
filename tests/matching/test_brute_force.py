"""The index answers as reading every query against every article would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.concepts import Concepts, Rule
from bot.language.phrases import Phrase
from bot.language.words import Document, analyse_article
from bot.matching.index import QueryIndex
from bot.matching.origin import UNKNOWN, Origin
from bot.matching.query import (
    And,
    Exact,
    Field,
    Named,
    Near,
    Node,
    Not,
    Or,
    QueryError,
    Titled,
    Words,
    parse_query,
)

Place = tuple[int, int]


@dataclass(frozen=True)
class Text:
    """One text: the keys at each position, and the title's positions."""

    keys: dict[int, set[str]]
    title: frozenset[int]


@dataclass(frozen=True)
class Article:
    texts: Sequence[Text]
    origin: Origin
    concepts: Concepts


def read(document: Document) -> Text:
    keys: dict[int, set[str]] = {token.position: set() for token in document.tokens}
    for key, there in document.positions.items():
        for position in there:
            keys[position].add(key)
    return Text(keys, frozenset(document.zones[0].positions))


def stands(slot: Sequence[str], keys: set[str]) -> bool:
    for key in slot:
        if key.startswith("*") and any(other.startswith(f"={key[1:]}") for other in keys):
            return True
    return not keys.isdisjoint(slot)


def places(phrase: Phrase, text: Text) -> list[Place]:
    return [
        (start, start + len(phrase) - 1)
        for start in text.keys
        if all(stands(slot, text.keys.get(start + step, set())) for step, slot in enumerate(phrase))
    ]


def close(one: Place, other: Place, reach: int) -> bool:
    return one[0] - reach <= other[1] and other[0] - reach <= one[1]


def named(rule: Rule, excludes: Sequence[Phrase], text: Text) -> list[Place]:
    near = [*rule.near, *(((key,),) for key in rule.near_keys)]
    second = [*rule.second, *(((key,),) for key in rule.second_keys)]
    far = [*rule.far, *(((key,),) for key in rule.far_keys)]
    found = []
    for phrase in rule.phrases:
        for place in places(phrase, text):
            if any(close(place, void, 0) for exclude in excludes for void in places(exclude, text)):
                continue
            if not all(
                any(close(place, there, rule.within) for p in needed for there in places(p, text))
                for needed in (near, second)
                if needed
            ):
                continue
            if not any(close(place, there, rule.apart) for p in far for there in places(p, text)):
                found.append(place)
    return found


def where(node: Node, text: Text, concepts: Concepts) -> list[Place]:
    if isinstance(node, Words | Exact):
        return places(node.slots, text)
    if isinstance(node, Named):
        answers = [concepts.get(id_) for id_ in concepts.answers(node.concept_id)]
        return [
            place
            for answer in answers
            for rule in answer.rules
            for place in named(rule, answer.excludes, text)
        ]
    if isinstance(node, Titled):
        return [place for place in where(node.term, text, concepts) if text.title.issuperset(place)]
    assert isinstance(node, Or)
    return [place for part in node.parts for place in where(part, text, concepts)]


def near(node: Near, text: Text, concepts: Concepts) -> bool:
    for left in where(node.left, text, concepts):
        for right in where(node.right, text, concepts):
            if 1 <= right[0] - left[1] <= node.distance:
                return True
            if not node.ordered and 1 <= left[0] - right[1] <= node.distance:
                return True
    return False


def comes_from(field: Field, origin: Origin) -> bool:
    if field.name == "lang":
        return field.value == origin.language
    if field.name == "country":
        return field.value == (origin.country or "").lower()
    host = origin.host.removeprefix("www.")
    name = f" {origin.source.lower()} "
    return host == field.value or host.endswith(f".{field.value}") or f" {field.value} " in name


def of_origin_only(node: Node) -> bool:
    if isinstance(node, And | Or):
        return all(map(of_origin_only, node.parts))
    return isinstance(node, Field) or (isinstance(node, Not) and of_origin_only(node.part))


def holds(node: Node, article: Article, *, positive: bool) -> bool:
    if isinstance(node, Not):
        if positive and not of_origin_only(node.part):
            return True
        return not holds(node.part, article, positive=False)
    if isinstance(node, And):
        return all(holds(part, article, positive=positive) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, article, positive=positive) for part in node.parts)
    if isinstance(node, Field):
        return comes_from(node, article.origin)
    if isinstance(node, Near):
        return any(near(node, text, article.concepts) for text in article.texts)
    return any(where(node, text, article.concepts) for text in article.texts)


WORDS = st.sampled_from(
    [
        "nickel", "nikel", "ekspor", "export", "exports", "larang", "ban", "rare", "earth", "tanah", "jarang",
        "tarif", "tol", "impor", "sanksi", "FIFA", "AS", "China", "LTJ", "perang", "dagang", "санкции", "США",
        "суда", "тарифы", "ЖКХ", "пошлина", "редкие", "земли", "запрет", "экспорт", ".", ",",
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
DOCUMENTS = st.builds(analyse_article, TEXTS, TEXTS, st.sampled_from(["id", "ru", "en"]))
ORIGINS = st.just(UNKNOWN) | st.builds(
    Origin,
    st.sampled_from(["RT", "Antara News", "News of RT"]),
    st.sampled_from(["www.rt.com", "rt.com", "en.antara.example", "notrt.com"]),
    st.sampled_from(["id", "ru", "en"]),
    st.sampled_from([None, "ID", "ru"]),
)
PLAIN = WORDS.filter(str.isalnum)
TERMS = st.one_of(
    PLAIN,
    st.sampled_from(["#rare_earths", "#tariffs", "#sanctions", "#export_controls", "#nickel", "#trade_war"]),
    st.lists(PLAIN, min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.lists(PLAIN, min_size=2, max_size=2).map("-".join),
    st.sampled_from(["expor*", "nike*", '"tanah jara*"', "rare-eart*", "тари*", "nick*", "зако*"]),
)
TERMS = TERMS | TERMS.map("title:{}".format)
SIDES = TERMS | st.lists(TERMS, min_size=2, max_size=3).map(lambda several: f"({' OR '.join(several)})")
NEARS = st.builds("({} NEAR/{}{} {})".format, SIDES, st.integers(1, 6), st.sampled_from(["", "f"]), SIDES)
FIELDS = st.sampled_from(
    ["source:rt.com", "source:rt", 'source:"antara news"', "source:news", "lang:ru", "lang:id", "country:id"]
)
QUERIES = st.recursive(
    st.one_of(TERMS, TERMS, TERMS, NEARS, FIELDS),
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda several: f"({' '.join(several)})"),
        st.lists(parts, min_size=2, max_size=6).map(lambda several: f"({' OR '.join(several)})"),
        parts.map(lambda part: f"NOT {part}"),
    ),
    max_leaves=10,
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(QUERIES, min_size=1, max_size=12),
    st.sets(st.integers(0, 11)),
    DOCUMENTS,
    st.none() | DOCUMENTS,
    ORIGINS,
)
def test_the_index_answers_like_brute_force(
    concepts: Concepts,
    texts: list[str],
    left: set[int],
    original: Document,
    english: Document | None,
    origin: Origin,
) -> None:
    index = QueryIndex(concepts)
    queries = {}
    for number, text in enumerate(texts):
        try:
            queries[number] = parse_query(text, concepts)
        except QueryError:
            continue
        index.add(number, queries[number])
    for number in left & queries.keys():
        index.remove(number)
        del queries[number]
    assert len(index) == len(queries)
    first = Article([read(original)], origin, concepts)
    both = first if english is None else Article([*first.texts, read(english)], origin, concepts)
    assert index.wanted(original, origin) == {
        number for number, query in queries.items() if holds(query.root, first, positive=True)
    }
    matches = index.match(original, english, origin)
    assert [match.query_id for match in matches] == [
        number for number, query in queries.items() if holds(query.root, both, positive=False)
    ]
    for match in matches:
        assert match.why
        assert all(reason.words for reason in match.why)


@settings(max_examples=60, deadline=None)
@given(st.lists(QUERIES, max_size=8), DOCUMENTS)
def test_nothing_is_left_of_queries_that_are_gone(
    concepts: Concepts, texts: list[str], document: Document
) -> None:
    index = QueryIndex(concepts)
    for number, text in enumerate(texts):
        try:
            index.add(number, parse_query(text, concepts))
        except QueryError:
            continue
    for number in range(len(texts)):
        index.remove(number)
    assert index.conditions == 0
    assert index.match(document, None) == []
