"""Ended by SIGKILL between any two arrows of the road and started again, it loses no article and no alert."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.road import Milestone
from storage import chats, subscriptions
from storage.chats import TELEGRAM, ChatKey
from storage.database import Database
from storage.models import Alert, Article, Digest
from tests.end_to_end.outside import ANNA, Outside, Process, eventually, migrated, now

BANGKA = "Pilot plant for rare-earth metals from monazite tested in Bangka"
MAGNETS = "Russia's industry ministry proposes zero duty on imports of rare-earth magnets"
# The second process lives ten minutes later: leases of the first have run out.
LATER = ("--ahead", "600")

ON_THE_ROAD = [
    Milestone.FETCHED,
    Milestone.STORED,
    Milestone.CLAIMED,
    Milestone.MATCHED,
    Milestone.TRANSLATED,
    Milestone.READY,
    Milestone.SENDING,
    Milestone.DELIVERED,
    Milestone.SENT,
]
CATCHING_UP = [Milestone.LATE_CLAIMED, Milestone.LATE_TRANSLATED, Milestone.LATE_READY]
DIGESTING = [Milestone.DIGEST_PLANNED, Milestone.DIGEST_SENDING, Milestone.DIGEST_DELIVERED]


def test_every_milestone_is_tried() -> None:
    assert {*ON_THE_ROAD, *CATCHING_UP, *DIGESTING} == set(Milestone)


def zone_at_noon() -> str:
    """A zone in which no midnight comes while the test runs: that would be another digest's day."""
    hours = 12 - now().hour
    return f"Etc/GMT{-hours:+d}"  # their signs are the wrong way round (POSIX)


async def start(outside: Outside, *arguments: str) -> Process:
    """The service as a process, in a hurry."""
    return await outside.start("-m", "tests.end_to_end.driver", *arguments)


async def follow(outside: Outside) -> None:
    """Anna follows #rare_earths already."""
    database = await migrated(outside.database_url)
    async with database.write() as session:
        chat = await chats.ensure(session, ChatKey(TELEGRAM, ANNA), kind="private", title="Anna", now=now())
        await subscriptions.subscribe(
            session, chat.id, canonical="#rare_earths", text="#rare_earths", now=now()
        )
    await database.close()


async def count(outside: Outside, *conditions: object) -> list[int]:
    """How many articles, articles not ready, alerts not sent, and digests there are."""
    database = Database(outside.database_url)
    async with database.read() as session:
        numbers = [
            (await session.scalars(select(func.count()).select_from(Article))).one(),
            (await session.scalars(select(func.count()).where(Article.state != "ready"))).one(),
            (
                await session.scalars(select(func.count()).where(Alert.state.in_(["pending", "sending"])))
            ).one(),
            (await session.scalars(select(func.count()).select_from(Digest))).one(),
        ]
    await database.close()
    return numbers


@pytest.mark.parametrize("milestone", ON_THE_ROAD)
async def test_death_on_the_road_loses_nothing(outside: Outside, milestone: Milestone) -> None:
    await follow(outside)
    outside.world.publish(3)
    dying = await start(outside, "--die-at", milestone)
    assert await dying.ended() == -9, dying.output
    again = await start(outside, *LATER)
    await eventually(lambda: bool(outside.alerts(BANGKA) and outside.alerts(MAGNETS)), timeout_s=40)
    await outside.polled(2)
    assert await again.stop() == 0, again.output
    # An alert has no idempotency key: killed between Telegram's answer and its own note of it, and nowhere
    # else, one may come twice.
    most = 2 if milestone is Milestone.DELIVERED else 1
    assert 1 <= len(outside.alerts(BANGKA)) <= most
    assert 1 <= len(outside.alerts(MAGNETS)) <= most
    assert len(outside.telegram.sent_to(ANNA)) <= 1 + most
    assert await count(outside) == [3, 0, 0, 0]


@pytest.mark.parametrize("milestone", CATCHING_UP)
async def test_death_while_catching_up_loses_no_translation(outside: Outside, milestone: Milestone) -> None:
    await follow(outside)
    outside.world.set_translator(down=True)
    outside.world.publish(1)
    before = await start(outside)
    await eventually(lambda: bool(outside.alerts("Not translated yet")), timeout_s=40)
    assert await before.stop() == 0, before.output
    outside.world.set_translator(down=False)
    dying = await start(outside, "--die-at", milestone, *LATER)
    assert await dying.ended() == -9, dying.output
    again = await start(outside, "--ahead", "1200")
    await eventually(lambda: bool(outside.alerts(BANGKA)), timeout_s=40)
    await outside.polled(2)
    assert await again.stop() == 0, again.output
    [alert] = outside.telegram.sent_to(ANNA)
    assert "Not translated yet" not in alert.current
    assert len(alert.edits) == 1


@pytest.mark.parametrize("milestone", DIGESTING)
async def test_death_around_a_digest_never_doubles_it(outside: Outside, milestone: Milestone) -> None:
    await follow(outside)
    outside.world.publish(1)
    before = await start(outside)
    await eventually(lambda: bool(outside.alerts(BANGKA)), timeout_s=40)
    assert await before.stop() == 0, before.output
    database = Database(outside.database_url)
    async with database.write() as session:
        chat = await chats.find(session, ChatKey(TELEGRAM, ANNA))
        assert chat is not None
        zone = zone_at_noon()
        yesterday = now().astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        await chats.set_digest(session, chat.id, time="00:00", zone=zone, last_date=yesterday)
    await database.close()
    dying = await start(outside, "--die-at", milestone)
    assert await dying.ended() == -9, dying.output
    again = await start(outside, "--ahead", "1200")
    if milestone is Milestone.DIGEST_PLANNED:
        await eventually(lambda: bool(outside.alerts("Daily digest")), timeout_s=40)
    await outside.polled(3)
    assert await again.stop() == 0, again.output
    expected = {Milestone.DIGEST_PLANNED: 1, Milestone.DIGEST_SENDING: 0, Milestone.DIGEST_DELIVERED: 1}
    assert len(outside.alerts("Daily digest")) == expected[milestone]
    assert (await count(outside))[3] == 1
