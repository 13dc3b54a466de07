"""The root error, for everything in `bot`. See `storage.errors` for why it is defined there."""

from __future__ import annotations

from storage.errors import RarewatchError, StorageError

__all__ = ["RarewatchError", "StorageError"]
