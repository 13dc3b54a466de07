"""From an article to the words a reader sees: Telegram HTML that is always valid, and the same as plain text.

Pure. Every string that comes from a feed is hostile: it is cleaned of what can't be seen (control and
bidirectional characters, zero widths), cut, and escaped, here and nowhere else. Other rooms import from this
file alone.
"""

from __future__ import annotations

from bot.delivery.render.alert import AlertView, WhyLine, render_alert
from bot.delivery.render.digest import DigestLine, DigestView, render_digest
from bot.delivery.render.keyboard import (
    AS_SENT,
    PATTERN,
    AlertPress,
    Followed,
    Press,
    Shown,
    Standing,
    Target,
    alert_buttons,
    read_press,
)
from bot.delivery.render.message import Button, Buttons, Message
from bot.delivery.render.pieces import ENTITY_BYTES_LIMIT, ENTITY_LIMIT, TEXT_LIMIT
from bot.delivery.render.words import (
    HREF_LIMIT,
    NAME_CHARS,
    TIERS,
    clean,
    country_name,
    cut,
    language_name,
    local_time,
    reason,
    safe_url,
    tier_name,
)

__all__ = [
    "AS_SENT",
    "ENTITY_BYTES_LIMIT",
    "ENTITY_LIMIT",
    "HREF_LIMIT",
    "NAME_CHARS",
    "PATTERN",
    "TEXT_LIMIT",
    "TIERS",
    "AlertPress",
    "AlertView",
    "Button",
    "Buttons",
    "DigestLine",
    "DigestView",
    "Followed",
    "Message",
    "Press",
    "Shown",
    "Standing",
    "Target",
    "WhyLine",
    "alert_buttons",
    "clean",
    "country_name",
    "cut",
    "language_name",
    "local_time",
    "read_press",
    "reason",
    "render_alert",
    "render_digest",
    "safe_url",
    "tier_name",
]
