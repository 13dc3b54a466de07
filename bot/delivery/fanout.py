"""From an article's matches to one alert a chat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from storage.mutes import NO_SILENCE, Silence
from storage.subscriptions import Subscriber


def fan_out(
    reasons: Mapping[int, list[Any]], subscribers: Iterable[Subscriber], silence: Silence = NO_SILENCE
) -> dict[int, list[dict[str, Any]]]:
    """One alert a chat, however many of its subscriptions match; none for what a chat has muted.

    Args:
        reasons: query id → why it matched, as JSON values.
        subscribers: who follows these queries, in the order to be shown.
        silence: who must not hear of the article.

    Returns:
        chat id → ``[{"subscription": text, "id": its id, "reasons": […]}, …]``
    """
    alerts: dict[int, list[dict[str, Any]]] = {}
    for subscriber in subscribers:
        muted = subscriber.chat_id in silence.chat_ids or subscriber.id in silence.subscription_ids
        if subscriber.query_id in reasons and not muted:
            alerts.setdefault(subscriber.chat_id, []).append(
                {
                    "subscription": subscriber.text,
                    "id": subscriber.id,
                    "reasons": reasons[subscriber.query_id],
                }
            )
    return alerts
