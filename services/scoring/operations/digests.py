"""The rows from which this service computes digests, to compare services: it reads officers, days and feedback, and owns
scores and discipline records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import DayContent, FeedbackContent
from shared.contracts.semester import Semester
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.db.digest_sources import Source, records_of, rows_of, stream

__all__ = ["SOURCES"]

_DAYS = text("select employee_id, work_date, revision, record from day_fact where work_date between :first and :last")
_FEEDBACK = text("select feedback_id, employee_id, revision, record from feedback_fact where semester = :semester")


async def _days(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    names = DayContent.__struct_fields__
    async for officer, work_date, revision, evidence in stream(
        session, _DAYS, {"first": semester.first_day, "last": semester.last_day}
    ):
        row = dict(zip(names, orjson.loads(evidence), strict=True))
        row |= {"employee_id": officer, "work_date": work_date, "revision": revision}
        yield row


async def _feedback(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    names = FeedbackContent.__struct_fields__
    async for feedback_id, officer, revision, evidence in stream(session, _FEEDBACK, {"semester": semester.number}):
        row = dict(zip(names, orjson.loads(evidence), strict=True))
        row |= {"feedback_id": feedback_id, "employee_id": officer, "revision": revision}
        yield row


SOURCES: dict[Topic[Any], Source] = {
    EMPLOYEE: rows_of("select * from employee"),
    ATTENDANCE_DAY: _days,
    FEEDBACK: _feedback,
    SCORE: records_of(
        "select record from published_score where semester = :semester", lambda of: {"semester": of.number}
    ),
    DISCIPLINE: records_of(
        "select record from discipline_year where year = :year and record is not null", lambda of: {"year": of.year}
    ),
}
