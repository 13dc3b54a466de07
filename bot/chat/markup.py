"""Pieces of Telegram HTML, from text that is cleaned, cut and escaped here; and pages of them. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable

from bot.delivery.render import clean, cut, safe_url

PAGE_CHARS = 3500
"""Of HTML a message: tags and escapes count here and not with Telegram, so 4,096 is never reached."""
PAGE_PARTS = 80
"""A message, each with hardly more than one entity: Telegram ignores those after 100."""
TITLE_CHARS = 200
QUERY_CHARS = 500


def short(text: str, limit: int) -> str:
    """Cleaned and cut, not escaped."""
    return cut(clean(text), limit)


def escape(text: str) -> str:
    """For between tags."""
    return html.escape(text, quote=False)


def bold(text: str) -> str:
    """What a person wrote, in bold."""
    return f"<b>{escape(short(text, QUERY_CHARS))}</b>"


def code(text: str) -> str:
    """What a person wrote or may write, to be copied with a tap."""
    return f"<code>{escape(short(text, QUERY_CHARS))}</code>"


def linked(title: str, url: str | None) -> str:
    """A title that leads to its article, if that can be linked."""
    safe = safe_url(url)
    return bold(title) if safe is None else f'<a href="{html.escape(safe)}">{escape(title)}</a>'


def numbered(texts: Iterable[str]) -> list[str]:
    """Lines with their numbers, from 1."""
    return [f"{number}. {code(text)}" for number, text in enumerate(texts, start=1)]


def pages(parts: Iterable[str], *, joint: str = "\n") -> list[str]:
    """The parts in as few messages as hold them, never split within one."""
    filled: list[list[str]] = [[]]
    size = 0
    for part in parts:
        if filled[-1] and (size + len(part) > PAGE_CHARS or len(filled[-1]) >= PAGE_PARTS):
            filled.append([])
            size = 0
        filled[-1].append(part)
        size += len(part) + len(joint)
    return [page for page in (joint.join(parts).strip() for parts in filled) if page]
