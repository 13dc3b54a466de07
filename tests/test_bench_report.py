"""The README's table of figures is made from a run, between two marks, and nothing else is touched."""

from __future__ import annotations

import pytest

from tests.bench.figures import Figure
from tests.bench.report import BEGIN, END, table, with_table

FIGURES = [
    Figure("first poll", "feeds", 130.0, "reader", 26.0),
    Figure("first poll", "feeds", 130.0, "newsboat", 65.0),
    Figure("memory", "MB", 212.44, per=""),
]


def test_a_figure_stands_in_one_line_with_all_it_was_measured_against() -> None:
    made = table({"Polling": FIGURES}, machine="2 cores", day="2026-11-24")
    assert "| first poll | 130 feeds/s | 5.00 × reader (26); 2.00 × newsboat (65) |" in made
    assert made.count("first poll") == 1


def test_a_figure_without_a_baseline_stands_for_itself() -> None:
    assert "| memory | 212 MB |  |" in table({"Polling": FIGURES}, machine="2 cores", day="2026-11-24")
    assert str(FIGURES[2]).split() == ["memory", "212", "MB"]


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_table(readme, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


@pytest.mark.parametrize("readme", ["", f"{END}{BEGIN}", BEGIN, f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_readme_without_the_marks_is_left_alone(readme: str) -> None:
    with pytest.raises(ValueError, match="the README has no"):
        with_table(readme, "new")
