"""The README is true: every setting and command of the program stands in it, and it names no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli import command_names
from bot.settings import VARIABLES

README = Path(__file__).parents[1] / "README.md"
GROUPS = {name.split()[0] for name in command_names() if " " in name}
# The program's name in lower case and what follows: `rarewatch feeds check …`, or a line of a block.
MENTION = re.compile(r"(?:^|[`$\s])rarewatch[ \t]+([a-z]+)(?:[ \t]+([a-z]+))?", re.MULTILINE)


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VARIABLES)
def test_every_setting_stands_in_the_readme(readme: str, name: str) -> None:
    assert re.search(rf"(?<!\w){name}(?!\w)", readme)


def test_the_readme_names_no_setting_that_there_is_not(readme: str) -> None:
    mentioned = set(re.findall(r"(?<!\w)RAREWATCH_\w+", readme))
    assert mentioned <= set(VARIABLES)


@pytest.mark.parametrize("name", command_names())
def test_every_command_stands_in_the_readme(readme: str, name: str) -> None:
    assert re.search(rf"rarewatch {name}(?![\w-])", readme)


def test_the_readme_names_no_command_that_there_is_not(readme: str) -> None:
    known = set(command_names())
    mentioned = {
        f"{first} {second}" if first in GROUPS and second else first
        for first, second in MENTION.findall(readme)
    }
    assert mentioned <= known | GROUPS
