"""The language people ask in: a query's text becomes a small tree, or an error that says what to write
instead.

    nickel (export OR quota) -football     a space is AND; OR, NOT and - as everywhere
    rare-earth                             hyphenated words are neighbours, in any inflection
    "export ban"                           quotes: exactly these forms, next to each other
    #rare_earths                           a concept: its terms in every language

NOT binds before AND, AND before OR. Operators are upper case.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.errors import RarewatchError
from bot.language.concepts import Concepts, Phrase
from bot.language.words import (
    acronym_key,
    fold,
    form_key,
    is_acronym,
    is_dictionary_word,
    query_keys,
    split_words,
)

MAX_CHARACTERS = 500
MAX_TERMS = 40
MAX_DEPTH = 10

# Each is one character, so positions in the text stay as the person sees them.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_DASHES = "-–—−‐‑"
_OPERATORS = ("AND", "OR", "NOT")
_FIELDS = ("title", "source", "lang", "country")
_NEAR = re.compile(r"NEAR(?:/\S*)?\Z")
# A run of characters that may be one term: all but spaces and the signs that mean something, or might be
# meant to; a comma or a point only inside a number.
_CHUNK = re.compile(r"(?:[^\s()\"#:,;|&!*~^/\\]|(?<=\d),(?=\d))+")
_SIGNS_INSTEAD = {
    ",": "write a space for AND, or OR",
    ";": "write a space for AND, or OR",
    "/": "write a space for AND, or OR",
    "\\": "leave it out",
    "|": "write OR",
    "&": "write a space, or AND",
    "!": "write -word or NOT word",
    "~": "leave it out",
    "^": "leave it out",
}


class QueryError(RarewatchError):
    """The query can't be understood.

    `position` is the 1-based character the error points at; 0 when it is about the whole query.
    """

    def __init__(self, text: str, reason: str, *, position: int = 0, hint: str = "") -> None:
        self.position = position
        where = f", at character {position}" if position else ""
        super().__init__(text if len(text) <= 80 else f"{text[:79]}…", f"{reason}{where}", hint=hint)


@dataclass(frozen=True, slots=True)
class Words:
    """A word, or hyphenated words as neighbours, in any inflection."""

    text: str
    slots: Phrase


@dataclass(frozen=True, slots=True)
class Exact:
    """Quoted words: exactly these forms, next to each other."""

    text: str
    slots: Phrase


@dataclass(frozen=True, slots=True)
class Named:
    """A concept; `text` is its id with the #."""

    text: str

    @property
    def concept_id(self) -> str:
        """The id without its #."""
        return self.text[1:]


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be there."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All parts; at least two, none of them an And, each once, sorted by their text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any part; at least two, none of them an Or, each once, sorted by their text."""

    parts: tuple[Node, ...]


Leaf = Words | Exact | Named
Node = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. Equal queries have equal canonical text, which parses to the same query again."""

    root: Node
    canonical: str = field(compare=False)

    @property
    def concept_ids(self) -> frozenset[str]:
        """The concepts it names, also those it excludes."""
        return frozenset(leaf.concept_id for leaf in leaves(self.root) if isinstance(leaf, Named))


def parse_query(text: str, concepts: Concepts) -> Query:
    """Parse what a person typed.

    Raises:
        QueryError: nothing else, whatever the text. It points at the character and says what to write
        instead.
    """
    if len(text) > MAX_CHARACTERS:
        raise QueryError(
            text, f"it is {len(text)} characters long, and {MAX_CHARACTERS} is the most", position=0
        )
    root = _Parser(text, concepts).parse()
    return Query(root, render(root))


def leaves(node: Node) -> Iterator[Leaf]:
    """Every term of a query, also the excluded ones."""
    if isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def anchored(node: Node) -> bool:
    """Whether an article that satisfies the node must contain at least one of its terms."""
    if isinstance(node, And):
        return any(map(anchored, node.parts))
    if isinstance(node, Or):
        return all(map(anchored, node.parts))
    return not isinstance(node, Not)


def render(node: Node) -> str:
    """The canonical text of a node."""
    if isinstance(node, Not):
        inner = render(node.part)
        return f"-({inner})" if isinstance(node.part, And | Or) else f"-{inner}"
    if isinstance(node, And):
        return " ".join(f"({render(part)})" if isinstance(part, Or) else render(part) for part in node.parts)
    if isinstance(node, Or):
        return " OR ".join(map(render, node.parts))
    return node.text


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text: `kind` is one of ( ) AND OR NOT leaf end; `position` is 1-based."""

    kind: str
    position: int
    text: str = ""
    leaf: Leaf | None = None


class _Parser:
    def __init__(self, text: str, concepts: Concepts) -> None:
        self._text = text
        self._concepts = concepts
        self._tokens: list[_Token] = []
        self._next = 0
        self._depth = 0

    def parse(self) -> Node:
        self._tokens = list(self._read())
        if self._tokens[0].kind == "end":
            raise self._error(
                "there is nothing in it", 0, hint="Write a word, or a concept like #rare_earths."
            )
        terms = [token for token in self._tokens if token.kind == "leaf"]
        if len(terms) > MAX_TERMS:
            raise self._error(f"more than {MAX_TERMS} terms", terms[MAX_TERMS].position)
        root = self._or()
        token = self._tokens[self._next]
        if token.kind != "end":
            # Only a ) can end an expression early.
            raise self._error(
                "this ) closes nothing", token.position, hint="Write a ( before it, or leave it out."
            )
        if not anchored(root):
            first = next(token for token in self._tokens if token.kind == "NOT")
            raise self._error(
                "it only says what to leave out",
                first.position,
                hint="Add a term to look for; on both sides of an OR, if there is one.",
            )
        return root

    # Reading: text to tokens

    def _read(self) -> Iterator[_Token]:
        text = self._text.translate(_QUOTES)
        at = 0
        while at < len(text):
            sign, position = text[at], at + 1
            if sign.isspace():
                at += 1
            elif sign in "()":
                yield _Token(sign, position, sign)
                at += 1
            elif sign == '"':
                end = text.find('"', at + 1)
                if end < 0:
                    raise self._error(
                        "this quote is never closed", position, hint='Write a " after the last word.'
                    )
                yield _Token("leaf", position, text[at : end + 1], self._exact(text[at + 1 : end], position))
                at = end + 1
            elif sign == "#":
                found = re.compile(r"[\w-]*").match(text, at + 1)
                id_ = found[0] if found else ""
                yield _Token("leaf", position, f"#{id_}", self._named(id_, position))
                at += 1 + len(id_)
            elif sign in _DASHES and (at == 0 or text[at - 1].isspace() or text[at - 1] in "(" + _DASHES):
                if at + 1 == len(text) or text[at + 1].isspace():
                    raise self._error(
                        "a dash alone says nothing",
                        position,
                        hint="Write -word to leave a word out, or drop the dash.",
                    )
                yield _Token("NOT", position, sign)
                at += 1
            elif chunk := _CHUNK.match(text, at):
                at = chunk.end()
                yield self._word(chunk[0], position, text[at : at + 1])
            else:
                raise self._sign(sign, position)
        yield _Token("end", len(text) + 1)

    def _word(self, chunk: str, position: int, after: str) -> _Token:
        if after == "*":
            raise self._sign("*", position + len(chunk))
        if after == ":":
            raise self._field(chunk, position)
        if chunk in _OPERATORS:
            return _Token(chunk, position, chunk)
        if _NEAR.match(chunk):
            raise self._error(
                "NEAR is not supported yet", position, hint="Write both words with a space between, for AND."
            )
        words = split_words(chunk)
        if not words:
            raise self._error(f"there is no letter or digit in {chunk}", position, hint="Leave it out.")
        if len(words) == 1 and fold(words[0]) in ("and", "or", "not"):
            hint = (
                f'Write {words[0].upper()} for the operator, or "{words[0].lower()}" in quotes for the word.'
            )
            raise self._error(f"{words[0]} is too common to look for", position, hint=hint)
        pairs = [self._term(word, exact=False) for word in words]
        leaf = Words("-".join(text for text, _ in pairs), tuple(slot for _, slot in pairs))
        return _Token("leaf", position, chunk, leaf)

    def _exact(self, inside: str, position: int) -> Leaf:
        if "*" in inside:
            raise self._sign("*", position + 1 + inside.index("*"))
        pairs = [self._term(word, exact=True) for word in split_words(inside)]
        if not pairs:
            raise self._error(
                "there is no word between these quotes", position, hint="Write one, or leave the quotes out."
            )
        return Exact(f'"{" ".join(text for text, _ in pairs)}"', tuple(slot for _, slot in pairs))

    def _term(self, word: str, *, exact: bool) -> tuple[str, tuple[str, ...]]:
        """A word's canonical text and its slot."""
        letters = word.replace(".", "")
        if letters != word and letters.isalpha():
            return word.upper(), (acronym_key(letters.upper()),)
        singular = word.removesuffix("s")
        if is_acronym(word) and (singular in self._concepts.acronyms or not is_dictionary_word(singular)):
            return singular, (acronym_key(singular),)
        text = fold(word)
        return text, ((form_key(text),) if exact else query_keys(text))

    def _named(self, id_: str, position: int) -> Leaf:
        if not id_:
            raise self._error(
                "a concept's name is missing after #", position, hint="Write one, like #rare_earths."
            )
        if id_.lower() in self._concepts:
            return Named(f"#{id_.lower()}")
        near = self._concepts.nearest(id_)
        hint = f"Did you mean #{near}?" if near else "Write the word without #, or one of the concepts."
        raise self._error(f"there is no concept #{id_}", position, hint=hint)

    def _field(self, name: str, position: int) -> QueryError:
        if name.lower() in _FIELDS:
            return self._error(f"{name}: is not supported yet", position, hint="Leave it out for now.")
        near = difflib.get_close_matches(name.lower(), _FIELDS, n=1)
        if near:
            return self._error(f"{name}: is no field, and {near[0]}: is not supported yet", position)
        return self._error(
            "a colon has no meaning here",
            position + len(name),
            hint="Leave it out, or put the words in quotes.",
        )

    def _sign(self, sign: str, position: int) -> QueryError:
        if sign == "*":
            hint = "Write the word in full: it is found in all its inflections."
            return self._error("* is not supported yet", position, hint=hint)
        if sign == ":":
            return self._error(
                "a colon has no meaning here", position, hint="Leave it out, or put the words in quotes."
            )
        instead = _SIGNS_INSTEAD.get(sign, "leave it out")
        return self._error(
            f"{sign} has no meaning here", position, hint=f"{instead[0].upper()}{instead[1:]} instead."
        )

    # Parsing: tokens to a tree

    def _or(self) -> Node:
        parts = [self._and()]
        while self._tokens[self._next].kind == "OR":
            self._take()
            parts.append(self._and())
        return _joined(Or, parts)

    def _and(self) -> Node:
        parts = [self._not()]
        while (token := self._tokens[self._next]).kind in ("AND", "NOT", "leaf", "("):
            if token.kind == "AND":
                self._take()
            parts.append(self._not())
        return _joined(And, parts)

    def _not(self) -> Node:
        negated = False
        while self._tokens[self._next].kind == "NOT":
            self._take()
            negated = not negated
        node = self._primary()
        if not negated:
            return node
        return node.part if isinstance(node, Not) else Not(node)

    def _primary(self) -> Node:
        token = self._tokens[self._next]
        if token.leaf is not None:
            self._take()
            return token.leaf
        if token.kind != "(":
            raise self._missing(token)
        self._take()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"parentheses more than {MAX_DEPTH} deep", token.position)
        node = self._or()
        if self._tokens[self._next].kind != ")":
            raise self._error("this ( is never closed", token.position, hint="Write a ) where it ends.")
        self._take()
        self._depth -= 1
        return node

    def _missing(self, token: _Token) -> QueryError:
        before = self._tokens[self._next - 1] if self._next else None
        if before is not None and before.kind == "(":
            if token.kind == ")":
                return self._error(
                    "there is nothing between these parentheses", before.position, hint="Leave them out."
                )
            return (
                self._error(f"a term is missing before {token.kind}", token.position)
                if token.kind != "end"
                else (self._error("this ( is never closed", before.position, hint="Write a ) where it ends."))
            )
        if before is not None and before.kind in ("AND", "OR", "NOT"):
            return self._error(
                f"a term is missing after {before.text}", before.position, hint="Write a word after it."
            )
        if token.kind == ")":
            return self._error(
                "this ) closes nothing", token.position, hint="Write a ( before it, or leave it out."
            )
        return self._error(
            f"a term is missing before {token.text}", token.position, hint="Write a word before it."
        )

    def _take(self) -> None:
        self._next += 1

    def _error(self, reason: str, position: int, *, hint: str = "") -> QueryError:
        return QueryError(self._text, reason, position=position, hint=hint)


def _joined(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    """One node of several: flattened, each part once, sorted (what is excluded comes last)."""
    flat: dict[str, Node] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, kind) else (part,):
            flat.setdefault(render(inner), inner)
    if len(flat) == 1:
        return next(iter(flat.values()))
    ordered = sorted(flat.items(), key=lambda item: (isinstance(item[1], Not), item[0]))
    return kind(tuple(node for _, node in ordered))
