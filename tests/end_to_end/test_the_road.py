"""The real process between real servers: from /subscribe to one alert an article, and through failures."""

from __future__ import annotations

import asyncio
import signal

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.models import Article, Leased
from tests.end_to_end.outside import ANNA, TOKEN, Outside, eventually

BANGKA = "Pilot plant for rare-earth metals from monazite tested in Bangka"
MAGNETS = "Russia's industry ministry proposes zero duty on imports of rare-earth magnets"
MALAYSIA = "Malaysia keeps its ban on exports of raw rare-earth elements"


async def leases(database_url: str) -> list[str]:
    """Who holds a lease on anything."""
    database = Database(database_url)
    held: list[str] = []
    async with database.read() as session:
        for table in Leased.__subclasses__():
            statement = select(table.lease_owner).where(table.lease_owner.is_not(None))
            held += [owner for owner in await session.scalars(statement) if owner]
    await database.close()
    return held


@pytest.mark.timeout(180)
async def test_a_subscriber_gets_each_article_once_in_english_with_the_original_beside_it(
    outside: Outside,
) -> None:
    process = await outside.run()
    await outside.subscribe()
    await outside.polled(1)
    outside.world.publish(3)  # Indonesian, Russian, and football

    await eventually(lambda: bool(outside.alerts(BANGKA) and outside.alerts(MAGNETS)))
    [bangka], [magnets] = outside.alerts(BANGKA), outside.alerts(MAGNETS)
    assert "Pabrik percontohan logam tanah jarang dari monasit diuji di Bangka" in bangka.current
    assert "Indonesian" in bangka.current
    assert "Kabar Tambang (contoh)" in bangka.current
    assert "«tanah jarang»" in bangka.current or "«logam tanah jarang»" in bangka.current
    assert "/articles/monasit-bangka" in bangka.text_html
    assert "Минпромторг предложил обнулить пошлины на ввоз редкоземельных магнитов" in magnets.current
    assert "Russian" in magnets.current

    # A second poll finds nothing changed, and sends nothing.
    unchanged = outside.world.requests.not_modified
    await outside.polled(3)
    assert outside.world.requests.not_modified > unchanged
    assert len(outside.telegram.sent_to(ANNA)) == 3  # the answer to the command, and two alerts

    # It ends in time, gives back what it held, and sends nothing twice when it starts again.
    assert await process.stop(signal.SIGTERM) == 0, process.output
    assert await leases(outside.database_url) == []
    again = await outside.run()
    await outside.polled(3)
    assert len(outside.telegram.sent_to(ANNA)) == 3
    outside.world.publish(1)
    await eventually(lambda: bool(outside.alerts(MALAYSIA)))
    await outside.polled(2)
    assert len(outside.telegram.sent_to(ANNA)) == 4
    assert await again.stop(signal.SIGINT) == 0, again.output

    for one in (process, again):
        assert TOKEN.partition(":")[2] not in one.output
        assert "Traceback" not in one.output, one.output


@pytest.mark.timeout(180)
async def test_an_alert_goes_out_untranslated_and_is_edited_when_the_translator_is_back(
    outside: Outside,
) -> None:
    process = await outside.run()
    await outside.subscribe()
    await outside.polled(1)
    outside.world.set_translator(down=True)
    outside.world.publish(1)

    await eventually(lambda: bool(outside.alerts("monasit diuji di Bangka")), timeout_s=60)
    [alert] = outside.alerts("monasit diuji di Bangka")
    assert "Not translated yet" in alert.current
    assert alert.edits == []

    outside.world.set_translator(down=False)
    await eventually(lambda: bool(alert.edits), timeout_s=90)
    assert BANGKA in alert.current
    assert "Pabrik percontohan logam tanah jarang" in alert.current
    assert "Not translated yet" not in alert.current
    await outside.polled(2)
    assert len(outside.telegram.sent_to(ANNA)) == 2
    assert len(alert.edits) == 1
    assert await process.stop() == 0, process.output
    # Said when it went, and when it came back.
    assert process.output.count('"cannot_reach"') == 1
    assert process.output.count('"reachable_again"') == 1


async def test_nothing_is_lost_while_telegram_is_away(outside: Outside) -> None:
    process = await outside.run()
    await outside.subscribe()
    await outside.polled(1)
    async with outside.telegram.unreachable():
        outside.world.publish(2)
        await outside.polled(3)
        assert process.running, process.output
    await eventually(lambda: bool(outside.alerts(BANGKA) and outside.alerts(MAGNETS)), timeout_s=60)
    assert len(outside.alerts(BANGKA)) == len(outside.alerts(MAGNETS)) == 1
    assert await process.stop() == 0, process.output
    assert TOKEN.partition(":")[2] not in process.output


async def test_a_wrong_token_ends_the_service_with_what_to_do_and_without_showing_it(
    outside: Outside,
) -> None:
    outside.telegram.token = "1:" + "x" * 35  # what Telegram knows is another
    process = await outside.run()
    assert await process.ended() == 1
    assert "BotFather" in process.output
    assert TOKEN.partition(":")[2] not in process.output


@pytest.mark.timeout(180)
async def test_without_a_network_it_says_so_once_and_keeps_trying(outside: Outside) -> None:
    environment = outside.environment  # writes feeds.yaml
    feeds_file = outside.folder / "feeds.yaml"
    # Ports on which nobody listens, in place of the world's.
    text = feeds_file.read_text("utf-8")
    origin = outside.world.feeds[0].url.split("/feeds/")[0]
    feeds_file.write_text(text.replace(origin, "http://127.0.0.1:9"), encoding="utf-8")
    assert environment
    process = await outside.run()
    await eventually(lambda: "no_feed_reachable" in process.output, timeout_s=60)
    await asyncio.sleep(12)  # longer than a summary's pace
    assert process.output.count("no_feed_reachable") == 1
    assert "feed_failing" not in process.output
    assert process.running
    feeds_file.write_text(text, encoding="utf-8")
    assert await process.stop() == 0, process.output
    # With the network back: everything works, nothing had been lost.
    again = await outside.run()
    await outside.subscribe()
    await outside.polled(1)
    outside.world.publish(1)
    await eventually(lambda: bool(outside.alerts(BANGKA)))
    assert await again.stop() == 0, again.output


async def test_every_article_is_kept_with_its_state(outside: Outside) -> None:
    process = await outside.run()
    await outside.subscribe()
    await outside.polled(1)
    outside.world.publish(3)
    await eventually(lambda: bool(outside.alerts(BANGKA) and outside.alerts(MAGNETS)))
    assert await process.stop() == 0, process.output
    database = Database(outside.database_url)
    async with database.read() as session:
        rows = {row.title: row for row in await session.scalars(select(Article))}
    await database.close()
    assert len(rows) == 3
    assert {row.state for row in rows.values()} == {"ready"}
    wanted = {row.language: row for row in rows.values() if row.wanted}
    assert wanted["id"].english_title == BANGKA
    assert wanted["ru"].english_title == MAGNETS
    assert wanted["ru"].translator == "libre"
