"""The officers: who works where, between which dates. A file is imported completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.enrolments.enrolments import reassign_leavers
from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, read_steps, write_steps
from services.attendance.people.records import publish_employees
from services.attendance.people.roster.file import SUBJECT, RosterLine
from services.attendance.people.roster.notes import removed_values, renamed_units
from services.attendance.people.roster.stored import (
    OPTIONAL_FIELDS,
    RosterOfficer,
    read_stored_officers,
    read_unit_names,
    write_roster,
)
from services.attendance.people.rules.history import Steps, changed_employment, changed_span, restated, value_on
from shared.base.ids import new_id
from shared.office_files import Faults
from shared.service.context import Context

__all__ = ["RosterReport", "import_roster"]

_IMPORT_LOCK = 1_577_021_001  # an advisory lock number that this database uses nowhere else


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
    today = change.today
    # One import at a time: two imports of the same units or superiors could deadlock.
    await change.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})
    nips = {line.nip for line in lines} | {line.superior_nip for line in lines if line.superior_nip}
    stored = await read_stored_officers(change.session, nips)
    ids = {line.nip: stored[line.nip].employee_id if line.nip in stored else new_id() for line in lines}
    ids |= {nip: officer.employee_id for nip, officer in stored.items()}
    _check_stored(lines, ids, stored)
    employees = [ids[line.nip] for line in lines]
    units = _Restated(await read_steps(change.session, UNIT, employees))
    types = _Restated(await read_steps(change.session, EMPLOYMENT_TYPE, employees))
    imported: dict[str, RosterOfficer] = {}
    for line in lines:
        unit = units.state(ids[line.nip], line.org_unit_id, line.unit_from, line.active_from, today)
        kind = types.state(ids[line.nip], line.employment_type, line.employment_type_from, line.active_from, today)
        imported[line.nip] = _officer(line, ids, unit, kind, stored.get(line.nip))
    written = [officer for nip, officer in imported.items() if officer != stored.get(nip)]
    names = {line.org_unit_id: line.org_unit_name for line in lines}
    former_names = await read_unit_names(change.session, names)
    renamed = await write_roster(change.session, names, written, change.now)
    await write_steps(change.session, UNIT, units.changed)
    await write_steps(change.session, EMPLOYMENT_TYPE, types.changed)
    await publish_employees(context, change.session, [*(officer.employee_id for officer in written), *renamed])
    known = [(officer, stored[officer.nip]) for officer in written if officer.nip in stored]
    employments = [
        (officer.employee_id, span.first, span.last)
        for officer, before in known
        for span in changed_employment(before.employment, officer.employment)
    ]
    await enqueue_spans(change, [*employments, *units.spans(), *types.spans()], bulk=True)
    await _reassign_leavers(change, known)
    created = sum(1 for nip in imported if nip not in stored)
    touched = {officer.employee_id for officer in written} | units.changed.keys() | types.changed.keys()
    notes = [*await renamed_units(change.session, names, former_names), *removed_values(lines, imported, stored)]
    return RosterReport(created, len(touched) - created, len(lines) - len(touched), notes)


class _Restated:
    """Officers' units or types before the import and, where the file changes them, after it."""

    def __init__(self, before: Mapping[UUID, Steps[str]]) -> None:
        self._before = before
        self.changed: dict[UUID, Steps[str]] = {}

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


async def _reassign_leavers(change: Change, officers: Sequence[tuple[RosterOfficer, RosterOfficer]]) -> None:
    """Reassigns punches of known officers whose last day has changed: nobody has a PIN after it."""
    last_days = {now.employee_id: (now.employment.last, before.employment.last) for now, before in officers}
    changed = {who: days for who, days in last_days.items() if days[0] != days[1]}
    if changed:
        await reassign_leavers(change, list(changed), min(min(days) for days in changed.values()))


def _check_stored(lines: Sequence[RosterLine], ids: Mapping[str, UUID], stored: Mapping[str, RosterOfficer]) -> None:
    """Checks the file against stored officers. Raises InvalidError."""
    faults = Faults()
    for line in lines:
        if line.superior_nip is not None and line.superior_nip not in ids:
            message = "must be the NIP of an officer in this file or in an earlier one; no officer has this one"
            line.row.refuse("superior_nip", message, faults)
        last = stored[line.nip].active_to if line.nip in stored and "active_to" not in line.row.titles else None
        if last is not None and last < line.active_from:
            message = (
                f"must not be after {last}, the stored active_to; a file with the column active_to can change both"
            )
            line.row.refuse("active_from", message, faults)
    faults.refuse(SUBJECT)


def _officer(
    line: RosterLine, ids: Mapping[str, UUID], unit: str, employment_type: str, stored: RosterOfficer | None
) -> RosterOfficer:
    """The officer after the import."""
    officer = RosterOfficer(
        employee_id=ids[line.nip],
        nip=line.nip,
        name=line.name,
        employment_type=employment_type,
        org_unit_id=unit,
        superior_id=ids[line.superior_nip] if line.superior_nip else None,
        email=line.email,
        active_from=line.active_from,
        active_to=line.active_to,
    )
    if stored is None:
        return officer
    missing = [field for column, field in OPTIONAL_FIELDS.items() if column not in line.row.titles]
    return officer._replace(**{field: getattr(stored, field) for field in missing})
