"""The officers: who works where, between which dates. A file is imported completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.enrolments.enrolments import resolve_leavers
from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, read_steps, write_steps
from services.attendance.people.records import publish_employees
from services.attendance.people.roster_file import SUBJECT, RosterLine
from services.attendance.people.rules.history import Step, changed_span, restated, value_on
from shared.base.ids import new_id
from shared.office_files import Faults
from shared.service.context import Context

__all__ = ["RosterReport", "import_roster"]

_IMPORT_LOCK = 1_577_021_001  # an advisory lock number that this database uses nowhere else

_KNOWN = text(
    """
    select employee_id, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to
    from employee where nip = any(cast(:nips as text[])) order by employee_id for no key update
    """
)
_UNIT_NAMES = text("select org_unit_id, name from org_unit where org_unit_id = any(cast(:ids as text[]))")
_UNITS = text(
    """
    insert into org_unit as u (org_unit_id, name)
    select * from unnest(cast(:ids as text[]), cast(:names as text[])) order by 1
    on conflict (org_unit_id) do update set name = excluded.name where u.name <> excluded.name
    returning org_unit_id
    """
)
_UNIT_SIZES = text(
    """
    select org_unit_id, count(*) as officers from employee
    where org_unit_id = any(cast(:ids as text[])) group by org_unit_id
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
                               active_from, active_to, recorded_at)
    select employee_id, 1, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to,
           cast(:now as timestamptz)
    from unnest(cast(:employee_id as uuid[]), cast(:nip as text[]), cast(:name as text[]),
                cast(:employment_type as text[]), cast(:org_unit_id as text[]), cast(:superior_id as uuid[]),
                cast(:email as text[]), cast(:active_from as date[]), cast(:active_to as date[]))
         as t (employee_id, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to)
    order by employee_id
    on conflict (employee_id) do update set revision = e.revision + 1, name = excluded.name,
        employment_type = excluded.employment_type, org_unit_id = excluded.org_unit_id,
        superior_id = excluded.superior_id, email = excluded.email, active_from = excluded.active_from,
        active_to = excluded.active_to, recorded_at = excluded.recorded_at
    """
)
_OPTIONAL = {"superior_nip": "superior_id", "email": "email", "active_to": "active_to"}
"""Optional column of the file → field. A file without the column leaves the field; a blank cell clears it."""
_CLEARED_LINES_MAX = 10
_RENAMED_UNITS_MAX = 20
"""Notes on renamed units in a report; a further one counts the others."""
_FIELDS = ("name", "employment_type", "org_unit_id", "superior_id", "email", "active_from", "active_to")


@dataclass(frozen=True, slots=True)
class RosterReport:
    """How many officers of the file were new, changed or unchanged."""

    created: int
    changed: int
    unchanged: int
    notes: Sequence[str]
    """Which stored values were removed, because their cells are blank, and which units have a new name."""


async def import_roster(context: Context, change: Change, lines: Sequence[RosterLine]) -> RosterReport:
    """Writes new and changed officers, publishes them and enqueues their days. Raises InvalidError."""
    today = change.now.astimezone(context.zone).date()
    # One import at a time: two imports of the same units or superiors could deadlock.
    await change.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})
    nips = {line.nip for line in lines} | {line.superior_nip for line in lines if line.superior_nip}
    known = {row.nip: row for row in await change.session.execute(_KNOWN, {"nips": sorted(nips)})}
    ids = {line.nip: known[line.nip].employee_id if line.nip in known else new_id() for line in lines}
    ids |= {nip: row.employee_id for nip, row in known.items()}
    _check_stored(lines, ids, known)
    employees = [ids[line.nip] for line in lines]
    units = _Restated(await read_steps(change.session, UNIT, employees))
    types = _Restated(await read_steps(change.session, EMPLOYMENT_TYPE, employees))
    wanted: dict[str, dict[str, Any]] = {}
    for line in lines:
        unit = units.state(ids[line.nip], line.org_unit_id, line.unit_from, line.active_from, today)
        kind = types.state(ids[line.nip], line.employment_type, line.employment_type_from, line.active_from, today)
        wanted[line.nip] = _values(line, ids, unit, kind, known.get(line.nip))
    written = [values for nip, values in wanted.items() if _differs(values, known.get(nip))]
    former_names = await _stored_unit_names(change.session, lines)
    renamed = await _write(change.session, lines, written, change.now)
    await write_steps(change.session, UNIT, units.changed)
    await write_steps(change.session, EMPLOYMENT_TYPE, types.changed)
    await publish_employees(context, change.session, [*(values["employee_id"] for values in written), *renamed])
    spans = [span for values in written if values["nip"] in known for span in _employment(values, known[values["nip"]])]
    await enqueue_spans(change, [*spans, *units.spans(), *types.spans()], bulk=True)
    await _end_pins(change, [(values, known[nip]) for nip, values in wanted.items() if nip in known])
    created = sum(1 for nip in wanted if nip not in known)
    touched = {values["employee_id"] for values in written} | units.changed.keys() | types.changed.keys()
    notes = [*await _renamed_units(change.session, lines, former_names), *_cleared(lines, wanted, known)]
    return RosterReport(created, len(touched) - created, len(lines) - len(touched), notes)


class _Restated:
    """Officers' units or types before the import and, where the file changes them, after it."""

    def __init__(self, before: Mapping[UUID, Sequence[Step[str]]]) -> None:
        self._before = before
        self.changed: dict[UUID, Sequence[Step[str]]] = {}

    def state(self, employee_id: UUID, value: str, since: date | None, active_from: date, today: date) -> str:
        """Applies a line of the file; returns today's value, which differs from the line's if that starts in the future."""
        before = self._before.get(employee_id)
        after = restated(before, value, since, today) if before else [(since or active_from, value)]
        if after != before:
            self.changed[employee_id] = after
        return value_on(after, today)

    def spans(self) -> Iterator[tuple[UUID, date, date]]:
        """The dates on which the value of known officers changes."""
        for employee_id, after in self.changed.items():
            before = self._before.get(employee_id)
            span = changed_span(before, after) if before else None
            if span is not None:
                yield employee_id, span.first, span.last


async def _end_pins(change: Change, officers: Sequence[tuple[Mapping[str, Any], Any]]) -> None:
    """Ends or extends the PINs of officers whose last day has changed."""
    moved = [(values["employee_id"], values["active_to"], before.active_to) for values, before in officers]
    changed = [(who, after or date.max, before or date.max) for who, after, before in moved if after != before]
    if changed:
        since = min(min(after, before) for _, after, before in changed)
        await resolve_leavers(change, [who for who, _, _ in changed], since)


def _employment(values: Mapping[str, Any], before: Any) -> Iterator[tuple[UUID, date, date]]:
    """The dates on which the officer is employed now and was not before, or the reverse."""
    first = sorted((values["active_from"], before.active_from))
    last = sorted((values["active_to"] or date.max, before.active_to or date.max))
    for begin, end in (first, last):
        if begin != end:
            yield values["employee_id"], begin, end


def _check_stored(lines: Sequence[RosterLine], ids: Mapping[str, UUID], known: Mapping[str, Any]) -> None:
    """Checks the file against stored officers. Raises InvalidError."""
    faults = Faults()
    for line in lines:
        if line.superior_nip is not None and line.superior_nip not in ids:
            words = "must be the NIP of an officer in this file or in an earlier one; no officer has this one"
            line.row.refuse("superior_nip", words, faults)
        last = known[line.nip].active_to if line.nip in known and "active_to" not in line.row.titles else None
        if last is not None and last < line.active_from:
            words = f"must not be after {last}, the stored active_to; a file with the column active_to can change both"
            line.row.refuse("active_from", words, faults)
    faults.refuse(SUBJECT)


def _values(line: RosterLine, ids: Mapping[str, UUID], unit: str, employment_type: str, before: Any) -> dict[str, Any]:
    """The officer after the import. `before`: the stored officer, or None."""
    kept = [field for column, field in _OPTIONAL.items() if before is not None and column not in line.row.titles]
    return {
        "employee_id": ids[line.nip],
        "nip": line.nip,
        "name": line.name,
        "employment_type": employment_type,
        "org_unit_id": unit,
        "superior_id": ids[line.superior_nip] if line.superior_nip else None,
        "email": line.email,
        "active_from": line.active_from,
        "active_to": line.active_to,
    } | {field: getattr(before, field) for field in kept}


async def _stored_unit_names(session: AsyncSession, lines: Sequence[RosterLine]) -> dict[str, str]:
    found = await session.execute(_UNIT_NAMES, {"ids": sorted({line.org_unit_id for line in lines})})
    return {row.org_unit_id: row.name for row in found}


async def _renamed_units(
    session: AsyncSession, lines: Sequence[RosterLine], former_names: Mapping[str, str]
) -> list[str]:
    """One note for each unit that has a new name: it applies also to the officers that the file does not name."""
    names = {line.org_unit_id: line.org_unit_name for line in lines}
    renamed = {unit: name for unit, name in names.items() if former_names.get(unit, name) != name}
    if not renamed:
        return []
    sizes = {row.org_unit_id: row.officers for row in await session.execute(_UNIT_SIZES, {"ids": list(renamed)})}
    notes = [
        f"The unit {unit} is renamed from {former_names[unit]} to {name}. Officers in it: {sizes.get(unit, 0)}."
        for unit, name in list(renamed.items())[:_RENAMED_UNITS_MAX]
    ]
    more = len(renamed) - len(notes)
    return [*notes, f"{more} more units are renamed."] if more else notes


def _cleared(
    lines: Sequence[RosterLine], wanted: Mapping[str, Mapping[str, Any]], known: Mapping[str, Any]
) -> list[str]:
    """One note for each column whose blank cells removed stored values."""
    notes = []
    for column, field in _OPTIONAL.items():
        found = [
            line.row
            for line in lines
            if line.nip in known and getattr(known[line.nip], field) is not None and wanted[line.nip][field] is None
        ]
        if found:
            places = ", ".join(str(row.line) for row in found[:_CLEARED_LINES_MAX])
            more = ", …" if len(found) > _CLEARED_LINES_MAX else ""
            notes.append(
                f"{found[0].titles[column]} was removed from {len(found)} of the officers, because the cell is blank"
                f" (line {places}{more}). To keep stored values, leave the column out."
            )
    return notes


def _differs(values: dict[str, Any], before: Any) -> bool:
    return before is None or any(values[field] != getattr(before, field) for field in _FIELDS)


async def _write(
    session: AsyncSession, lines: Sequence[RosterLine], written: Sequence[dict[str, Any]], now: datetime
) -> list[UUID]:
    """Writes units and officers; returns the officers that changed only because their unit has a new name."""
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
