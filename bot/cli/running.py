"""The service itself, its demo, and what is wrong with it: `run`, `demo`, `doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.frame import AsJson, fail, print_json, run_to_end, settings_of
from bot.logs import configure_logging
from bot.settings import SettingsError


def run(
    role: Annotated[
        str, typer.Option(help="What this process is there for: all, bot, worker or web.")
    ] = "all",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
) -> None:
    """Run the service. Without TELEGRAM_TOKEN alerts go to the terminal and the page."""
    from bot.app import open_parts
    from bot.pauses import keep_pauses_short
    from bot.service import Role, Service, stop_on_signals

    try:
        chosen = Role(role)
    except ValueError:
        fail(SettingsError("--role", f"{role!r} is none of {', '.join(Role)}"), code=2)
    settings = settings_of(level="DEBUG" if verbose else "INFO")

    async def work() -> None:
        async with open_parts(settings) as parts:
            service = Service(parts, role=chosen)
            stop_on_signals(service)
            keep_pauses_short()
            await service.run()

    run_to_end(work())


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after one full round.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the program's log too.")] = False,
) -> None:
    """Run the whole service against a loopback stand-in of the outside world. No token, no network needed."""
    from bot.demo.show import run_demo

    # Not the operator's settings: the demo touches neither his database nor his chats.
    configure_logging("console", (), "INFO" if verbose else "WARNING")
    if not run_to_end(run_demo(once=once)):
        raise typer.Exit(1)


def doctor(as_json: AsJson = False) -> None:
    """Check the configuration, database, token, translators and feeds: what works, and what to do."""
    from bot.doctor import examine

    settings = settings_of(level="CRITICAL")
    marks = {True: "✓", False: "✗", None: "·"}

    async def work() -> bool:
        healthy = True
        async for finding in examine(settings):
            healthy = healthy and finding.ok is not False
            if as_json:
                print_json({"subject": finding.subject, "ok": finding.ok, "text": finding.text})
            else:
                typer.echo(f"{marks[finding.ok]} {finding.subject}: {finding.text}")
        return healthy

    if not run_to_end(work()):
        raise typer.Exit(1)
