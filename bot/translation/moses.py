"""Text to tokens and back as the Moses scripts do it: what the older OPUS models were trained on.

The rules are those of normalize-punctuation.perl, tokenizer.perl and detokenizer.perl
(https://github.com/moses-smt/mosesdecoder), for languages that put spaces between words. Argos packages with
a `bpe.model` need them; the Indonesian one is such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# (pattern, what takes its place), one after the other.
_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern), by) for pattern, by in pairs)


_NBSP = "\u00a0"
_NORMALISING = _rules(
    (r"\r", ""),
    (r"\(", " ("),
    (r"\)", ") "),
    (r" +", " "),
    (r"\) ([.!:?;,])", r")\1"),
    (r"\( ", "("),
    (r" \)", ")"),
    (r"(\d) %", r"\1%"),
    (r" ([:;])", r"\1"),
    (r"`", "'"),
    (r"''", ' " '),
    (r"[„“”]", '"'),
    (r"–", "-"),
    (r"—", " - "),
    (r" +", " "),
    (r"[´‘‚’]", "'"),
    (r"''", '"'),
    (r"…", "..."),
    (rf"{_NBSP}?«{_NBSP}?|{_NBSP}?»", '"'),
    (rf"{_NBSP}([%:?!;])", r"\1"),
    (rf"(nº|,){_NBSP}", r"\1 "),
    (rf"{_NBSP}(ºC|cm)", r" \1"),
    (r" +", " "),
    (rf"(\d){_NBSP}(\d)", r"\1.\2"),
)
_ENGLISH_QUOTES = _rules((r'"([,.]+)', r'\1"'))  # American style: the stop stands inside

_SPACE = re.compile(r"\s+")
_JUNK = re.compile(r"[\x00-\x1f]")
_OTHER = re.compile(r"([^\w\s.'`,-]|_)")
_HYPHEN = re.compile(r"(?<=[^\W_])-(?=[^\W_])")
_DOTS = re.compile(r"\.{2,}")
_COMMA = re.compile(r"(?<=\D),|,(?=\D)|(?<=\d),$")
_LAST_STOP = re.compile(r"\.' ?$")
_ENGLISH_APOSTROPHES = _rules(
    (r"(?<![^\W_])'(?=[^\W\d_])|(?<=[^\W\d_])'(?![^\W\d_])|(?<![^\W\d_])'(?![^\W\d_])", " ' "),
    (r"(?<=[^\W\d_])'(?=[^\W\d_])|(?<=\d)'(?=s)", " '"),
)
_ESCAPES = (
    ("&", "&amp;"),
    ("|", "&#124;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ("'", "&apos;"),
    ('"', "&quot;"),
    ("[", "&#91;"),
    ("]", "&#93;"),
)
_OLD_ESCAPES = (("&bar;", "|"), ("&bra;", "["), ("&ket;", "]"))

# After these a full stop belongs to the word; after the second kind only when a number follows.
_ENGLISH = """
    Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Drs Ens Gen Gov Hon Hr Hosp
    Insp Lt MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev Rt Sen
    Sens Sfc Sgt Sr St Supt Surg v vs i.e rev e.g
"""
_RUSSIAN = """
    в вв г га гг гл гос д доп др е ед зам и исп к кв кг км коп куб л лиц м млн млрд мм наб обл ок п пер пл
    пос пр просп проф р ред руб с сб св см ср ст стр т тел тыс ул уч ч чел шт экз
"""
_PREFIXES = {"ru": frozenset(_RUSSIAN.split())}
_OTHER_PREFIXES = frozenset(_ENGLISH.split())  # Moses has none for Indonesian, and takes these
_NUMBER_PREFIXES = frozenset({"No", "Nos", "Art", "Nr", "pp"})

_CURRENCY = re.compile(r"[$£€¥₽₩₹¢([{¿¡]+")
_CLOSING = re.compile(r"[,.?!:;\\%}\])]+")
_CONTRACTION = re.compile(r"'[^\W\d_]")
_QUOTE = re.compile(r"['\"„“`]+")


def normalise(text: str, language: str) -> str:
    """The text with plain quotes, dashes and spaces, as the models know them."""
    for pattern, by in (*_NORMALISING, *(_ENGLISH_QUOTES if language == "en" else ())):
        text = pattern.sub(by, text)
    return text.strip()


def tokenise(text: str, language: str, *, split_hyphens: bool, escape: bool) -> list[str]:
    """The tokens of one sentence.

    Args:
        split_hyphens: hyphens inside words become a token of their own (`@-@`).
        escape: what Moses had a meaning for is written as in XML (`&apos;`).
    """
    text = _JUNK.sub("", _SPACE.sub(" ", text)).strip()
    text = _OTHER.sub(r" \1 ", text)
    if split_hyphens:
        text = _HYPHEN.sub(" @-@ ", text)
    text = _DOTS.sub(r" \g<0> ", text)
    text = _COMMA.sub(" , ", text)
    if language == "en":
        for pattern, by in _ENGLISH_APOSTROPHES:
            text = pattern.sub(by, text)
    else:
        text = text.replace("'", " ' ")
    text = _LAST_STOP.sub(" . ' ", " ".join(_with_stops_apart(text.split(), language)))
    return [_escaped(token) for token in text.split()] if escape else text.split()


def detokenise(tokens: Sequence[str], language: str) -> str:
    """The sentence of the tokens a model gave."""
    text = f" {' '.join(tokens)} ".replace(" @-@ ", "-")
    for escaped, plain in (*_OLD_ESCAPES, *((e, p) for p, e in reversed(_ESCAPES))):
        text = text.replace(escaped, plain)
    words = text.split()
    written: list[str] = []
    space = " "  # before the next word
    open_quotes: set[str] = set()
    for i, word in enumerate(words):
        before, after = space, " "
        if _CURRENCY.fullmatch(word):
            after = ""
        elif _CLOSING.fullmatch(word) or (language == "en" and i and _CONTRACTION.match(word)):
            before = ""
        elif _QUOTE.fullmatch(word):
            kind = '"' if word in "„“”" else word
            if kind in open_quotes:
                before = ""
                open_quotes.discard(kind)
            elif language == "en" and word == "'" and i and words[i - 1].endswith("s"):
                before = ""  # the miners' union
            else:
                after = ""
                open_quotes.add(kind)
        written += [before, word]
        space = after
    return "".join(written).strip()


def _with_stops_apart(tokens: list[str], language: str) -> list[str]:
    known = _PREFIXES.get(language, _OTHER_PREFIXES)
    numbers: frozenset[str] = frozenset() if language == "ru" else _NUMBER_PREFIXES
    done = []
    for i, token in enumerate(tokens):
        word, follows = token[:-1], tokens[i + 1] if i + 1 < len(tokens) else ""
        stays = (
            not token.endswith(".")
            or not word.strip(".")  # a dot, or several, by themselves
            or ("." in word and any(map(str.isalpha, word)))
            or word in known
            or (len(word) == 1 and word.isupper())  # an initial
            or follows[:1].islower()
            or (word in numbers and follows[:1].isdigit())
        )
        done.append(token if stays else f"{word} .")
    return done


def _escaped(token: str) -> str:
    for plain, escaped in _ESCAPES:
        token = token.replace(plain, escaped)
    return token
