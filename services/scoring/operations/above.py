"""How this service lifts revisions of scores and discipline records above a wrong one."""

from __future__ import annotations

from typing import Any

from shared.contracts.topics import DISCIPLINE, SCORE, Topic
from shared.operations.above import Lift, json_lift

__all__ = ["LIFTS", "SEMESTER_NUMBER"]

SEMESTER_NUMBER = (
    "cast(left(cast(:semester as text), 4) as int2) * 2 + cast(right(cast(:semester as text), 1) as int2) - 1"
)
"""The table has the semester's number, the record its name (2026-S2). A test holds this equal to `Semester.number`."""
_OF_SEMESTER = f"employee_id = :employee_id and semester = {SEMESTER_NUMBER}"

LIFTS: dict[Topic[Any], Lift] = {
    SCORE: json_lift(
        SCORE,
        f"select convert_from(record, 'UTF8') from published_score where {_OF_SEMESTER} for update",
        f"update published_score set revision = :revision, record = convert_to(:record, 'UTF8') where {_OF_SEMESTER}",
        lock=f"select 1 from semester_total where {_OF_SEMESTER} for update",  # the same lock as the publisher's
    ),
    DISCIPLINE: json_lift(
        DISCIPLINE,
        "select convert_from(record, 'UTF8') from discipline_year"
        " where employee_id = :employee_id and year = :year and record is not null for update",
        "update discipline_year set revision = :revision, record = convert_to(:record, 'UTF8')"
        " where employee_id = :employee_id and year = :year",
    ),
}
