"""feeds.yaml: which feeds are read, and what they are watched for.

A person writes this file by hand, so everything that is wrong with it is said with file, line, field and what
was expected, all at once; and one bad feed never keeps the others from being read.

The file is walked as YAML nodes and not as Python values: nodes know their line, `country: NO` stays Norway
instead of becoming False, and an alias that names a large node again costs nothing because nothing is copied.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import yaml

from bot.errors import RarewatchError
from bot.feeds.addresses import shown

TIERS = ("official", "agency", "state", "independent", "trade")
LANGUAGES = ("id", "ru", "en", "ms", "uk", "kk", "zh", "vi")

MAX_FILE_BYTES = 1024 * 1024  # about 4,000 feeds; a larger file is a mistake or an attack
MAX_URL_CHARS = 2000
MAX_INTERVAL_S = 7 * 24 * 3600

MAX_USER_AGENT_CHARS = 300

_FEED_FIELDS = (
    "url",
    "name",
    "language",
    "country",
    "tier",
    "tags",
    "interval",
    "user_agent",
    "fallback",
    "full_text",
)
_REQUIRED = ("url", "name", "language", "tier")
_WATCH_FIELDS = ("concepts", "queries")
_TOP_FIELDS = ("feeds", "watch", "concepts")

MAX_CONCEPT_NODES = 20_000  # an alias named again and again counts each time

_INTERVAL = re.compile(r"(\d{1,9}) ?(s|m|h|d|)")
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_CONCEPT = re.compile(r"#?([a-z][a-z0-9_]*)")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_USER_AGENT = re.compile(r"[\x20-\x7e]+")  # what an HTTP header can carry anywhere
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

_Fields: TypeAlias = dict[str, tuple[yaml.Node, yaml.Node]]


class CatalogError(RarewatchError):
    """The list of feeds can't be read."""


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed as somebody wants it read.

    `language` is the code its articles are expected in, `country` ISO 3166 alpha-2 (or "" when not said),
    `interval_s` the seconds between polls, obeyed as written, or None to leave it to the program.
    `user_agent` is what the outlet is told that we are, None for the program's own name; `fallback` is the
    address that is asked while `url` refuses; with `full_text` the articles' own pages are read too.
    """

    url: str
    name: str
    language: str
    country: str
    tier: str
    tags: tuple[str, ...] = ()
    interval_s: int | None = None
    user_agent: str | None = None
    fallback: str | None = None
    full_text: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """What articles are kept and translated for, whoever subscribes: concept ids without `#`, and queries."""

    concepts: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogProblem:
    """One thing wrong in the file: where, in which field, what was expected and what stands there."""

    file: str
    line: int
    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.field}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """The feeds that can be read, what they are watched for, and what is wrong with the rest.

    `concepts` is the operator's own `concepts:` as plain mappings, lists, texts and numbers, not yet looked
    at: whoever knows concepts reads it.
    """

    feeds: tuple[FeedSpec, ...]
    watch: Watch
    problems: tuple[CatalogProblem, ...]
    concepts: Mapping[str, object] = field(default_factory=dict)


def load_catalog(path: Path) -> Catalog:
    """Reads a feeds.yaml.

    Raises:
        CatalogError: the file is missing, unreadable, too large, no YAML, or no mapping with a list of feeds.
    """
    root = _root(path)
    reader = _Reader(str(path))
    top = reader.mapping(root, "the file", _TOP_FIELDS)
    if top is None:
        raise CatalogError(
            f"{path}, line {_line(root)}",
            f"expected a mapping with feeds: and watch:, got {_got(root)}",
            hint="The file starts with a line `feeds:` and then lists them.",
        )
    if "feeds" not in top:
        raise CatalogError(
            str(path),
            "it has no feeds:",
            hint="List at least one feed under a line `feeds:`, or use /addfeed.",
        )
    feeds = reader.feeds(top["feeds"][1])
    watch = reader.watch(top["watch"][1]) if "watch" in top else Watch()
    concepts = reader.concepts(top["concepts"][1]) if "concepts" in top else {}
    problems = tuple(sorted(reader.problems, key=lambda problem: problem.line))
    return Catalog(feeds, watch, problems, concepts)


def _root(path: Path) -> yaml.Node:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise CatalogError(
            str(path), "there is no such file", hint="Set RAREWATCH_FEEDS to your list of feeds."
        ) from error
    except OSError as error:
        raise CatalogError(
            str(path), error.strerror or "it can't be opened", hint="Check the path and who may read it."
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise CatalogError(
            str(path), f"it is larger than {MAX_FILE_BYTES // 1024} KiB", hint="Split or shorten it."
        )
    try:
        root = yaml.compose(data, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise CatalogError(
            where,
            f"it is not valid YAML ({error.problem or error.context})",
            hint="Check the indentation, colons and quotes on that line and the one above it.",
        ) from error
    except yaml.YAMLError as error:  # bytes that are no text
        raise CatalogError(str(path), "it is not valid YAML text", hint="Save it as UTF-8.") from error
    except (
        RecursionError,
        ValueError,
        OverflowError,
    ) as error:  # nested thousands deep; a \x escape beyond Unicode
        raise CatalogError(
            str(path), "it is not usable YAML", hint="A list of feeds is flat: see the example."
        ) from error
    if root is None:
        raise CatalogError(str(path), "it is empty", hint="List at least one feed under a line `feeds:`.")
    return root


class _Reader:
    """Walks the nodes and collects what is wrong. A method returns None when its part is unusable."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._nodes_left = 0
        self.problems: list[CatalogProblem] = []

    def wrong(self, node: yaml.Node, field: str, expected: str, got: str | None = None) -> None:
        self.problems.append(CatalogProblem(self.file, _line(node), field, expected, got or _got(node)))

    def mapping(self, node: yaml.Node, field: str, known: tuple[str, ...]) -> _Fields | None:
        """The known fields of a mapping. None, without a problem noted, when the node is no mapping."""
        if not isinstance(node, yaml.MappingNode):
            return None
        fields: _Fields = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in known:
                self.wrong(
                    key,
                    name or field,
                    f"one of the fields {_listed(known)}{_nearest(name, known)}",
                    _got(key),
                )
            elif name in fields:
                self.wrong(key, name, "each field once", f"{name}: a second time")
            else:
                fields[name] = (key, value)
        return fields

    def sequence(self, node: yaml.Node, field: str, expected: str) -> Iterator[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
        elif not _is_null(node):
            self.wrong(node, field, expected)

    def feeds(self, node: yaml.Node) -> tuple[FeedSpec, ...]:
        feeds: list[FeedSpec] = []
        lines: dict[str, int] = {}
        for item in self.sequence(node, "feeds", "a list of feeds, each starting with `- url:`"):
            feed = self.feed(item)
            if feed is None:
                continue
            same = same_address(feed.url)
            if same in lines:
                self.wrong(
                    item, "url", f"each feed once (it is already on line {lines[same]})", shown(feed.url)
                )
                continue
            lines[same] = _line(item)
            feeds.append(feed)
        return tuple(feeds)

    def feed(self, node: yaml.Node) -> FeedSpec | None:
        before = len(self.problems)
        fields = self.mapping(node, "feed", _FEED_FIELDS)
        if fields is None:
            self.wrong(node, "feed", "a mapping with url, name, language, country, tier and tags")
            return None
        for name in _REQUIRED:
            if name not in fields:
                self.wrong(node, name, _EXPECTED[name], "nothing")
        values = {name: value for name, (_, value) in fields.items()}
        url = self.url(values.get("url"), "url")
        name = self.text(values.get("name"), "name")
        language = self.one_of(values.get("language"), "language", LANGUAGES)
        tier = self.one_of(values.get("tier"), "tier", TIERS)
        country = self.country(values.get("country"))
        tags = self.texts(values.get("tags"), "tags")
        interval_s = self.interval(values.get("interval"))
        user_agent = self.user_agent(values.get("user_agent"))
        fallback = self.url(values.get("fallback"), "fallback") or None
        full_text = self.boolean(values.get("full_text"), "full_text")
        if len(self.problems) == before and fallback and same_address(fallback) == same_address(url):
            self.wrong(values["fallback"], "fallback", "another address than url", "the same one")
        if len(self.problems) > before:
            return None
        return FeedSpec(url, name, language, country, tier, tags, interval_s, user_agent, fallback, full_text)

    def watch(self, node: yaml.Node) -> Watch:
        fields = self.mapping(node, "watch", _WATCH_FIELDS)
        if fields is None:
            if not _is_null(node):
                self.wrong(node, "watch", "a mapping with concepts: and queries:")
            return Watch()
        concepts: list[str] = []
        for each in (
            self.sequence(fields["concepts"][1], "concepts", "a list of concepts")
            if "concepts" in fields
            else ()
        ):
            match = _CONCEPT.fullmatch(each.value) if isinstance(each, yaml.ScalarNode) else None
            if match is None:
                self.wrong(each, "concepts", "a concept such as rare_earths (a-z, 0-9 and _)")
            elif match[1] not in concepts:
                concepts.append(match[1])
        queries = self.texts(fields["queries"][1], "queries") if "queries" in fields else ()
        return Watch(tuple(concepts), queries)

    def concepts(self, node: yaml.Node) -> dict[str, object]:
        """The operator's concepts as plain data; a mapping with a problem of its form is left out whole."""
        if _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, "concepts", "a mapping of concepts by their ids")
            return {}
        self._nodes_left = MAX_CONCEPT_NODES
        found: dict[str, object] = {}
        for key, value in node.value:
            before = len(self.problems)
            plain = self.plain(value, "concepts")
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if not name or name in found:
                self.wrong(key, "concepts", "each concept once, by its id")
            elif len(self.problems) == before:
                found[name] = plain
        return found

    def plain(self, node: yaml.Node, field: str) -> object:
        """A node as plain data: `no` stays a text, only whole numbers become numbers."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            if self._nodes_left == -1:
                self.wrong(node, field, f"at most {MAX_CONCEPT_NODES} entries", "more")
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, field) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            made: dict[str, object] = {}
            for key, value in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else ""
                if not name or name in made:
                    self.wrong(key, name or field, "each name once, a text")
                made[name] = self.plain(value, field)
            return made
        if _is_null(node):
            return None
        if node.tag == "tag:yaml.org,2002:int" and node.value.isdecimal():
            return int(node.value)
        return str(node.value)

    # Each of these notes a problem and returns something harmless when its node is wrong; the caller then
    # drops the feed. An absent node was already noted if the field is required.

    def url(self, node: yaml.Node | None, field: str) -> str:
        text = self.text(node, field).strip()
        if node is None or not text:
            return text
        if len(text) > MAX_URL_CHARS:
            self.wrong(node, field, f"at most {MAX_URL_CHARS} characters", f"{len(text)}")
        elif not is_feed_address(text):
            self.wrong(node, field, _EXPECTED["url"], f'"{_short(shown(text))}"')
        return text

    def user_agent(self, node: yaml.Node | None) -> str | None:
        text = self.text(node, "user_agent")
        if node is not None and text and not _USER_AGENT.fullmatch(text):
            self.wrong(node, "user_agent", "plain English letters, digits and signs")
        elif node is not None and len(text) > MAX_USER_AGENT_CHARS:
            self.wrong(node, "user_agent", f"at most {MAX_USER_AGENT_CHARS} characters", f"{len(text)}")
        return text or None

    def boolean(self, node: yaml.Node | None, field: str) -> bool:
        if node is None:
            return False
        text = node.value.strip().lower() if isinstance(node, yaml.ScalarNode) else ""
        if text not in _BOOLEANS:
            self.wrong(node, field, "true or false")
        return _BOOLEANS.get(text, False)

    def text(self, node: yaml.Node | None, field: str) -> str:
        if node is None:
            return ""
        text = " ".join(node.value.split()) if isinstance(node, yaml.ScalarNode) else ""
        if not text or _is_null(node):
            self.wrong(node, field, _EXPECTED.get(field, "a text"))
            return ""
        return text

    def texts(self, node: yaml.Node | None, field: str) -> tuple[str, ...]:
        if node is None:
            return ()
        each = self.sequence(node, field, _EXPECTED[field])
        texts = [self.text(item, field) for item in each]
        return tuple(dict.fromkeys(text for text in texts if text))

    def one_of(self, node: yaml.Node | None, field: str, known: tuple[str, ...]) -> str:
        if node is None:
            return ""
        text = node.value.strip() if isinstance(node, yaml.ScalarNode) else ""
        if text not in known:
            self.wrong(node, field, f"one of {_listed(known)}{_nearest(text, known)}")
        return text

    def country(self, node: yaml.Node | None) -> str:
        if node is None:
            return ""
        text = node.value.strip() if isinstance(node, yaml.ScalarNode) else ""
        if not _COUNTRY.fullmatch(text):
            self.wrong(node, "country", "two letters such as ID, RU, US or EU")
        return text.upper()

    def interval(self, node: yaml.Node | None) -> int | None:
        if node is None or _is_null(node):
            return None
        match = _INTERVAL.fullmatch(node.value.strip()) if isinstance(node, yaml.ScalarNode) else None
        seconds = int(match[1]) * _UNIT_S[match[2]] if match else 0
        if not 1 <= seconds <= MAX_INTERVAL_S:
            self.wrong(node, "interval", "a time from 1s to 7d such as 90s, 15m or 1h")
            return None
        return seconds


_EXPECTED = {
    "url": "an address that starts with http:// or https://",
    "fallback": "an address that starts with http:// or https://",
    "name": "the source's name",
    "user_agent": "the name to give to the outlet's server",
    "language": f"one of {', '.join(LANGUAGES)}",
    "tier": f"one of {', '.join(TIERS)}",
    "tags": "a list of words such as [mining, policy]",
    "queries": 'a list of queries such as ["nickel export ban"]',
}


def is_feed_address(text: str) -> bool:
    """Whether a text can be a feed's address: http or https with a host, without spaces, not too long."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False
    return good and len(text) <= MAX_URL_CHARS and all(char.isprintable() and char != " " for char in text)


def same_address(url: str) -> str:
    """Equal for two spellings of one address: the host's case, a default port, a fragment, a bare slash."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{parts.username or ''}@{parts.hostname}{port}{parts.path or '/'}?{parts.query}"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _got(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if _is_null(node) or not node.value:
        return "nothing"
    return f'"{_short(shown(node.value) if "://" in node.value else node.value)}"'


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known)


def _nearest(text: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.6) if text else []
    return f" (did you mean {near[0]}?)" if near else ""
