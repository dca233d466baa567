"""Assessments as JSON."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime

from services.feedback.assessments.assessments import AssessmentRequest, assess
from services.feedback.dependencies import ContextDep
from shared.access.auth import Principal, requires
from shared.contracts.events.feedback import Assessment, FeedbackRecord, Points
from shared.errors.errors import ForbiddenError, InvalidError
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Input
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/feedback/v1", tags=["feedback"])


class NewAssessment(Input):
    """The caller chooses `assessment_id` and repeats it in retries; only the operator sends `assessor_id`."""

    assessment_id: UUID
    """A UUID that the caller chooses; sending the same id again corrects the assessment."""
    employee_id: UUID
    """The officer who is assessed."""
    assessor_id: UUID | None = None
    """The superior who assesses; only for the operator's key. Any other key assesses for its own officer."""
    given_at: AwareDatetime | None = None
    """When it was given; default: now. Its date decides the semester."""
    work_quality: Points | None = None
    """The quality of the work, 0 to 100, at most two decimals; omit it if not assessed."""
    public_communication: Points | None = None
    """How the officer communicates with the public, 0 to 100, at most two decimals; omit it if not assessed."""


@router.post("/assessments", responses=refuses(CONFLICT))
async def add_assessment(
    context: ContextDep, who: Annotated[Principal, requires("assessments:write")], new: NewAssessment
) -> FeedbackRecord:
    """Stores a supervisor's assessment; sending it again with other points corrects it."""
    assessor = new.assessor_id if who.is_operator else who.employee_id
    if assessor is None:
        raise InvalidError("`assessor_id` is required: say who assesses.")
    if not who.is_operator and new.assessor_id not in (None, assessor):
        raise ForbiddenError("This key can assess only for its own officer: omit `assessor_id`.")
    if new.work_quality is None and new.public_communication is None:
        raise InvalidError("Give `work_quality`, `public_communication` or both.")
    request = AssessmentRequest(
        assessment_id=new.assessment_id,
        employee_id=new.employee_id,
        assessor_id=assessor,
        given_at=new.given_at,
        assessment=Assessment(work_quality=new.work_quality, public_communication=new.public_communication),
    )
    return await context.transact(lambda s: assess(context, s, request))
