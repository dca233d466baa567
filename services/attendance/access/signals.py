"""Stores signals about machines: raised by traffic, shown to operators, dismissed by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from prometheus_client import Gauge
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.attendance.context import AttendanceContext
from services.attendance.machines.rules.proof import Refusal
from services.attendance.machines.rules.signals import TWO_ADDRESSES_SECONDS, Count, SignalKind, contradicts
from services.attendance.machines.tables import MachineSignal
from shared.db.queries import query
from shared.errors.errors import NotFoundError

__all__ = ["Signals", "compare_count", "dismiss_signal", "raise_signal", "signal_address"]

COUNT_DAYS = 7
"""Counts of a machine that are further apart than this are not compared."""
ROUND_SECONDS = 60.0
LATE = timedelta(seconds=10)
"""Each round overlaps the previous one by this much, because a transaction may commit after its timestamp."""


class _ReportedCount(NamedTuple):
    told_records: int | None
    told_records_at: datetime | None


class _Rate(NamedTuple):
    serial: str
    minute: datetime
    punches: int


class _Number(NamedTuple):
    name: str
    number: int


_RAISE_SIGNAL = text(
    """
    insert into machine_signal (serial, kind, first_at, last_at, times, detail)
    select serial, :kind, :now, :now, 1, :detail from machine where serial = :serial
    on conflict (serial, kind) do update set last_at = excluded.last_at, detail = excluded.detail,
        times = machine_signal.times + 1
    """
)
_IN_CONTACT_FROM_ANOTHER_ADDRESS = text(
    "select 1 from machine where serial = :serial and last_contact_at >= :since and address <> :address"
)
_REPORTED_COUNT = query("select told_records, told_records_at from machine where serial = :serial", _ReportedCount)
_SET_REPORTED_COUNT = text("update machine set told_records = :records, told_records_at = :now where serial = :serial")
_PUNCHES_BETWEEN = text(
    """
    select count(*) from punch
    where serial = :serial and at > :since and at <= :now and received_at > :since and received_at <= :now
      and source = 'iclock'
    """
)
# Grouped by the minute of the punch: punches that arrive late together were not made together.
_HIGH_RATES = query(
    """
    select serial, date_trunc('minute', at) as minute, count(*) as punches from punch
    where received_at > :since and counted group by 1, 2 having count(*) > :most order by 1, 2 limit 1000
    """,
    _Rate,
)
_OPEN_SIGNALS = query("select kind as name, count(*) as number from machine_signal group by kind", _Number)
_REFUSED_CONTACTS = query("select reason as name, count(*) as number from refused_contact group by reason", _Number)


async def raise_signal(session: AsyncSession, serial: str, kind: SignalKind, detail: str, now: datetime) -> None:
    """Shows a signal to operators until one dismisses it; a repeated signal increases its counter."""
    await session.execute(_RAISE_SIGNAL, {"serial": serial, "kind": kind.value, "detail": detail[:300], "now": now})


async def dismiss_signal(session: AsyncSession, serial: str, kind: SignalKind) -> None:
    """Removes a signal after an operator has checked it. Raises NotFoundError."""
    one = delete(MachineSignal).where(col(MachineSignal.serial) == serial, col(MachineSignal.kind) == kind.value)
    if (await session.execute(one.returning(col(MachineSignal.serial)))).first() is None:
        raise NotFoundError("The machine has no such signal. See `signals` in the list of machines.")


async def signal_address(session: AsyncSession, serial: str, address: str, now: datetime) -> None:
    """Raises a signal if another address uses the serial while the machine is in contact from its own."""
    values = {"serial": serial, "address": address, "since": now - timedelta(seconds=TWO_ADDRESSES_SECONDS)}
    if (await session.execute(_IN_CONTACT_FROM_ANOTHER_ADDRESS, values)).first() is not None:
        await raise_signal(session, serial, SignalKind.TWO_ADDRESSES, f"also from {address}", now)


async def compare_count(session: AsyncSession, serial: str, records: int | None, now: datetime) -> None:
    """Compares the machine's reported number of stored punches with the punches received since its last report."""
    if records is None:
        return
    before = await _REPORTED_COUNT.one(session, {"serial": serial})
    after = Count(records, now)
    if before.told_records is not None and before.told_records_at is not None:
        last = Count(before.told_records, before.told_records_at)
        if last.within(COUNT_DAYS, now):
            values = {"serial": serial, "since": last.at, "now": now}
            received = (await session.execute(_PUNCHES_BETWEEN, values)).scalar_one()
            if contradicts(last, after, received):
                grown = after.records - last.records
                detail = f"{received} punches came, the machine recorded {grown}"
                await raise_signal(session, serial, SignalKind.COUNT_CONTRADICTS, detail, now)
    await session.execute(_SET_REPORTED_COUNT, {"serial": serial, "records": records, "now": now})


class Signals:
    """Checks the punch rate once a minute and counts what waits for an operator."""

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context
        self._most = context.settings.punches_per_minute_max
        self._since: datetime | None = None
        self._open = Gauge(
            "kinerja_machine_signals",
            "Signals about machines that no operator has dismissed",
            ["kind"],
            registry=context.metrics.registry,
        )
        # Removed when an operator registers the machine, accepts the address or dismisses the contact, or when it expires.
        self._refused = Gauge(
            "kinerja_refused_contacts",
            "Addresses that used a serial without proof of being its machine",
            ["reason"],
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """Checks once and sets the metrics."""
        now = self._context.clock.now()
        since = now - timedelta(seconds=2 * ROUND_SECONDS) if self._since is None else self._since - LATE
        async with self._context.database.transaction() as session:
            for row in await _HIGH_RATES.all(session, {"since": since, "most": self._most}):
                detail = f"{row.punches} punches in the minute of {row.minute:%Y-%m-%d %H:%M} UTC"
                await raise_signal(session, row.serial, SignalKind.PUNCH_RATE, detail, now)
            signals = {row.name: row.number for row in await _OPEN_SIGNALS.all(session)}
            refused = {row.name: row.number for row in await _REFUSED_CONTACTS.all(session)}
        for kind in SignalKind:
            self._open.labels(kind.value).set(signals.get(kind.value, 0))
        for reason in Refusal:
            self._refused.labels(reason.value).set(refused.get(reason.value, 0))
        self._since = now
        return False
