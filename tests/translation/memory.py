"""A translation memory in a dict, as the translator's Memory protocol has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class DictMemory:
    """Keeps everything; `rows` may be read and filled by a test."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, str]] = {}

    async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """See Memory."""
        return {key: self.rows[key] for key in keys if key in self.rows}

    async def put(self, rows: Mapping[str, tuple[str, str]]) -> None:
        """See Memory."""
        self.rows.update(rows)
