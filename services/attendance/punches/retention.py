"""Limits how long the journal, the quarantine and refused contacts are stored: settings and a periodic job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from prometheus_client import Gauge
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from services.attendance.punches.queries import REFUSALS
from services.attendance.settings import Settings
from shared.db.queries import Query, query

__all__ = ["STORES", "Retention", "StoredAmount", "read_stores"]

BATCH = 5_000

# A line that waits for an operator's decision on its contact is deleted together with the contact.
_OF_CONTACT = f"q.reason in ({REFUSALS}) and q.resolved_at is null"


class _Size(NamedTuple):
    oldest_at: datetime | None
    reltuples: float
    bytes: int


@dataclass(frozen=True, slots=True)
class _Store:
    """A table with a maximum age: its time column, its setting, the statement that deletes a batch, and the rows it covers."""

    name: str
    table: str
    moment: str
    days: Callable[[Settings], int]
    delete: TextClause
    bounded: str = "true"

    @property
    def size(self) -> Query[_Size]:
        """The query for its size."""
        return query(
            f"select (select min({self.moment}) from {self.table} q where {self.bounded}) as oldest_at, reltuples,"
            f" pg_total_relation_size('{self.table}') as bytes from pg_class where oid = '{self.table}'::regclass",
            _Size,
        )


STORES = (
    _Store(
        "journal",
        "upload",
        "received_at",
        lambda settings: settings.journal_days,
        text(
            "delete from upload where id in"
            " (select id from upload where received_at < :before order by received_at limit :most)"
            " returning 1"
        ),
    ),
    _Store(
        "quarantine",
        "quarantine",
        "received_at",
        lambda settings: settings.quarantine_days,
        text(
            f"""
            delete from quarantine where id in (
                select id from quarantine q where q.received_at < :before and not ({_OF_CONTACT})
                order by q.received_at limit :most)
            returning 1
            """
        ),
        f"not ({_OF_CONTACT})",
    ),
    _Store(
        "refused",
        "refused_contact",
        "last_seen_at",
        lambda settings: settings.refused_days,
        text(
            """
            delete from refused_contact where (serial, address) in (
                select serial, address from refused_contact where last_seen_at < :before order by last_seen_at limit :most)
            returning 1
            """
        ),
    ),
)
_LINES_OF_NOBODY = text(
    f"""
    delete from quarantine where id in (
        select q.id from quarantine q
        where {_OF_CONTACT}
          and not exists (select from refused_contact r where r.serial = q.serial and r.address = q.address)
        order by q.id limit :most)
    returning 1
    """
)


@dataclass(frozen=True, slots=True)
class StoredAmount:
    """The content of one store: `rows` is the database's estimate, `oldest_at` is null when no row is deleted by age.

    A line that waits with its contact does not count as the oldest: it may stay longer than the quarantine limit.
    """

    store: str
    rows: int
    bytes: int
    oldest_at: datetime | None
    kept_days: int


async def read_stores(session: AsyncSession, settings: Settings) -> list[StoredAmount]:
    """Reads all stores."""
    found = []
    for store in STORES:
        size = await store.size.one(session)
        found.append(
            StoredAmount(store.name, max(0, int(size.reltuples)), size.bytes, size.oldest_at, store.days(settings))
        )
    return found


class Retention:
    """Runs every ten minutes; one batch per transaction, so that it blocks nobody."""

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context
        self._settings = context.settings
        registry = context.metrics.registry
        # A value above the limit for more than a day means that the job does not keep up.
        self._oldest = Gauge(
            "kinerja_kept_oldest_seconds", "Age of the oldest entry, by store", ["store"], registry=registry
        )
        self._limit = Gauge(
            "kinerja_kept_limit_seconds",
            "Maximum age of an entry, from the settings, by store",
            ["store"],
            registry=registry,
        )
        self._bytes = Gauge("kinerja_kept_bytes", "Size on disk, by store", ["store"], registry=registry)

    async def round(self) -> bool:
        """Deletes one batch per store; True when there may be more."""
        now = self._context.clock.now()
        more = False
        for store in STORES:
            before = now - timedelta(days=store.days(self._settings))
            more = await self._delete(store.delete, before=before) or more
        more = await self._delete(_LINES_OF_NOBODY) or more
        async with self._context.database.transaction() as session:
            for amount in await read_stores(session, self._settings):
                age = 0.0 if amount.oldest_at is None else (now - amount.oldest_at).total_seconds()
                self._oldest.labels(amount.store).set(max(0.0, age))
                self._limit.labels(amount.store).set(timedelta(days=amount.kept_days).total_seconds())
                self._bytes.labels(amount.store).set(amount.bytes)
        return more

    async def _delete(self, statement: TextClause, **values: object) -> bool:
        async with self._context.database.transaction() as session:
            deleted = (await session.execute(statement, {**values, "most": BATCH})).all()
        return len(deleted) == BATCH
