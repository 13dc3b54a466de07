"""A strict reader of Telegram's HTML: the text and its entities, or the very complaint Telegram has.

Written after the rules of https://core.telegram.org/bots/api#html-style and the complaints that the server
is known to send. Byte offsets are those of the UTF-8 text, entity offsets those of UTF-16, as with Telegram.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
ATTRIBUTES = {
    "span": {"class"},
    "tg-emoji": {"emoji-id"},
    "tg-time": {"unix", "format"},
    "a": {"href"},
    "code": {"class"},
    "blockquote": {"expandable"},
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPACE = " \t\r\n\v\f"


class BadHtml(ValueError):
    """Telegram would answer 400 "can't parse entities: …" with this text."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted stretch: offset and length in UTF-16 units, `value` the address, language or the like."""

    type: str
    offset: int
    length: int
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    text: str
    entities: tuple[Entity, ...]


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts offsets."""
    return len(text) + sum(char > "\uffff" for char in text)


def parse(source: str, *, pedantic: bool = False) -> Parsed:
    """Read `source` as Telegram does with parse_mode HTML.

    Args:
        source: the text of a request.
        pedantic: also refuse what Telegram lets pass but nobody means: a bare ``&``, ``>`` or an unknown
            character reference, unknown attributes, links to nothing, a link in a link, empty elements.

    Raises:
        BadHtml: with the server's words.
    """
    return _Reader(source, pedantic).read()


@dataclass(slots=True)
class _Open:
    tag: str
    value: str | None
    offset: int


class _Reader:
    def __init__(self, source: str, pedantic: bool) -> None:
        self.source = source
        self.pedantic = pedantic
        self.at = 0
        self.text: list[str] = []
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def read(self) -> Parsed:
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == "<":
                if self.source.startswith("</", self.at):
                    self._end_tag()
                else:
                    self._start_tag()
            elif char == "&":
                self._emit(self._reference() or self._bare("&"))
            elif char == ">":
                self._emit(self._bare(">"))
            else:
                self._emit(char)
                self.at += 1
        if self.open:
            raise BadHtml(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        entities = sorted(self.entities, key=lambda entity: (entity.offset, -entity.length))
        return Parsed("".join(self.text), tuple(entities))

    def _emit(self, text: str) -> None:
        self.text.append(text)
        self.offset += utf16_length(text)

    def _byte(self, index: int) -> int:
        return len(self.source[:index].encode())

    def _bare(self, char: str) -> str:
        if self.pedantic:
            raise BadHtml(f'Unescaped "{char}" at byte offset {self._byte(self.at)}')
        self.at += 1
        return char

    def _reference(self) -> str | None:
        """The character that a reference at the cursor stands for (the cursor goes behind it), or None."""
        match = re.compile(r"&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|([a-zA-Z]+))(;?)").match(self.source, self.at)
        if match is None:
            return None
        decimal, hexadecimal, name, semicolon = match.groups()
        if name is not None:
            char = NAMED.get(name.lower() if not self.pedantic else name)
        else:
            code = int(decimal) if decimal is not None else int(hexadecimal, 16)
            char = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else None
        if char is None or (self.pedantic and not semicolon):
            return None
        self.at = match.end()
        return char

    def _skip_space(self) -> None:
        while self._char() in _SPACE and self._char():
            self.at += 1

    def _char(self) -> str:
        return self.source[self.at : self.at + 1]

    def _until(self, stops: str) -> str:
        begin = self.at
        while self._char() and self._char() not in stops:
            self.at += 1
        return self.source[begin : self.at]

    def _start_tag(self) -> None:
        begin = self._byte(self.at)
        self.at += 1
        tag = self._until(_SPACE + ">").lower()
        if not self._char():
            raise BadHtml(f"Unclosed start tag at byte offset {begin}")
        if tag not in TAGS:
            raise BadHtml(f'Unsupported start tag "{tag}" at byte offset {begin}')
        attributes: dict[str, str] = {}
        while True:
            self._skip_space()
            if self._char() == ">":
                break
            if not self._char():
                raise BadHtml(f"Unclosed start tag at byte offset {begin}")
            name, value = self._attribute(tag, begin)
            attributes[name] = value
        self.at += 1
        self.open.append(_Open(tag, self._value(tag, attributes, begin), self.offset))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._until(_SPACE + "=>").lower()
        if not name:
            raise BadHtml(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self._skip_space()
        if self._char() != "=":
            if tag == "blockquote" and name == "expandable":
                return name, ""
            raise BadHtml(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                f"at byte offset {begin}"
            )
        self.at += 1
        self._skip_space()
        quote = self._char()
        if quote not in ("'", '"'):
            value = self._until_not_name()
            if self._char() and self._char() not in _SPACE + ">":
                raise BadHtml(f"Unexpected end of name token at byte offset {self._byte(self.at)}")
            return name, value.lower()
        self.at += 1
        value_chars: list[str] = []
        while self._char() and self._char() != quote:
            char = self._reference() if self._char() == "&" else None
            if char is None:
                char = self._bare("&") if self._char() == "&" else self._char()
                if char != "&":
                    self.at += 1
            value_chars.append(char)
        if not self._char():
            raise BadHtml(f"Unclosed start tag at byte offset {begin}")
        self.at += 1
        return name, "".join(value_chars)

    def _until_not_name(self) -> str:
        begin = self.at
        while re.match(r"[A-Za-z0-9.-]", self._char()):
            self.at += 1
        return self.source[begin : self.at]

    def _value(self, tag: str, attributes: dict[str, str], begin: int) -> str | None:
        if self.pedantic and (unknown := attributes.keys() - ATTRIBUTES.get(tag, set())):
            raise BadHtml(f'Unknown attribute "{min(unknown)}" of the tag "{tag}" at byte offset {begin}')
        match tag:
            case "span":
                if attributes.get("class") != "tg-spoiler":
                    raise BadHtml(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
                return None
            case "tg-emoji":
                if not re.fullmatch(r"\d+", attributes.get("emoji-id", "")):
                    raise BadHtml(f"Invalid custom emoji identifier specified at byte offset {begin}")
                return attributes["emoji-id"]
            case "tg-time":
                if not re.fullmatch(r"\d+", attributes.get("unix", "")):
                    raise BadHtml(f"Invalid date specified at byte offset {begin}")
                form = attributes.get("format", "")
                if not re.fullmatch(r"r|w?[dD]?[tT]?", form):
                    raise BadHtml(f"Invalid date format specified at byte offset {begin}")
                return f"{attributes['unix']} {form}".strip()
            case "a":
                href = attributes.get("href")
                if self.pedantic and not href:
                    raise BadHtml(f"A link to nothing at byte offset {begin}")
                if self.pedantic and any(outer.tag == "a" for outer in self.open):
                    raise BadHtml(f"A link in a link at byte offset {begin}")
                return href
            case "code":
                return attributes.get("class", "").removeprefix("language-") or None
            case "blockquote":
                return "expandable" if "expandable" in attributes else None
        return None

    def _end_tag(self) -> None:
        begin = self._byte(self.at)
        if not self.open:
            raise BadHtml(f"Unexpected end tag at byte offset {begin}")
        self.at += 2
        tag = self._until(_SPACE + ">").lower()
        self._skip_space()
        if self._char() != ">":
            raise BadHtml(f"Unclosed end tag at byte offset {begin}")
        self.at += 1
        element = self.open.pop()
        if tag != element.tag and (tag or self.pedantic):
            raise BadHtml(
                f'Unmatched end tag at byte offset {begin}, expected "</{element.tag}>", found "</{tag}>"'
            )
        length = self.offset - element.offset
        if self.pedantic and not length:
            raise BadHtml(f'Empty element "{element.tag}" at byte offset {begin}')
        kind, value = TAGS[element.tag], element.value
        if kind == "text_link":
            value = value or "".join(self.text)[-length:] if length else value
            if not re.match(r"(?i)(?:https?|tg|ton|mailto|tel)://?[^\s]+", value or ""):
                return  # Telegram keeps the words and drops the link, without a complaint
        if kind == "blockquote" and value == "expandable":
            kind, value = "expandable_blockquote", None
        if length:
            self.entities.append(Entity(kind, element.offset, length, value))
