"""Queries as the index keeps them: each condition once, however many queries share it, and each query as the
sets of conditions that satisfy it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from typing import Final

from bot.matching.tree import And, Exact, Field, Named, Near, Node, Not, Or, Titled, Words, render

# (a OR b) (c OR d) is four sets of conditions. Beyond so many a query waits at one of its parts only, and is
# read whole when that part stands.
MAX_BRANCHES = 24

Condition = Words | Exact | Named | Titled | Field | Near
# Ids of queries: most lists have one or two, and a tuple of them is a quarter of a set's size.
Ids = tuple[int, ...] | set[int]
_FEW = 8


class Atom:
    """One condition of a query: a term, a field or a pair of terms; it stands in an article or does not.

    The queries that wait here: `alone` want nothing more; `pairs` want one other condition, `more` several.
    """

    __slots__ = ("alone", "common", "condition", "more", "operands", "pairs", "users", "waits")

    def __init__(self, condition: Condition, operands: tuple[tuple[Atom, ...], ...], *, common: bool) -> None:
        self.condition = condition
        # Near: the atoms of its two sides. Titled: of its term.
        self.operands = operands
        self.common = common
        self.users = 0
        # Where it waits itself: at these keys, or these atoms.
        self.waits: tuple[str, ...] | tuple[Atom, ...] = ()
        self.alone: Ids = ()
        self.pairs: dict[Atom, Ids] | None = None
        self.more: dict[Atom, tuple[tuple[tuple[Atom, ...], int], ...]] | None = None

    @property
    def text(self) -> str:
        """The condition's canonical text."""
        return render(self.condition)

    @property
    def cost(self) -> tuple[bool, int]:
        """The higher, the more often it stands in articles: what many ask for is what the news is full of."""
        return self.common, self.users


class All(tuple["Part", ...]):
    """All parts must hold."""

    __slots__ = ()


class Any(tuple["Part", ...]):
    """One part must hold."""

    __slots__ = ()


class No(tuple["Part"]):
    """The one part must not hold."""

    __slots__ = ()


Part = Atom | All | Any | No
Branch = tuple[Atom, ...]
TRUE: Final[Branch] = ()


def compiled(node: Node, atom_of: Callable[[Condition], Atom]) -> Part:
    """A query's tree over shared atoms. It asks for each atom as often as the atom occurs."""
    if isinstance(node, And):
        return All(compiled(part, atom_of) for part in node.parts)
    if isinstance(node, Or):
        return Any(compiled(part, atom_of) for part in node.parts)
    if isinstance(node, Not):
        return No((compiled(node.part, atom_of),))
    return atom_of(node)


def atoms(part: Part) -> Iterator[Atom]:
    """Every atom, once for each time it occurs."""
    if isinstance(part, Atom):
        yield part
    else:
        for inner in part:
            yield from atoms(inner)


def holds(part: Part, standing: Collection[Atom]) -> bool:
    """Whether a query holds where exactly these atoms stand."""
    if isinstance(part, Atom):
        return part in standing
    if isinstance(part, No):
        return not holds(part[0], standing)
    if isinstance(part, All):
        return all(holds(inner, standing) for inner in part)
    return any(holds(inner, standing) for inner in part)


def promises(part: Part, standing: Collection[Atom]) -> bool:
    """As `holds`, but what is excluded is left aside, since only the whole text can tell; where the article
    comes from is known at once.
    """
    if isinstance(part, Atom):
        return part in standing
    if isinstance(part, No):
        return not about_origin(part[0]) or not holds(part[0], standing)
    if isinstance(part, All):
        return all(promises(inner, standing) for inner in part)
    return any(promises(inner, standing) for inner in part)


def about_origin(part: Part) -> bool:
    """Whether all it speaks of is where the article comes from."""
    return all(isinstance(atom.condition, Field) for atom in atoms(part))


def rules_out_origins(part: Part) -> bool:
    """Whether it excludes something by where an article comes from alone."""
    if isinstance(part, No):
        return about_origin(part[0])
    return not isinstance(part, Atom) and any(map(rules_out_origins, part))


def excludes(part: Part) -> bool:
    """Whether anything is excluded."""
    return isinstance(part, No) or (isinstance(part, All | Any) and any(map(excludes, part)))


def branches(part: Part) -> tuple[list[Branch], bool]:
    """Sets of atoms of which one must stand whole for the part to hold, exclusions left aside; and whether
    that is enough.
    """
    if isinstance(part, Atom):
        return [(part,)], True
    if isinstance(part, No):
        return [TRUE], True
    found = [branches(inner) for inner in part]
    if isinstance(part, Any):
        return [branch for several, _ in found for branch in several], all(exact for _, exact in found)
    ways = 1
    for several, _ in found:
        ways *= len(several)
    if ways <= MAX_BRANCHES:
        products = itertools.product(*(several for several, _ in found))
        whole = [tuple(dict.fromkeys(itertools.chain.from_iterable(parts))) for parts in products]
        return whole, all(exact for _, exact in found)
    # Every way through the part goes through one of these too.
    anchored = [several for several, _ in found if all(map(anchors, several))]
    return min(anchored, key=len, default=[TRUE]), False


def anchors(branch: Branch) -> list[Atom]:
    """The atoms of a branch that a query can wait at, rarest first."""
    return sorted(
        (atom for atom in branch if not isinstance(atom.condition, Field)), key=lambda atom: atom.cost
    )


def with_id(ids: Ids, id_: int) -> Ids:
    """The ids and one more."""
    if isinstance(ids, set):
        ids.add(id_)
        return ids
    if id_ in ids:
        return ids
    return (*ids, id_) if len(ids) < _FEW else {*ids, id_}


def without_id(ids: Ids, id_: int) -> Ids:
    """The ids but this one."""
    if isinstance(ids, set):
        ids.discard(id_)
        return ids or ()
    return tuple(other for other in ids if other != id_)
