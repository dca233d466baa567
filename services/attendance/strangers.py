"""Machines that talk to us and are not registered: what they send waits for an operator, within bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.clock_corrections import true_received_at
from services.attendance.domain.iclock import AttlogLine, UnreadableLine, UnreadableReason, parse_attlog
from services.attendance.intake import HeldMachine, NewPunch, display, punch_of_line, store_punches

__all__ = ["LINES_MAX", "UNREGISTERED", "admit_waiting", "keep_lines", "lock_serial", "note_stranger"]

UNREGISTERED = "UNREGISTERED_SERIAL"
LINES_MAX = 50_000
"""The most lines kept for one unknown serial: about a year of a busy door."""
ALL_LINES_MAX = 1_000_000
SERIALS_MAX = 1_000
LINE_BYTES_MAX = 2_000  # no firmware's line comes near; a stranger must not fill the disk by one
BATCH = 5_000

# Registration and a stranger's post exclude each other, or lines that came in between would wait for ever.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:serial, 7))")
_NOTE = text(
    f"""
    insert into unknown_machine (serial, first_seen_at, last_seen_at, requests, address, dialect, kept_lines)
    select cast(:serial as varchar), cast(:now as timestamptz), :now, 1, :address, :dialect, 0
    where (select count(*) from unknown_machine) < {SERIALS_MAX}
       or exists (select from unknown_machine where serial = :serial)
    on conflict (serial) do update set last_seen_at = excluded.last_seen_at, address = excluded.address,
        dialect = coalesce(excluded.dialect, unknown_machine.dialect), requests = unknown_machine.requests + 1
    returning kept_lines, (select coalesce(sum(kept_lines), 0) from unknown_machine) as all_lines
    """
)
_KEEP = text(
    f"""
    with kept as (
        insert into quarantine (serial, line, raw, line_sha256, kind, reason, upload_id, received_at)
        select cast(:serial as varchar), line, raw, digest, :kind, '{UNREGISTERED}', 0, :now
        from unnest(cast(:lines as varchar[]), cast(:raws as bytea[]), cast(:digests as bytea[])) as t (line, raw, digest)
        on conflict do nothing returning 1
    )
    update unknown_machine set kept_lines = kept_lines + (select count(*) from kept) where serial = :serial
    """
)
_KNOWN = text(
    "select line_sha256 from quarantine where serial = :serial and reason = :reason"
    " and line_sha256 = any(cast(:digests as bytea[]))"
)
_WAITING = text(
    f"select q.id, q.raw, q.received_at, {true_received_at('q')} as true_received_at from quarantine q"
    " where q.serial = :serial and q.reason = :reason and q.kind = 'ATTLOG'"
    " and q.resolved_at is null and q.id > :after order by q.id limit :most"
)
_RESOLVE = text("update quarantine set resolved_at = :now where id = any(cast(:ids as bigint[]))")


async def lock_serial(session: AsyncSession, serial: str) -> None:
    """Held to the end of the transaction."""
    await session.execute(_LOCK, {"serial": serial})


async def note_stranger(
    session: AsyncSession, serial: str, *, now: datetime, address: str | None, dialect: str | None = None
) -> tuple[int, int] | None:
    """Notes a contact; gives the lines kept of this serial and of all, or None when there are too many strangers."""
    values = {"serial": serial, "now": now, "address": address, "dialect": dialect}
    row = (await session.execute(_NOTE, values)).first()
    return None if row is None else (int(row.kept_lines), int(row.all_lines))


async def keep_lines(
    session: AsyncSession, serial: str, kind: str, lines: Sequence[bytes], *, now: datetime, address: str | None
) -> bool:
    """Keeps lines of an unknown serial, each once; False (and nothing kept) when that would pass a bound."""
    kept = await note_stranger(session, serial, now=now, address=address)
    if kept is None:
        return False
    unique = {hashlib.sha256(line).digest(): line for line in lines}
    values = {"serial": serial, "reason": UNREGISTERED, "digests": list(unique)}
    for known in (await session.execute(_KNOWN, values)).scalars():
        unique.pop(bytes(known), None)
    if kept[0] + len(unique) > LINES_MAX or kept[1] + len(unique) > ALL_LINES_MAX:
        return not unique  # what is kept already may be acknowledged again
    if unique:
        raws = [line[:LINE_BYTES_MAX] for line in unique.values()]
        new = {"serial": serial, "kind": kind, "now": now, "raws": raws, "digests": list(unique)}
        await session.execute(_KEEP, new | {"lines": [display(raw) for raw in raws]})
    return True


async def admit_waiting(session: AsyncSession, machine: HeldMachine, now: datetime, unit_zone: ZoneInfo) -> int:
    """Makes punches of the ATTLOG lines that waited for the machine's registration; gives how many were new."""
    after, new = 0, 0
    while True:
        values = {"serial": machine.serial, "reason": UNREGISTERED, "after": after, "most": BATCH}
        rows = (await session.execute(_WAITING, values)).all()
        if not rows:
            break
        after = rows[-1].id
        punches: list[NewPunch] = []
        bad: list[tuple[bytes, str]] = []
        for row in rows:
            found = parse_attlog(bytes(row.raw))
            line = found[0] if found else UnreadableLine("", UnreadableReason.TOO_FEW_COLUMNS)
            received_local = row.true_received_at.astimezone(machine.zone).replace(tzinfo=None)
            if isinstance(line, AttlogLine):
                punches.append(punch_of_line(line, machine.zone, row.received_at, received_local))
            else:
                bad.append((bytes(row.raw), line.reason.value.upper()))
        body = b"\n".join(bytes(row.raw) for row in rows)
        new += len(
            await store_punches(
                session,
                machine.serial,
                punches,
                now=now,
                unit_zone=unit_zone,
                source="iclock",
                body=body,
                lines=len(rows),
                bad=bad,
            )
        )
        await session.execute(_RESOLVE, {"now": now, "ids": [row.id for row in rows]})
    await session.execute(text("delete from unknown_machine where serial = :serial"), {"serial": machine.serial})
    return new
