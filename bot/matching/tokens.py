"""From a query's text to its pieces: operators, parentheses, terms; or an error that points at a place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.language.concepts import Concepts
from bot.language.phrases import Slot
from bot.language.words import (
    acronym_key,
    clean,
    fold,
    form_key,
    is_acronym,
    is_dictionary_word,
    query_keys,
    split_words,
)
from bot.matching.explain import language_codes
from bot.matching.query_error import QueryError
from bot.matching.tree import PREFIX, Exact, Field, Leaf, Named, Term, Titled, Words
from bot.phrase import Phrase

MAX_WILDCARDS = 5
MAX_DISTANCE = 20
MAX_PHRASE_WORDS = 20
# Letters before a *: with fewer, half the dictionary would answer.
MIN_BEGINNING = 4

# Each is one character, so positions in the text stay as the person sees them.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"：": ":"})
_DASHES = "-–—−‐‑"
_OPERATORS = ("AND", "OR", "NOT")
_FIELDS = ("title", "source", "lang", "country")
_EXAMPLES = {"title": "title:nickel", "source": "source:rt.com", "lang": "lang:ru", "country": "country:id"}
_DISTANCE = re.compile(r"/([^\s()\"]*)")
# A run of characters that may be one term: all but spaces and the signs that mean something, or might be
# meant to; a comma or a point only inside a number.
_CHUNK = re.compile(r"(?:[^\s()\"#:,;|&!*~^/\\]|(?<=\d),(?=\d))+")
_CONCEPT = re.compile(r"[\w-]*")
_VALUE = re.compile(r"[^\s()\"]+")
_NAME = re.compile(r"\w+(?:[.-]\w+)*")
_HOST = re.compile(r"(?:https?://)?(?:www\.)?(?P<host>[\w.-]+)/?")
_LEAVE_OUT = Phrase("Leave it out.")
_SPACE_OR_OR = Phrase("Write a space for AND, or OR instead.")
_SIGNS_INSTEAD = {
    ",": _SPACE_OR_OR,
    ";": _SPACE_OR_OR,
    "/": _SPACE_OR_OR,
    "|": Phrase("Write OR instead."),
    "&": Phrase("Write a space, or AND instead."),
    "!": Phrase("Write -word or NOT word instead."),
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: `kind` is one of ( ) AND OR NOT NEAR leaf end; `position` is 1-based.

    A NEAR has its distance in words, and whether the order counts.
    """

    kind: str
    position: int
    text: str = ""
    leaf: Leaf | None = None
    distance: int = 0
    ordered: bool = False


class Reader:
    """Reads one query's text once.

    Args:
        text: as the person typed it.
    """

    def __init__(self, text: str, concepts: Concepts) -> None:
        self._typed = text
        self._text = text.translate(_QUOTES)
        self._concepts = concepts
        self._at = 0
        self._wildcards = 0

    def read(self) -> Iterator[Token]:
        """The pieces in order, then one of kind `end`.

        Raises:
            QueryError: at the first piece that can't be understood.
        """
        text = self._text
        while (at := self._at) < len(text):
            sign, position = text[at], at + 1
            if sign.isspace():
                self._at += 1
            elif sign in "()":
                self._at += 1
                yield Token(sign, position, sign)
            elif sign in _DASHES and (at == 0 or text[at - 1].isspace() or text[at - 1] in "(" + _DASHES):
                if at + 1 == len(text) or text[at + 1].isspace():
                    raise self.error(
                        Phrase("a dash alone says nothing"),
                        position,
                        hint=Phrase("Write -word to leave a word out, or drop the dash."),
                    )
                self._at += 1
                yield Token("NOT", position, sign)
            elif (operator := self._operator()) is not None:
                yield operator
            else:
                leaf = self._leaf()
                yield Token("leaf", position, text[at : self._at], leaf)
        yield Token("end", len(text) + 1)

    def error(self, reason: Phrase, position: int, *, hint: Phrase | None = None) -> QueryError:
        """An error about this text."""
        return QueryError(self._typed, reason, position=position, hint=hint)

    def _operator(self) -> Token | None:
        chunk = _CHUNK.match(self._text, self._at)
        if chunk is None or self._text[chunk.end() : chunk.end() + 1] in (":", "*"):
            return None
        position = self._at + 1
        if chunk[0] in _OPERATORS:
            self._at = chunk.end()
            return Token(chunk[0], position, chunk[0])
        distance = _DISTANCE.match(self._text, chunk.end())
        if chunk[0] == "NEAR":
            return self._near(distance[1] if distance else "", position)
        if chunk[0].upper() == "NEAR" and distance is not None:
            raise self.error(
                Phrase("{word} is no operator in small letters", {"word": chunk[0]}),
                position,
                hint=Phrase("Write NEAR in capitals."),
            )
        return None

    def _near(self, distance: str, position: int) -> Token:
        number, ordered = distance.removesuffix("f"), distance.endswith("f")
        if not (number.isascii() and number.isdigit()):
            raise self.error(
                Phrase("NEAR needs a number of words"),
                position,
                hint=Phrase(
                    "Write NEAR/5 for at most 5 words apart, or NEAR/5f if the first must come first."
                ),
            )
        if len(number) > 9 or not 1 <= int(number) <= MAX_DISTANCE:
            raise self.error(
                Phrase("NEAR reaches from 1 to {most} words", {"most": MAX_DISTANCE}),
                position,
                hint=Phrase("Write NEAR/{most}.", {"most": MAX_DISTANCE}),
            )
        self._at += len("NEAR/") + len(distance)
        return Token("NEAR", position, f"NEAR/{distance}", distance=int(number), ordered=ordered)

    # Terms and fields

    def _leaf(self) -> Leaf:
        chunk = _CHUNK.match(self._text, self._at)
        if chunk is None or self._text[chunk.end() : chunk.end() + 1] != ":":
            return self._term()
        name, position = chunk[0].lower(), self._at + 1
        if name not in _FIELDS:
            near = difflib.get_close_matches(name, _FIELDS, n=1)
            if near:
                raise self.error(
                    Phrase("{word}: is no field", {"word": chunk[0]}),
                    position,
                    hint=Phrase("Did you mean {name}:?", {"name": near[0]}),
                )
            raise self.error(
                Phrase("a colon has no meaning here"),
                chunk.end() + 1,
                hint=Phrase("Leave it out, or put the words in quotes."),
            )
        self._at = chunk.end() + 1
        after = self._text[self._at : self._at + 1]
        if not after or after.isspace() or after == ")":
            raise self.error(
                Phrase("nothing stands right after {field}:", {"field": name}),
                position,
                hint=Phrase("Write it without a space, like {example}.", {"example": _EXAMPLES[name]}),
            )
        if after == "(":
            raise self.error(
                Phrase("{field}: can't stand before parentheses", {"field": name}),
                position,
                hint=Phrase("Write it before each of them: ({example} OR …).", {"example": _EXAMPLES[name]}),
            )
        if after in _DASHES:
            raise self.error(
                Phrase("a dash can't stand after {field}:", {"field": name}),
                self._at + 1,
                hint=Phrase("Write it before: -{example}.", {"example": _EXAMPLES[name]}),
            )
        if name != "title":
            return self._field(name, position)
        inner = _CHUNK.match(self._text, self._at)
        if inner is not None and self._text[inner.end() : inner.end() + 1] == ":":
            raise self.error(
                Phrase("a field can't stand in a field"),
                self._at + 1,
                hint=Phrase("Write a space between them."),
            )
        return Titled(self._term())

    def _field(self, name: str, position: int) -> Field:
        if self._text[self._at] == '"':
            raw = self._quoted()
        else:
            # There is a character, and it is none of those excluded: one at least is taken.
            taken = _VALUE.match(self._text, self._at)
            raw = taken[0] if taken else ""
            self._at += len(raw)
        value = _settled(raw)
        if name == "lang":
            if (code := language_codes().get(value)) is None:
                known = ", ".join(dict.fromkeys(language_codes().values()))
                raise self.error(
                    Phrase("{text} is no language we tell apart", {"text": raw}),
                    position,
                    hint=Phrase("Write one of {known}.", {"known": known}),
                )
            return Field(name, code)
        if name == "country":
            if not (len(value) == 2 and value.isascii() and value.isalpha()):
                raise self.error(
                    Phrase("{text} is no country code", {"text": raw}),
                    position,
                    hint=Phrase("Write two letters, like country:id or country:ru."),
                )
            return Field(name, value)
        if (host := _HOST.fullmatch(value)) is not None:
            value = host["host"]
        elif "/" in value:
            raise self.error(
                Phrase("source: is a feed's name or host, not an address"),
                position,
                hint=Phrase("Write the host alone, like source:rt.com."),
            )
        if not (value := _settled(" ".join(_NAME.findall(value)))):
            raise self.error(
                Phrase("there is no letter or digit after source:"),
                position,
                hint=Phrase('Write a host or a name, like source:rt.com or source:"Antara".'),
            )
        return Field(name, value)

    def _quoted(self) -> str:
        """What stands between the quote here and the next."""
        end = self._text.find('"', self._at + 1)
        if end < 0:
            raise self.error(
                Phrase("this quote is never closed"),
                self._at + 1,
                hint=Phrase('Write a " after the last word.'),
            )
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        return inside

    def _term(self) -> Term:
        sign, position = self._text[self._at], self._at + 1
        if sign == '"':
            return self._exact(self._quoted(), position)
        if sign == "#":
            found = _CONCEPT.match(self._text, self._at + 1)
            id_ = found[0] if found else ""
            self._at += 1 + len(id_)
            return self._named(id_, position)
        if (chunk := _CHUNK.match(self._text, self._at)) is None:
            raise self._sign(sign, position)
        self._at = chunk.end()
        star = self._text[self._at : self._at + 1] == "*"
        if star:
            self._at += 1
            after = _CHUNK.match(self._text, self._at)
            if after is not None or self._text[self._at : self._at + 1] == "*":
                raise self._star(Phrase("* can only end a word"), chunk.end() + 1)
        return self._word(chunk[0], position, star=star)

    def _word(self, chunk: str, position: int, *, star: bool) -> Words:
        words = split_words(chunk)
        if not words:
            raise self.error(
                Phrase("there is no letter or digit in {text}", {"text": chunk}),
                position,
                hint=Phrase("Leave it out."),
            )
        if len(words) == 1 and not star and fold(words[0]) in ("and", "or", "not"):
            hint = Phrase(
                'Write {operator} for the operator, or "{word}" in quotes for the word.',
                {"operator": words[0].upper(), "word": words[0].lower()},
            )
            raise self.error(
                Phrase("{word} is too common to look for", {"word": words[0]}), position, hint=hint
            )
        self._check_length(len(words), position)
        pairs = [self._slot(word, exact=False) for word in words]
        if star:
            pairs[-1] = self._beginning(words[-1], position + len(chunk))
        return Words("-".join(text for text, _ in pairs), tuple(slot for _, slot in pairs))

    def _exact(self, inside: str, position: int) -> Exact:
        pairs: list[tuple[str, Slot]] = []
        for piece in re.finditer(r"\S+", inside):
            at = position + 1 + piece.start()
            text = piece[0].removesuffix("*")
            if "*" in text:
                raise self._star(Phrase("* can only end a word"), at + text.index("*"))
            words = split_words(text)
            self._check_length(len(pairs) + len(words), position)
            pairs += [self._slot(word, exact=True) for word in words]
            if text != piece[0]:
                if not words:
                    raise self._star(Phrase("there is no word before this *"), at + len(text))
                pairs[-1] = self._beginning(words[-1], at + len(text))
        if not pairs:
            raise self.error(
                Phrase("there is no word between these quotes"),
                position,
                hint=Phrase("Write one, or leave the quotes out."),
            )
        return Exact(f'"{" ".join(text for text, _ in pairs)}"', tuple(slot for _, slot in pairs))

    def _check_length(self, words: int, position: int) -> None:
        if words > MAX_PHRASE_WORDS:
            raise self.error(
                Phrase("more than {most} words in one phrase", {"most": MAX_PHRASE_WORDS}),
                position,
                hint=Phrase("Leave some of them out."),
            )

    def _slot(self, word: str, *, exact: bool) -> tuple[str, Slot]:
        """A word's canonical text and its slot."""
        letters = word.replace(".", "")
        if letters != word and letters.isalpha():
            return word.upper(), (acronym_key(letters.upper()),)
        singular = word.removesuffix("s")
        if is_acronym(word) and (singular in self._concepts.acronyms or not is_dictionary_word(singular)):
            return singular, (acronym_key(singular),)
        text = fold(word)
        return text, ((form_key(text),) if exact else query_keys(text))

    def _beginning(self, word: str, position: int) -> tuple[str, Slot]:
        """The slot of a word that goes on after a *; `position` is the star's."""
        text = fold(word)
        if len(text) < MIN_BEGINNING or not text.isalnum():
            raise self._star(
                Phrase("* needs {least} letters or more before it", {"least": MIN_BEGINNING}), position
            )
        self._wildcards += 1
        if self._wildcards > MAX_WILDCARDS:
            raise self.error(
                Phrase("more than {most} words with *", {"most": MAX_WILDCARDS}),
                position,
                hint=Phrase("Write words in full: each is found in all its inflections."),
            )
        return f"{text}*", (f"{PREFIX}{text}",)

    def _named(self, id_: str, position: int) -> Named:
        if not id_:
            raise self.error(
                Phrase("a concept's name is missing after #"),
                position,
                hint=Phrase("Write one, like #rare_earths."),
            )
        if id_.lower() in self._concepts:
            return Named(f"#{id_.lower()}")
        near = self._concepts.nearest(id_)
        hint = Phrase("Write the word without #, or one of the concepts.")
        if near:
            hint = Phrase("Did you mean #{name}?", {"name": near})
        raise self.error(Phrase("there is no concept #{name}", {"name": id_}), position, hint=hint)

    # Signs in wrong places

    def _star(self, reason: Phrase, position: int) -> QueryError:
        return self.error(reason, position, hint=Phrase("Write the beginning of a word and *, like nickel*."))

    def _sign(self, sign: str, position: int) -> QueryError:
        if sign == "*":
            return self._star(Phrase("* can only end a word"), position)
        if sign == ":":
            return self.error(
                Phrase("a colon has no meaning here"),
                position,
                hint=Phrase("Leave it out, or put the words in quotes."),
            )
        instead = _SIGNS_INSTEAD.get(sign, _LEAVE_OUT)
        return self.error(Phrase("{sign} has no meaning here", {"sign": sign}), position, hint=instead)


def _settled(text: str) -> str:
    """A field's value in small letters, cleaned until cleaning changes nothing more, so that writing it out
    and reading it again gives the same.
    """
    for _ in range(4):
        before = text
        text = " ".join(clean(text.casefold()).replace('"', " ").split())
        if text == before:
            break
    return text
