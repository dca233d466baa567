"""Connections that use a serial number without proof: refused, listed with their lines until an operator accepts them.

The response is the same for an unregistered serial, another address and a wrong secret. The lines are stored within
limits, so that a machine that was moved or is registered later loses nothing, even if its firmware deletes refused data.
An address with too many serials, or a full list, displaces the contact that was seen longest ago.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.machines.locked_machine import LockedMachine
from services.attendance.machines.rules.proof import Refusal
from services.attendance.punches.intake import NewPunch, Post, punch_of_line, store_punches
from services.attendance.punches.queries import REFUSALS
from services.attendance.punches.rules.attlog import AttlogLine, UnreadableLine, UnreadableReason, parse_attlog
from services.attendance.punches.rules.lines import LINE_BYTES_MAX, display
from shared.db.queries import query

__all__ = [
    "LINES_OF_CONTACT_MAX",
    "RefusedRequest",
    "WaitingContact",
    "dismiss_contact",
    "import_lines",
    "store_lines",
    "store_refused_contact",
    "waiting_contacts",
]

SERIALS_OF_ADDRESS_MAX = 50
"""Serials per address: a whole site behind one router."""
CONTACTS_MAX = 2_000
LINES_OF_CONTACT_MAX = 20_000
"""Lines stored per serial and address: about half a year of one machine."""
BYTES_OF_CONTACT_MAX = 2_097_152
LINES_MAX = 500_000
"""Lines stored for all contacts together: 100 MB."""
BATCH = 5_000


class _StoredContact(NamedTuple):
    kept_lines: int
    kept_bytes: int
    all_lines: int


class _Digest(NamedTuple):
    line_sha256: bytes


class WaitingContact(NamedTuple):
    """A refused contact's address and its number of stored lines."""

    address: str
    kept_lines: int


class _WaitingLine(NamedTuple):
    id: int
    raw: bytes
    received_at: datetime
    true_received_at: datetime


_STORED_CONTACT = query(
    f"""
    with counted as (
        select exists (select from refused_contact where serial = :serial and address = :address) as is_known,
               (select count(*) from refused_contact where address = :address) >= {SERIALS_OF_ADDRESS_MAX} as is_crowded,
               (select count(*) from refused_contact) >= {CONTACTS_MAX} as is_full
    ), oldest as (
        select serial, address from refused_contact r, counted
        where not is_known and (case when is_crowded then r.address = :address else is_full end)
        order by last_seen_at limit 1
    ), gone as (
        delete from refused_contact r using oldest where r.serial = oldest.serial and r.address = oldest.address
        returning r.serial, r.address
    ), deleted_lines as (
        delete from quarantine q using gone where q.serial = gone.serial and q.address = gone.address
            and q.resolved_at is null and q.reason in ({REFUSALS})
    )
    insert into refused_contact (serial, address, reason, first_seen_at, last_seen_at, requests, dialect, kept_lines, kept_bytes)
    values (:serial, :address, :reason, :now, :now, 1, :dialect, 0, 0)
    on conflict (serial, address) do update set last_seen_at = excluded.last_seen_at, reason = excluded.reason,
        dialect = coalesce(excluded.dialect, refused_contact.dialect), requests = refused_contact.requests + 1
    returning kept_lines, kept_bytes, cast((select coalesce(sum(kept_lines), 0) from refused_contact) as bigint) as all_lines
    """,
    _StoredContact,
)
_INSERT_LINES = text(
    """
    with stored as (
        insert into quarantine (serial, line, raw, line_sha256, kind, reason, address, upload_id, received_at)
        select cast(:serial as varchar), line, raw, digest, cast(:kind as varchar), cast(:reason as varchar),
               cast(:address as varchar), 0, cast(:now as timestamptz)
        from unnest(cast(:lines as varchar[]), cast(:raws as bytea[]), cast(:digests as bytea[])) as t (line, raw, digest)
        on conflict do nothing returning octet_length(raw) as bytes
    )
    update refused_contact set kept_lines = kept_lines + (select count(*) from stored),
        kept_bytes = kept_bytes + (select coalesce(sum(bytes), 0) from stored)
    where serial = :serial and address = :address
    """
)
_STORED_DIGESTS = query(
    "select line_sha256 from quarantine where serial = :serial and address = :address"
    " and line_sha256 = any(cast(:digests as bytea[]))",
    _Digest,
)
_WAITING_CONTACTS = query(
    "select address, kept_lines from refused_contact where serial = :serial order by first_seen_at", WaitingContact
)
_WAITING_LINES = query(
    f"""
    select q.id, q.raw, q.received_at, true_received_at from quarantine q cross join true_received_at_v1(q.received_at)
    where q.serial = :serial and q.address = any(cast(:addresses as varchar[])) and q.reason in ({REFUSALS})
      and q.kind = 'ATTLOG' and q.resolved_at is null and q.id > :after order by q.id limit :most
    """,
    _WaitingLine,
)
_RESOLVE_LINES = text("update quarantine set resolved_at = :now where id = any(cast(:ids as bigint[]))")
_RESOLVE_LINES_OF_CONTACT = text(
    f"""
    update quarantine set resolved_at = :now
    where serial = :serial and address = :address and reason in ({REFUSALS}) and resolved_at is null
    """
)
_DELETE_CONTACTS = text(
    "delete from refused_contact where serial = :serial and address = any(cast(:addresses as varchar[])) returning 1"
)


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that was not accepted as the machine's, and why."""

    serial: str
    address: str
    refusal: Refusal
    received_at: datetime


async def store_refused_contact(
    session: AsyncSession, request: RefusedRequest, *, dialect: str | None = None
) -> _StoredContact:
    """Stores a contact; returns its stored lines and bytes, and the stored lines of all contacts."""
    values = {
        "serial": request.serial,
        "address": request.address,
        "reason": request.refusal.value,
        "now": request.received_at,
        "dialect": dialect,
    }
    return await _STORED_CONTACT.one(session, values)


async def store_lines(session: AsyncSession, request: RefusedRequest, kind: str, lines: Sequence[bytes]) -> None:
    """Stores a contact and its lines, each once, first ones first, within the limits."""
    kept_lines, kept_bytes, all_lines = await store_refused_contact(session, request)
    unique = {hashlib.sha256(line).digest(): line[:LINE_BYTES_MAX] for line in lines}
    contact: dict[str, object] = {"serial": request.serial, "address": request.address}
    for known in await _STORED_DIGESTS.all(session, contact | {"digests": list(unique)}):
        unique.pop(known.line_sha256, None)
    room = max(0, min(LINES_OF_CONTACT_MAX - kept_lines, LINES_MAX - all_lines))
    chosen: dict[bytes, bytes] = {}
    for digest, line in list(unique.items())[:room]:
        kept_bytes += len(line)
        if kept_bytes > BYTES_OF_CONTACT_MAX:
            break
        chosen[digest] = line
    if chosen:
        raws = list(chosen.values())
        new = {
            "reason": request.refusal.value,
            "kind": kind,
            "now": request.received_at,
            "lines": [display(raw) for raw in raws],
            "raws": raws,
            "digests": list(chosen),
        }
        await session.execute(_INSERT_LINES, contact | new)


async def waiting_contacts(session: AsyncSession, serial: str) -> list[WaitingContact]:
    """The addresses of refused contacts with this serial, oldest first."""
    return await _WAITING_CONTACTS.all(session, {"serial": serial})


async def import_lines(change: Change, machine: LockedMachine, addresses: Sequence[str]) -> int:
    """Turns the stored ATTLOG lines of these addresses into punches; returns the number of new ones. Moves no watermark."""
    after, new = 0, 0
    while True:
        values = {"serial": machine.serial, "addresses": list(addresses), "after": after, "most": BATCH}
        rows = await _WAITING_LINES.all(change.session, values)
        if not rows:
            break
        after = rows[-1].id
        punches: list[NewPunch] = []
        bad: list[tuple[bytes, str]] = []
        for row in rows:
            found = parse_attlog(row.raw)
            line = found[0] if found else UnreadableLine("", UnreadableReason.TOO_FEW_COLUMNS)
            received_local = row.true_received_at.astimezone(machine.zone).replace(tzinfo=None)
            if isinstance(line, AttlogLine):
                punches.append(punch_of_line(line, machine.zone, row.received_at, received_local))
            else:
                bad.append((row.raw, line.reason.value.upper()))
        post = Post("ATTLOG", b"\n".join(row.raw for row in rows), len(rows))
        stored = await store_punches(change, machine.serial, punches, source="iclock", post=post, bad=bad)
        new += len(stored.new)
        await change.session.execute(_RESOLVE_LINES, {"now": change.now, "ids": [row.id for row in rows]})
    await change.session.execute(_DELETE_CONTACTS, {"serial": machine.serial, "addresses": list(addresses)})
    return new


async def dismiss_contact(session: AsyncSession, serial: str, address: str, now: datetime) -> bool:
    """Dismisses a contact that was not the machine: its lines wait no longer. Returns False if there is no such contact."""
    await session.execute(_RESOLVE_LINES_OF_CONTACT, {"serial": serial, "address": address, "now": now})
    return (await session.execute(_DELETE_CONTACTS, {"serial": serial, "addresses": [address]})).first() is not None
