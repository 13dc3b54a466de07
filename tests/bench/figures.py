"""How a measured figure is taken and shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate of ours beside a baseline's: both in units a second, or in units of something else (`per`).

    Without a baseline it stands for itself: a share, a size, a delay.
    """

    name: str
    unit: str
    ours: float
    baseline_name: str = ""
    baseline: float = 0.0
    per: str = "s"

    @property
    def ratio(self) -> float | None:
        """Ours by the baseline's."""
        return self.ours / self.baseline if self.baseline_name else None

    @property
    def rate(self) -> str:
        """Ours with its unit."""
        digits = 0 if self.ours >= 100 else 1
        return f"{self.ours:,.{digits}f} {self.unit}" + (f"/{self.per}" if self.per else "")

    def __str__(self) -> str:
        beside = f"{self.ratio:.2f} × {self.baseline_name} ({self.baseline:,.0f})" if self.ratio else ""
        return f"  {self.name:<62} {self.rate:>24}   {beside}".rstrip()


def rate(work: Callable[[], int], *, at_least_s: float = 1.5) -> float:
    """Units a second: `work` is repeated (it says how many units it did) until the time is long enough."""
    units = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < at_least_s or units == 0:
        units += work()
    return units / elapsed
