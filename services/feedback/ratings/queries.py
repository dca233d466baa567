"""Queries of published feedback."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from shared.contracts.semester import Semester
from shared.db.queries import query

__all__ = [
    "FEEDBACK_PAGE",
    "GROUP_FOR_UPDATE",
    "LIST_FEEDBACK",
    "RATING_RECORDS",
    "RECORDS_AROUND",
    "ListedFeedback",
    "StoredRecord",
    "days_of",
]


class StoredRecord(NamedTuple):
    feedback_id: UUID
    record: str


class Member(NamedTuple):
    """A rating of a group; `reason` is why the group was withdrawn."""

    record: str
    reason: str | None


class ListedFeedback(NamedTuple):
    """A group of ratings with its records, or an assessment with its only record."""

    id: UUID
    kind: str
    reason: str | None
    records: list[str]


class Record(NamedTuple):
    record: str


FEEDBACK_PAGE = query(
    "select feedback_id, record from feedback where feedback_id > :after order by feedback_id limit :most", StoredRecord
)
GROUP_FOR_UPDATE = query(
    "select record, reason from feedback where group_id = :group order by feedback_id for update", Member
)
LIST_FEEDBACK = query(
    """
    select coalesce(group_id, feedback_id) as id, kind, min(reason) as reason,
           array_agg(record order by feedback_id) as records
    from feedback
    where coalesce(group_id, feedback_id) in (
        select distinct coalesce(group_id, feedback_id) as id from feedback
        where coalesce(group_id, feedback_id) > :after
          and (cast(:employee as uuid) is null or employee_id = :employee)
          and (cast(:state as text) is null or state = :state)
        order by id limit :most
    )
    group by 1, 2 order by 1
    """,
    ListedFeedback,
)
# One more day on both sides of a semester, for any UTC offset: the local date decides.
_AROUND = "given_at >= cast(:first as date) - interval '1 day' and given_at < cast(:last as date) + interval '2 days'"
RECORDS_AROUND = query(f"select record from feedback where {_AROUND}", Record)
RATING_RECORDS = query(
    f"""
    select record from feedback
    where (cast(:unit as text) is null or org_unit_id = :unit) and kind = 'citizen_rating'
      and {_AROUND}
    """,
    Record,
)


def days_of(semester: Semester) -> dict[str, date]:
    """The first and the last day of a semester, as SQL parameters."""
    return {"first": semester.first_day, "last": semester.last_day}
