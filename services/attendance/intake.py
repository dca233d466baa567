"""Punches into the store: the post as it came, its readable lines, its unreadable ones, and the days they touch.

All of it is one transaction of few statements. Whoever stores for a machine holds the lock on the machine's row, so
that enrolments and the zone cannot change in between. A long post is read and stored part by part: what it costs in memory
does not grow with its lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_advanced, mark_moments
from services.attendance.domain.iclock import AttlogLine, ClockFlag, UnreadableLine, clock_flags, parse_attlog
from services.attendance.domain.proof import Asked, Proof, ProofKind
from services.attendance.marks import Marks, Record, Upload, after_upload
from services.attendance.models import UNKNOWN_VERIFY

__all__ = [
    "HeldMachine",
    "KeptPost",
    "NewPunch",
    "Post",
    "PunchKey",
    "Stored",
    "asked_of",
    "count_lines",
    "display",
    "hold_machine",
    "note_proof",
    "parts_of",
    "punch_of_line",
    "raw_lines",
    "record_of",
    "stamp_text",
    "store_attlog",
    "store_punches",
    "write_marks",
]

PART_BYTES = 65_536
"""A post is read and stored in parts of this size: some 1,600 punches, a few milliseconds of work."""

PunchKey = tuple[str, datetime, int, int]
"""PIN, local time, status, verify: with the serial the key by which a line is known again."""

_HOLD = text(
    """
    select serial, timezone, org_unit_id, in_service_to, complete_until, last_poll_at, last_upload_at, clock_wrong_since,
           networks, pinned_address, host_label_sha256, comm_key_sha256, secret_pending, journal_day, journal_bytes,
           exists (select from device_command c where c.serial = m.serial and c.sent_at is not null
                   and c.result_at is null and c.expires_at > :now and c.command like 'DATA QUERY%') as answering
    from machine m where serial = :serial for update
    """
)
# Further parts of a post (`upload_id` given) belong to the journal's row of its first one.
_STORE = text(
    """
    with journal as (
        insert into upload (serial, kind, stamp, body, lines, received_at)
        select cast(:serial as varchar), cast(:kind as varchar), cast(:stamp as varchar), cast(:body as bytea),
               cast(:lines as int), cast(:now as timestamptz)
        where cast(:upload_id as bigint) is null
        returning id
    ), post as (
        select id from journal union all select cast(:upload_id as bigint) where cast(:upload_id as bigint) is not null
    ), given as (
        select * from unnest(
            cast(:pins as varchar[]), cast(:local_times as timestamp[]), cast(:statuses as smallint[]),
            cast(:verifies as smallint[]), cast(:ats as timestamptz[]), cast(:work_codes as varchar[]),
            cast(:extras as varchar[]), cast(:flags as varchar[]), cast(:received as timestamptz[])
        ) as t (pin, local_time, status, verify, at, work_code, extra, flags, received_at)
    ), kept as (
        insert into quarantine (serial, line, raw, line_sha256, kind, reason, upload_id, received_at)
        select cast(:serial as varchar), line, raw, digest, cast(:kind as varchar), reason, post.id, cast(:now as timestamptz)
        from unnest(cast(:bad_lines as varchar[]), cast(:bad_raws as bytea[]), cast(:bad_digests as bytea[]),
                    cast(:bad_reasons as varchar[])) as b (line, raw, digest, reason), post
        on conflict do nothing
    ), new as (
        insert into punch (serial, pin, local_time, status, verify, at, employee_id, work_code, extra, flags, counted,
                           source, upload_id, received_at)
        select cast(:serial as varchar), pin, local_time, status, verify, at,
               (select e.employee_id from enrolment e
                where e.serial = cast(:serial as varchar) and e.pin = given.pin and e.valid_from <= given.local_time::date
                order by e.valid_from desc limit 1),
               nullif(work_code, ''), nullif(extra, ''), string_to_array(flags, ','), flags = '',
               cast(:source as varchar), post.id, given.received_at
        from given, post
        on conflict (serial, pin, local_time, status, verify) do nothing
        returning pin, local_time, status, verify, at, employee_id
    )
    select post.id, new.* from post left join new on true
    """
)
_PIN = text("update machine set pinned_address = :address where serial = :serial and pinned_address is null")
_SECRET_USED = text("update machine set secret_pending = false where serial = :serial")
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
    asked: Asked
    """What a connection has to show to be this machine."""
    journal_day: date | None
    journal_bytes: int
    """Bytes journalled on that day."""


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
    zone = ZoneInfo(row.timezone)
    return HeldMachine(
        row.serial, zone, row.org_unit_id, row.in_service_to, marks, row.answering, asked_of(row), row.journal_day,
        row.journal_bytes,
    )  # fmt: skip


def asked_of(row: Any) -> Asked:
    """What a machine's row says that it has to show."""
    return Asked(
        tuple(row.networks), row.pinned_address, row.host_label_sha256, row.comm_key_sha256, row.secret_pending
    )


async def note_proof(session: AsyncSession, machine: HeldMachine, proof: Proof, address: str) -> None:
    """A post's proof, once its machine is held: the first one pins the address, a secret's first use makes it count."""
    if proof.kind is ProofKind.NOTHING_YET:
        await session.execute(_PIN, {"serial": machine.serial, "address": address})
    if proof.secret_used and machine.asked.secret_pending:
        await session.execute(_SECRET_USED, {"serial": machine.serial})


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


def parts_of(body: bytes) -> Iterator[bytes]:
    """A body in parts of whole lines, PART_BYTES each or one line; at least one part."""
    start = 0
    while True:
        end = body.rfind(b"\n", start, start + PART_BYTES) + 1
        if len(body) - start <= PART_BYTES or end <= start:
            end = body.find(b"\n", start + PART_BYTES) + 1 if len(body) - start > PART_BYTES else len(body)
            end = end or len(body)
        yield body[start:end]
        if end >= len(body):
            return
        start = end


def count_lines(body: bytes) -> int:
    """The number of non-blank lines, part by part."""
    return sum(len(raw_lines(part)) for part in parts_of(body))


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it is journalled: its kind (ATTLOG, JSON), the machine's stamp, its bytes and the number of its lines."""

    kind: str = "ATTLOG"
    body: bytes = b""
    lines: int = 0
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class KeptPost:
    """The number of a post's lines and of those that could not be read, and the machine's marks after it."""

    lines: int
    unreadable: int
    marks: Marks


@dataclass(frozen=True, slots=True)
class Stored:
    """The post's row in the journal, and the keys of the punches that were new."""

    upload_id: int
    new: set[PunchKey]


async def store_punches(
    session: AsyncSession,
    serial: str,
    punches: Sequence[NewPunch],
    *,
    now: datetime,
    unit_zone: ZoneInfo,
    source: str,
    post: Post | int,
    bad: Sequence[tuple[bytes, str]] = (),
) -> Stored:
    """Keeps punches and unreadable lines (bytes, reason), and marks the days touched.

    `post` is journalled, or is the journal's row of which these are a further part. `unit_zone` is the zone in which days
    are counted.
    """
    journalled = Post() if isinstance(post, int) else post
    values: dict[str, Any] = {
        "serial": serial,
        "upload_id": post if isinstance(post, int) else None,
        "kind": journalled.kind,
        "stamp": stamp_text(journalled.stamp),
        "body": journalled.body,
        "lines": journalled.lines,
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
    rows = (await session.execute(_STORE, values)).all()
    new = [row for row in rows if row.pin is not None]
    await mark_moments(session, ((row.employee_id, row.at) for row in new), unit_zone)
    return Stored(rows[0].id, {(row.pin, row.local_time, row.status, row.verify) for row in new})


def stamp_text(stamp: str | None) -> str | None:
    """A machine's stamp as the journal keeps it: 100 characters, no NUL."""
    return None if stamp is None else stamp.replace("\0", "\u2400")[:100]


async def store_attlog(
    session: AsyncSession,
    machine: HeldMachine,
    body: bytes,
    *,
    stamp: str | None,
    now: datetime,
    unit_zone: ZoneInfo,
) -> KeptPost:
    """Keeps a whole ATTLOG post of a registered machine; the marks after it are still to be written."""
    local_now = now.astimezone(machine.zone).replace(tzinfo=None)
    upload, lines, unreadable = Upload(), 0, 0
    upload_id: int | None = None
    for part in parts_of(body):
        found = parse_attlog(part)
        lines += len(found)
        punches = [punch_of_line(line, machine.zone, now, local_now) for line in found if isinstance(line, AttlogLine)]
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
        stored = await store_punches(
            session, machine.serial, punches, now=now, unit_zone=unit_zone, source="iclock", post=post, bad=bad
        )
        upload_id = stored.upload_id
        for punch in punches:
            upload.add(record_of(punch), now)
    marks = after_upload(machine.marks, now, upload, in_order=not machine.answering)
    return KeptPost(lines, unreadable, marks)


def record_of(punch: NewPunch) -> Record:
    """What the marks see of a punch."""
    return Record(punch.at, not punch.flags, ClockFlag.FUTURE.value in punch.flags)


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
