"""feeds.yaml as the text somebody wrote: feeds are added at the end of its list, and nothing else is touched.

A YAML library would write the file anew, without its comments and in its own style. So the place behind the
last feed is looked up among the file's nodes, and lines are put there; whoever writes the result reads it
first, and sees that all that was in it still is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import yaml

from bot.errors import RarewatchError
from bot.feeds.catalog import FeedSpec

_INDENT = 2
# A name that is a text in YAML whatever its letters: no sign that means something, no word like `null`.
_PLAIN = re.compile(r"(?!(?:null|true|false|yes|no|on|off|[yn])\Z)[^\W\d_](?:[\w .]*\w)?", re.IGNORECASE)


class CatalogTextError(RarewatchError):
    """The feeds can't be added to the file."""


def with_feeds(text: str, feeds: Sequence[FeedSpec], *, file: str, remark: str = "") -> str:
    """The file's text with feeds added to its list.

    Args:
        text: of a file that can be read as a catalogue; "" makes a new one.
        file: its name, for the error.
        remark: a comment above them, one line.

    Raises:
        CatalogTextError: the list is written in a way that lines can't be added to.
    """
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    newline = "\r\n" if "\r\n" in text else "\n"
    at, indent, begin = _place(text or "feeds:\n", file)
    text = text or "feeds:\n"
    lines = [f"{' ' * indent}# {remark}"] if remark else []
    for feed in feeds:
        lines += _lines(feed, indent)
    head, tail = text[:at], text[at:]
    if head and not head.endswith("\n"):
        head += newline
    return mark + head + begin + newline + newline.join(lines) + newline + tail


def _place(text: str, file: str) -> tuple[int, int, str]:
    """Where lines go in, how far they are indented, and what has to stand before them."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    fields = root.value if isinstance(root, yaml.MappingNode) and not root.flow_style else []
    for key, node in fields:
        if key.value != "feeds":
            continue
        if isinstance(node, yaml.SequenceNode) and not node.flow_style:
            return _line_end(text, _last(node).end_mark.index), node.start_mark.column, ""
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return _line_end(text, key.end_mark.index), key.start_mark.column + _INDENT, ""
    raise CatalogTextError(
        file,
        "its feeds are written between brackets, and lines can't be added there",
        hint="Write them one below the other, each starting with `- url:`.",
    )


def _last(node: yaml.Node) -> yaml.Node:
    """The node whose text ends a node's: the marks of blocks lie behind the comments that follow them."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return node


def _line_end(text: str, index: int) -> int:
    if index and text[index - 1] == "\n":  # a block scalar ends behind its last line
        return index
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _lines(feed: FeedSpec, indent: int) -> list[str]:
    fields = {
        "url": feed.url,
        "name": feed.name,
        "language": feed.language,
        "country": feed.country,
        "tier": feed.tier,
    }
    written = [f"{name}: {_scalar(value)}" for name, value in fields.items() if value]
    if feed.tags:
        written.append(f"tags: [{', '.join(map(_scalar, feed.tags))}]")
    space = " " * indent
    return [f"{space}- {written[0]}", *(f"{space}  {line}" for line in written[1:])]


def _scalar(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    # JSON's strings are YAML's, but for letters beyond the first 65,536 and what YAML does not take as it is.
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
