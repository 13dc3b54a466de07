"""What has been given away of each translator's allowance, and how each fares: shared by all processes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, insert, insert_new
from storage.models import TranslatorBudget, TranslatorStatus


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was granted: the first place, in Unix time, and how many characters."""

    first: float
    characters: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What is given away: places up to `next_at` (Unix time), `characters` of `day`."""

    next_at: float
    day: date
    characters: int


@dataclass(frozen=True, slots=True)
class Status:
    """How a translator fared when it was last told."""

    provider: str
    state: str
    last_error: str | None
    error_at: datetime | None
    changed_at: datetime


class BudgetLedger:
    """The ledger in the database, in the form `bot.translation` asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self,
        provider: str,
        *,
        now: float,
        today: date,
        requests: int,
        interval_s: float,
        latest: float,
        characters: int,
        want_characters: int,
        limit: int,
    ) -> Reserved | None:
        """Reserve `requests` places, `interval_s` apart, and characters of today; or nothing at all.

        Args:
            provider: its name.
            now, latest: Unix time; the first place must not be after `latest` (it may be infinite).
            today: the day in UTC. A clock that is behind keeps to the day that has begun for others.
            requests, interval_s: how many places (0: none), and seconds between them.
            characters, want_characters, limit: at least so many, up to so many if there are, of `limit`
                for the whole day. 0 characters: none are asked for.
        """
        # One UPDATE, so that it is atomic on both databases without a lock of ours. What it grants is a
        # column: in SET every expression sees the old values, in RETURNING the new ones.
        budget = TranslatorBudget
        statement = (
            update(budget)
            .where(budget.provider == provider)
            .values(granted=0)
            .returning(budget.next_at, budget.granted)
            .execution_options(synchronize_session=False)
        )
        if characters:
            used = case((budget.day < today, 0), else_=budget.characters)
            left = literal(limit) - used
            granted = case((left < want_characters, left), else_=want_characters)
            statement = statement.where(left >= characters).values(
                day=case((budget.day < today, literal(today)), else_=budget.day),
                characters=used + granted,
                granted=granted,
            )
        if requests:
            first = case((budget.next_at > now, budget.next_at), else_=literal(now))
            statement = statement.values(next_at=first + requests * interval_s)
            if math.isfinite(latest):
                statement = statement.where(budget.next_at <= latest)
        async with self._database.write() as session:
            row = (await session.execute(statement)).one_or_none()
            if row is None:
                await _make(session, provider, now, today)  # by us or, this instant, by another
                row = (await session.execute(statement)).one_or_none()
        return None if row is None else Reserved(row.next_at - requests * interval_s, row.granted)

    async def entry(self, provider: str) -> Entry | None:
        """What is given away; None: nothing was ever reserved."""
        async with self._database.read() as session:
            row = await session.get(TranslatorBudget, provider)
            return None if row is None else Entry(row.next_at, row.day, row.characters)

    async def give_back(self, provider: str, *, day: date, characters: int) -> None:
        """Characters that were reserved and not spent; those of a day that is over are nobody's."""
        budget = TranslatorBudget
        async with self._database.write() as session:
            await session.execute(
                update(budget)
                .where(budget.provider == provider, budget.day == day)
                .values(
                    characters=case(
                        (budget.characters > characters, budget.characters - characters), else_=literal(0)
                    )
                )
                .execution_options(synchronize_session=False)
            )


async def _make(session: AsyncSession, provider: str, now: float, today: date) -> None:
    """Make the provider's row, unless there is one."""
    row = {"provider": provider, "next_at": now, "day": today, "characters": 0, "granted": 0}
    await insert_new(session, TranslatorBudget, [row], conflict=["provider"])


class StoredStatus:
    """How each translator fares, so that another process can tell: the newest word stands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, provider: str, state: str, last_error: str | None, at: datetime) -> None:
        """Keep a change of state, or a new error (plain words, no secret); None keeps the last one."""
        async with self._database.write() as session:
            made = insert(session, TranslatorStatus).values(
                provider=provider,
                state=state,
                last_error=last_error,
                error_at=at if last_error is not None else None,
                changed_at=at,
            )
            changed = {"state": state, "changed_at": at}
            if last_error is not None:
                changed |= {"last_error": last_error, "error_at": at}
            await session.execute(
                made.on_conflict_do_update(
                    index_elements=["provider"], set_=changed, where=TranslatorStatus.changed_at <= at
                )
            )

    async def known(self) -> dict[str, Status]:
        """What was last told of each translator, by its name."""
        async with self._database.read() as session:
            rows = await session.scalars(select(TranslatorStatus))
            return {
                row.provider: Status(row.provider, row.state, row.last_error, row.error_at, row.changed_at)
                for row in rows
            }
