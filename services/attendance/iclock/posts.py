"""Stores a machine's posts within its quota: punches, menu events, and posts of unknown kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.access.gate import Caller
from services.attendance.access.identity import lock_proved_machine
from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.iclock.device_messages import store_operlog
from services.attendance.iclock.rules.operlog import is_photo
from services.attendance.iclock.rules.post_kind import ACCESS_PUNCH_TABLE, PostKind, holds_person_data
from services.attendance.machines.locked_machine import LockedMachine, write_watermark
from services.attendance.machines.rules.proof import Refusal
from services.attendance.punches.intake import store_attlog
from services.attendance.punches.rules.lines import LINE_BYTES_MAX, count_lines, display, parts_of, raw_lines
from services.attendance.settings import Settings
from shared.service.context import REQUEST_SECONDS_MAX

__all__ = ["POST_LINES_MAX", "QuotaError", "store_access_lines", "store_post", "too_many_lines", "upload_seconds"]

POST_LINES_MAX = 250_000
"""Per post. The largest known log of a machine has 100,000 lines; a body with one letter per line could have millions."""
LINES_A_SECOND = 5_000
"""What a busy database still stores. The timeout of a long post grows with it, up to UPLOAD_SECONDS_MAX."""
UPLOAD_SECONDS_MAX = 45.0  # machines wait 60 s
NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
ACCESS_DIALECT = "ACCESS_DIALECT"

_LINE = re.compile(rb"[^\s][^\n]*")

_ADD_JOURNAL_BYTES = text(
    """
    update machine set journal_day = :day, journal_bytes = :bytes + case when journal_day = :day then journal_bytes else 0 end
    where serial = :serial
    """
)
_WAITING_LINES = text(
    "select count(*) from (select from quarantine where serial = :serial and resolved_at is null limit :most) waiting"
)
_INSERT_LINES = text(
    """
    insert into quarantine (serial, line, raw, line_sha256, kind, reason, upload_id, received_at)
    select cast(:serial as varchar), line, raw, digest, cast(:kind as varchar), cast(:reason as varchar), 0,
           cast(:now as timestamptz)
    from unnest(cast(:lines as varchar[]), cast(:raws as bytea[]), cast(:digests as bytea[])) as t (line, raw, digest)
    on conflict do nothing
    """
)


class QuotaError(Exception):
    """The machine's quota is exceeded; the message says which. The machine gets a response to try again later."""


def too_many_lines(body: bytes) -> bool:
    """Whether a post has more than POST_LINES_MAX non-blank lines; stops counting there."""
    if body.count(b"\n") < POST_LINES_MAX:
        return False
    return next(islice(_LINE.finditer(body), POST_LINES_MAX, None), None) is not None


def upload_seconds(body: bytes) -> float:
    """The timeout for storing a post, in seconds."""
    return min(REQUEST_SECONDS_MAX + body.count(b"\n") // LINES_A_SECOND, UPLOAD_SECONDS_MAX)


async def store_post(
    change: Change, context: AttendanceContext, caller: Caller, kind: PostKind, body: bytes
) -> int | Refusal:
    """Stores a post; returns the number of lines, or why the sender is not accepted as the machine. Raises QuotaError."""
    machine = await lock_proved_machine(change.session, caller.serial, caller.presented, change.now)
    if isinstance(machine, Refusal):
        return machine
    if kind is PostKind.NOT_NEEDED:
        return 0 if is_photo(body) else count_lines(body)
    settings = context.settings
    await _charge(change.session, settings, machine, len(body), change.now)
    watermark, stamp, unusable = machine.watermark, caller.query.stamp, 0
    if kind is PostKind.PUNCHES:
        stored = await store_attlog(change, machine, body, stamp=stamp)
        lines, unusable, watermark = stored.lines, stored.unreadable, stored.watermark
    elif kind is PostKind.MENU:
        lines, watermark = await store_operlog(change.session, machine, body, change.now, stamp=stamp)
    else:
        lines = unusable = await _quarantine_unknown(
            change.session, machine.serial, caller.query.table, body, change.now
        )
    if unusable:
        await _refuse_when_full(change.session, settings, machine.serial)
    await write_watermark(change, machine, watermark, caller.presented.address)
    return lines


async def store_access_lines(
    session: AsyncSession, context: AttendanceContext, serial: str, lines: Sequence[bytes], now: datetime
) -> None:
    """Stores punches of the access-control dialect for an operator to examine. Raises QuotaError."""
    if lines:
        await _quarantine(session, serial, ACCESS_PUNCH_TABLE, ACCESS_DIALECT, lines, now)
        await _refuse_when_full(session, context.settings, serial)


async def _charge(session: AsyncSession, settings: Settings, machine: LockedMachine, size: int, now: datetime) -> None:
    """Adds a post's size to the machine's daily total. Raises QuotaError."""
    day = now.astimezone(UTC).date()
    used = machine.journal_bytes if machine.journal_day == day else 0
    if used + size > settings.journal_bytes_per_day:
        raise QuotaError(f"more than {settings.journal_bytes_per_day} bytes a day")
    await session.execute(_ADD_JOURNAL_BYTES, {"serial": machine.serial, "day": day, "bytes": size})


async def _refuse_when_full(session: AsyncSession, settings: Settings, serial: str) -> None:
    most = settings.unusable_lines_per_machine
    if (await session.execute(_WAITING_LINES, {"serial": serial, "most": most + 1})).scalar_one() > most:
        raise QuotaError(f"more than {most} unusable lines wait for an operator")


async def _quarantine_unknown(session: AsyncSession, serial: str, table: str, body: bytes, now: datetime) -> int:
    """Stores the lines of an unknown kind of post, except lines with a person's data; returns the number of all lines."""
    count = 0
    for part in parts_of(body):
        lines = raw_lines(part)
        count += len(lines)
        usable = [line for line in lines if not holds_person_data(line)]
        if usable:
            await _quarantine(session, serial, table or "?", NOT_UNDERSTOOD, usable, now)
    return count


async def _quarantine(
    session: AsyncSession, serial: str, kind: str, reason: str, lines: Sequence[bytes], now: datetime
) -> None:
    raws = [line[:LINE_BYTES_MAX] for line in lines]
    values = {"serial": serial, "kind": kind.replace("\0", "")[:50], "reason": reason, "now": now, "raws": raws}
    digests = [hashlib.sha256(line).digest() for line in lines]
    await session.execute(_INSERT_LINES, values | {"lines": [display(raw) for raw in raws], "digests": digests})
