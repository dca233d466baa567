"""The roster: who works where, from which day to which. A file is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_employees
from services.attendance.publish import publish_employees
from services.attendance.roster_file import RosterLine, refusal
from shared.context import Context
from shared.ids import new_id

__all__ = ["RosterReport", "import_roster"]

_IMPORT_LOCK = 1_577_021_001  # any number that nothing else of this database uses as an advisory lock

_KNOWN = text(
    """
    select employee_id, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to, unit_from
    from employee where nip = any(cast(:nips as text[])) order by employee_id for no key update
    """
)
_UNITS = text(
    """
    insert into org_unit as u (org_unit_id, name)
    select * from unnest(cast(:ids as text[]), cast(:names as text[])) order by 1
    on conflict (org_unit_id) do update set name = excluded.name where u.name <> excluded.name
    returning org_unit_id
    """
)
_RENAMED = text(
    """
    update employee set revision = revision + 1, recorded_at = :now
    where org_unit_id = any(cast(:units as text[])) and not employee_id = any(cast(:written as uuid[]))
    returning employee_id
    """
)
_WRITE = text(
    """
    insert into employee as e (employee_id, revision, nip, name, employment_type, org_unit_id, superior_id, email,
                               active_from, active_to, unit_from, recorded_at)
    select employee_id, 1, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to, unit_from,
           cast(:now as timestamptz)
    from unnest(cast(:employee_id as uuid[]), cast(:nip as text[]), cast(:name as text[]),
                cast(:employment_type as text[]), cast(:org_unit_id as text[]), cast(:superior_id as uuid[]),
                cast(:email as text[]), cast(:active_from as date[]), cast(:active_to as date[]),
                cast(:unit_from as date[]))
         as t (employee_id, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to, unit_from)
    order by employee_id
    on conflict (employee_id) do update set revision = e.revision + 1, name = excluded.name,
        employment_type = excluded.employment_type, org_unit_id = excluded.org_unit_id,
        superior_id = excluded.superior_id, email = excluded.email, active_from = excluded.active_from,
        active_to = excluded.active_to, unit_from = excluded.unit_from, recorded_at = excluded.recorded_at
    """
)
_FIELDS = ("name", "employment_type", "org_unit_id", "superior_id", "email", "active_from", "active_to")
_JUDGED_BY = ("employment_type", "active_from", "active_to")
"""What the past days of an officer depend on; a new unit counts from its own date on."""


@dataclass(frozen=True, slots=True)
class RosterReport:
    """How many officers of the file were new, changed, or as they were."""

    created: int
    changed: int
    unchanged: int


async def import_roster(
    context: Context, session: AsyncSession, lines: Sequence[RosterLine], now: datetime
) -> RosterReport:
    """Writes the officers that are new or changed, publishes them and marks their days. Raises InvalidError."""
    today = now.astimezone(context.zone).date()
    # One import at a time: two that name each other's units and superiors would wait for each other.
    await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})
    nips = {line.nip for line in lines} | {line.superior_nip for line in lines if line.superior_nip}
    known = {row.nip: row for row in await session.execute(_KNOWN, {"nips": sorted(nips)})}
    ids = {line.nip: known[line.nip].employee_id if line.nip in known else new_id() for line in lines}
    ids |= {nip: row.employee_id for nip, row in known.items()}
    _check_superiors(lines, ids)
    wanted = {line.nip: _values(line, ids, known.get(line.nip), today) for line in lines}
    written = [values for nip, values in wanted.items() if _differs(values, known.get(nip))]
    renamed = await _write(session, lines, written, now)
    await publish_employees(context, session, [*(values["employee_id"] for values in written), *renamed])
    await _mark(session, written, known, today)
    created = sum(1 for values in written if values["nip"] not in known)
    return RosterReport(created, len(written) - created, len(lines) - len(written))


def _check_superiors(lines: Sequence[RosterLine], ids: dict[str, UUID]) -> None:
    faults = [
        {"line": line.line, "field": "superior_nip", "message": "is neither in this file nor known from an earlier one"}
        for line in lines
        if line.superior_nip is not None and line.superior_nip not in ids
    ]
    if faults:
        raise refusal(faults[:500])


def _values(line: RosterLine, ids: dict[str, UUID], before: Any, today: date) -> dict[str, Any]:
    unit_from = line.active_from if before is None else before.unit_from
    if before is not None and before.org_unit_id != line.org_unit_id:
        unit_from = today
    return {
        "employee_id": ids[line.nip],
        "nip": line.nip,
        "name": line.name,
        "employment_type": line.employment_type,
        "org_unit_id": line.org_unit_id,
        "superior_id": ids[line.superior_nip] if line.superior_nip else None,
        "email": line.email,
        "active_from": line.active_from,
        "active_to": line.active_to,
        "unit_from": unit_from,
    }


def _differs(values: dict[str, Any], before: Any) -> bool:
    return before is None or any(values[field] != getattr(before, field) for field in _FIELDS)


async def _write(
    session: AsyncSession, lines: Sequence[RosterLine], written: Sequence[dict[str, Any]], now: datetime
) -> list[UUID]:
    """Writes units and officers; gives the officers that changed only because their unit has another name."""
    units = {line.org_unit_id: line.org_unit_name for line in lines}
    changed = await session.execute(_UNITS, {"ids": list(units), "names": list(units.values())})
    changed_units = list(changed.scalars())
    if written:
        columns = {name: [values[name] for values in written] for name in written[0]}
        await session.execute(_WRITE, columns | {"now": now})
    if not changed_units:
        return []
    names = {"units": changed_units, "written": [values["employee_id"] for values in written], "now": now}
    return list((await session.execute(_RENAMED, names)).scalars())


async def _mark(session: AsyncSession, written: Sequence[dict[str, Any]], known: dict[str, Any], today: date) -> None:
    changed = [(values, known[values["nip"]]) for values in written if values["nip"] in known]
    judged = [v["employee_id"] for v, before in changed if any(v[name] != getattr(before, name) for name in _JUDGED_BY)]
    moved = [v["employee_id"] for v, before in changed if v["org_unit_id"] != before.org_unit_id]
    await mark_employees(session, judged, date.min, today)
    await mark_employees(session, moved, today, today)
