"""How the providers fare, told where another process (`rarewatch doctor`) can read it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class StatusBook(Protocol):
    """Where the newest word on each provider is kept; `storage.budgets.StoredStatus` has it."""

    async def record(self, provider: str, state: str, last_error: str | None, at: datetime) -> None:
        """Keep a change of state, or a new error.

        Args:
            provider: its name.
            state: as in ProviderStatus: untried, working, failing, resting, probing.
            last_error: a ProviderFailure's reason, which holds no secret; None: nothing new, the last stays.
            at: when; a word older than what is kept changes nothing.
        """
