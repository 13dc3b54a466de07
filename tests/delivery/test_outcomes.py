"""The outcomes of a send say what happened, where, why, and carry what the sender needs to act."""

from __future__ import annotations

import pytest

from bot.delivery import outcomes
from bot.delivery.outcomes import ChatMigrated, DeliveryError, MaybeDelivered, Throttled
from bot.delivery.output import Address
from bot.errors import RarewatchError


def test_an_outcome_reads_as_what_which_why_and_what_to_do() -> None:
    error = outcomes.Stop("chat 42", "the token is unknown", hint="Ask @BotFather.")
    assert str(error) == "Sending can't go on at all: chat 42: the token is unknown. Ask @BotFather."


@pytest.mark.parametrize(
    "kind",
    [
        value
        for value in vars(outcomes).values()
        if isinstance(value, type) and issubclass(value, DeliveryError)
    ],
)
def test_every_outcome_is_a_delivery_error_with_words_of_its_own(kind: type[DeliveryError]) -> None:
    assert issubclass(kind, RarewatchError)
    assert kind.__doc__
    assert kind.__doc__.splitlines()[0].endswith(".")


def test_outcomes_carry_what_the_next_step_needs() -> None:
    assert ChatMigrated(new_chat_id=-1005).new_chat_id == -1005
    assert Throttled(retry_after_s=7.5).retry_after_s == 7.5
    assert MaybeDelivered().probably
    assert not MaybeDelivered(probably=False).probably


def test_an_address_names_its_topic_only_when_there_is_one() -> None:
    assert str(Address(-100)) == "chat -100"
    assert str(Address(-100, 7)) == "chat -100 topic 7"
