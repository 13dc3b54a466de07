"""The concepts are loaded once for the room: compiling their terms takes as long as a hundred tests."""

from __future__ import annotations

import pytest

from bot.language.concepts import Concepts


@pytest.fixture(scope="session")
def concepts() -> Concepts:
    return Concepts.load()
