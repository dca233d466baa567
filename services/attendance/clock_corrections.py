"""The server's clock was behind: what came then looked like punches of the future, and is judged by the true time.

Kept is what the operator said, beside the times that the clock gave: a correction can be changed or taken back by
another word, and punches that are judged again later (another zone) still find it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_punches
from services.attendance.domain.iclock import clock_flags
from shared.errors import InvalidError

__all__ = ["TRUE_RECEIVED_AT", "ClockCorrection", "hold_clock_corrections", "put_clock_correction"]

DAYS_MAX = 366
BATCH = 5_000

TRUE_RECEIVED_AT = """p.received_at + make_interval(secs => coalesce(
    (select max(c.seconds_behind) from clock_correction c where p.received_at between c.received_from and c.received_to), 0))"""
"""When punch `p` came, by the true time."""

# One at a time: two that overlap would each judge without the other. Who judges flags for another reason keeps it out.
_CHANGE = text("lock table clock_correction in share row exclusive mode")
_HOLD = text("lock table clock_correction in share mode")
_BEFORE = text("select received_from, received_to from clock_correction where correction_id = :id")
_PUT = text(
    """
    insert into clock_correction (correction_id, received_from, received_to, seconds_behind, reason, recorded_at)
    values (:id, :received_from, :received_to, :seconds_behind, :reason, :now)
    on conflict (correction_id) do update set received_from = excluded.received_from,
        received_to = excluded.received_to, seconds_behind = excluded.seconds_behind, reason = excluded.reason,
        recorded_at = excluded.recorded_at
    """
)
_PUNCHES = text(
    f"""
    select p.id, p.employee_id, p.local_time, p.at, p.flags, m.timezone, {TRUE_RECEIVED_AT} as received_at
    from punch p join machine m using (serial)
    where p.id > :after and p.received_at between :first and :last order by p.id limit :most
    """
)
_FLAG = text(
    """
    update punch p set flags = string_to_array(t.flags, ','), counted = t.flags = ''
    from unnest(cast(:ids as bigint[]), cast(:flags as varchar[])) as t (id, flags) where p.id = t.id
    """
)
# A machine whose times were not believed then is believed again, until it proves wrong by the right clock.
_BELIEVE = text("update machine set clock_wrong_since = null where clock_wrong_since between :first and :last")


@dataclass(frozen=True, slots=True)
class ClockCorrection:
    """By how many seconds the server's clock was behind while it gave the times of receipt from one to the other."""

    correction_id: UUID
    received_from: datetime
    received_to: datetime
    seconds_behind: int
    reason: str


async def hold_clock_corrections(session: AsyncSession) -> None:
    """Until the end of the transaction no correction is changed."""
    await session.execute(_HOLD)


async def put_clock_correction(
    session: AsyncSession, correction: ClockCorrection, now: datetime, unit_zone: ZoneInfo
) -> None:
    """Keeps a correction, judges again what came in its time, and marks the days that this touches.

    Raises InvalidError.
    """
    first, last = correction.received_from, correction.received_to
    if not timedelta(0) < last - first <= timedelta(days=DAYS_MAX):
        raise InvalidError(f"`received_to` lies after `received_from`, by at most {DAYS_MAX} days.")
    if last > now:
        raise InvalidError("`received_to` lies in the future. Set the server's clock right first, then say until when.")
    await session.execute(_CHANGE)
    before: Any = (await session.execute(_BEFORE, {"id": correction.correction_id})).first()
    values = {
        "id": correction.correction_id,
        "received_from": first,
        "received_to": last,
        "seconds_behind": correction.seconds_behind,
        "reason": correction.reason,
        "now": now,
    }
    await session.execute(_PUT, values)
    if before is not None:
        await _judge_again(session, before.received_from, before.received_to, unit_zone)
    await _judge_again(session, first, last, unit_zone)
    await session.execute(_BELIEVE, {"first": first, "last": last})


async def _judge_again(session: AsyncSession, first: datetime, last: datetime, unit_zone: ZoneInfo) -> None:
    after = 0
    while True:
        values = {"after": after, "first": first, "last": last, "most": BATCH}
        rows = (await session.execute(_PUNCHES, values)).all()
        if not rows:
            return
        after = rows[-1].id
        judged = [(row, _flags(row)) for row in rows]
        changed = [(row, flags) for row, flags in judged if flags != row.flags]
        if changed:
            ids, flags = [row.id for row, _ in changed], [",".join(flags) for _, flags in changed]
            await session.execute(_FLAG, {"ids": ids, "flags": flags})
            await mark_punches(session, list(_moments((row for row, _ in changed), unit_zone)))


def _flags(row: Any) -> list[str]:
    return clock_flags(row.local_time, row.received_at.astimezone(ZoneInfo(row.timezone)).replace(tzinfo=None))


def _moments(rows: Iterable[Any], unit_zone: ZoneInfo) -> Iterable[tuple[UUID, datetime]]:
    return (
        (row.employee_id, row.at.astimezone(unit_zone).replace(tzinfo=None))
        for row in rows
        if row.employee_id is not None
    )
