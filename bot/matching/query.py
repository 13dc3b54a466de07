"""The language people ask in: a query's text becomes a small tree, or an error that says what to write
instead.

    nickel (export OR quota) -football     a space is AND; OR, NOT and - as everywhere
    rare-earth                             hyphenated words are neighbours, in any inflection
    "export ban"                           quotes: exactly these forms, next to each other
    nickel*  "rare earth*"                 words that begin so
    #rare_earths                           a concept: its terms in every language
    export NEAR/5 (ban OR quota)           at most 5 words apart; NEAR/5f: in this order
    title:nickel  title:#tariffs           in the title
    source:rt.com lang:ru country:id       where it comes from; beside a term, not alone

NOT binds before NEAR, NEAR before AND, AND before OR. Operators are upper case.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.language.concepts import Concepts
from bot.matching.query_error import QueryError
from bot.matching.tokens import MAX_DISTANCE, MAX_WILDCARDS, Reader, Token
from bot.matching.tree import (
    And,
    Exact,
    Field,
    Leaf,
    Named,
    Near,
    Node,
    Not,
    Or,
    Term,
    Titled,
    Words,
    anchored,
    joined,
    leaves,
    render,
)
from bot.phrase import Phrase

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_DISTANCE",
    "MAX_TERMS",
    "MAX_WILDCARDS",
    "And",
    "Exact",
    "Field",
    "Leaf",
    "Named",
    "Near",
    "Node",
    "Not",
    "Or",
    "Query",
    "QueryError",
    "Term",
    "Titled",
    "Words",
    "anchored",
    "leaves",
    "parse_query",
    "render",
]

MAX_CHARACTERS = 500
MAX_TERMS = 40
MAX_DEPTH = 10


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
            text,
            Phrase(
                "it is {count} characters long, and {most} is the most",
                {"count": len(text), "most": MAX_CHARACTERS},
            ),
            position=0,
        )
    root = _Parser(text, concepts).parse()
    canonical = render(root)
    if len(canonical) > MAX_CHARACTERS:  # a sign may stand for several letters, and spaces are added
        raise QueryError(
            text,
            Phrase(
                "written out it is {count} characters long, and {most} is the most",
                {"count": len(canonical), "most": MAX_CHARACTERS},
            ),
        )
    return Query(root, canonical)


class _Parser:
    """Tokens to a tree."""

    def __init__(self, text: str, concepts: Concepts) -> None:
        self._reader = Reader(text, concepts)
        self._error = self._reader.error
        self._tokens: list[Token] = []
        self._next = 0
        self._depth = 0

    def parse(self) -> Node:
        self._tokens = list(self._reader.read())
        if self._tokens[0].kind == "end":
            raise self._error(
                Phrase("there is nothing in it"),
                0,
                hint=Phrase("Write a word, or a concept like #rare_earths."),
            )
        terms = [token for token in self._tokens if token.kind == "leaf"]
        if len(terms) > MAX_TERMS:
            raise self._error(
                Phrase("more than {most} terms", {"most": MAX_TERMS}), terms[MAX_TERMS].position
            )
        root = self._or()
        token = self._tokens[self._next]
        if token.kind != "end":
            # Only a ) can end an expression early.
            raise self._error(
                Phrase("this ) closes nothing"),
                token.position,
                hint=Phrase("Write a ( before it, or leave it out."),
            )
        if not anchored(root):
            raise self._boundless(root)
        return root

    def _boundless(self, root: Node) -> QueryError:
        """What a query with nothing to look for is told."""
        hint = Phrase("Add a term to look for; on both sides of an OR, if there is one.")
        if (named := _sought_field(root)) is not None:
            token = next(token for token in self._tokens if token.leaf == named)
            return self._error(
                Phrase("{field} alone would bring all there is of it", {"field": named.text}),
                token.position,
                hint=hint,
            )
        first = next(token for token in self._tokens if token.kind == "NOT")
        return self._error(Phrase("it only says what to leave out"), first.position, hint=hint)

    def _or(self) -> Node:
        parts = [self._and()]
        while self._tokens[self._next].kind == "OR":
            self._take()
            parts.append(self._and())
        return joined(Or, parts)

    def _and(self) -> Node:
        parts = [self._near()]
        while (token := self._tokens[self._next]).kind in ("AND", "NOT", "leaf", "("):
            if token.kind == "AND":
                self._take()
            parts.append(self._near())
        return joined(And, parts)

    def _near(self) -> Node:
        start = self._tokens[self._next]
        left = self._not()
        operator = self._tokens[self._next]
        if operator.kind != "NEAR":
            return left
        self._take()
        after = self._tokens[self._next]
        right = self._not()
        for operand, token in ((left, start), (right, after)):
            self._check_operand(operand, token)
        if (again := self._tokens[self._next]).kind == "NEAR":
            raise self._error(
                Phrase("NEAR joins two terms, not three"),
                again.position,
                hint=Phrase("Write two pairs: (a NEAR/5 b) (b NEAR/5 c)."),
            )
        if not operator.ordered:
            left, right = sorted((left, right), key=render)
        return Near(left, right, operator.distance, operator.ordered)

    def _check_operand(self, node: Node, token: Token) -> None:
        if isinstance(node, Not):
            raise self._error(
                Phrase("what is left out can't stand beside NEAR"),
                token.position,
                hint=Phrase("Write -(a NEAR/5 b) to leave the pair out."),
            )
        for part in node.parts if isinstance(node, Or) else (node,):
            if isinstance(part, Field):
                raise self._error(
                    Phrase(
                        "{field}: is no word of the text, so it can't stand beside NEAR", {"field": part.name}
                    ),
                    token.position,
                    hint=Phrase("Write it apart: (a NEAR/5 b) {field}.", {"field": part.text}),
                )
            if not isinstance(part, Words | Exact | Named | Titled):
                raise self._error(
                    Phrase("only a term, or terms with OR in parentheses, can stand beside NEAR"),
                    token.position,
                    hint=Phrase("Write the words between quotes, or several NEAR pairs."),
                )

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
            raise self._error(
                Phrase("parentheses more than {most} deep", {"most": MAX_DEPTH}), token.position
            )
        node = self._or()
        if self._tokens[self._next].kind != ")":
            raise self._error(
                Phrase("this ( is never closed"), token.position, hint=Phrase("Write a ) where it ends.")
            )
        self._take()
        self._depth -= 1
        return node

    def _missing(self, token: Token) -> QueryError:
        before = self._tokens[self._next - 1] if self._next else None
        if before is not None and before.kind == "(":
            if token.kind == ")":
                return self._error(
                    Phrase("there is nothing between these parentheses"),
                    before.position,
                    hint=Phrase("Leave them out."),
                )
            if token.kind == "end":
                return self._error(
                    Phrase("this ( is never closed"), before.position, hint=Phrase("Write a ) where it ends.")
                )
            return self._error(
                Phrase("a term is missing before {sign}", {"sign": token.text}), token.position
            )
        if before is not None and before.kind in ("AND", "OR", "NOT", "NEAR"):
            return self._error(
                Phrase("a term is missing after {sign}", {"sign": before.text}),
                before.position,
                hint=Phrase("Write a word after it."),
            )
        if token.kind == ")":
            return self._error(
                Phrase("this ) closes nothing"),
                token.position,
                hint=Phrase("Write a ( before it, or leave it out."),
            )
        return self._error(
            Phrase("a term is missing before {sign}", {"sign": token.text}),
            token.position,
            hint=Phrase("Write a word before it."),
        )

    def _take(self) -> None:
        self._next += 1


def _sought_field(node: Node) -> Field | None:
    """The first field asked for, not excluded, in a part that has no term to look for."""
    if isinstance(node, Field):
        return node
    if isinstance(node, And | Or) and not anchored(node):
        return next((found for part in node.parts if (found := _sought_field(part)) is not None), None)
    return None
