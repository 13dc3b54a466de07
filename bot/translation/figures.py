"""Whether the numbers of a text are all found again in its translation.

Written another way is kept: 1,5 and 1.5; 1.000.000 and 1,000,000; "17 тыс." and "17 thousand" or "17,000";
3 and "three"; 18.00 and 6 p.m.; 13.11.2026 and 13 November 2026; 90-е and 1990s. Lost or changed is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_SPACES = " \u00a0\u2009\u202f"  # with the no-break, thin and narrow ones that group digits in Russian
_NUMBER = re.compile(
    rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?!\d)(?:[.,]\d+)?"  # 1 000 000,5
    r"|\d+(?:[.,:’']\d+)*"  # 1.000,50  18:00  13.11.2026; a range or 13/11/2026 is several numbers
)

# A word behind the number that multiplies it; the single letters are those of English headlines ("$3.2b").
_SCALE = re.compile(
    rf"[{_SPACES}-]?(?:"
    r"(?P<e3>тыс|ribu\b|rb\b|thousand|k\b)"
    r"|(?P<e6>млн|миллион|juta\b|jt\b|million|mln\b|mn\b|m\b)"
    r"|(?P<e9>млрд|миллиард|miliar|milyar|billion|bln\b|bn\b|b\b)"
    r"|(?P<e12>трлн|триллион|triliun|trilyun|trillion|trn\b|tn\b)"
    r")",
    re.IGNORECASE,
)
_FACTORS = {"e3": 10**3, "e6": 10**6, "e9": 10**9, "e12": 10**12}

# Months stand with their numbers, for dates.
_WORDS: dict[str, str] = {
    "0": "zero no nil midnight",
    "0.5": "half",
    "1.5": "half",
    "2.5": "half",
    "1": "one first once single january jan",
    "2": "two second twice both double doubled doubles doubling pair couple february feb",
    "3": "three third thrice triple tripled trio march mar",
    "4": "four fourth quadruple quadrupled quarter april apr",
    "5": "five fifth may",
    "6": "six sixth june jun",
    "7": "seven seventh july jul",
    "8": "eight eighth august aug",
    "9": "nine ninth september sept sep",
    "10": "ten tenth tenfold october oct",
    "11": "eleven eleventh november nov",
    "12": "twelve twelfth dozen noon december dec",
    "13": "thirteen thirteenth",
    "14": "fourteen fourteenth fortnight",
    "15": "fifteen fifteenth",
    "16": "sixteen sixteenth",
    "17": "seventeen seventeenth",
    "18": "eighteen eighteenth",
    "19": "nineteen nineteenth",
    "20": "twenty twentieth twenties",
    "30": "thirty thirtieth thirties",
    "40": "forty fortieth forties",
    "50": "fifty fiftieth fifties half",
    "60": "sixty sixtieth sixties",
    "70": "seventy seventieth seventies",
    "80": "eighty eightieth eighties",
    "90": "ninety ninetieth nineties",
    "100": "hundred hundredth century centenary",
    "1000": "thousand",
    "1000000": "million",
    "1000000000": "billion",
}
_VALUES_OF_WORD: dict[str, frozenset[Decimal]] = {
    word: frozenset(Decimal(value) for value, words in _WORDS.items() if word in words.split())
    for words in _WORDS.values()
    for word in words.split()
}

_UNIT = re.compile(r"(?<![^\W\d])(?:[ксд]?м|[kcd]?m)$", re.IGNORECASE)
# "a million" is 1 and a million; any other "a" is no number. "may" is a month only with its capital.
_A_SINGLE = re.compile(
    r"\ban? (?:hundred|thousand|million|billion|trillion|year|month|week|day|third|quarter)\b", re.IGNORECASE
)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[.:][0-5]\d")
_HALF_DAY = re.compile(r"\d\s?[ap]\.?\s?m\b", re.IGNORECASE)


def lost_numbers(source: str, reply: str) -> tuple[str, ...]:
    """The numbers of `source`, as written there, that `reply` holds in no form."""
    there = _Reply(reply)
    return tuple(number.written for number in _numbers(source) if not there.has(number))


@dataclass(frozen=True, slots=True)
class _Number:
    written: str
    factor: int  # of the word behind it: 1000 for "тыс.", else 1

    @property
    def groups(self) -> list[str]:
        return re.findall(r"\d+", self.written)

    def values(self) -> set[Decimal]:
        """Everything it may mean as one number, with and without the word behind it."""
        groups = self.groups
        if len(groups) == 1:
            found = {Decimal(groups[0])}
        else:
            found = set()
            if groups[0] != "0" and all(len(group) == 3 for group in groups[1:]):
                found.add(Decimal("".join(groups)))  # separators of thousands
            if re.findall(r"\D", self.written)[-1] in ".,":
                found.add(Decimal("".join(groups[:-1]) + "." + groups[-1]))
        return found | {value * self.factor for value in found}


def _numbers(text: str) -> list[_Number]:
    found = []
    for match in _NUMBER.finditer(text):
        if match.group() in ("2", "3") and _UNIT.search(text, max(0, match.start() - 3), match.start()):
            continue  # "100 м2" is a square and becomes "100 square metres"
        scale = _SCALE.match(text, match.end())
        found.append(_Number(match.group(), _FACTORS[scale.lastgroup] if scale and scale.lastgroup else 1))
    return found


class _Reply:
    """The numbers a reply holds, in figures and in words."""

    def __init__(self, text: str) -> None:
        self._figures: set[Decimal] = set()
        for number in _numbers(text):
            self._figures |= number.values()
            if ":" in number.written or len(number.groups) > 2:  # a time or a date; 2.5 holds no 5
                self._figures.update(Decimal(group) for group in number.groups)
        if _A_SINGLE.search(text):
            self._figures.add(Decimal(1))
        words = set(re.findall(r"[a-z]+", re.sub(r"\bmay\b", " ", text).lower()))
        self._words = frozenset[Decimal]().union(*(_VALUES_OF_WORD.get(word, frozenset()) for word in words))
        self._half_days = bool(_HALF_DAY.search(text))

    def has(self, number: _Number) -> bool:
        return (
            any(self._has_value(value) for value in number.values())
            or all(self._has_value(Decimal(group)) or self._has_decade(group) for group in number.groups)
            or (self._half_days and self._has_hour(number.written))
        )

    def _has_value(self, value: Decimal) -> bool:
        return value in self._figures or value in self._words

    def _has_decade(self, group: str) -> bool:
        decade = len(group) == 2 and group[1] == "0"
        return decade and any(Decimal(f"{century}{group}") in self._figures for century in (19, 20))

    def _has_hour(self, written: str) -> bool:
        clock = _CLOCK.fullmatch(written)
        return clock is not None and Decimal((int(clock.group(1)) + 11) % 12 + 1) in self._figures
