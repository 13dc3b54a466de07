"""Which words of a query only one language has, and how the query takes in their translations. Pure.

A concept knows three languages, and so does a word that is a concept's term; acronyms and names are the same
in all of them, or nearly. What is left is a plain word (`saham`, "stock exchange").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import simplemma

from bot.delivery.render import clean
from bot.language.concepts import Concepts
from bot.language.words import analyse_article, fold, is_acronym, is_dictionary_word, split_words
from bot.matching.query import And, Exact, Node, Or, Query, QueryError, Words, parse_query, render
from bot.phrase import Phrase

LANGUAGES = ("en", "id", "ru")
TERMS = 4  # of one query; more would be a wall of buttons
CANDIDATE_WORDS = 5
CANDIDATE_CHARS = 80
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a query: `text` as the query's canonical form has it, `plain` without quotes and hyphens."""

    text: str
    plain: str
    language: str


def unknown_terms(typed: str, query: Query, concepts: Concepts) -> list[Term]:
    """The terms that other languages' texts can't be found by, in the query's own order.

    Args:
        typed: the query as the person wrote it: capitals tell names.
    """
    leaves = [leaf for leaf in _positive(query.root) if "*" not in leaf.text]
    capitals = {fold(word) for word in split_words(typed) if word[:1].isupper()}
    everything = [word for leaf in leaves for word in split_words(leaf.text)]
    terms = []
    for leaf in leaves:
        words = split_words(leaf.text)
        if not any(char.isalpha() for char in leaf.text) or all(
            is_acronym(word) or _is_name(word, capitals) for word in words
        ):
            continue
        plain, language = " ".join(words), _language(words, everything)
        if not concepts.named(analyse_article(plain, "", language)):
            terms.append(Term(leaf.text, plain, language))
    return terms[:TERMS]


def concept_words(query: Query, concepts: Concepts) -> dict[str, str]:
    """Terms that are words of a concept (term → concept's id): that concept knows them in every language."""
    known = {}
    for leaf in _positive(query.root):
        words = split_words(leaf.text)
        plain = " ".join(words)
        named = concepts.named(analyse_article(plain, "", _language(words, words)))
        if named:
            known[plain] = next(iter(named))
    return known


def with_words(query: Query, term: str, words: str, concepts: Concepts) -> Query:
    """The query with `term` widened to ``(term OR words)``; the same query when it has these already.

    Args:
        term: a term's canonical text.
        words: one word, or several that must be neighbours; each in any inflection. Quotes would hold to one
            form, and Russian has a dozen of each.

    Raises:
        QueryError: there is no word in it, or the query would be too long.
    """
    parts = split_words(words)
    if not parts:
        raise QueryError(words, Phrase("there is no word in it"))
    added = Words("-".join(parts), ())  # only its text counts: the whole is read anew below
    return parse_query(render(_widened(query.root, term, added)), concepts)


def without_words(query: Query, term: str, words: str, concepts: Concepts) -> Query:
    """The query as it was before `with_words`; the same query when it has no such words.

    Raises:
        QueryError: what is left is no query.
    """
    parts = split_words(words)
    if not parts:
        return query
    added = parse_query("-".join(parts), concepts).root
    return parse_query(render(_narrowed(query.root, term, added)), concepts)


def words_of(text: str) -> list[str]:
    """The words a person wrote for one term: several, with commas between."""
    parts = (clean(part) for part in re.split(r"[,;\n]", text))
    return [part for part in parts if split_words(part)]


def _narrowed(node: Node, term: str, added: Node) -> Node:
    if isinstance(node, Or) and _is_term(node, term):
        left = tuple(part for part in node.parts if part != added)
        return left[0] if len(left) == 1 else Or(left)
    if isinstance(node, And | Or):
        return type(node)(tuple(_narrowed(part, term, added) for part in node.parts))
    return node


def _is_term(node: Or, term: str) -> bool:
    return any(isinstance(part, Words | Exact) and part.text == term for part in node.parts)


def _widened(node: Node, term: str, added: Words) -> Node:
    if isinstance(node, And | Or):
        return type(node)(tuple(_widened(part, term, added) for part in node.parts))
    if isinstance(node, Words | Exact) and node.text == term:
        return Or((node, added))
    return node


def _positive(node: Node) -> list[Words | Exact]:
    """The plain terms that are looked for. Within NEAR and title: a query is left as it was typed."""
    if isinstance(node, And | Or):
        return [leaf for part in node.parts for leaf in _positive(part)]
    return [node] if isinstance(node, Words | Exact) else []


def _is_name(word: str, capitals: set[str]) -> bool:
    form = fold(word)
    return form in capitals and not is_dictionary_word(form) and not simplemma.is_known(form, "id")


def _language(words: list[str], everything: list[str]) -> str:
    """Of a term; a word that English and Indonesian both have (`modal`) is of the language of the others."""
    if any(_CYRILLIC.search(word) for word in words):
        return "ru"
    votes = [_latin(word) for word in words]
    if not any(votes):
        votes = [_latin(word) for word in everything if not _CYRILLIC.search(word)]
    return "id" if sum(votes) < 0 else "en"


def _latin(word: str) -> int:
    """1: English, -1: Indonesian, 0: could be both. A word no dictionary has is rarely English."""
    form = fold(word)
    if not simplemma.is_known(form, "en"):
        return -1
    return 0 if simplemma.is_known(form, "id") else 1
