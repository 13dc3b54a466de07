"""Marks survive what translators do to them, and ordinary text is never taken for one."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.translation.marks import Mark, Marks, find, first_number, from_xml, occurs, to_xml, write

FORMS = [Marks.BRACKETS, Marks.XML]
NUMBERS = st.integers(0, 999)
TEXTS = st.text(alphabet="aЯ [](){}⟦⟧［<>/x=\"'d7,.\n\u00a0", max_size=30) | st.text(max_size=30)


@settings(deadline=None)
@given(st.sampled_from(FORMS), NUMBERS, TEXTS, TEXTS)
def test_a_mark_written_into_any_unmarked_text_is_found_there_and_nowhere_else(
    marks: Marks, number: int, before: str, after: str
) -> None:
    assume(not occurs(marks, before) and not occurs(marks, after))
    mark = write(marks, number)
    text = before + mark + after
    assert find(marks, text) == [Mark(number, len(before), len(before + mark))]


@settings(deadline=None)
@given(st.sampled_from(FORMS), st.lists(NUMBERS, max_size=9))
def test_marks_side_by_side_are_found_in_their_order(marks: Marks, numbers: list[int]) -> None:
    text = "".join(write(marks, number) for number in numbers)
    assert [mark.number for mark in find(marks, text)] == numbers


@settings(deadline=None)
@given(TEXTS, st.lists(st.tuples(NUMBERS, TEXTS), max_size=4))
def test_xml_escaping_leaves_the_marks_and_comes_back_as_it_was(
    first: str, rest: list[tuple[int, str]]
) -> None:
    text = first + "".join(write(Marks.XML, number) + after for number, after in rest)
    assert from_xml(to_xml(text)) == text
    assert [m.number for m in find(Marks.XML, to_xml(text))] == [m.number for m in find(Marks.XML, text)]


BENT = {
    "as written": "[[7]]",
    "spaces inside": "[[ 7 ]]",
    "spaces between the brackets": "[ [7] ]",
    "a no-break space": "[[\u00a07]]",
    "made single": "[7]",
    "one bracket lost": "[[7]",
    "the other lost": "[7]]",
    "wide brackets and digit": "［［７］］",
    "lenticular brackets": "【7】",
    "white brackets": "⟦7⟧",
    "made round": "((7))",
    "made curly": "{ { 7 } }",
}


@pytest.mark.parametrize("bent", BENT.values(), ids=BENT.keys())
def test_a_bent_bracket_mark_is_found(bent: str) -> None:
    text = f"exports of {bent} rose"
    assert find(Marks.BRACKETS, text) == [Mark(7, 11, 11 + len(bent))]


BENT_XML = {
    "as written": '<x id="7"/>',
    "spaces": '< x id = "7" / >',
    "open and close": '<x id="7"></x>',
    "upper case": '<X ID="7"/>',
    "single quotes": "<x id='7' />",
    "typographic quotes": "<x id=“7”/>",
    "no quotes": "<x id=7/>",
}


@pytest.mark.parametrize("bent", BENT_XML.values(), ids=BENT_XML.keys())
def test_a_bent_xml_mark_is_found(bent: str) -> None:
    text = f"exports of {bent} rose"
    assert find(Marks.XML, text) == [Mark(7, 11, 11 + len(bent))]


NO_MARKS = {
    "a number in round brackets": "(7)",
    "a year": "[2026]",
    "a decimal": "[7.5]",
    "a word": "[[seven]]",
    "empty brackets": "[[]]",
    "a list": "[1, 2]",
    "one bracket": "[[7",
    "braces": "{7}",
    "too far apart": "[[    7]]",
    "two lines": "[[\n7]]",
    "a number beyond 999": "[[1000]]",
}


@pytest.mark.parametrize("text", NO_MARKS.values(), ids=NO_MARKS.keys())
def test_ordinary_text_is_no_mark(text: str) -> None:
    assert find(Marks.BRACKETS, text) == []
    assert not occurs(Marks.BRACKETS, text)


@pytest.mark.parametrize("text", ['<x id="seven"/>', '<y id="7"/>', '<x id="7">', "<b>7</b>", '<xid="7"/>'])
def test_other_tags_are_no_marks(text: str) -> None:
    assert find(Marks.XML, text) == []


def test_a_footnote_of_the_text_itself_shows_that_it_cannot_be_marked() -> None:
    assert occurs(Marks.BRACKETS, "Экспорт вырос [7].")
    assert not occurs(Marks.XML, "Экспорт вырос [7].")


@pytest.mark.parametrize("number", [-1, 1000])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        write(Marks.BRACKETS, number)


def test_a_provider_without_marks_gets_none_written_and_has_none_found() -> None:
    with pytest.raises(ValueError, match="keeps no marks"):
        write(Marks.NONE, 7)
    assert find(Marks.NONE, "[[7]]") == []
    assert not occurs(Marks.NONE, "[[7]]")


@pytest.mark.parametrize(("jitter", "first"), [(0.0, 100), (0.5, 450), (0.9999999, 799)])
def test_the_first_number_of_a_request_leaves_room_for_its_marks(jitter: float, first: int) -> None:
    assert first_number(lambda: jitter) == first
