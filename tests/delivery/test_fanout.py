"""One alert a chat, with all its reasons, and none of what it has muted."""

from __future__ import annotations

from bot.delivery.fanout import fan_out
from storage.mutes import Silence
from storage.subscriptions import Subscriber

NICKEL, BAN, TIN = 1, 2, 3
REASONS = {NICKEL: [{"clause": "nickel"}], BAN: [{"clause": "ban"}]}
SUBSCRIBERS = [
    Subscriber(10, BAN, "a ban", 5),
    Subscriber(20, NICKEL, "Nickel", 6),
    Subscriber(10, NICKEL, "nickel", 7),
]


def test_a_chat_gets_one_alert_with_all_its_subscriptions_in_their_order() -> None:
    assert fan_out(REASONS, SUBSCRIBERS) == {
        10: [
            {"subscription": "a ban", "id": 5, "reasons": [{"clause": "ban"}]},
            {"subscription": "nickel", "id": 7, "reasons": [{"clause": "nickel"}]},
        ],
        20: [{"subscription": "Nickel", "id": 6, "reasons": [{"clause": "nickel"}]}],
    }


def test_a_subscription_to_something_else_brings_nothing() -> None:
    assert fan_out(REASONS, [Subscriber(10, TIN, "tin", 5)]) == {}
    assert fan_out({}, [Subscriber(10, TIN, "tin", 5)]) == {}
    assert fan_out(REASONS, []) == {}


def test_a_chat_that_muted_the_story_or_the_source_gets_nothing() -> None:
    assert fan_out(REASONS, SUBSCRIBERS, Silence(chat_ids=frozenset({10}))).keys() == {20}


def test_a_muted_subscription_brings_nothing_but_the_chats_others_do() -> None:
    alerts = fan_out(REASONS, SUBSCRIBERS, Silence(subscription_ids=frozenset({5, 6})))
    assert {chat: [line["id"] for line in lines] for chat, lines in alerts.items()} == {10: [7]}
