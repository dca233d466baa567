"""Stores punches that arrive as JSON from machines of other makes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.attendance.day_queue.change import Change
from services.attendance.machines.locked_machine import lock_machine, write_watermark
from services.attendance.machines.rechecks import INSTANT
from services.attendance.machines.rules.clock import clock_flags
from services.attendance.machines.rules.watermark import Upload, after_statement, after_upload
from services.attendance.punches.intake import NewPunch, Post, PunchKey, record_of, store_punches
from services.attendance.punches.models import PunchRow, RowResult
from services.attendance.punches.tables import UNKNOWN_VERIFY
from shared.db.queries import query
from shared.errors.errors import InvalidError, plain_message

__all__ = ["UNKNOWN_PIN", "read_row", "store_rows"]

UNKNOWN_PIN = "unknown_pin"


class _Pin(NamedTuple):
    pin: str
    day: date


_ENROLLED_PINS = query(
    """
    select pin, day from unnest(cast(:pins as varchar[]), cast(:days as date[])) as t (pin, day)
    where exists (select from enrolment e where e.serial = :serial and e.pin = t.pin and e.valid_from <= t.day)
    """,
    _Pin,
)


async def store_rows(
    change: Change, serial: str, rows: Sequence[PunchRow | str], complete_until: datetime | None
) -> list[RowResult]:
    """Stores the readable rows and the sender's watermark; the result of each row, in order. Raises InvalidError."""
    machine = await lock_machine(change.session, serial, change.now)
    if machine is None:
        raise InvalidError("No machine with this serial is registered. Register it first, then send again.")
    punches = [row if isinstance(row, str) else _punch_of(row, machine.zone, change.now) for row in rows]
    readable = [punch for punch in punches if isinstance(punch, NewPunch)]
    fresh: set[PunchKey] = set()
    for source in ("api", INSTANT):
        part = [p for p, r in zip(punches, rows, strict=True) if isinstance(p, NewPunch) and _source(r) == source]
        if part:
            stored = await store_punches(change, serial, part, source=source, post=Post("JSON", b"", len(part)))
            fresh |= stored.new
    days = {"pins": [p.pin for p in readable], "days": [p.local_time.date() for p in readable]}
    enrolled = set(await _ENROLLED_PINS.all(change.session, days | {"serial": serial}))
    watermark = machine.watermark
    if readable:
        # Rows come in any order, so only the sender's statement moves the watermark.
        upload = Upload()
        for punch in readable:
            upload.add(record_of(punch), change.now)
        watermark = after_upload(watermark, change.now, upload, in_order=False)
    await write_watermark(change, machine, after_statement(watermark, complete_until), None)
    return [_result(index, punch, fresh, enrolled) for index, punch in enumerate(punches)]


def read_row(row: object) -> PunchRow | str:
    """The row, or why it is refused."""
    try:
        return PunchRow.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        message = plain_message(first["msg"])
        reason = f"{where}: {message}" if where else message
        # The name of an unknown field comes from the sender: it may be long, or not valid text.
        return reason[:300].encode("utf-8", "replace").decode()


def _source(row: PunchRow | str) -> str:
    return INSTANT if isinstance(row, PunchRow) and row.at is not None else "api"


def _punch_of(row: PunchRow, zone: ZoneInfo, now: datetime) -> NewPunch:
    if row.at is not None:
        at = row.at.replace(microsecond=0)
        local = at.astimezone(zone).replace(tzinfo=None)
    else:
        local = (row.local_time or datetime.min).replace(microsecond=0)  # noqa: DTZ901 - never: one of the two is there
        at = local.replace(tzinfo=zone).astimezone(UTC)
    flags = clock_flags(local, now.astimezone(zone).replace(tzinfo=None))
    verify = UNKNOWN_VERIFY if row.verify is None else row.verify
    return NewPunch(row.pin, local, row.status, verify, at, flags, row.work_code)


def _result(index: int, punch: NewPunch | str, fresh: set[PunchKey], enrolled: set[_Pin]) -> RowResult:
    if isinstance(punch, str):
        return RowResult(index=index, result="refused", reason=punch)
    flags = punch.flags if _Pin(punch.pin, punch.local_time.date()) in enrolled else [*punch.flags, UNKNOWN_PIN]
    if punch.key not in fresh:
        return RowResult(index=index, result="duplicate", flags=flags)
    fresh.discard(punch.key)  # a second row with this key is a duplicate of the first
    return RowResult(index=index, result="accepted", flags=flags)
