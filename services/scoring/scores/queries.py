"""Queries of scores: what the publisher reads and writes, and the list."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.scoring.totals.queries import TOTALS_ARRAY
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.db.queries import query

__all__ = [
    "LISTED_SCORES",
    "PUBLISHED_SCORES",
    "SAVE_PUBLISHED",
    "TAKE_CHANGED_TOTALS",
    "UNITS_OF_OFFICERS",
    "ChangedTotals",
    "ListedScore",
]


class ChangedTotals(NamedTuple):
    """Totals whose score may have changed since it was published."""

    employee_id: UUID
    semester: int
    as_of: datetime
    totals: list[int]


TAKE_CHANGED_TOTALS = query(
    f"""
    update semester_total t set changed = false
    from (select employee_id, semester from semester_total
          where changed and (employee_id, semester) not in
            (select * from unnest(cast(:not_employees as uuid[]), cast(:not_periods as int2[])))
          order by employee_id, semester limit :most for update skip locked) as c
    where t.employee_id = c.employee_id and t.semester = c.semester
    returning t.employee_id, t.semester, t.as_of, {TOTALS_ARRAY} as totals
    """,
    ChangedTotals,
)


class OfficerUnit(NamedTuple):
    """An officer's present unit."""

    employee_id: UUID
    org_unit_id: str


# A statement of its own, after the rows are locked: a move of the officer that was committed meanwhile is seen.
UNITS_OF_OFFICERS = query(
    "select employee_id, org_unit_id from employee where employee_id = any(cast(:employees as uuid[]))", OfficerUnit
)


class PublishedRecord(NamedTuple):
    """The last published record of an officer's semester."""

    employee_id: UUID
    semester: int
    revision: int
    record: bytes


PUBLISHED_SCORES = query(
    """
    select p.employee_id, p.semester, p.revision, p.record from published_score p
    join unnest(cast(:employees as uuid[]), cast(:semesters as int2[])) as i (employee_id, semester)
      using (employee_id, semester)
    """,
    PublishedRecord,
)

SAVE_PUBLISHED = text(
    """
    insert into published_score as p (employee_id, semester, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:semesters as int2[]), cast(:revisions as int4[]),
                         cast(:records as bytea[]))
    on conflict (employee_id, semester) do update set revision = excluded.revision, record = excluded.record
    """
)


class ListedScore(NamedTuple):
    """A score in a list; `score` in hundredths of points, `revision` None before the first publication."""

    employee_id: UUID
    org_unit_id: str | None
    score: int | None
    band: str | None
    complete: bool
    unexcused_days: int
    revision: int | None


LISTED_SCORES = query(
    f"""
    select t.employee_id, e.org_unit_id, t.score, t.band, t.complete, t.unexcused_days, p.revision
    from semester_total t left join employee e using (employee_id) left join published_score p using (employee_id, semester)
    where semester = :semester and employee_id > :after and employee_id <> '{CANARY_EMPLOYEE_ID}'
      and reaches_unit_v1(:units, e.org_unit_id)
      and (cast(:unit as text) is null or e.org_unit_id = :unit) and (cast(:band as text) is null or t.band = :band)
    order by employee_id limit :most
    """,
    ListedScore,
)
