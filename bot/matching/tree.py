"""What a query is once it is understood: a small tree with one canonical text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.language.phrases import Phrase

# A key of a slot that begins so stands for every form with this beginning (`*nick` for nick, nickel, nicked).
PREFIX = "*"


@dataclass(frozen=True, slots=True)
class Words:
    """A word, or hyphenated words as neighbours, in any inflection; a word with * by its beginning."""

    text: str
    slots: Phrase


@dataclass(frozen=True, slots=True)
class Exact:
    """Quoted words: exactly these forms, next to each other; a word with * by its beginning."""

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


Term = Words | Exact | Named


@dataclass(frozen=True, slots=True)
class Titled:
    """A term that must stand in the title."""

    term: Term

    @property
    def text(self) -> str:
        """The term's text after `title:`."""
        return f"title:{self.term.text}"


@dataclass(frozen=True, slots=True)
class Field:
    """Where an article comes from: `name` is source, lang or country; `value` is in small letters."""

    name: str
    value: str

    @property
    def text(self) -> str:
        """Name and value, the value in quotes if it has spaces."""
        return f'{self.name}:"{self.value}"' if " " in self.value else f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms (or alternatives, as an Or of terms) at most `distance` words apart: neighbours are 1 apart.

    If `ordered`, left stands before right; otherwise left and right are sorted by their text.
    """

    left: Node
    right: Node
    distance: int
    ordered: bool


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


Leaf = Term | Titled | Field
Node = Leaf | Near | Not | And | Or


def leaves(node: Node) -> Iterator[Term]:
    """Every term of a query, also those it excludes, asks for in titles or near one another."""
    if isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Near):
        yield from leaves(node.left)
        yield from leaves(node.right)
    elif isinstance(node, Titled):
        yield node.term
    elif not isinstance(node, Field):
        yield node


def anchored(node: Node) -> bool:
    """Whether an article that satisfies the node must contain at least one of its terms."""
    if isinstance(node, And):
        return any(map(anchored, node.parts))
    if isinstance(node, Or):
        return all(map(anchored, node.parts))
    return not isinstance(node, Not | Field)


def render(node: Node) -> str:
    """The canonical text of a node."""
    if isinstance(node, Not):
        inner = render(node.part)
        return f"-({inner})" if isinstance(node.part, And | Or | Near) else f"-{inner}"
    if isinstance(node, And):
        return " ".join(map(_bracketed, node.parts))
    if isinstance(node, Or):
        return " OR ".join(map(render, node.parts))
    if isinstance(node, Near):
        operator = f"NEAR/{node.distance}{'f' if node.ordered else ''}"
        return f"{_bracketed(node.left)} {operator} {_bracketed(node.right)}"
    return node.text


def _bracketed(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, Or) else render(node)


def joined(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    """One node of several: flattened, each part once, sorted (what is excluded comes last)."""
    flat: dict[str, Node] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, kind) else (part,):
            flat.setdefault(render(inner), inner)
    if len(flat) == 1:
        return next(iter(flat.values()))
    ordered = sorted(flat.items(), key=lambda item: (isinstance(item[1], Not), item[0]))
    return kind(tuple(node for _, node in ordered))
