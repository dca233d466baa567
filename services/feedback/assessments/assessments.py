"""Supervisors' assessments: only the officer's direct superior assesses; a correction is a new revision."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.publishing import keep
from shared.contracts.events.feedback import Assessment, FeedbackRecord
from shared.contracts.semester import Semester
from shared.errors.errors import ConflictError, ForbiddenError, InvalidError
from shared.service.context import Context

__all__ = ["assess"]

FUTURE_TOLERANCE = timedelta(minutes=5)
FIRST_YEAR = 2000  # earlier dates cannot be right, and the earliest datetime cannot be converted to another zone
_LOCKED = text("select * from feedback where feedback_id = :id for update")
_EMPLOYEE = text("select org_unit_id, superior_id from employee where employee_id = :id")


async def assess(
    context: Context,
    session: AsyncSession,
    *,
    assessment_id: UUID,
    employee_id: UUID,
    assessor_id: UUID,
    given_at: datetime | None,
    assessment: Assessment,
    now: datetime,
) -> FeedbackRecord:
    """Stores an assessment. Idempotent; other points create a new revision.

    Raises InvalidError, ForbiddenError when the assessor is not the direct superior, ConflictError for the id of another
    assessment, for a withdrawn assessment and for one of a closed semester.
    """
    officer: Any = (await session.execute(_EMPLOYEE, {"id": employee_id})).first()
    if officer is None:
        raise InvalidError("`employee_id`: the roster has no such officer.")
    if officer.superior_id != assessor_id:
        raise ForbiddenError("Only the officer's direct superior can assess: see superior_nip in the roster.")
    row = (await session.execute(_LOCKED, {"id": assessment_id})).mappings().first()
    known = None if row is None else FeedbackRecord.model_validate_json(row["record"])
    if row is not None and (row["employee_id"] != employee_id or row["assessor_id"] != assessor_id):
        raise ConflictError("This assessment_id belongs to another assessment: use a new one.")
    moment = _moment(context, given_at, known, now)
    if known is not None and known.assessment == assessment and (given_at is None or known.given_at == moment):
        return known
    if known is not None and known.state == "withdrawn":
        raise ConflictError("This assessment is withdrawn permanently: send a new one with a new assessment_id.")
    if known is not None and known.given_at.astimezone(context.zone).date() < _first_open_day(context, now):
        raise ConflictError("This assessment was given before the previous semester: earlier semesters are closed.")
    record = FeedbackRecord.model_validate(
        {
            "revision": 1 if known is None else known.revision + 1,
            "recorded_at": now,
            "feedback_id": assessment_id,
            "kind": "supervisor_assessment",
            "state": "accepted",
            "employee_id": employee_id,
            "org_unit_id": officer.org_unit_id,
            "given_at": moment,
            "assessment": assessment,
        }
    )
    await keep(context, session, [record], assessor_id=assessor_id)
    return record


def _moment(context: Context, given_at: datetime | None, known: FeedbackRecord | None, now: datetime) -> datetime:
    if given_at is None:
        return now.astimezone(context.zone).replace(microsecond=0) if known is None else known.given_at
    if given_at > now + FUTURE_TOLERANCE:
        raise InvalidError("`given_at` is in the future.")
    if given_at.year < FIRST_YEAR:
        raise InvalidError("`given_at` is before the previous semester: earlier semesters are closed.")
    local = given_at.astimezone(context.zone)
    if local.date() < _first_open_day(context, now):
        raise InvalidError("`given_at` is before the previous semester: earlier semesters are closed.")
    return local


def _first_open_day(context: Context, now: datetime) -> date:
    return Semester.of(now.astimezone(context.zone).date()).previous.first_day
