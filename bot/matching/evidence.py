"""The words of an article that made a condition hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.language.concepts import Hit, needed_neighbour
from bot.language.words import Document, Span, key_language
from bot.matching.atoms import Atom
from bot.matching.explain import Reason
from bot.matching.standing import Atoms, View
from bot.matching.tree import Exact, Named, Near, Titled, Words

# An alert has room for so many of the words that satisfied one clause.
_WORDS_PER_REASON = 3
# Where a text says the same a thousand times, the first places explain it.
_PLACES_ASKED = 20
# Two that belong together (a term and the neighbour it needs) are shown with the words between them, unless
# these would say more than the two do.
_WORDS_SHOWN_WHOLE = 5


def reason(atom: Atom, view: View, atoms: Atoms) -> Reason | None:
    """Why an atom that stands in an article does; None if that has no words (where it comes from).

    The original's own words explain best; the English is only asked when they don't.
    """
    for number, document in enumerate(view.documents):
        if places := atoms.places(atom, view, number)[:_PLACES_ASKED]:
            words = _words(atom, places, document, number, view, atoms)
            return Reason(atom.text, _telling(words), _language(atom, places[0], number, view, atoms))
    return None


def _words(
    atom: Atom, places: Sequence[Span], document: Document, number: int, view: View, atoms: Atoms
) -> Iterable[str]:
    if isinstance(atom.condition, Titled):
        (atom,) = atom.operands[0]
    if isinstance(atom.condition, Named):
        hits = [hit for hit in atoms.hits(atom.condition, view, number) if hit.span in places]
        return _of_hits([hit for hit in hits if hit.language == hits[0].language], document)
    if isinstance(atom.condition, Near):
        pairs = atoms.pairs(atom, view, number)[:_PLACES_ASKED]
        return [_together(one, other, document) for one, other in pairs]
    return map(document.words, places)


def _language(atom: Atom, place: Span, number: int, view: View, atoms: Atoms) -> str:
    """The language of the word that a place begins with."""
    condition = atom.condition
    if isinstance(condition, Named):
        return next(hit.language for hit in atoms.hits(condition, view, number) if hit.span == place)
    for operand in (operand for side in atom.operands for operand in side):
        for span in atoms.places(operand, view, number):
            if span.first == place.first:
                return _language(operand, span, number, view, atoms)
    language = view.documents[number].language
    if not isinstance(condition, Words | Exact):
        return language
    standing = (key for key in condition.slots[0] if place.first in view.positions[number].get(key, ()))
    return key_language(next(standing), language)


def _of_hits(hits: Sequence[Hit], document: Document) -> Iterator[str]:
    """The words that made each hit: its term, with the neighbour that the term needs (`larang ekspor`)."""
    # "rare-earth magnets" needs no neighbour, so what "magnets" within it needs explains nothing more.
    settled = {
        place
        for hit in hits
        if not (hit.rule.near or hit.rule.near_keys)
        for place in range(hit.span.first, hit.span.last + 1)
    }
    for hit in hits:
        neighbour = needed_neighbour(hit, document)
        if neighbour is None:
            yield document.words(hit.span)
        elif not settled.issuperset(range(hit.span.first, hit.span.last + 1)):
            yield _together(hit.span, neighbour, document)


def _together(one: Span, other: Span, document: Document) -> str:
    first, second = sorted((one, other))
    whole = Span(first.first, max(first.last, second.last))
    if whole.last - whole.first < _WORDS_SHOWN_WHOLE:  # zones are further apart than that
        return document.words(whole)
    return f"{document.words(first)} … {document.words(second)}"


def _telling(words: Iterable[str]) -> tuple[str, ...]:
    once: dict[str, str] = {}
    for word in words:
        once.setdefault(word.casefold(), word)
    # "rare-earth magnets" says it all; "magnets" beside it says nothing more.
    telling = [
        word for folded, word in once.items() if not any(folded in other for other in once if other != folded)
    ]
    return tuple(telling)[:_WORDS_PER_REASON]
