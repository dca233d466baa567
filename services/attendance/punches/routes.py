"""Punches as JSON: machines of other makes send them here, and operators read the stored ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import ValidationError
from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import SERIAL, AnyMoment, ContextDep, OperatorDep, read_rows
from services.attendance.machines.locked_machine import lock_machine, write_watermark
from services.attendance.machines.rules.clock import clock_flags
from services.attendance.machines.rules.watermark import Upload, Watermark, after_upload
from services.attendance.punches.intake import NewPunch, Post, PunchKey, record_of, store_punches
from services.attendance.punches.models import PunchesIn, PunchesOut, PunchItem, PunchRow, QuarantineItem, RowResult
from services.attendance.punches.tables import UNKNOWN_VERIFY
from shared.access.auth import Principal, requires
from shared.contracts.events.canary import CANARY_UNIT_ID
from shared.errors.errors import ForbiddenError, InvalidError, plain_message
from shared.http.paging import After, Limit, Page, cursor_of, read_cursor

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["punches"])

UNKNOWN_PIN = "unknown_pin"
_DIRECTIONS: dict[int, Literal["in", "out"]] = {0: "in", 4: "in", 1: "out", 5: "out"}
_SenderDep = Annotated[Principal, requires("punches:write")]
_SerialFilter = Annotated[str | None, Query(pattern=SERIAL)]

_LIST = text(
    f"""
    select p.id, p.serial, p.pin, p.employee_id, p.local_time, p.at, p.status, p.verify, p.flags,
           p.counted, p.received_at, m.direction_from
    from punch p left join machine m using (serial)
    where p.id > :after and m.org_unit_id is distinct from '{CANARY_UNIT_ID}'
      and (cast(:serial as varchar) is null or p.serial = :serial)
      and (cast(:employee_id as uuid) is null or p.employee_id = :employee_id)
      and (not cast(:not_counted as boolean) or not p.counted)
      and p.received_at between coalesce(cast(:received_from as timestamptz), '-infinity')
          and coalesce(cast(:received_to as timestamptz), 'infinity')
    order by p.id limit :most
    """
)
_QUARANTINE = text(
    f"""
    select id, serial, address, kind, line, reason, received_at from quarantine q
    where resolved_at is null and id > :after
      and not exists (select from machine m where m.serial = q.serial and m.org_unit_id = '{CANARY_UNIT_ID}')
      and (cast(:serial as varchar) is null or serial = :serial)
    order by id limit :most
    """
)
_PINS = text(
    """
    select pin, day from unnest(cast(:pins as varchar[]), cast(:days as date[])) as t (pin, day)
    where exists (select from enrolment e where e.serial = :serial and e.pin = t.pin and e.valid_from <= t.day)
    """
)


@router.post("/punches")
async def take_punches(context: ContextDep, who: _SenderDep, new: PunchesIn) -> PunchesOut:
    """Accepts punches of a machine that the API key allows. Sending the same punches again changes nothing."""
    if not who.is_operator and new.serial not in who.machines:
        raise ForbiddenError("This API key does not allow this machine. Ask the operator for a key that does.")
    now = context.clock.now()
    if new.complete_until is not None and new.complete_until > now:
        raise InvalidError("`complete_until` is in the future: those punches cannot have been sent yet.")
    read = [_read_row(row) for row in new.rows]

    async def work(change: Change) -> list[RowResult]:
        machine = await lock_machine(change.session, new.serial, now)
        if machine is None:
            raise InvalidError("No machine with this serial is registered. Register it first, then send again.")
        punches = [row if isinstance(row, str) else _punch_of(row, machine.zone, now) for row in read]
        readable = [punch for punch in punches if isinstance(punch, NewPunch)]
        fresh: set[PunchKey] = set()
        for source in ("api", "api-instant"):
            part = [p for p, r in zip(punches, read, strict=True) if isinstance(p, NewPunch) and _source(r) == source]
            if part:
                post = Post("JSON", b"", len(part))
                stored = await store_punches(change, new.serial, part, source=source, post=post)
                fresh |= stored.new
        days = {"pins": [p.pin for p in readable], "days": [p.local_time.date() for p in readable]}
        known = {tuple(row) for row in await change.session.execute(_PINS, days | {"serial": new.serial})}
        watermark = _told_until(machine.watermark, new.complete_until, readable, now)
        await write_watermark(change, machine, watermark, None)
        return [_result(index, punch, fresh, known) for index, punch in enumerate(punches)]

    return PunchesOut(results=await context.change(work, now=now))


def _read_row(row: Any) -> PunchRow | str:
    try:
        return PunchRow.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        message = plain_message(first["msg"])
        words = f"{where}: {message}" if where else message
        # The name of an unknown field comes from the sender: it may be long, or not valid text.
        return words[:300].encode("utf-8", "replace").decode()


def _source(row: PunchRow | str) -> str:
    return "api-instant" if isinstance(row, PunchRow) and row.at is not None else "api"


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


def _told_until(watermark: Watermark, until: datetime | None, punches: Sequence[NewPunch], now: datetime) -> Watermark:
    """Rows come in any order, so only the sender's `complete_until` moves the watermark, while the clock is trusted."""
    if punches:
        upload = Upload()
        for punch in punches:
            upload.add(record_of(punch), now)
        watermark = after_upload(watermark, now, upload, in_order=False)
    if until is None or watermark.clock_wrong_since is not None:
        return watermark
    told = until if watermark.complete_until is None else max(until, watermark.complete_until)
    return replace(watermark, complete_until=told)


def _result(index: int, punch: NewPunch | str, fresh: set[PunchKey], known: set[tuple[Any, ...]]) -> RowResult:
    if isinstance(punch, str):
        return RowResult(index=index, result="refused", reason=punch)
    flags = punch.flags if (punch.pin, punch.local_time.date()) in known else [*punch.flags, UNKNOWN_PIN]
    if punch.key not in fresh:
        return RowResult(index=index, result="duplicate", flags=flags)
    fresh.discard(punch.key)  # a second row with this key is a duplicate of the first
    return RowResult(index=index, result="accepted", flags=flags)


@router.get("/punches")
async def list_punches(
    context: ContextDep,
    _: OperatorDep,
    serial: _SerialFilter = None,
    employee_id: UUID | None = None,
    *,
    not_counted: bool = False,
    received_from: AnyMoment | None = None,
    received_to: AnyMoment | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[PunchItem]:
    """The punches in order of arrival; with `not_counted` only those whose time is not trusted."""
    cursor = read_cursor(after, int)
    values = {
        "serial": serial,
        "employee_id": employee_id,
        "not_counted": not_counted,
        "received_from": received_from,
        "received_to": received_to,
        "after": cursor[0] if cursor else 0,
        "most": limit + 1,
    }
    rows = await read_rows(context, _LIST, values)
    items = [_item(row) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([rows[limit - 1]["id"]]) if len(rows) > limit else None)


def _item(row: dict[str, Any]) -> PunchItem:
    trusted = row["direction_from"] == "status"
    return PunchItem(
        serial=row["serial"],
        pin=row["pin"],
        employee_id=row["employee_id"],
        local_time=row["local_time"],
        at=row["at"],
        direction=_DIRECTIONS.get(row["status"], "unknown") if trusted else "unknown",
        status=row["status"],
        verify=None if row["verify"] == UNKNOWN_VERIFY else row["verify"],
        flags=row["flags"] if row["employee_id"] is not None else [*row["flags"], UNKNOWN_PIN],
        counted=row["counted"],
        received_at=row["received_at"],
    )


@router.get("/quarantine")
async def list_quarantine(
    context: ContextDep, _: OperatorDep, serial: _SerialFilter = None, limit: Limit = 100, after: After = None
) -> Page[QuarantineItem]:
    """Lines that wait for an operator or for their machine's registration, in order of arrival."""
    cursor = read_cursor(after, int)
    rows = await read_rows(
        context, _QUARANTINE, {"serial": serial, "after": cursor[0] if cursor else 0, "most": limit + 1}
    )
    items = [QuarantineItem(**{name: row[name] for name in QuarantineItem.model_fields}) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([rows[limit - 1]["id"]]) if len(rows) > limit else None)
