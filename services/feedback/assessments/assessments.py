"""Supervisors' assessments: only the officer's direct superior assesses; a correction is a new revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.assessments.rules.open_semesters import given_at_fault, is_closed
from services.feedback.people.tables import Employee
from services.feedback.ratings.publishing import publish_records
from services.feedback.ratings.tables import Feedback
from shared.contracts.events.feedback import Assessment, FeedbackRecord
from shared.errors.errors import ConflictError, ForbiddenError, InvalidError
from shared.service.context import Context

__all__ = ["AssessmentRequest", "assess"]


@dataclass(frozen=True, slots=True)
class AssessmentRequest:
    """An assessment as a superior sends it. `given_at` is None for now, or for the moment of the assessment it corrects."""

    assessment_id: UUID
    employee_id: UUID
    assessor_id: UUID
    given_at: datetime | None
    assessment: Assessment


async def assess(context: Context, session: AsyncSession, request: AssessmentRequest) -> FeedbackRecord:
    """Stores an assessment. Idempotent; other points create a new revision.

    Raises InvalidError, ForbiddenError when the assessor is not the direct superior, ConflictError for the id of another
    assessment, for a withdrawn assessment and for one of a closed semester.
    """
    officer = await session.get(Employee, request.employee_id)
    if officer is None:
        raise InvalidError("`employee_id`: the roster has no such officer.")
    if officer.superior_id != request.assessor_id:
        raise ForbiddenError("Only the officer's direct superior can assess: see superior_nip in the roster.")
    row = await session.get(Feedback, request.assessment_id, with_for_update=True)
    known = None if row is None else FeedbackRecord.model_validate_json(row.record)
    if row is not None and (row.employee_id != request.employee_id or row.assessor_id != request.assessor_id):
        raise ConflictError("This assessment_id belongs to another assessment: use a new one.")
    now = context.clock.now()
    moment = _moment(context, request.given_at, known, now)
    if known is not None and known.assessment == request.assessment and known.given_at == moment:
        return known
    if known is not None and known.state == "withdrawn":
        raise ConflictError("This assessment is withdrawn permanently: send a new one with a new assessment_id.")
    if known is not None and is_closed(known.given_at, now, context.zone):
        raise ConflictError("This assessment was given before the previous semester: earlier semesters are closed.")
    record = FeedbackRecord.model_validate(
        {
            "revision": 1 if known is None else known.revision + 1,
            "recorded_at": now,
            "feedback_id": request.assessment_id,
            "kind": "supervisor_assessment",
            "state": "accepted",
            "employee_id": request.employee_id,
            "org_unit_id": officer.org_unit_id,
            "given_at": moment,
            "assessment": request.assessment,
        }
    )
    await publish_records(context, session, [record], assessor_id=request.assessor_id)
    return record


def _moment(context: Context, given_at: datetime | None, known: FeedbackRecord | None, now: datetime) -> datetime:
    """When it was given, in local time. Raises InvalidError."""
    if given_at is None:
        return now.astimezone(context.zone).replace(microsecond=0) if known is None else known.given_at
    fault = given_at_fault(given_at, now, context.zone)
    if fault is not None:
        raise InvalidError(fault)
    return given_at.astimezone(context.zone)
