"""Punches into the store: the post as it came, its readable lines, its unreadable ones, and the days they touch.

All of it is one transaction of few statements. Whoever stores for a machine holds the lock on the machine's row, so
that enrolments and the zone cannot change in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_advanced, mark_moments
from services.attendance.domain.iclock import AttlogLine, ClockFlag, UnreadableLine, clock_flags
from services.attendance.marks import Marks, Record, after_upload
from services.attendance.models import UNKNOWN_VERIFY

__all__ = [
    "HeldMachine",
    "NewPunch",
    "PunchKey",
    "display",
    "hold_machine",
    "punch_of_line",
    "raw_lines",
    "store_attlog",
    "store_punches",
    "write_marks",
]

PunchKey = tuple[str, datetime, int, int]
"""PIN, local time, status, verify: with the serial the key by which a line is known again."""

_HOLD = text(
    """
    select serial, timezone, org_unit_id, in_service_to, complete_until, last_poll_at, last_upload_at, clock_wrong_since,
           exists (select from device_command c where c.serial = m.serial and c.sent_at is not null
                   and c.result_at is null and c.expires_at > :now and c.command like 'DATA QUERY%') as answering
    from machine m where serial = :serial for update
    """
)
_STORE = text(
    """
    with journal as (
        insert into upload (serial, kind, stamp, body, lines, received_at)
        values (:serial, :kind, :stamp, :body, :lines, :now) returning id
    ), given as (
        select * from unnest(
            cast(:pins as varchar[]), cast(:local_times as timestamp[]), cast(:statuses as smallint[]),
            cast(:verifies as smallint[]), cast(:ats as timestamptz[]), cast(:work_codes as varchar[]),
            cast(:extras as varchar[]), cast(:flags as varchar[]), cast(:received as timestamptz[])
        ) as t (pin, local_time, status, verify, at, work_code, extra, flags, received_at)
    ), kept as (
        insert into quarantine (serial, line, raw, line_sha256, kind, reason, upload_id, received_at)
        select :serial, line, raw, digest, :kind, reason, journal.id, :now
        from unnest(cast(:bad_lines as varchar[]), cast(:bad_raws as bytea[]), cast(:bad_digests as bytea[]),
                    cast(:bad_reasons as varchar[])) as b (line, raw, digest, reason), journal
        on conflict do nothing
    )
    insert into punch (serial, pin, local_time, status, verify, at, employee_id, work_code, extra, flags, counted,
                       source, upload_id, received_at)
    select :serial, pin, local_time, status, verify, at,
           (select e.employee_id from enrolment e
            where e.serial = :serial and e.pin = given.pin and e.valid_from <= given.local_time::date
            order by e.valid_from desc limit 1),
           nullif(work_code, ''), nullif(extra, ''), string_to_array(flags, ','), flags = '',
           :source, journal.id, given.received_at
    from given, journal
    on conflict (serial, pin, local_time, status, verify) do nothing
    returning pin, local_time, status, verify, at, employee_id
    """
)
# Units that it left before it had told all of its last days there.
_LEFT = text(
    """
    select org_unit_id, in_unit_to from past_placement where serial = :serial
    and (cast(:before as timestamptz) is null or in_unit_to > :before)
    """
)
_MARKS = text(
    """
    update machine set complete_until = :complete_until, last_poll_at = :last_poll_at,
        last_upload_at = :last_upload_at, clock_wrong_since = :clock_wrong_since, last_contact_at = :now,
        address = coalesce(:address, address)
    where serial = :serial
    """
)


@dataclass(frozen=True, slots=True)
class HeldMachine:
    """A registered machine whose row this transaction has locked."""

    serial: str
    zone: ZoneInfo
    org_unit_id: str | None
    in_service_to: datetime | None
    marks: Marks
    answering: bool
    """Whether it is answering a query for a range of punches."""


@dataclass(frozen=True, slots=True)
class NewPunch:
    """A punch to be kept. `flags` say why its time is not believed; such a punch is not counted."""

    pin: str
    local_time: datetime
    status: int
    verify: int
    at: datetime
    flags: list[str]
    work_code: str = ""
    extra: str = ""
    received_at: datetime | None = None
    """When it came, if that was before the present request."""

    @property
    def key(self) -> PunchKey:
        return self.pin, self.local_time, self.status, self.verify


async def hold_machine(session: AsyncSession, serial: str, now: datetime) -> HeldMachine | None:
    """Locks a machine's row until the end of the transaction; None for a serial that is not registered."""
    row: Any = (await session.execute(_HOLD, {"serial": serial, "now": now})).first()
    if row is None:
        return None
    marks = Marks(row.complete_until, row.last_poll_at, row.last_upload_at, row.clock_wrong_since)
    return HeldMachine(row.serial, ZoneInfo(row.timezone), row.org_unit_id, row.in_service_to, marks, row.answering)


def punch_of_line(line: AttlogLine, zone: ZoneInfo, received: datetime, received_local: datetime) -> NewPunch:
    """A line's punch. A local time that a clock change repeats is taken as its first occurrence."""
    return NewPunch(
        line.pin,
        line.local_time,
        line.status,
        UNKNOWN_VERIFY if line.verify is None else line.verify,
        line.local_time.replace(tzinfo=zone).astimezone(UTC),
        clock_flags(line.local_time, received_local),
        line.work_code,
        line.extra,
        received,
    )


def display(raw: bytes) -> str:
    """A raw line for a screen: undecodable bytes replaced, NUL shown as a picture character, 400 characters."""
    return raw.decode("utf-8", errors="replace")[:400].replace("\0", "\u2400")


def raw_lines(body: bytes) -> list[bytes]:
    """The non-blank lines of a body as bytes, one for each line that the reader of ATTLOG bodies finds."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    return [raw.rstrip(b"\r") for raw in body.split(b"\n") if raw.decode("utf-8", errors="replace").strip()]


async def store_punches(
    session: AsyncSession,
    serial: str,
    punches: Sequence[NewPunch],
    *,
    now: datetime,
    unit_zone: ZoneInfo,
    source: str,
    kind: str = "ATTLOG",
    body: bytes = b"",
    stamp: str | None = None,
    lines: int = 0,
    bad: Sequence[tuple[bytes, str]] = (),
) -> set[PunchKey]:
    """Journals a post, keeps its punches and its unreadable lines (bytes, reason), and marks the days touched.

    Gives the keys of the punches that were new. `unit_zone` is the zone in which days are counted.
    """
    values: dict[str, Any] = {
        "serial": serial,
        "kind": kind,
        "stamp": None if stamp is None else stamp.replace("\0", "\u2400")[:100],
        "body": body,
        "lines": lines,
        "now": now,
        "source": source,
        "pins": [p.pin for p in punches],
        "local_times": [p.local_time for p in punches],
        "statuses": [p.status for p in punches],
        "verifies": [p.verify for p in punches],
        "ats": [p.at for p in punches],
        "work_codes": [p.work_code for p in punches],
        "extras": [p.extra for p in punches],
        "flags": [",".join(p.flags) for p in punches],
        "received": [p.received_at or now for p in punches],
        "bad_lines": [display(raw) for raw, _ in bad],
        "bad_raws": [raw for raw, _ in bad],
        "bad_digests": [hashlib.sha256(raw).digest() for raw, _ in bad],
        "bad_reasons": [reason for _, reason in bad],
    }
    new: set[PunchKey] = set()
    moments: list[tuple[UUID | None, datetime]] = []
    for row in await session.execute(_STORE, values):
        new.add((row.pin, row.local_time, row.status, row.verify))
        moments.append((row.employee_id, row.at))
    await mark_moments(session, moments, unit_zone)
    return new


async def store_attlog(
    session: AsyncSession,
    machine: HeldMachine,
    found: Sequence[AttlogLine | UnreadableLine],
    body: bytes,
    *,
    stamp: str | None,
    address: str | None,
    now: datetime,
    unit_zone: ZoneInfo,
) -> None:
    """Keeps a whole ATTLOG post of a registered machine and moves its mark."""
    local_now = now.astimezone(machine.zone).replace(tzinfo=None)
    punches = [punch_of_line(line, machine.zone, now, local_now) for line in found if isinstance(line, AttlogLine)]
    bad: list[tuple[bytes, str]] = []
    if len(punches) < len(found):
        pairs = zip(raw_lines(body), found, strict=True)
        bad = [(raw, line.reason.value.upper()) for raw, line in pairs if isinstance(line, UnreadableLine)]
    await store_punches(
        session,
        machine.serial,
        punches,
        now=now,
        unit_zone=unit_zone,
        source="iclock",
        body=body,
        stamp=stamp,
        lines=len(found),
        bad=bad,
    )
    marks = after_upload(machine.marks, now, _records(punches), in_order=not machine.answering)
    await write_marks(session, machine, marks, now, address)


def _records(punches: Iterable[NewPunch]) -> Iterable[Record]:
    future = ClockFlag.FUTURE.value
    return (Record(p.at, not p.flags, future in p.flags) for p in punches)


async def write_marks(
    session: AsyncSession, machine: HeldMachine, marks: Marks, now: datetime, address: str | None
) -> None:
    """Notes a contact with its marks; days that may become final, or are open again for a right clock, are marked."""
    values = {
        "complete_until": marks.complete_until,
        "last_poll_at": marks.last_poll_at,
        "last_upload_at": marks.last_upload_at,
        "clock_wrong_since": marks.clock_wrong_since,
    }
    await session.execute(_MARKS, values | {"serial": machine.serial, "now": now, "address": address})
    before, after = machine.marks.complete_until, marks.complete_until
    if after is None or after == before:
        return
    # Read after the lock was got: who waited for a move's end sees what it wrote.
    left = (await session.execute(_LEFT, {"serial": machine.serial, "before": before})).all()
    for unit, ends in (*left, (machine.org_unit_id, machine.in_service_to)):
        if unit is not None:
            await mark_advanced(session, unit, before, after, ends)
