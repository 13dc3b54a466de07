"""The translators that can be asked, one file each, all with the same promises (see `calls`)."""

from __future__ import annotations

from bot.translation.providers.calls import URL_SAFE_CHARS, Provider
from bot.translation.providers.deepl import DeepLProvider
from bot.translation.providers.google import GoogleProvider
from bot.translation.providers.libre import LibreProvider
from bot.translation.providers.mymemory import MyMemoryProvider

__all__ = [
    "URL_SAFE_CHARS",
    "DeepLProvider",
    "GoogleProvider",
    "LibreProvider",
    "MyMemoryProvider",
    "Provider",
]
