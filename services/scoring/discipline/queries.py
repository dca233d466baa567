"""Queries of the years with changed absences."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared.db.queries import query

__all__ = ["DAYS_OF_YEARS", "EMPLOYMENT_TYPES", "SAVE_PUBLISHED", "TAKE_CHANGED_YEARS", "ChangedYear"]

STREAK_DAYS_BEFORE = 120
"""How many days before 1 January are searched for a streak across the year; much more than the longest streak in the law."""


class ChangedYear(NamedTuple):
    """A year whose record may have changed since it was published; `revision` is 0 and `record` None before the first."""

    employee_id: UUID
    year: int
    revision: int
    record: bytes | None


TAKE_CHANGED_YEARS = query(
    """
    update discipline_year y set changed = false
    from (select employee_id, year from discipline_year
          where changed and (employee_id, year) not in
            (select * from unnest(cast(:not_employees as uuid[]), cast(:not_periods as int2[])))
          order by employee_id, year limit :most for update skip locked) as c
    where y.employee_id = c.employee_id and y.year = c.year
    returning y.employee_id, y.year, y.revision, y.record
    """,
    ChangedYear,
)


class DaysOfYear(NamedTuple):
    """The work dates of a year and of STREAK_DAYS_BEFORE days before it, with their evidence."""

    employee_id: UUID
    year: int
    dates: list[date]
    evidence: list[bytes]


DAYS_OF_YEARS = query(
    f"""
    select f.employee_id, i.year, array_agg(f.work_date order by f.work_date) as dates,
           array_agg(f.record order by f.work_date) as evidence
    from unnest(cast(:employees as uuid[]), cast(:years as int4[])) as i (employee_id, year)
    join day_fact f on f.employee_id = i.employee_id
      and f.work_date between make_date(i.year, 1, 1) - {STREAK_DAYS_BEFORE} and make_date(i.year, 12, 31)
    group by f.employee_id, i.year
    """,
    DaysOfYear,
)


class EmploymentType(NamedTuple):
    """An officer's present employment type."""

    employee_id: UUID
    employment_type: str


EMPLOYMENT_TYPES = query(
    "select employee_id, employment_type from employee where employee_id = any(cast(:employees as uuid[]))",
    EmploymentType,
)

SAVE_PUBLISHED = text(
    """
    update discipline_year y set revision = i.revision, record = i.record
    from unnest(cast(:employees as uuid[]), cast(:years as int2[]), cast(:revisions as int4[]), cast(:records as bytea[]))
         as i (employee_id, year, revision, record)
    where y.employee_id = i.employee_id and y.year = i.year
    """
)
