"""How a measured figure is taken and shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate of ours beside a baseline's: both in units a second, or in units of something else (`per`)."""

    name: str
    unit: str
    ours: float
    baseline_name: str
    baseline: float
    per: str = "s"

    def __str__(self) -> str:
        return (
            f"  {self.name:<44} {self.ours:>12,.0f} {self.unit}/{self.per}   "
            f"{self.ours / self.baseline:>6.2f} × {self.baseline_name} ({self.baseline:,.0f})"
        )


def rate(work: Callable[[], int], *, at_least_s: float = 1.5) -> float:
    """Units a second: `work` is repeated (it says how many units it did) until the time is long enough."""
    units = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < at_least_s or units == 0:
        units += work()
    return units / elapsed
