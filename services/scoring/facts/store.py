"""Stores facts: one statement for a batch's facts and totals, one for the resulting scores.

A fact row stores its previous contribution (`was_*`), set under the row's lock. The upsert returns the delta, so two consumers
that apply the same records concurrently add each change once: a select before the upsert would read the old contribution
outside of the lock and count it twice. The rules of totals/rules/contribution.py say what a fact adds; a property test holds
the sums of this statement equal to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import DayRecord, FeedbackRecord, day_evidence, feedback_evidence
from services.scoring.policy.policies import PolicyBook
from services.scoring.policy.rules.fast_score import score_hundredths
from services.scoring.totals.queries import TOTALS_ARRAY, OfficerTotals
from services.scoring.totals.rules.contribution import (
    DAY_TOTALS,
    FEEDBACK_TOTALS,
    TOTALS,
    Contribution,
    day_contribution,
    feedback_contribution,
)
from shared.contracts.semester import Semester
from shared.db.queries import query

__all__ = ["Batch", "save_facts", "save_scores"]


DayKey = tuple[int, date]
DayRow = tuple[int, date, UUID, int, int, bytes]
"""Sort key (the officer's id as an integer, the date), id, revision, packed semester and contribution, evidence."""


@dataclass(slots=True)
class Batch:
    """The facts of a batch, each at the highest revision within the batch."""

    days: dict[DayKey, DayRow] = field(default_factory=dict)
    feedback: dict[UUID, tuple[int, UUID | None, int, Contribution, bytes]] = field(default_factory=dict)

    def add_day(self, record: DayRecord) -> None:
        """Raises InvalidFactError for a record that contradicts itself."""
        officer = record.employee_id
        # Python's UUID compares and hashes in Python; its integer does so in C and sorts like Postgres' uuid.
        key = (officer.int, record.work_date)
        known = self.days.get(key)
        scheduled, credited, final, unexcused, provisional = day_contribution(
            record.state, record.status, record.scheduled_minutes, record.credited_minutes, record.excuse
        )
        if known is None or known[3] < record.revision:
            semester = Semester.number_of(record.work_date)
            packed = semester << 48 | scheduled << 32 | credited << 16 | final << 2 | unexcused << 1 | provisional
            self.days[key] = (*key, officer, record.revision, packed, day_evidence(record))

    def add_feedback(self, record: FeedbackRecord) -> None:
        """Raises InvalidFactError for a record that contradicts itself."""
        contribution = feedback_contribution(
            record.kind, record.state, record.ratings, record.points, record.weight_class
        )
        known = self.feedback.get(record.feedback_id)
        if known is None or known[0] < record.revision:
            # given_at has the unit's UTC offset, so its date part is the local date
            semester = Semester.number_of(record.given_at.date())
            self.feedback[record.feedback_id] = (
                record.revision,
                record.employee_id,
                semester,
                contribution,
                feedback_evidence(record),
            )


def _columns(names: Iterable[str], pattern: str) -> str:
    return ", ".join(pattern.format(name, index) for index, name in enumerate(names, start=1))


_DAY_SHORT = ("scheduled", "credited", "final", "unexcused", "provisional")
_DAY_DELTAS = ", ".join(f"f.{name} - f.was_{short}" for name, short in zip(DAY_TOTALS, _DAY_SHORT, strict=True))
_SET_PREVIOUS = ", ".join(f"was_{short} = f.{name}" for name, short in zip(DAY_TOTALS, _DAY_SHORT, strict=True))
_NO_DAYS = ", ".join("0" for _ in DAY_TOTALS)
_NO_FEEDBACK = ", ".join("0" for _ in FEEDBACK_TOTALS)
_TOTALS = ", ".join(TOTALS)

SAVE_FACTS = query(
    f"""
    with day_change as (
        insert into day_fact as f (employee_id, work_date, semester, revision, {", ".join(DAY_TOTALS)}, record)
        select employee_id, work_date, packed >> 48, revision, (packed >> 32) & 65535, (packed >> 16) & 65535,
               (packed >> 2) & 1, (packed >> 1) & 1, packed & 1, record
        from unnest(cast(:day_employees as uuid[]), cast(:day_dates as date[]), cast(:day_revisions as int4[]),
                    cast(:day_packed as int8[]), cast(:day_records as bytea[]))
             as i (employee_id, work_date, revision, packed, record)
        on conflict (employee_id, work_date) do update set
            revision = excluded.revision, {_columns(DAY_TOTALS, "{0} = excluded.{0}")}, {_SET_PREVIOUS},
            record = excluded.record
        where f.revision < excluded.revision
        returning f.employee_id, f.semester, f.work_date, f.unexcused_days + f.was_unexcused as absence, {_DAY_DELTAS}
    ), feedback_change as (
        insert into feedback_fact as f (feedback_id, revision, employee_id, semester, totals, record)
        select id, revision, employee_id, semester, cast(totals as int4[]), record from unnest(
            cast(:feedback_ids as uuid[]), cast(:feedback_revisions as int4[]),
            cast(:feedback_employees as uuid[]), cast(:feedback_semesters as int2[]), cast(:feedback_totals as text[]),
            cast(:feedback_records as bytea[])) as i (id, revision, employee_id, semester, totals, record)
        on conflict (feedback_id) do update set
            revision = excluded.revision, employee_id = excluded.employee_id, semester = excluded.semester,
            totals = excluded.totals, record = excluded.record,
            was_employee_id = f.employee_id, was_semester = f.semester, was_totals = f.totals
        where f.revision < excluded.revision
        returning f.employee_id, f.semester, f.totals, f.was_employee_id, f.was_semester, f.was_totals
    ), delta (employee_id, semester, {_TOTALS}) as (
        select employee_id, semester, {_columns(DAY_TOTALS, "d{1}")}, {_NO_FEEDBACK}
        from day_change as c (employee_id, semester, work_date, absence, {_columns(DAY_TOTALS, "d{1}")})
        union all
        select employee_id, semester, {_NO_DAYS}, {_columns(FEEDBACK_TOTALS, "totals[{1}]")}
        from feedback_change where employee_id is not null
        union all
        select was_employee_id, was_semester, {_NO_DAYS}, {_columns(FEEDBACK_TOTALS, "- was_totals[{1}]")}
        from feedback_change where was_employee_id is not null
    ), summed as (
        select employee_id, semester, {_columns(TOTALS, "sum({0}) as {0}")} from delta group by 1, 2 order by 1, 2
    ), absent as (
        insert into discipline_year (employee_id, year, changed)
        select distinct employee_id, cast(extract(year from work_date) as int2), true from day_change where absence > 0
        order by 1, 2
        on conflict (employee_id, year) do update set changed = true
    ), total as (
        insert into semester_total as t (employee_id, semester, {_TOTALS}, complete, changed, as_of)
        select employee_id, semester, {_TOTALS}, false, true, now() from summed
        on conflict (employee_id, semester) do update set
            {_columns(TOTALS, "{0} = t.{0} + excluded.{0}")}, changed = true, as_of = excluded.as_of
        returning t.employee_id, t.semester, {TOTALS_ARRAY} as totals
    )
    select total.*, employee.org_unit_id from total left join employee using (employee_id)
    """,
    OfficerTotals,
)
SET_TOUCHED_YEARS_CHANGED = text(
    """
    update discipline_year y set changed = true
    from unnest(cast(:employees as uuid[]), cast(:years as int2[])) as i (employee_id, year)
    where y.employee_id = i.employee_id and y.year in (i.year, i.year + 1) and not y.changed
    """
)
SAVE_SCORES = text(
    """
    update semester_total t set score = i.score, band = i.band, complete = i.complete
    from unnest(cast(:employees as uuid[]), cast(:semesters as int2[]), cast(:scores as int4[]),
                cast(:bands as text[]), cast(:completes as boolean[]))
         as i (employee_id, semester, score, band, complete)
    where t.employee_id = i.employee_id and t.semester = i.semester
      and (t.score, t.band, t.complete) is distinct from (i.score, i.band, i.complete)
    """
)


async def save_facts(session: AsyncSession, batch: Batch, policies: PolicyBook) -> None:
    """Writes the facts, adds their deltas to the totals and updates the scores."""
    if not batch.days and not batch.feedback:
        return
    rows = await SAVE_FACTS.all(session, _parameters(batch))
    touched = {(officer, day.year): employee_id for officer, day, employee_id, *_ in batch.days.values()}
    years = {"employees": list(touched.values()), "years": [year for _, year in touched]}
    await session.execute(SET_TOUCHED_YEARS_CHANGED, years)
    await save_scores(session, rows, policies)


async def save_scores(session: AsyncSession, rows: Iterable[OfficerTotals], policies: PolicyBook) -> None:
    """Computes and stores the scores of these totals."""
    scored = []
    for employee_id, semester, totals, org_unit_id in rows:
        policy = await policies.fast(session, semester)
        scored.append((employee_id, semester, *score_hundredths(totals, policy, org_unit_id)))
    if scored:
        names = ("employees", "semesters", "scores", "bands", "completes")
        await session.execute(SAVE_SCORES, dict(zip(names, map(list, zip(*scored, strict=True)), strict=True)))


def _parameters(batch: Batch) -> dict[str, list[object]]:
    # Key order: two writers lock rows in the same order, which avoids deadlocks.
    # Few columns: the driver processes every element of every array, so a day's numbers are packed into one.
    days = sorted(batch.days.values())
    feedback = sorted(batch.feedback.items(), key=lambda item: item[0].int)
    _, dates, employees, revisions, packed, records = (
        map(list, zip(*days, strict=True)) if days else ([] for _ in range(6))
    )
    return {
        "day_employees": employees,
        "day_dates": dates,
        "day_revisions": revisions,
        "day_packed": packed,
        "day_records": records,
        "feedback_ids": [key for key, _ in feedback],
        "feedback_revisions": [value[0] for _, value in feedback],
        "feedback_employees": [value[1] for _, value in feedback],
        "feedback_semesters": [value[2] for _, value in feedback],
        "feedback_totals": ["{" + ",".join(map(str, value[3])) + "}" for _, value in feedback],
        "feedback_records": [value[4] for _, value in feedback],
    }
