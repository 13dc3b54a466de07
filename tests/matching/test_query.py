"""Queries mean what they say, are written in one canonical way, and fail with words a person can act on."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import RarewatchError
from bot.language.concepts import Concepts
from bot.matching.query import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_TERMS,
    And,
    Exact,
    Named,
    Near,
    Not,
    Or,
    QueryError,
    Words,
    leaves,
    parse_query,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("nickel", "nickel"),
        ("  Nickel   EXPORT ", "export nickel"),
        ("nickel AND export", "export nickel"),
        ("b OR a c", "a c OR b"),
        ("(b OR a) c", "(a OR b) c"),
        ("a NOT b", "a -b"),
        ("a -b -c", "a -b -c"),
        ("-b a", "a -b"),
        ("a -(b OR c)", "a -(b OR c)"),
        ("NOT NOT a", "a"),
        ("a --b", "a b"),
        ("a OR a", "a"),
        ("a (b (c a))", "a b c"),
        ("a OR (b OR (c OR a))", "a OR b OR c"),
        ("c -(a b) OR d", "c -(a b) OR d"),
        ("rare-earth", "rare-earth"),
        ("“Export  Bans”", '"export bans"'),
        ("„редкие земли“ –Китай", '"редкие земли" -китай'),
        ("«учёт» —nikel", '"учет" -nikel'),
        ("#Rare_Earths", "#rare_earths"),
        ("LTJ OR REEs", "LTJ OR REE"),
        ("NICKEL", "nickel"),
        ("U.S. tariffs", "U.S. tariffs"),
        ("РЗМ", "РЗМ"),
        ("China's CO2", "china co2"),
        ('"and" or-else', '"and" or-else'),
        ("2.5 1,000", "1,000 2.5"),
        ('(a)"b"c', '"b" a c'),
        ("Nickel*", "nickel*"),
        ("Rare-Earth*", "rare-earth*"),
        ("“Rare  Earth*”", '"rare earth*"'),
        ("редкоземельн* OR Учётн*", "редкоземельн* OR учетн*"),
        ("export NEAR/5 ban", "ban NEAR/5 export"),
        ("export NEAR/05f ban", "export NEAR/5f ban"),
        ("tin (b OR a) NEAR/3 #nickel", "#nickel NEAR/3 (a OR b) tin"),
        ("a NOT (b NEAR/2 c)", "a -(b NEAR/2 c)"),
        ("a NEAR/2 b OR c", "a NEAR/2 b OR c"),
        ("(a) NEAR/2 ((title:b))", "a NEAR/2 title:b"),
        ("Title:Nickel title:#Tariffs title:“Export Ban”", 'title:"export ban" title:#tariffs title:nickel'),
        ("tin -source:https://www.RT.com/", "tin -source:rt.com"),
        ("tin source:“Antara  News”", 'source:"antara news" tin'),
        ("tin source:Antara*", "source:antara tin"),
        ("tin lang:Russian country:ID", "country:id lang:ru tin"),
        ("tin (lang:ru OR lang:id)", "(lang:id OR lang:ru) tin"),
    ],
)
def test_the_canonical_form(concepts: Concepts, text: str, canonical: str) -> None:
    query = parse_query(text, concepts)
    assert query.canonical == canonical
    assert parse_query(canonical, concepts) == query


def test_not_binds_before_and_and_before_or(concepts: Concepts) -> None:
    root = parse_query('a -b OR "c" #nickel', concepts).root
    assert isinstance(root, Or)
    quoted, plain = root.parts
    assert isinstance(quoted, And)
    assert [type(part) for part in quoted.parts] == [Exact, Named]
    assert isinstance(plain, And)
    assert [type(part) for part in plain.parts] == [Words, Not]
    root = parse_query("c a NEAR/3 b -d", concepts).root
    assert isinstance(root, And)
    assert [type(part) for part in root.parts] == [Near, Words, Not]


def test_a_word_is_looked_up_in_each_language_of_its_script(concepts: Concepts) -> None:
    (latin,) = leaves(parse_query("pertambangan", concepts).root)
    assert isinstance(latin, Words)
    assert set(latin.slots[0]) == {"id:tambang", "en:pertambangan"}
    (cyrillic,) = leaves(parse_query("пошлинами", concepts).root)
    assert isinstance(cyrillic, Words)
    assert cyrillic.slots == (("ru:пошлина",),)
    (exact,) = leaves(parse_query('"пошлинами"', concepts).root)
    assert isinstance(exact, Exact)
    assert exact.slots == (("=пошлинами",),)


def test_capitals_mean_an_acronym_unless_a_dictionary_knows_the_word(concepts: Concepts) -> None:
    for text, slot in (("LTJ", ("!LTJ",)), ("MIIT", ("!MIIT",)), ("US", ("!US",)), ("U.S.", ("!US",))):
        (leaf,) = leaves(parse_query(text, concepts).root)
        assert isinstance(leaf, Words)
        assert leaf.slots == (slot,)
    (leaf,) = leaves(parse_query("NIKEL", concepts).root)
    assert isinstance(leaf, Words)
    assert "id:nikel" in leaf.slots[0]


def test_a_query_knows_its_concepts(concepts: Concepts) -> None:
    assert parse_query("#nickel -#tin copper", concepts).concept_ids == {"nickel", "tin"}


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("gas OR", 5, "a term is missing after OR, at character 5"),
        ("OR gas", 1, "a term is missing before OR, at character 1"),
        ("gas OR OR tin", 5, "a term is missing after OR, at character 5"),
        ("gas AND", 5, "a term is missing after AND"),
        ("gas NOT", 5, "a term is missing after NOT"),
        ("(gas", 1, "this ( is never closed, at character 1"),
        ("a (", 3, "this ( is never closed"),
        ("gas)", 4, "this ) closes nothing, at character 4"),
        (")", 1, "this ) closes nothing"),
        ("a ()", 3, "there is nothing between these parentheses, at character 3"),
        ("(OR a)", 2, "a term is missing before OR, at character 2"),
        ('tin "ore', 5, "this quote is never closed, at character 5"),
        ('tin ""', 5, "there is no word between these quotes"),
        ("#tarifs", 1, "there is no concept #tarifs, at character 1. Did you mean #tariffs?"),
        ("tin #", 5, "a concept's name is missing after #"),
        ("tin #qqqq", 5, "there is no concept #qqqq"),
        ("-tin", 1, "it only says what to leave out, at character 1"),
        ("tin OR -ore", 8, "it only says what to leave out, at character 8"),
        ("tin - ore", 5, "a dash alone says nothing, at character 5"),
        ("*nickel", 1, "* can only end a word, at character 1. Write the beginning of a word and *"),
        ("nic*kel", 4, "* can only end a word, at character 4"),
        ("nickel**", 7, "* can only end a word, at character 7"),
        ("tin nic*", 8, "* needs 4 letters or more before it, at character 8"),
        ("1,000*", 6, "* needs 4 letters or more before it"),
        ('"nick*el ore"', 6, "* can only end a word, at character 6"),
        ('"tin *"', 6, "there is no word before this *, at character 6"),
        ('"the nic* ore"', 9, "* needs 4 letters or more before it, at character 9"),
        ("aaaa* bbbb* cccc* dddd* eeee* ffff*", 35, "more than 5 words with *, at character 35"),
        ("tin NEAR ore", 5, "NEAR needs a number of words, at character 5. Write NEAR/5 for at most"),
        ("tin NEAR/x ore", 5, "NEAR needs a number of words"),
        ("tin NEAR/21 ore", 5, "NEAR reaches from 1 to 20 words, at character 5. Write NEAR/20."),
        ("tin NEAR/0 ore", 5, "NEAR reaches from 1 to 20 words"),
        ("tin NEAR/5", 5, "a term is missing after NEAR/5, at character 5"),
        ("NEAR/5 tin", 1, "a term is missing before NEAR/5, at character 1"),
        ("(NEAR/5 tin)", 2, "a term is missing before NEAR/5, at character 2"),
        (
            "tin near/5 ore",
            5,
            "near is no operator in small letters, at character 5. Write NEAR",
        ),
        ("a -b NEAR/5 c", 3, "what is left out can't stand beside NEAR, at character 3. Write -(a NEAR"),
        ("a NEAR/5 (b c)", 10, "only a term, or terms with OR in parentheses, can stand beside NEAR"),
        ("a NEAR/5 b NEAR/5 c", 12, "NEAR joins two terms, not three, at character 12. Write two pairs"),
        (
            "a NEAR/5 lang:ru",
            10,
            "lang: is no word of the text, so it can't stand beside NEAR",
        ),
        ("title: tin", 1, "nothing stands right after title:, at character 1. Write it without a space"),
        ("title:", 1, "nothing stands right after title:"),
        ("title:(a b)", 1, "title: can't stand before parentheses, at character 1. Write it before each"),
        ("title:source:a", 7, "a field can't stand in a field, at character 7"),
        ("title:-tin", 7, "a dash can't stand after title:, at character 7. Write it before: -title:nickel"),
        ("-".join("abcdefghijklmnopqrstu"), 1, "more than 20 words in one phrase, at character 1"),
        (f'"{" a" * 21}"', 1, "more than 20 words in one phrase, at character 1"),
        ("tin source:...", 5, "there is no letter or digit after source:"),
        ("tin source:rt.com/news", 5, "source: is a feed's name or host, not an address, at character 5"),
        ('tin source:"rt', 12, "this quote is never closed, at character 12"),
        ("tin lang:xx", 5, "xx is no language we tell apart, at character 5. Write one of en, id"),
        ("tin country:usa", 5, "usa is no country code, at character 5. Write two letters"),
        (
            "source:rt.com",
            1,
            "source:rt.com alone would bring all there is of it, at character 1. Add",
        ),
        ("tin OR lang:ru -ore", 8, "lang:ru alone would bring all there is of it, at character 8"),
        ("langs:ru", 1, "langs: is no field, at character 1. Did you mean lang:?"),
        ("http://tin", 5, "a colon has no meaning here, at character 5"),
        ("tin, ore", 4, ", has no meaning here, at character 4. Write a space for AND, or OR instead."),
        ("tin|ore", 4, "| has no meaning here, at character 4. Write OR instead."),
        ("import/export", 7, "/ has no meaning here"),
        ("tin or ore", 5, "or is too common to look for, at character 5. Write OR for the operator"),
        ("tin and ore", 5, "and is too common to look for"),
        ("$ tin", 1, "there is no letter or digit in $"),
        ("", 0, "there is nothing in it"),
        (" \n", 0, "there is nothing in it"),
    ],
)
def test_an_error_points_at_the_character_and_says_what_to_write(
    concepts: Concepts, text: str, position: int, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text, concepts)
    assert caught.value.position == position
    assert message in str(caught.value)
    assert isinstance(caught.value, RarewatchError)


def test_limits(concepts: Concepts) -> None:
    most = " ".join(f"w{number}" for number in range(MAX_TERMS))
    parse_query(most, concepts)
    with pytest.raises(QueryError, match=f"more than {MAX_TERMS} terms, at character {len(most) + 2}"):
        parse_query(f"{most} more", concepts)
    parse_query("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, concepts)
    with pytest.raises(QueryError, match=f"more than {MAX_DEPTH} deep, at character {MAX_DEPTH + 1}"):
        parse_query("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), concepts)
    parse_query("x" * MAX_CHARACTERS, concepts)
    with pytest.raises(QueryError, match="501 characters long, and 500 is the most"):
        parse_query("x" * (MAX_CHARACTERS + 1), concepts)


PIECES = st.sampled_from(
    [
        "nickel", "Экспорт", "ekspor", "rare-earth", "U.S.", "LTJ", "İstanbul", "稀土", "ß", "OR",
        "AND", "NOT",
        "-", "–",
        "(", ")", " ", " ", " ", '"', "«", "“", "#", "#nickel", "#tarifs", "*", ":", "title:", ",",
        "NEAR/3f", " NEAR/2 ", "nick*", '"rare earth*"', "title:tin", "source:", "lang:ru", "-country:id",
        "source:“a b”", "source:rt.com", "*", "&quot;",
        "1,000", "don't", "\u00ad", "\u0301", "&amp;", "and's", "NEAR/3", "\ud800", "ﬁ", "⑴", "ё",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
@example("İ")
@example("and's")
@example("(" * 400)
@example("- " * 200)
@example("-" * 499 + "a")
@example("a" + "́" * 5)
@example("a source:&amp;quot;ʼ")
@example('"a"' * 40 + "bc" * 190)
@example("ﷺ" * 200)
@example("a source:İ.ß")
def test_whatever_is_typed_is_a_query_or_a_query_error_and_the_canonical_form_is_a_fixed_point(
    concepts: Concepts, text: str
) -> None:
    try:
        query = parse_query(text, concepts)
    except QueryError as error:
        position = error.position
    else:
        position = 0
        again = parse_query(query.canonical, concepts)
        assert again == query
        assert again.canonical == query.canonical
    assert 0 <= position <= len(text) + 1
