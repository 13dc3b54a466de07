"""What the tests of this room share: the program's own concepts."""

from __future__ import annotations

import pytest

from bot.language.concepts import Concepts


@pytest.fixture(scope="session")
def concepts() -> Concepts:
    """The concepts that come with the program."""
    return Concepts.load()
