"""From an article's matches to one alert a chat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from storage.subscriptions import Subscriber


def fan_out(
    reasons: Mapping[int, list[Any]], subscribers: Iterable[Subscriber]
) -> dict[int, list[dict[str, Any]]]:
    """One alert a chat, however many of its subscriptions match.

    Args:
        reasons: query id → why it matched, as JSON values.
        subscribers: who follows these queries, in the order to be shown.

    Returns:
        chat id → ``[{"subscription": text, "reasons": […]}, …]``
    """
    alerts: dict[int, list[dict[str, Any]]] = {}
    for subscriber in subscribers:
        if subscriber.query_id in reasons:
            alerts.setdefault(subscriber.chat_id, []).append(
                {"subscription": subscriber.text, "reasons": reasons[subscriber.query_id]}
            )
    return alerts
