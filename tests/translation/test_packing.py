"""Packing has one law: what comes back under a text's borders is that text's, or nothing is taken at all."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.translation.marks import Marks, find, write
from bot.translation.packing import border_length, pack, packable, unpack

BOTH = pytest.mark.parametrize("marks", [Marks.BRACKETS, Marks.XML])
MANY = st.lists(
    st.text(max_size=40) | st.text(alphabet='[]7 ⟦⟧【】<x id=>/"0１\n', max_size=30).map(str.strip),
    min_size=1,
    max_size=12,
)
FIRST = st.integers(100, 799)


@BOTH
@given(texts=MANY, first=FIRST)
def test_what_is_packed_is_unpacked_as_it_was(marks: Marks, texts: list[str], first: int) -> None:
    texts = [text.strip() for text in texts]
    assume(all(packable(text, marks) for text in texts))
    assert unpack(pack(texts, marks, first), marks, first, len(texts)) == texts


@BOTH
@given(texts=MANY, first=FIRST, other=st.integers(0, 99))
def test_texts_with_other_marks_in_them_are_unpacked_as_they_were(
    marks: Marks, texts: list[str], first: int, other: int
) -> None:
    texts = [f"Harga {write(marks, other)} nikel {number}" for number, _ in enumerate(texts)]
    assert unpack(pack(texts, marks, first), marks, first, len(texts)) == texts


@BOTH
@given(texts=MANY, first=FIRST, data=st.data())
def test_with_any_border_missing_or_doubled_nothing_is_taken(
    marks: Marks, texts: list[str], first: int, data: st.DataObject
) -> None:
    texts = [text.strip() for text in texts]
    assume(all(packable(text, marks) for text in texts))
    lines = pack([f"t{number}" for number, _ in enumerate(texts)], marks, first).split("\n")
    borders = [number for number, line in enumerate(lines) if find(marks, line)]
    at = data.draw(st.sampled_from(borders))
    count = len(texts)
    assert unpack("\n".join(lines[:at] + lines[at + 1 :]), marks, first, count) is None
    assert unpack("\n".join(lines[: at + 1] + lines[at:]), marks, first, count) is None


@BOTH
def test_a_border_moved_past_a_text_leaves_a_text_outside_or_empty(marks: Marks) -> None:
    one, two, three = (write(marks, number) for number in (200, 201, 202))
    assert unpack(f"A\n{one}\n{two}\nB\n{three}", marks, 200, 2) is None
    assert unpack(f"{one}\nA\nB\n{two}\n{three}", marks, 200, 2) == ["A\nB", ""]


@BOTH
@given(texts=MANY, first=FIRST)
def test_a_reply_to_another_request_is_not_taken(marks: Marks, texts: list[str], first: int) -> None:
    assume(all(packable(text, marks) for text in texts))
    assert unpack(pack(texts, marks, first), marks, first + 1, len(texts)) is None
    assert unpack(pack(texts, marks, first), marks, first, len(texts) + 1) is None


@given(reply=st.text(max_size=80), first=FIRST, count=st.integers(1, 5))
def test_no_reply_at_all_breaks_it(reply: str, first: int, count: int) -> None:
    assert unpack(reply, Marks.BRACKETS, first, count) is None


def test_a_text_with_something_like_a_mark_in_it_is_not_packed() -> None:
    assert packable("Harga nikel (7)", Marks.BRACKETS)
    assert not packable("Harga nikel [[7]]", Marks.BRACKETS)
    assert not packable("Harga nikel [7]", Marks.BRACKETS)
    assert not packable("Harga nikel", Marks.NONE)


@BOTH
@given(texts=st.lists(st.text(alphabet="abc ", max_size=20), min_size=1, max_size=8), first=FIRST)
def test_the_length_of_a_pack_is_known_beforehand(marks: Marks, texts: list[str], first: int) -> None:
    border = border_length(marks)
    assert len(pack(texts, marks, first)) <= border + sum(len(text) + border for text in texts)
