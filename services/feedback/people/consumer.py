"""Consumes employee records: stores the officers that feedback needs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.envelope import UnreadableRecordError, decode_record
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.topics import EMPLOYEE
from shared.db.digests import KEPT
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.revisions import RevisionGate

__all__ = ["TOPICS", "handle"]

TOPICS = (EMPLOYEE.name,)
_GATE: RevisionGate[EmployeeRecord] = RevisionGate({EMPLOYEE.name: ["employee"]})
_FIELDS = {"employee_id", "revision", *KEPT[EMPLOYEE.name, "feedback"]}
UPSERT_EMPLOYEE = text(
    """
    insert into employee as e
        (employee_id, revision, name, org_unit_id, org_unit_name, superior_id, active_from, active_to)
    values (:employee_id, :revision, :name, :org_unit_id, :org_unit_name, :superior_id, :active_from, :active_to)
    on conflict (employee_id) do update set
        revision = excluded.revision, name = excluded.name, org_unit_id = excluded.org_unit_id,
        org_unit_name = excluded.org_unit_name, superior_id = excluded.superior_id,
        active_from = excluded.active_from, active_to = excluded.active_to
    where e.revision < excluded.revision
    """
)


async def handle(session: AsyncSession, records: Sequence[Incoming]) -> Sequence[Parked]:
    """Stores each officer's highest revision."""
    parked: list[Parked] = []
    read: list[tuple[Incoming, EmployeeRecord]] = []
    for record in records:
        try:
            officer = decode_record(EMPLOYEE, record.headers, record.value)
        except UnreadableRecordError as error:
            parked.append(Parked(record, error.reason, str(error)))
            continue
        if officer.employee_id == CANARY_EMPLOYEE_ID:
            continue  # the canary is no officer
        if "\x00" in officer.name or "\x00" in officer.org_unit_name:
            parked.append(Parked(record, "NOT_VALID", "a name contains a NUL character, which Postgres cannot store"))
            continue
        read.append((record, officer))
    used, leaps = await _GATE.sift(session, read)
    newest: dict[str, EmployeeRecord] = {}
    for _, officer in used:
        known = newest.get(str(officer.employee_id))
        if known is None or known.revision < officer.revision:
            newest[str(officer.employee_id)] = officer
    if newest:
        await session.execute(UPSERT_EMPLOYEE, [newest[key].model_dump(include=_FIELDS) for key in sorted(newest)])
    return [*parked, *leaps]
