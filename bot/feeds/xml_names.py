"""What feedparser calls the elements and attributes of a document, whatever prefixes it chose for them.

feedparser knows some seventy namespaces by names of its own: an element's handler is found by that name and
the local one, `media_content`. One of an unknown namespace goes by the prefix it was declared with, and by
its local name alone if that was none. The rules are those of its strict parser (parsers/strict.py and
mixin.py: startElementNS, track_namespace, unknown_starttag), which keeps one list for the whole document
and never forgets; a declaration that would change what a name already met means is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feedparser.api import StrictFeedParser

_CANONICAL: Final[dict[str, str]] = {
    address.lower(): name for address, name in StrictFeedParser.namespaces.items()
}
_CANONICAL_NAMES: Final = frozenset(_CANONICAL.values())
_USERLAND: Final = "backend.userland.com/rss"  # in any spelling of it
_USERLAND_ADDRESS: Final = "http://backend.userland.com/rss"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_NAME_VERSIONS: Final = frozenset({"http://purl.org/rss/1.0/", "http://www.w3.org/2005/atom"})
_NETSCAPE: Final = "http://my.netscape.com/rdf/simple/0.9/"


class Names:
    """The namespaces of one document, as they are declared. Raw names are expat's: address, name, prefix."""

    def __init__(self) -> None:
        self.names_a_version = False  # whether a declaration alone makes it a feed to feedparser
        self._addresses: dict[str, str] = {}  # feedparser's namespaces_in_use
        self._renamed: dict[
            str, str
        ] = {}  # its namespacemap, without the default namespace it never asks for
        self._declared: set[tuple[str | None, str]] = set()

    def declare(self, prefix: str | None, address: str, *, before_all: bool) -> bool:
        """Takes note of a declaration; False if it can't be told what it would change.

        Args:
            before_all: no element has been named yet.
        """
        if not address or (prefix, address) in self._declared:
            return True
        self._declared.add((prefix, address))
        lower = address.lower()
        if len(address.split()) != 1:  # the reader before feedparser would take it apart
            return False
        if lower in _NAME_VERSIONS or (prefix, lower) == (None, _NETSCAPE):
            self.names_a_version = True
        if prefix and address == _XLINK and not before_all:
            return False  # feedparser makes it an attribute
        if _USERLAND in lower:
            address = lower = _USERLAND_ADDRESS
        canonical = _CANONICAL.get(lower)
        name = (prefix or "") if canonical is None else canonical
        if not before_all and self._would_change(prefix, address, canonical, name):
            return False
        self._addresses[name] = address
        if canonical is not None and prefix is not None:
            self._renamed[prefix] = canonical
        return True

    def _would_change(self, prefix: str | None, address: str, canonical: str | None, name: str) -> bool:
        if name and self._addresses.get(name, address) != address:
            return True
        if canonical is None:
            return prefix is not None and name not in self._addresses and address in self._addresses.values()
        if prefix is None or self._renamed.get(prefix, prefix) == canonical:
            return False
        return prefix in self._renamed or prefix in self._addresses or prefix in _CANONICAL_NAMES

    def element(self, raw: str) -> str:
        """What an element is called: `title`, `media_content`; lower case."""
        parts = raw.split()
        namespace, local = parts[:2] if len(parts) > 1 else ("", raw)
        tag = local.lower()
        canonical = _CANONICAL.get(namespace.lower())
        if canonical:
            tag = f"{canonical.lower()}:{tag}"
        elif namespace:
            names = (name for name, address in self._addresses.items() if name and address == namespace)
            name = next(names, None)
            tag = f"{name}:{tag}".lower() if name else tag
        prefix, colon, suffix = tag.partition(":")
        if not colon:
            return tag
        prefix = self._renamed.get(prefix, prefix)
        return f"{prefix}_{suffix}" if prefix else suffix

    def attributes(self, raw: Mapping[str, str]) -> dict[str, str]:
        """An element's attributes, by names in lower case; `rel` and `type` are, too."""
        found: dict[str, str] = {}
        qualified: dict[str, str] = {}
        for name, value in raw.items():
            if " " in name:
                parts = name.split()
                canonical = _CANONICAL.get(parts[0].lower())
                found[(f"{canonical}:{parts[1]}" if canonical else parts[1]).lower()] = value
                qualified[(f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[1]).lower()] = value
            else:
                found[name.lower()] = qualified[name.lower()] = value
        found.update(qualified)
        for name in ("rel", "type"):
            if name in found:
                found[name] = found[name].lower()
        return found

    def about(self, attributes: Mapping[str, str]) -> str:
        """The `rdf:about` of an item, or ""."""
        return attributes.get(f"{self._renamed.get('rdf', 'rdf')}:about", "")
