"""One request: what goes together, and the verdict on each piece of the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.translation.errands import Pair
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.locking import LockedText, NoNames
from bot.translation.marks import Marks, find, write
from bot.translation.requests import MOST_PIECES, Again, Piece, Request, compose, mixed_up

PAIR = Pair("id", "en")
ENGLISH = {
    "Harga nikel naik 12 persen": "Nickel price up 12 percent",
    "Pemerintah larang ekspor bauksit": "Government bans bauxite exports",
    "Antam bangun pabrik baru di Sulawesi": "Antam builds a new plant in Sulawesi",
    "Larangan berlaku mulai tahun 2027": "The ban applies from 2027",
}
TEXTS = tuple(ENGLISH)


@dataclass
class Made:
    """A provider's facts."""

    max_chars: int = 1000
    max_texts: int = 1
    marks: Marks = Marks.BRACKETS
    name: str = "made"

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """Not asked here."""
        raise NotImplementedError


class OneName:
    """A glossary that locks one word."""

    version = "v1"

    def __init__(self, word: str, english: str) -> None:
        self.word, self.english = word, english

    def lock(self, text: str, source: str, marks: Marks, first_number: int) -> LockedText:
        """See Names."""
        if self.word not in text:
            return NoNames().lock(text, source, marks, first_number)
        return _Locked(text, self.word, self.english, marks, first_number)

    def whole(self, text: str, source: str) -> str | None:
        """See Names."""
        return self.english if text == self.word else None


class _Locked:
    def __init__(self, text: str, word: str, english: str, marks: Marks, number: int) -> None:
        self.text = text.replace(word, write(marks, number), 1)
        self.names = (word,)
        self._english, self._marks, self._number = english, marks, number

    def restore(self, reply: str) -> str | None:
        found = find(self._marks, reply)
        if [mark.number for mark in found] != [self._number]:
            return None
        return reply[: found[0].start] + self._english + reply[found[0].end :]


def request(
    *texts: str, provider: Made | None = None, names: OneName | NoNames | None = None, lock: bool = True
) -> Request:
    """The request for texts."""
    pieces = [Piece(text, lock=lock) for text in texts]
    return compose(provider or Made(), PAIR, pieces, names or NoNames(), first=100)


def packed(*parts: str, first: int = 100) -> list[str]:
    """A reply with these parts between its borders."""
    lines = [line for number, part in enumerate(parts, first) for line in (f"[[{number}]]", part)]
    return ["\n".join([*lines, f"[[{first + len(parts)}]]"])]


def test_one_text_goes_as_it_is_and_several_with_borders() -> None:
    assert request(TEXTS[0]).texts == (TEXTS[0],)
    assert request(*TEXTS[:2]).texts == (f"[[100]]\n{TEXTS[0]}\n[[101]]\n{TEXTS[1]}\n[[102]]",)


def test_a_provider_of_several_texts_gets_each_as_it_is() -> None:
    asked = request(*TEXTS, provider=Made(max_texts=3))
    assert asked.texts == TEXTS[:3]
    assert asked.read([ENGLISH[text] for text in TEXTS[:3]]).verdicts == tuple(ENGLISH.values())[:3]


def test_without_marks_texts_go_one_by_one() -> None:
    assert request(*TEXTS, provider=Made(marks=Marks.NONE)).texts == TEXTS[:1]


def test_a_text_that_looks_as_if_it_had_marks_goes_alone() -> None:
    odd = "Lihat catatan [7] di bawah"
    assert request(odd, *TEXTS).texts == (odd,)
    assert len(request(*TEXTS[:2], odd, TEXTS[2]).pieces) == 2
    assert request(odd).read(["See note [7] below"]).verdicts == ("See note [7] below",)


@given(
    lengths=st.lists(st.integers(1, 90), min_size=1, max_size=100),
    limit=st.integers(90, 600),
    several=st.sampled_from([1, 20]),
)
def test_no_request_is_longer_than_its_provider_takes(lengths: list[int], limit: int, several: int) -> None:
    texts = ["a" * length for length in lengths]
    asked = request(*texts, provider=Made(max_chars=limit, max_texts=several))
    assert 1 <= len(asked.pieces) <= max(MOST_PIECES, several)
    assert asked.characters <= limit
    assert [piece.text for piece in asked.pieces] == texts[: len(asked.pieces)]


def test_each_piece_gets_its_own_text() -> None:
    reading = request(*TEXTS).read(packed(*ENGLISH.values()))
    assert reading.verdicts == tuple(ENGLISH.values())
    assert reading.failure is None


def test_a_piece_that_fails_spoils_no_other() -> None:
    reading = request(*TEXTS[:3]).read(packed("Nickel price up", *list(ENGLISH.values())[1:3]))
    assert reading.verdicts == (Again.ALONE, *list(ENGLISH.values())[1:3])
    assert reading.failure is None


def test_without_its_borders_nothing_of_a_reply_is_taken() -> None:
    reading = request(*TEXTS[:2]).read(["Nickel price up 12 percent\nGovernment bans bauxite exports"])
    assert reading.verdicts == (Again.ALONE, Again.ALONE)
    assert reading.borders_lost
    assert reading.failure is not None
    assert reading.failure.kind is FailureKind.UNUSABLE


def test_a_quota_warning_for_all_is_no_reason_to_ask_for_each_alone() -> None:
    warning = "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY."
    reading = request(*TEXTS[:2]).read([warning])
    assert [getattr(verdict, "kind", None) for verdict in reading.verdicts] == [FailureKind.QUOTA] * 2
    reading = request(TEXTS[0]).read([warning])
    assert reading.failure is not None
    assert reading.failure.kind is FailureKind.QUOTA


MIXED = {
    "a number of another's": (0, "Nickel price up 12 percent from 2027"),
    "another's text": (2, "Government bans bauxite exports"),
    "two lines": (1, "Government bans bauxite\nexports"),
    "far too long": (
        3,
        "The ban applies from 2027, " + "and a sentence of a neighbour came along with it " * 2,
    ),
    "far too short": (2, "A"),
}


@pytest.mark.parametrize(("at", "reply"), MIXED.values(), ids=MIXED.keys())
def test_what_may_hold_anothers_text_is_asked_for_alone(at: int, reply: str) -> None:
    replies = list(ENGLISH.values())
    replies[at] = reply
    reading = request(*TEXTS).read(packed(*replies))
    assert reading.verdicts[at] is Again.ALONE
    assert sum(isinstance(verdict, str) for verdict in reading.verdicts) >= 2


def test_texts_that_are_the_same_but_for_their_case_may_have_the_same_translation() -> None:
    assert mixed_up(["Harga naik", "HARGA NAIK"], ["Price up", "Price up"]) == set()
    assert mixed_up(["Harga naik", "Biaya naik"], ["Price up", "Price up"]) == {0, 1}


ANTAM = OneName("Aneka Tambang", "Antam")
ABOUT_ANTAM = "Aneka Tambang bangun pabrik baru"


def test_a_locked_name_goes_as_a_mark_and_comes_back_in_english() -> None:
    asked = request(ABOUT_ANTAM, names=ANTAM)
    assert asked.texts == ("[[102]] bangun pabrik baru",)
    assert asked.read(["[[102]] builds a new plant"]).verdicts == ("Antam builds a new plant",)


def test_names_and_borders_of_one_request_have_numbers_of_their_own() -> None:
    asked = request(TEXTS[0], ABOUT_ANTAM, ABOUT_ANTAM.lower(), names=ANTAM)
    assert asked.texts == (
        (
            "[[100]]\nHarga nikel naik 12 persen\n[[101]]\n[[104]] bangun pabrik baru\n"
            "[[102]]\naneka tambang bangun pabrik baru\n[[103]]"
        ),
    )
    reading = asked.read(
        packed("Nickel price up 12 percent", "[[104]] builds a new plant", "Many mines build a new plant")
    )
    assert reading.verdicts == (
        "Nickel price up 12 percent",
        "Antam builds a new plant",
        "Many mines build a new plant",
    )


LOST = {
    "lost": "Antam builds a new plant",
    "doubled": "[[102]] [[102]] builds a new plant",
    "of another": "[[103]] builds a new plant",
    "not translated": "[[102]] bangun pabrik baru",
    "empty but for the name": "[[102]]",
    "not text": 7,
}


@pytest.mark.parametrize("reply", LOST.values(), ids=LOST.keys())
def test_a_piece_whose_names_do_not_come_back_is_asked_for_with_its_names_in_it(reply: object) -> None:
    assert request(ABOUT_ANTAM, names=ANTAM).read([reply]).verdicts == (Again.UNLOCKED,)
    assert request(ABOUT_ANTAM, names=ANTAM, lock=False).texts == (ABOUT_ANTAM,)


def test_a_mark_where_none_was_sent_is_no_translation() -> None:
    for text in (TEXTS[0], ABOUT_ANTAM):
        [verdict] = request(text).read([ENGLISH.get(text, "Antam builds a new plant") + " [[7]]"]).verdicts
        assert isinstance(verdict, ProviderFailure)
        assert "mark" in verdict.reason


def test_names_are_locked_for_english_only_and_where_marks_are_kept() -> None:
    provider = Made(marks=Marks.NONE)
    assert request(ABOUT_ANTAM, provider=provider, names=ANTAM).texts == (ABOUT_ANTAM,)
    asked = compose(Made(), Pair("id", "ru"), [Piece(ABOUT_ANTAM)], ANTAM, first=100)
    assert asked.texts == (ABOUT_ANTAM,)


UNSEEN = {
    "direction marks": ("\u202bNickel\u200e price up 12 percent\u202c", "Nickel price up 12 percent"),
    "entities": ("Nickel price up 12 percent &quot;again&quot;", 'Nickel price up 12 percent "again"'),
    "emoji": ("📈 Nickel price up 12 percent 👷‍♀️", "📈 Nickel price up 12 percent 👷‍♀️"),
    "byte order mark": ("\ufeffNickel price up 12 percent", "Nickel price up 12 percent"),
}


@pytest.mark.parametrize(("reply", "kept"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_nobody_should_see_is_not_kept(reply: str, kept: str) -> None:
    assert request(TEXTS[0]).read([reply]).verdicts == (kept,)


@given(
    count=st.integers(2, 8),
    changes=st.lists(
        st.tuples(st.sampled_from(["drop", "double", "swap", "glue"]), st.integers(0, 20)), max_size=4
    ),
    locked=st.booleans(),
)
def test_however_a_reply_is_mangled_no_piece_gets_anothers_translation(
    count: int, changes: list[tuple[str, int]], locked: bool
) -> None:
    name = "Aneka Tambang" if locked else "Antam"
    texts = [f"{name} jual {number}00 ton nikel" for number in range(1, count + 1)]
    asked = request(*texts, names=ANTAM)
    lines = asked.texts[0].replace("jual", "sells").replace("ton nikel", "tonnes of nickel").split("\n")
    for change, at in changes:
        at %= max(1, len(lines) - 1)
        match change:
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                lines[at : at + 2] = reversed(lines[at : at + 2])
            case _:
                lines[at : at + 2] = [" ".join(lines[at : at + 2])]
    if not lines:
        return
    verdicts = asked.read(["\n".join(lines)]).verdicts
    assert len(verdicts) == count
    for number, verdict in enumerate(verdicts, 1):
        assert isinstance(verdict, Again) or verdict == f"Antam sells {number}00 tonnes of nickel"
