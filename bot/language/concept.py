"""A concept as data: its names, the rules by which it is found, and a place where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.errors import RarewatchError
from bot.language.phrases import Phrase
from bot.language.words import Span

LANGUAGES = ("en", "id", "ru")
# Words between a term and its required or forbidden neighbour when the rule does not say: about a clause.
DEFAULT_WITHIN = 5
# "Anywhere in the article": larger than any position can be.
ANYWHERE = 1 << 30


class ConceptsError(RarewatchError):
    """The concepts can't be read."""


class UnknownConceptError(RarewatchError):
    """No such concept."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way a concept is named: any of the phrases (written as `texts`), if a `near` phrase is within reach
    and a `second` one as well (where the rule has any of them), and no `far` phrase is.

    `within` (of `near` and `second`) and `apart` are distances in words; ANYWHERE means the whole article.
    Words of one slot are kept apart as plain sets (`near_keys`, `second_keys`, `far_keys`) because they are
    many and are looked up all at once.
    """

    language: str
    texts: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    near: tuple[Phrase, ...] = ()
    near_keys: frozenset[str] = frozenset()
    second: tuple[Phrase, ...] = ()
    second_keys: frozenset[str] = frozenset()
    within: int = DEFAULT_WITHIN
    far: tuple[Phrase, ...] = ()
    far_keys: frozenset[str] = frozenset()
    apart: int = DEFAULT_WITHIN


@dataclass(frozen=True, slots=True)
class Concept:
    """A subject a person can ask for as `#id`.

    Attributes:
        includes: concepts that are kinds of this one: a text about them is about this.
        also: concepts a query for this one brings as well, though a text about them need not be about this.
        source: where the terms come from: glossary, news, law, or an operator's own word.
    """

    id: str
    name: str
    group: str
    terms: Mapping[str, tuple[str, ...]]
    includes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    excludes: tuple[Phrase, ...] = field(default=(), repr=False)


class Hit(NamedTuple):
    """A place where a concept is named, the concept whose term it is, the term's language, and its rule."""

    concept: str
    span: Span
    language: str
    rule: Rule
