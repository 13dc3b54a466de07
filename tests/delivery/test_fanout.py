"""One alert a chat, with all its reasons."""

from __future__ import annotations

from bot.delivery.fanout import fan_out
from storage.subscriptions import Subscriber

NICKEL, BAN, TIN = 1, 2, 3
REASONS = {NICKEL: [{"clause": "nickel"}], BAN: [{"clause": "ban"}]}


def test_a_chat_gets_one_alert_with_all_its_subscriptions_in_their_order() -> None:
    subscribers = [
        Subscriber(10, BAN, "a ban"),
        Subscriber(20, NICKEL, "Nickel"),
        Subscriber(10, NICKEL, "nickel"),
    ]
    assert fan_out(REASONS, subscribers) == {
        10: [
            {"subscription": "a ban", "reasons": [{"clause": "ban"}]},
            {"subscription": "nickel", "reasons": [{"clause": "nickel"}]},
        ],
        20: [{"subscription": "Nickel", "reasons": [{"clause": "nickel"}]}],
    }


def test_a_subscription_to_something_else_brings_nothing() -> None:
    assert fan_out(REASONS, [Subscriber(10, TIN, "tin")]) == {}
    assert fan_out({}, [Subscriber(10, TIN, "tin")]) == {}
    assert fan_out(REASONS, []) == {}
