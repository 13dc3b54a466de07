"""The README's table of figures: made of a run of the benches, never by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.bench.figures import Figure

BEGIN = "<!-- figures: made by `make bench ARGS=--readme`, not by hand -->"
END = "<!-- end of figures -->"


def table(groups: Mapping[str, Sequence[Figure]], *, machine: str, day: str) -> str:
    """Markdown: a line a figure, with all it was measured against in the same run.

    Args:
        groups: the figures of each bench, by what it measures.
        machine: what it ran on, in a few words.
        day: when, as an ISO date.
    """
    lines = [
        f"Measured on {day}: {machine}. Rates depend on the machine; the ratios were taken in one run.",
        "",
        "| | here | in the same run |",
        "| --- | ---: | --- |",
    ]
    for title, figures in groups.items():
        lines.append(f"| **{title}** | | |")
        beside: dict[str, list[str]] = {}
        for figure in figures:
            there = beside.setdefault(f"{figure.name} | {figure.rate}", [])
            if figure.ratio is not None:
                there.append(f"{figure.ratio:.2f} × {figure.baseline_name} ({figure.baseline:,.0f})")
        lines += [f"| {row} | {'; '.join(others)} |" for row, others in beside.items()]
    return "\n".join(lines)


def with_table(readme: str, made: str) -> str:
    """The README with this table in place of the one between the marks.

    Raises:
        ValueError: the marks are not there, once each and in order.
    """
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in tail:
        raise ValueError(f"the README has no {BEGIN} followed by {END}")
    return f"{head}{BEGIN}\n{made}\n{END}{tail}"
