"""The service as `rarewatch run` starts it, but in a hurry, with its clock ahead, and a place to die.

    python -m tests.end_to_end.driver [--die-at MILESTONE] [--ahead SECONDS]

Run as a process of its own by the tests. It ends itself with SIGKILL: nothing is flushed, closed or rolled
back, as when the power goes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from datetime import datetime, timedelta


async def main() -> None:
    """Runs until SIGTERM, or until the milestone."""
    # Imported here: the parsing process imports this file too, and needs none of it.
    from bot.app import Timing, open_parts, utc_now
    from bot.logs import configure_logging
    from bot.road import Milestone, Tempo
    from bot.service import Service, stop_on_signals
    from bot.settings import load_settings

    hurry = Timing(
        poll_tick_s=0.2,
        digest_tick_s=0.5,
        idle_s=0.1,
        tempo=Tempo(translation_deadline_s=5.0, translation_retry_s=0.5, translator_rest_s=0.5),
    )
    parser = argparse.ArgumentParser()
    parser.add_argument("--die-at", type=Milestone)
    parser.add_argument("--ahead", type=float, default=0.0)
    options = parser.parse_args()
    settings = load_settings()
    configure_logging(settings.log, settings.secrets, "INFO")

    def clock() -> datetime:
        return utc_now() + timedelta(seconds=options.ahead)

    def passing(milestone: Milestone) -> None:
        if milestone is options.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    async with open_parts(settings, timing=hurry, clock=clock, passing=passing) as parts:
        service = Service(parts, timing=hurry, passing=passing, with_page=False)
        stop_on_signals(service)
        await service.run()


if __name__ == "__main__":
    asyncio.run(main())
