"""Bytes to the right letters."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.decode import as_utf8, decode

RUSSIAN = "Добыча редкоземельных металлов в России вырастет, заявили в министерстве"
FRENCH = "Les métaux stratégiques: le marché français a été très agité cet été"


def document(text: str, declared: str | None = None) -> str:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    return f"{declaration}<rss><title>{text}</title></rss>"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8", "windows-1251", None),
        ("utf-8", None, "text/xml; charset=windows-1251"),
        ("utf-8", "no-such-thing", None),
        ("windows-1251", "windows-1251", None),
        ("windows-1251", "utf-8", "application/xml; charset=utf-8"),
        ("windows-1251", None, None),
        ("windows-1251", None, "text/xml; charset='windows-1251'"),
        ("windows-1251", "iso-8859-1", None),
        ("windows-1251", "koi8-r", None),
        ("koi8-r", "koi8-r", None),
        ("koi8-r", "windows-1251", None),
        ("koi8-r", None, None),
        ("iso8859-5", "iso-8859-5", None),
        ("cp866", "ibm866", None),
        ("utf-8-sig", "windows-1251", None),
        ("utf-16", "utf-16", None),
        ("utf-16-le", "utf-16", None),
        ("utf-16-be", None, None),
        ("utf-32", None, None),
        ("utf-32-be", None, None),
    ],
)
def test_russian_is_read_whatever_is_declared(
    encoding: str, declared: str | None, content_type: str | None
) -> None:
    body = document(RUSSIAN, declared).encode(encoding)
    assert decode(body, content_type) == document(RUSSIAN)


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", None, "utf-8"])
def test_french_does_not_become_russian(declared: str | None) -> None:
    assert decode(document(FRENCH, declared).encode("windows-1252"), None) == document(FRENCH)


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("稀土出口管制措施公布", "gb18030", "gb2312"),
        ("希土類の輸出規制", "shift_jis", "Shift_JIS"),
        ("希土類の輸出規制", "iso2022_jp", "iso-2022-jp"),
        ("희토류 수출 통제", "euc_kr", "euc-kr"),
        ("Nadir toprak ihracatı yasağı", "iso8859-9", "iso-8859-9"),
    ],
)
def test_another_encoding_is_believed_when_it_fits(text: str, encoding: str, declared: str) -> None:
    assert decode(document(text, declared).encode(encoding), None) == document(text)


def test_a_letter_cut_in_two_does_not_change_the_whole_documents_encoding() -> None:
    body = document(RUSSIAN + RUSSIAN[:1]).encode().replace(b"\xd0\x94</title>", b"\xd0</title>")
    assert decode(body, "text/xml; charset=windows-1251") == document(RUSSIAN + "\ufffd")


@pytest.mark.parametrize(
    "name", ["base64", "rot13", "punycode", "idna", "unicode_escape", "hex", "undefined", "utf-7"]
)
def test_a_codec_that_is_no_charset_is_not_believed(name: str) -> None:
    assert "редк" in decode(document(RUSSIAN, name).encode("windows-1251"), None)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\r\n  <?xml version='1.1'?><rss/>", "<rss/>"),
        ("Warning: include() in /a.php\n<?xml version='1.0'?>\n<rss/>", "<rss/>"),
        ("<rss>\x00\x08\x0b\ufffe</rss>", "<rss></rss>"),
        ("<rss>&#0;&#x1F;&#65;&#x10FFFF9;</rss>", "<rss>&#65;</rss>"),
        ("<rss>&nbsp;&eacute;&amp;&lt;&nosuch;</rss>", "<rss>\u00a0é&amp;&lt;&amp;nosuch;</rss>"),
        ('<!DOCTYPE rss PUBLIC "-//N//DTD" "http://x/rss.dtd"><rss/>', "<rss/>"),
        ("<!DOCTYPE r [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>\n<rss>&c;</rss>", "<rss>&amp;c;</rss>"),
        ("<a>R&D <![CDATA[R&D]]> ?x=1&copy=2</a>", "<a>R&amp;D <![CDATA[R&D]]> ?x=1&amp;copy=2</a>"),
        ("<a>&<![CDATA[&", "<a>&amp;<![CDATA[&"),
        ("<!-- <a> --><!DOCTYPE r [ ]\n><rss/>", "<!-- <a> --><!DOCTYPE r [ ]\n><rss/>"),
        ("no markup at all", "no markup at all"),
        ("", ""),
    ],
    ids=[
        "leading white space",
        "a warning in front",
        "control characters",
        "forbidden numbers",
        "names",
        "a DTD",
        "an entity bomb",
        "stray ampersands",
        "CDATA without an end",
        "a DTD behind a comment with a tag stays (the parser has its own defence)",
        "no markup",
        "nothing",
    ],
)
def test_what_stops_a_strict_parser_is_taken_out(text: str, cleaned: str) -> None:
    assert decode(text.encode(), None) == cleaned


def test_a_file_served_packed_is_unpacked() -> None:
    assert decode(gzip.compress(document(RUSSIAN).encode()), None) == document(RUSSIAN)


def test_a_packed_bomb_is_cut_off() -> None:
    assert len(decode(gzip.compress(b"<" + b"a" * 30_000_000), None)) <= 10 * 1024 * 1024


def test_the_bytes_for_the_parser_declare_what_they_are() -> None:
    assert as_utf8("<rss>ы</rss>").decode("utf-8") == '<?xml version="1.0" encoding="utf-8"?>\n<rss>ы</rss>'


@given(st.binary(max_size=300), st.none() | st.text(max_size=40))
def test_any_bytes_become_text_that_can_be_encoded(body: bytes, content_type: str | None) -> None:
    decode(body, content_type).encode("utf-8")


@given(st.text(alphabet="a я\x08\x0b\x1f\x7f\t\ufffd\ufffe\uffff\ue000한\U0001f600"))
def test_of_all_characters_only_those_go_that_xml_forbids(text: str) -> None:
    allowed = "".join(each for each in text if each not in "\x08\x0b\x1f\ufffe\uffff")
    assert decode(f"<rss>{text}</rss>".encode(), None) == f"<rss>{allowed}</rss>"


@given(
    st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюя ", min_size=40).filter(
        lambda text: len(set(text)) > 12
    )
)
def test_utf_8_is_utf_8_whatever_else_is_claimed(text: str) -> None:
    assert text in decode(document(text, "windows-1251").encode(), "text/xml; charset=koi8-r")
