"""A desk's set-up: one database server, and the roles in processes of their own, as in the Procfile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.end_to_end.outside import ANNA, ROOT, Outside, eventually

TITLES = (
    "Pilot plant for rare-earth metals from monazite tested in Bangka",
    "Russia's industry ministry proposes zero duty on imports of rare-earth magnets",
    "Malaysia keeps its ban on exports of raw rare-earth elements",
)


def test_the_procfile_starts_each_role() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    assert [line.split(": ", 1) for line in lines] == [
        [role, f"python -m bot run --role {role}"] for role in ("bot", "worker", "web")
    ]


@pytest.mark.timeout(180)
async def test_roles_share_one_postgresql_and_each_alert_comes_once(
    outside: Outside, postgres_database_url: str, tmp_path: Path
) -> None:
    # As platforms write it.
    outside.database_url = postgres_database_url.replace("postgresql://", "postgres://", 1)
    # All at once: the tables are made under a lock.
    processes = [await outside.run(role) for role in ("worker", "worker", "bot", "web")]
    await outside.subscribe()
    await outside.polled(1)
    outside.world.publish(4)
    await eventually(lambda: all(outside.alerts(title) for title in TITLES), timeout_s=60)
    await outside.polled(3)
    assert [len(outside.alerts(title)) for title in TITLES] == [1, 1, 1]
    assert len(outside.telegram.sent_to(ANNA)) == 4

    async with aiohttp.ClientSession(f"http://127.0.0.1:{outside.port}") as session:
        async with session.get("/healthz") as reply:
            assert (await reply.json())["status"] == "ok"
        async with session.get("/") as reply:
            page = await reply.text()
    assert all(title.replace("'", "&#39;") in page for title in TITLES)

    assert await asyncio.gather(*(process.stop() for process in processes)) == [0, 0, 0, 0]
    for process in processes:
        assert "Traceback" not in process.output, process.output
