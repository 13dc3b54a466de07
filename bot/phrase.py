"""A sentence that is made before it is known who reads it: in English, with what is put into it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence to be said later by `Speech.say`; as a string it is English.

    Args:
        text: the English, with named placeholders.
        values: for the placeholders.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format_map(self.values)
