"""Consumes employee, attendance-day and feedback records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import DayRecord, FeedbackRecord, day_of, feedback_of
from services.scoring.facts.rating_groups import Groups
from services.scoring.facts.store import Batch, save_facts, save_scores
from services.scoring.policy.policies import PolicyBook
from services.scoring.totals.queries import TOTALS_ARRAY, OfficerTotals
from services.scoring.totals.rules.contribution import InvalidFactError
from shared.contracts.envelope import UnreadableRecordError, decode_record
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, FEEDBACK
from shared.db.digests import KEPT
from shared.db.queries import query
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.revisions import RevisionGate

__all__ = ["TOPICS", "RecordHandler"]

Readable = DayRecord | FeedbackRecord | EmployeeRecord

_GATE: RevisionGate[Readable] = RevisionGate(
    {EMPLOYEE.name: ["employee"], ATTENDANCE_DAY.name: ["day_fact"], FEEDBACK.name: ["feedback_fact", "held_rating"]}
)
TOPICS = (EMPLOYEE.name, ATTENDANCE_DAY.name, FEEDBACK.name)

BACKLOG_SECONDS = 2.0
"""If no further full batch arrives within this time, the backlog is over."""

SAVE_EMPLOYEES = text(
    """
    insert into employee as e
        (employee_id, revision, name, employment_type, org_unit_id, org_unit_name, superior_id)
    values (:employee_id, :revision, :name, :employment_type, :org_unit_id, :org_unit_name, :superior_id)
    on conflict (employee_id) do update set
        revision = excluded.revision, name = excluded.name, employment_type = excluded.employment_type,
        org_unit_id = excluded.org_unit_id, org_unit_name = excluded.org_unit_name, superior_id = excluded.superior_id
    where e.revision < excluded.revision
    """
)
# The score depends on the unit (prior), the discipline record on the employment type (ladder).
SET_TOTALS_CHANGED = query(
    f"""
    update semester_total t set changed = true from employee e
    where e.employee_id = t.employee_id and t.employee_id = any(cast(:employees as uuid[]))
    returning t.employee_id, t.semester, {TOTALS_ARRAY} as totals, e.org_unit_id
    """,
    OfficerTotals,
)
SET_ALL_YEARS_CHANGED = text(
    "update discipline_year set changed = true where employee_id = any(cast(:employees as uuid[]))"
)


class RecordHandler:
    """The consumer's handler. Records may arrive late or several times: revisions make that harmless."""

    def __init__(self, policies: PolicyBook, changed: asyncio.Event, *, batch_records_max: int) -> None:
        self._policies = policies
        self._changed = changed
        """Set after each commit, to wake the publisher."""
        self._batch_records_max = batch_records_max
        self._full_at: float | None = None

    def in_backlog(self) -> bool:
        """Whether recent batches were at least half full: a sign that the consumer lags behind."""
        return self._full_at is not None and time.monotonic() - self._full_at < BACKLOG_SECONDS

    async def __call__(self, session: AsyncSession, records: Sequence[Incoming]) -> Sequence[Parked]:
        batch = Batch()
        groups = Groups()
        employees: dict[str, EmployeeRecord] = {}
        read: list[tuple[Incoming, Readable]] = []
        parked: list[Parked] = []
        for record in records:
            try:
                read.append((record, _read(record)))
            except UnreadableRecordError as error:
                parked.append(Parked(record, error.reason, str(error)))
        used, leaps = await _GATE.sift(session, read)
        parked += leaps
        for record, content in used:
            try:
                _add(content, batch, groups, employees)
            except InvalidFactError as error:
                parked.append(Parked(record, "NOT_VALID", str(error)))
        await _save_employees(session, employees, self._policies)
        for rating in await groups.complete(session):
            batch.add_feedback(rating)
        await save_facts(session, batch, self._policies)
        self._full_at = time.monotonic() if 2 * len(records) >= self._batch_records_max else None
        event.listen(session.sync_session, "after_commit", lambda _: self._changed.set(), once=True)
        return parked


def _read(record: Incoming) -> Readable:
    """Raises UnreadableRecordError."""
    if record.topic == ATTENDANCE_DAY.name:
        return day_of(record)
    if record.topic == FEEDBACK.name:
        return feedback_of(record)
    return decode_record(EMPLOYEE, record.headers, record.value)


def _add(content: Readable, batch: Batch, groups: Groups, employees: dict[str, EmployeeRecord]) -> None:
    """Raises InvalidFactError for a record that contradicts itself."""
    if isinstance(content, DayRecord):
        batch.add_day(content)
    elif isinstance(content, FeedbackRecord):
        if not groups.add(content):
            batch.add_feedback(content)
    else:
        known = employees.get(str(content.employee_id))
        if known is None or known.revision < content.revision:
            employees[str(content.employee_id)] = content


async def _save_employees(session: AsyncSession, employees: dict[str, EmployeeRecord], policies: PolicyBook) -> None:
    if not employees:
        return
    fields = {"employee_id", "revision", *KEPT[EMPLOYEE.name, "scoring"]}
    rows = [employees[key].model_dump(include=fields) for key in sorted(employees)]
    await session.execute(SAVE_EMPLOYEES, rows)
    changed = {"employees": [row["employee_id"] for row in rows]}
    await save_scores(session, await SET_TOTALS_CHANGED.all(session, changed), policies)
    await session.execute(SET_ALL_YEARS_CHANGED, changed)
