"""Stores punches: the post as received, its readable and unreadable lines, and queue entries for the affected days.

All of it is one transaction of few statements. The transaction holds the lock on the machine's row, so that enrolments
and the zone cannot change meanwhile. A long post is parsed and stored part by part: its memory use does not grow with
the number of lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_for_moments
from services.attendance.enrolments.enrolments import holder
from services.attendance.machines.locked_machine import LockedMachine
from services.attendance.machines.rules.clock import ClockFlag, clock_flags
from services.attendance.machines.rules.watermark import Record, Upload, Watermark, after_upload
from services.attendance.punches.rules.attlog import AttlogLine, UnreadableLine, parse_attlog
from services.attendance.punches.rules.lines import (
    LINE_BYTES_MAX,
    count_lines,
    display,
    parts_of,
    raw_lines,
    stamp_text,
)
from services.attendance.punches.tables import UNKNOWN_VERIFY
from shared.db.queries import query
from shared.observability.tracing import step

__all__ = [
    "NewPunch",
    "Post",
    "PunchKey",
    "Stored",
    "StoredPost",
    "punch_of_line",
    "record_of",
    "store_attlog",
    "store_punches",
]

PunchKey = tuple[str | None, datetime | None, int | None, int | None]
"""PIN, local time, status, verify: together with the serial, the key that detects duplicates."""


class _NewRow(NamedTuple):
    """The journal row of the post, and one new punch (all None without a new punch)."""

    id: int
    pin: str | None
    local_time: datetime | None
    status: int | None
    verify: int | None
    at: datetime | None
    employee_id: UUID | None


# Further parts of a post (with `upload_id`) refer to the journal row of the first part.
_NEW_PUNCHES = query(
    f"""
    with journal as (
        insert into upload (serial, kind, stamp, body, lines, received_at)
        select cast(:serial as varchar), cast(:kind as varchar), cast(:stamp as varchar), cast(:body as bytea),
               cast(:lines as int), cast(:now as timestamptz)
        where cast(:upload_id as bigint) is null
        returning id
    ), post as (
        select id from journal union all select cast(:upload_id as bigint) where cast(:upload_id as bigint) is not null
    ), sent as (
        select * from unnest(
            cast(:pins as varchar[]), cast(:local_times as timestamp[]), cast(:statuses as smallint[]),
            cast(:verifies as smallint[]), cast(:ats as timestamptz[]), cast(:work_codes as varchar[]),
            cast(:extras as varchar[]), cast(:flags as varchar[]), cast(:received as timestamptz[])
        ) as t (pin, local_time, status, verify, at, work_code, extra, flags, received_at)
    ), unreadable as (
        insert into quarantine (serial, line, raw, line_sha256, kind, reason, upload_id, received_at)
        select cast(:serial as varchar), line, raw, digest, cast(:kind as varchar), reason, post.id, cast(:now as timestamptz)
        from unnest(cast(:bad_lines as varchar[]), cast(:bad_raws as bytea[]), cast(:bad_digests as bytea[]),
                    cast(:bad_reasons as varchar[])) as b (line, raw, digest, reason), post
        on conflict do nothing
    ), new as (
        insert into punch (serial, pin, local_time, status, verify, at, employee_id, work_code, extra, flags, counted,
                           source, upload_id, received_at)
        select cast(:serial as varchar), pin, local_time, status, verify, at,
               {holder("cast(:serial as varchar)", "sent.pin", "sent.local_time::date")},
               nullif(work_code, ''), nullif(extra, ''), string_to_array(flags, ','), flags = '',
               cast(:source as varchar), post.id, sent.received_at
        from sent, post
        on conflict (serial, pin, local_time, status, verify) do nothing
        returning pin, local_time, status, verify, at, employee_id
    )
    select post.id, new.* from post left join new on true
    """,
    _NewRow,
)


@dataclass(frozen=True, slots=True)
class NewPunch:
    """A punch to store. `flags` say why its time is not trusted; such a punch is not counted."""

    pin: str
    local_time: datetime
    status: int
    verify: int
    at: datetime
    flags: list[str]
    work_code: str = ""
    extra: str = ""
    received_at: datetime | None = None
    """When it was received, if before the present request."""

    @property
    def key(self) -> PunchKey:
        return self.pin, self.local_time, self.status, self.verify


def punch_of_line(line: AttlogLine, zone: ZoneInfo, received: datetime, received_local: datetime) -> NewPunch:
    """A line's punch. A local time that occurs twice at a clock change is taken as the first occurrence."""
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


@dataclass(frozen=True, slots=True)
class Post:
    """A post for the journal: its kind (ATTLOG, JSON), the machine's stamp, its bytes and the number of its lines."""

    kind: str = "ATTLOG"
    body: bytes = b""
    lines: int = 0
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class StoredPost:
    """The number of lines, the number of unreadable lines, and the machine's watermark state after the post."""

    lines: int
    unreadable: int
    watermark: Watermark


@dataclass(frozen=True, slots=True)
class Stored:
    """The post's row in the journal, and the keys of the new punches."""

    upload_id: int
    new: set[PunchKey]


async def store_punches(
    change: Change,
    serial: str,
    punches: Sequence[NewPunch],
    *,
    source: str,
    post: Post | int,
    bad: Sequence[tuple[bytes, str]] = (),
) -> Stored:
    """Stores punches and unreadable lines (bytes, reason), and enqueues the affected days.

    `post` is written to the journal, or is the id of the journal row to which this further part belongs.
    """
    journalled = Post() if isinstance(post, int) else post
    values = {
        "serial": serial,
        "upload_id": post if isinstance(post, int) else None,
        "kind": journalled.kind,
        "stamp": stamp_text(journalled.stamp),
        "body": journalled.body,
        "lines": journalled.lines,
        "now": change.now,
        "source": source,
        "pins": [p.pin for p in punches],
        "local_times": [p.local_time for p in punches],
        "statuses": [p.status for p in punches],
        "verifies": [p.verify for p in punches],
        "ats": [p.at for p in punches],
        "work_codes": [p.work_code for p in punches],
        "extras": [p.extra for p in punches],
        "flags": [",".join(p.flags) for p in punches],
        "received": [p.received_at or change.now for p in punches],
        "bad_lines": [display(raw) for raw, _ in bad],
        "bad_raws": [raw[:LINE_BYTES_MAX] for raw, _ in bad],
        "bad_digests": [hashlib.sha256(raw).digest() for raw, _ in bad],
        "bad_reasons": [reason for _, reason in bad],
    }
    with step("store punches", {"kinerja.punches": len(punches)}):
        rows = await _NEW_PUNCHES.all(change.session, values)
        await enqueue_for_moments(change, ((row.employee_id, row.at) for row in rows if row.at is not None))
    return Stored(
        rows[0].id, {(row.pin, row.local_time, row.status, row.verify) for row in rows if row.pin is not None}
    )


async def store_attlog(
    change: Change,
    machine: LockedMachine,
    body: bytes,
    *,
    stamp: str | None,
) -> StoredPost:
    """Stores a whole ATTLOG post of a registered machine; the caller still has to write the new watermark state."""
    local_now = change.now.astimezone(machine.zone).replace(tzinfo=None)
    upload, lines, unreadable = Upload(), 0, 0
    upload_id: int | None = None
    for part in parts_of(body):
        found = parse_attlog(part)
        lines += len(found)
        punches = [
            punch_of_line(line, machine.zone, change.now, local_now) for line in found if isinstance(line, AttlogLine)
        ]
        bad: list[tuple[bytes, str]] = []
        if len(punches) < len(found):
            pairs = zip(raw_lines(part), found, strict=True)
            bad = [(raw, line.reason.value.upper()) for raw, line in pairs if isinstance(line, UnreadableLine)]
        unreadable += len(bad)
        post: Post | int
        if upload_id is not None:
            post = upload_id
        else:
            post = Post("ATTLOG", body, len(found) if len(part) == len(body) else count_lines(body), stamp)
        stored = await store_punches(change, machine.serial, punches, source="iclock", post=post, bad=bad)
        upload_id = stored.upload_id
        for punch in punches:
            upload.add(record_of(punch), change.now)
    watermark = after_upload(machine.watermark, change.now, upload, in_order=not machine.answering)
    return StoredPost(lines, unreadable, watermark)


def record_of(punch: NewPunch) -> Record:
    """The facts of a punch that the watermark needs."""
    return Record(punch.at, not punch.flags, ClockFlag.FUTURE.value in punch.flags)
